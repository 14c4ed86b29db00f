"""Deliveries and their lines. The stock they brought is in the ledger under source "delivery"."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply import clock
from supply.database import Base, coded, new_id
from supply.domain.branches.models import Branch, Location
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot
from supply.domain.people.models import Person
from supply.domain.purchasing.models import Deviation, PurchaseOrder
from supply.domain.receiving.dating import Dating, dating
from supply.domain.receiving.pricing import LinePrice, line_price
from supply.domain.suppliers.models import Supplier


class Delivery(Base):
    __tablename__ = "delivery"
    __table_args__ = (Index(None, "branch_id", "id"), Index(None, "purchase_order_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("supplier.id"))
    purchase_order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("purchase_order.id"))
    # The supplier's delivery note.
    reference: Mapped[str | None] = mapped_column(String(60))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    reversed_at: Mapped[datetime | None]
    # Of ordered items that it brought nothing of: why they will not come, by item id.
    given_up: Mapped[dict[str, str] | None] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)

    branch: Mapped[Branch] = relationship()
    supplier: Mapped[Supplier] = relationship()
    purchase_order: Mapped[PurchaseOrder | None] = relationship()
    person: Mapped[Person] = relationship()
    lines: Mapped[list[DeliveryLine]] = relationship(
        back_populates="delivery", cascade="all, delete-orphan", order_by="DeliveryLine.position"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @cached_property
    def arrived_on(self) -> date:
        """The branch's day on which it came."""
        return clock.day_of(self.happened_at, self.branch.timezone)


class DeliveryLine(Base):
    """As it was written ("2 cartons") and as it counts (base units); corrected keeps the latest truth."""

    __tablename__ = "delivery_line"
    __table_args__ = (CheckConstraint("quantity >= 0 AND received > 0", name="amounts"),)

    delivery_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    entered_amount: Mapped[str] = mapped_column(String(24))
    entered_unit: Mapped[str] = mapped_column(String(40))
    # First posted, and what holds after corrections; base units.
    received: Mapped[int]
    quantity: Mapped[int]
    cost_minor: Mapped[int | None]
    # Why less or more came than the order names.
    reason: Mapped[Deviation | None] = mapped_column(coded(Deviation, "reason"))
    # What a pack was to cost when it came: by the order, else by the supplier's terms.
    agreed_minor: Mapped[int | None]
    pack_quantity: Mapped[int | None]

    delivery: Mapped[Delivery] = relationship(back_populates="lines")
    item: Mapped[Item] = relationship()
    lot: Mapped[Lot] = relationship()
    location: Mapped[Location] = relationship()

    @property
    def price(self) -> LinePrice | None:
        """What a pack cost beside what was agreed; None where one of them is not known."""
        if self.agreed_minor is None or self.pack_quantity is None:
            return None
        return line_price(
            self.cost_minor, self.quantity or self.received, self.agreed_minor, self.pack_quantity
        )

    @property
    def dating(self) -> Dating:
        """How its lot was dated on the day it came."""
        return dating(self.lot.expires_on, self.delivery.arrived_on, self.item.shelf_life_days)
