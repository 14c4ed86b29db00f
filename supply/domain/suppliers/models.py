"""Suppliers and terms: pack, minimum order, price and its history, lead time, order days and cut-off."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, new_id
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person


class Supplier(Base):
    __tablename__ = "supplier"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(5), default="vi")
    email: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    # Weekdays on which orders are taken: bit 0 is Monday; 127 is every day.
    order_days: Mapped[int] = mapped_column(SmallInteger, default=127)
    # The minute of the branch's day from which an order counts for the next order day; none: all day.
    cutoff_minute: Mapped[int | None] = mapped_column(SmallInteger)
    lead_time_days: Mapped[int] = mapped_column(SmallInteger, default=2)
    # What one delivery costs, in minor units of the branch's currency.
    order_fee_minor: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    search_key: Mapped[str] = mapped_column(String(200))
    # By it the names stand in the order of the Vietnamese alphabet.
    sort_key: Mapped[str] = mapped_column(String(400), default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("order_days BETWEEN 1 AND 127", name="order_days"),
        CheckConstraint("cutoff_minute BETWEEN 1 AND 1439", name="cutoff_minute"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 365", name="lead_time_days"),
        CheckConstraint("order_fee_minor >= 0", name="order_fee_minor"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SupplierTerms(Base):
    """How a supplier sells an item. Amounts in base units, price per pack in minor units."""

    __tablename__ = "supplier_terms"
    __table_args__ = (
        UniqueConstraint("supplier_id", "item_id"),
        CheckConstraint("pack_quantity > 0", name="pack_quantity"),
        CheckConstraint("minimum_packs BETWEEN 1 AND 10000", name="minimum_packs"),
        CheckConstraint("price_minor >= 0", name="price_minor"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 365", name="lead_time_days"),
        CheckConstraint("NOT (preferred AND second)", name="one_place"),
        Index(None, "item_id", "preferred"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("supplier.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    pack_name: Mapped[str] = mapped_column(String(40))
    pack_quantity: Mapped[int]
    minimum_packs: Mapped[int] = mapped_column(default=1)
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    supplier_code: Mapped[str | None] = mapped_column(String(60))
    preferred: Mapped[bool] = mapped_column(Boolean, default=False)
    # Where it is ordered when the preferred supplier cannot deliver.
    second: Mapped[bool] = mapped_column(Boolean, default=False)
    # Of this item alone; untold, the supplier's.
    lead_time_days: Mapped[int | None] = mapped_column(SmallInteger)

    supplier: Mapped[Supplier] = relationship(lazy="raise_on_sql")
    item: Mapped[Item] = relationship(lazy="raise_on_sql")


class SupplierPrice(Base):
    """What a pack cost from a moment on: a manager said so, or a delivery showed it. Only added to.

    It outlives the terms, so it bears supplier and item itself.
    """

    __tablename__ = "supplier_price"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price_minor"),
        CheckConstraint("pack_quantity > 0", name="pack_quantity"),
        Index(None, "item_id", "supplier_id", "since_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("supplier.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    since_at: Mapped[datetime]
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    pack_quantity: Mapped[int]
    pack_name: Mapped[str] = mapped_column(String(40))
    # The delivery that showed it; none: it was set by hand.
    delivery_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delivery.id"))
    # None: it held before anybody kept a history.
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))

    item: Mapped[Item] = relationship(lazy="raise_on_sql")
    person: Mapped[Person | None] = relationship(lazy="raise_on_sql")
