"""The documents behind counting: what was found, what was expected then, why it was changed."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id


class AdjustmentReason(StrEnum):
    OPENING = "opening"
    COUNT = "count"
    FOUND = "found"
    LOST = "lost"
    ENTRY_ERROR = "entry-error"
    UNRECORDED_USE = "unrecorded-use"
    DELIVERY_CORRECTION = "delivery-correction"


class Adjustment(Base):
    """One correction of one holding, or opening stock. The movement bears the amount's effect."""

    __tablename__ = "adjustment"
    __table_args__ = (Index(None, "branch_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]
    reason: Mapped[AdjustmentReason] = mapped_column(coded(AdjustmentReason, "reason"))
    note: Mapped[str | None] = mapped_column(String(400))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    reversed_at: Mapped[datetime | None]


class StockCount(Base):
    """A count of one item: each lot on its shelf, expected and found at one instant."""

    __tablename__ = "stock_count"
    __table_args__ = (Index(None, "branch_id", "item_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    # Net difference found minus expected, base units; its value at lot cost, minor units.
    discrepancy: Mapped[int]
    value_minor: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(400))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))

    lines: Mapped[list[StockCountLine]] = relationship(
        cascade="all, delete-orphan", order_by="StockCountLine.position"
    )


class StockCountLine(Base):
    __tablename__ = "stock_count_line"
    __table_args__ = (CheckConstraint("counted >= 0", name="counted"),)

    count_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_count.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    container_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("container.id"))
    # Below zero where the times that people told cannot all be right.
    expected: Mapped[int]
    counted: Mapped[int]
