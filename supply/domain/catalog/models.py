"""Items, their own units, and the codes of their packages. Amounts are in base units of the dimension."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.quantity import Dimension


class Category(StrEnum):
    ESSENTIAL_OIL = "essential-oil"
    HERB = "herb"
    WOOD = "wood"
    PEEL = "peel"
    ROOT = "root"
    REFRESHMENT = "refreshment"
    REMEDY = "remedy"
    CONSUMABLE = "consumable"


class Item(Base):
    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("shelf_life_days BETWEEN 1 AND 7300", name="shelf_life_days"),
        CheckConstraint("opened_life_days BETWEEN 1 AND 7300", name="opened_life_days"),
        CheckConstraint("natural_step > 0", name="natural_step"),
        CheckConstraint("density_mg_per_l BETWEEN 100000 AND 20000000", name="density_mg_per_l"),
        Index(None, "active", "sort_key", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_vi: Mapped[str] = mapped_column(String(120))
    category: Mapped[Category] = mapped_column(coded(Category, "category"))
    dimension: Mapped[Dimension] = mapped_column(coded(Dimension, "dimension"))
    stock_unit: Mapped[str] = mapped_column(String(20))
    usage_unit: Mapped[str] = mapped_column(String(20))
    # What one tap of + or - adds on the tablet: 5 ml, a handful; in base units.
    natural_step: Mapped[int]
    lot_required: Mapped[bool] = mapped_column(Boolean, default=True)
    expiry_required: Mapped[bool] = mapped_column(Boolean, default=True)
    shelf_life_days: Mapped[int | None] = mapped_column(SmallInteger)
    opened_life_days: Mapped[int | None] = mapped_column(SmallInteger)
    # What a litre weighs: with it a bottle on a scale tells how much is left in it. Volumes only.
    density_mg_per_l: Mapped[int | None]
    # Shipped with the starter catalogue and not yet confirmed by a manager.
    assumed: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    search_key: Mapped[str] = mapped_column(String(400))
    sort_key: Mapped[str] = mapped_column(String(400))
    version: Mapped[int] = mapped_column(default=1)

    units: Mapped[list[ItemUnit]] = relationship(back_populates="item", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ItemUnit(Base):
    """An item's own unit: a bottle of 500 ml, a bundle of 250 g. Supplier packs live with the supplier."""

    __tablename__ = "item_unit"
    __table_args__ = (
        UniqueConstraint("item_id", "code"),
        CheckConstraint("factor > 0", name="factor"),
        CheckConstraint("tare_mg >= 0", name="tare_mg"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    code: Mapped[str] = mapped_column(String(20))
    name_en: Mapped[str] = mapped_column(String(40))
    name_vi: Mapped[str] = mapped_column(String(40))
    factor: Mapped[int]
    # What one of it weighs empty: a bottle without its oil.
    tare_mg: Mapped[int | None]

    item: Mapped[Item] = relationship(back_populates="units")


class ItemCode(Base):
    """What a package of an item bears: a product's number in fourteen digits, or any other code as it is."""

    __tablename__ = "item_code"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index(None, "item_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    # How much one such package holds, in base units; None where nobody said.
    quantity: Mapped[int | None]

    item: Mapped[Item] = relationship()
