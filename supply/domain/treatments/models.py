"""Procedure -> recipe version -> step -> recipe line. A published version never changes."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.domain.catalog.models import Item
from supply.domain.treatments.factors import Factor
from supply.domain.treatments.recipe import PackageAction, Scale


class Effect(StrEnum):
    """What a condition does to a step or an ingredient, mildest first."""

    WARN = "warn"
    SUBSTITUTE = "substitute"
    CONSENT = "consent"
    BLOCK = "block"


class Procedure(Base):
    __tablename__ = "procedure"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_vi: Mapped[str] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    search_key: Mapped[str] = mapped_column(String(400))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class RecipeVersion(Base):
    """One wording of a procedure. A draft can be edited; published ones are kept as they were."""

    __tablename__ = "recipe_version"
    __table_args__ = (
        UniqueConstraint("procedure_id", "number"),
        Index(
            "uq_recipe_version_draft",
            "procedure_id",
            unique=True,
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("procedure.id"))
    number: Mapped[int]
    published_at: Mapped[datetime | None]
    published_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(default=1)

    steps: Mapped[list[Step]] = relationship(
        back_populates="recipe_version", cascade="all, delete-orphan", order_by="Step.position"
    )
    package_rules: Mapped[list[PackageRule]] = relationship(
        cascade="all, delete-orphan", order_by="PackageRule.position"
    )
    factor_rules: Mapped[list[FactorRule]] = relationship(
        cascade="all, delete-orphan", order_by="FactorRule.position"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Step(Base):
    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("recipe_version_id", "position"),
        CheckConstraint("position BETWEEN 1 AND 50", name="position"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    recipe_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recipe_version.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    name_en: Mapped[str] = mapped_column(String(120))
    name_vi: Mapped[str] = mapped_column(String(120))
    note_en: Mapped[str | None] = mapped_column(String(400))
    note_vi: Mapped[str | None] = mapped_column(String(400))

    recipe_version: Mapped[RecipeVersion] = relationship(back_populates="steps")
    lines: Mapped[list[RecipeLine]] = relationship(
        back_populates="step", cascade="all, delete-orphan", order_by="RecipeLine.position"
    )


class RecipeLine(Base):
    """So much of an item per client, tub, room or kilogram of water, in base units."""

    __tablename__ = "recipe_line"
    __table_args__ = (
        UniqueConstraint("step_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    step_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("step.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[int]
    scale: Mapped[Scale] = mapped_column(coded(Scale, "scale"))
    # Shipped as a guess and not yet confirmed by a manager.
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)

    step: Mapped[Step] = relationship(back_populates="lines")
    # Visits need only ids; whoever shows a recipe asks for its items (service.with_items).
    item: Mapped[Item] = relationship(lazy="raise_on_sql")


class PackageRule(Base):
    """What a package changes in a step of this wording: a line more, a line less, another quantity."""

    __tablename__ = "package_rule"
    __table_args__ = (
        UniqueConstraint("recipe_version_id", "position"),
        CheckConstraint("(action = 'remove') = (quantity IS NULL)", name="quantity_told"),
        CheckConstraint("(action = 'add') = (scale IS NOT NULL)", name="scale_told"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    recipe_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recipe_version.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    package_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("package.id"))
    action: Mapped[PackageAction] = mapped_column(coded(PackageAction, "action"))
    step_position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[int | None]
    scale: Mapped[Scale | None] = mapped_column(coded(Scale, "scale"))
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)

    item: Mapped[Item] = relationship(lazy="raise_on_sql")


class FactorRule(Base):
    """So much more or less per cent, within limits, for who bears a factor."""

    __tablename__ = "factor_rule"
    __table_args__ = (
        UniqueConstraint("recipe_version_id", "position"),
        CheckConstraint("percent BETWEEN -100 AND 300", name="percent"),
        CheckConstraint("lowest BETWEEN 0 AND 100", name="lowest"),
        CheckConstraint("highest BETWEEN 100 AND 400", name="highest"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    recipe_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recipe_version.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    factor: Mapped[Factor] = mapped_column(coded(Factor, "factor"))
    # None: every step. Without an item: every line.
    step_position: Mapped[int | None] = mapped_column(SmallInteger)
    item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("item.id"))
    percent: Mapped[int] = mapped_column(SmallInteger)
    lowest: Mapped[int] = mapped_column(SmallInteger)
    highest: Mapped[int] = mapped_column(SmallInteger)
    # Also what the party shares.
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)

    item: Mapped[Item | None] = relationship(lazy="raise_on_sql")


class Package(Base):
    """What the client bought: which steps of a procedure it includes."""

    __tablename__ = "package"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("procedure.id"))
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_vi: Mapped[str] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(Boolean, default=True)

    steps: Mapped[list[PackageStep]] = relationship(
        cascade="all, delete-orphan", order_by="PackageStep.position"
    )


class PackageStep(Base):
    __tablename__ = "package_step"

    package_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("package.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)


class Condition(Base):
    """Something about a guest that a treatment must respect: a code, never a diagnosis of a named person."""

    __tablename__ = "condition"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_vi: Mapped[str] = mapped_column(String(120))
    # Where the rule comes from, shown beside it.
    source: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Contraindication(Base):
    """A condition against a treatment (all its steps, or one) or an ingredient (there or anywhere)."""

    __tablename__ = "contraindication"
    __table_args__ = (
        CheckConstraint("procedure_id IS NOT NULL OR item_id IS NOT NULL", name="target"),
        CheckConstraint("procedure_id IS NOT NULL OR step_position IS NULL", name="step"),
        CheckConstraint("effect <> 'substitute' OR item_id IS NOT NULL", name="substitute"),
        Index(None, "condition_id", "procedure_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    condition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("condition.id"))
    # None: the ingredient in every treatment.
    procedure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("procedure.id"))
    step_position: Mapped[int | None] = mapped_column(SmallInteger)
    # None: the step itself, whatever it uses.
    item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("item.id"))
    effect: Mapped[Effect] = mapped_column(coded(Effect, "effect"))
    advice_en: Mapped[str] = mapped_column(String(300))
    advice_vi: Mapped[str] = mapped_column(String(300))
    # Whose rule it is, shown beside it.
    source: Mapped[str] = mapped_column(String(200))
    # Shipped as a guess and not yet confirmed by the spa.
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)
    # A retired rule stays: consents and overrides refer to it.
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    # Counts the wordings. A consent is to the wording that was read.
    version: Mapped[int] = mapped_column(default=1)

    condition: Mapped[Condition] = relationship(lazy="raise_on_sql")
    item: Mapped[Item | None] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Substitute(Base):
    """What may stand in for an item, in order of preference: `numerator` base units of the substitute for
    `denominator` base units of the item. Kept as told, so that "1 g for 2 ml" reads so again."""

    __tablename__ = "substitute"
    __table_args__ = (
        UniqueConstraint("item_id", "substitute_id"),
        CheckConstraint("position BETWEEN 1 AND 10", name="position"),
        CheckConstraint("numerator > 0 AND denominator > 0", name="factor"),
        CheckConstraint("substitute_id <> item_id", name="other_item"),
    )

    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    substitute_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    numerator: Mapped[int]
    denominator: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))
    # Shipped as a guess and not yet confirmed by a manager.
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)
