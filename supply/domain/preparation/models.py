"""Brew recipe -> herb lines; prepared batch -> what it took. What moved is in the ledger under "batch"."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, new_id
from supply.domain.catalog.models import Item


class BrewRecipe(Base):
    """How a prepared item is brewed: so much of it from these herbs, good for so many hours."""

    __tablename__ = "brew_recipe"
    __table_args__ = (
        CheckConstraint("yield_quantity > 0", name="yield_quantity"),
        CheckConstraint("use_by_hours BETWEEN 1 AND 720", name="use_by_hours"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    # What comes of it; an item has at most one recipe.
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), unique=True)
    yield_quantity: Mapped[int]
    use_by_hours: Mapped[int] = mapped_column(SmallInteger)
    # The name of the place where a batch is usually kept; a branch without such a place uses its first.
    storage_place: Mapped[str | None] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    # Yield and hours were shipped as a guess and not yet confirmed by a manager.
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(default=1)

    lines: Mapped[list[BrewRecipeLine]] = relationship(
        cascade="all, delete-orphan", order_by="BrewRecipeLine.position"
    )
    item: Mapped[Item] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class BrewRecipeLine(Base):
    """So much of a herb for the yield, in base units."""

    __tablename__ = "brew_recipe_line"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    recipe_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("brew_recipe.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[int]
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)

    item: Mapped[Item] = relationship(lazy="raise_on_sql")


class PreparedBatch(Base):
    """One brewing. Its lot says until when it may be used and what it cost."""

    __tablename__ = "prepared_batch"
    __table_args__ = (
        CheckConstraint("expected > 0 AND quantity > 0", name="amounts"),
        Index(None, "branch_id", "id"),
        Index(None, "branch_id", "item_id", "happened_at"),
        Index(None, "lot_id", unique=True),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    recipe_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("brew_recipe.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    # What the recipe promised and what really came of it, base units.
    expected: Mapped[int]
    quantity: Mapped[int]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None] = mapped_column(String(400))
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))

    lines: Mapped[list[PreparedLine]] = relationship(
        cascade="all, delete-orphan", order_by="PreparedLine.position"
    )


class PreparedLine(Base):
    """What the recipe wanted of a herb beside what was really taken."""

    __tablename__ = "prepared_line"
    __table_args__ = (
        CheckConstraint("actual >= 0 AND standard >= 0", name="amounts"),
        CheckConstraint("shortfall BETWEEN 0 AND actual", name="shortfall"),
    )

    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("prepared_batch.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    standard: Mapped[int]
    actual: Mapped[int]
    shortfall: Mapped[int] = mapped_column(default=0)
    # "expired-lot", "quarantined-lot": a rule was broken, and it is said.
    incident: Mapped[str | None] = mapped_column(String(40))
