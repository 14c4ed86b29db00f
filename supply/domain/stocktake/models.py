"""The documents behind counting: what was found, what was expected then, why it was changed.

A count is of one item, at once; a stocktake is of many, by several people, and is looked at before it is
posted.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
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


class StocktakeKind(StrEnum):
    FULL = "full"
    CYCLE = "cycle"


class StocktakeStatus(StrEnum):
    """Counting, then looking at the differences, then, above the limit, waiting for a manager."""

    COUNTING = "counting"
    REVIEW = "review"
    SUBMITTED = "submitted"
    POSTED = "posted"
    CANCELLED = "cancelled"


OPEN_STATUSES = (StocktakeStatus.COUNTING, StocktakeStatus.REVIEW, StocktakeStatus.SUBMITTED)


class DifferenceReason(StrEnum):
    """Why the shelf and the book did not agree, as far as anybody knows."""

    UNRECORDED_USE = "unrecorded-use"
    UNRECORDED_WASTE = "unrecorded-waste"
    LOST = "lost"
    FOUND = "found"
    ENTRY_ERROR = "entry-error"
    DELIVERY_CORRECTION = "delivery-correction"
    MEASURING = "measuring"
    UNKNOWN = "unknown"


class CountingRules(Base):
    """What a branch's manager decides about counting; one without a row has the defaults of rules.py."""

    __tablename__ = "counting_rules"
    __table_args__ = (CheckConstraint("approval_minor >= 0", name="approval_minor"),)

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    # Above this value of its differences a stocktake takes a manager who did not count; None: never.
    approval_minor: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Stocktake(Base):
    """A count of many items by several people while work goes on."""

    __tablename__ = "stocktake"
    __table_args__ = (
        UniqueConstraint("branch_id", "number"),
        CheckConstraint("status <> 'posted' OR posted_at IS NOT NULL", name="posted"),
        CheckConstraint("status <> 'cancelled' OR cancel_reason IS NOT NULL", name="cancel_reason"),
        Index(None, "branch_id", "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    number: Mapped[int]
    kind: Mapped[StocktakeKind] = mapped_column(coded(StocktakeKind, "kind"))
    status: Mapped[StocktakeStatus] = mapped_column(
        coded(StocktakeStatus, "status"), default=StocktakeStatus.COUNTING
    )
    note: Mapped[str | None] = mapped_column(String(400))
    opened_at: Mapped[datetime]
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    # A manager who had no hand in it; a trigger refuses whoever had.
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    # Why a manager gave it back.
    return_reason: Mapped[str | None] = mapped_column(String(400))
    posted_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(400))
    # What the differences were worth at lot cost when they were posted: together, and each without its sign.
    value_minor: Mapped[int | None]
    gross_minor: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class StocktakeItem(Base):
    """An item that is counted, and why: codes with their figures, as doubt.py gives them."""

    __tablename__ = "stocktake_item"
    __table_args__ = (Index(None, "item_id"),)

    stocktake_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stocktake.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    reasons: Mapped[list[Any]] = mapped_column(JSON)


class StocktakeHand(Base):
    """Whoever counted, said what is not there, or handed it in. A trigger refuses their approval."""

    __tablename__ = "stocktake_hand"

    stocktake_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stocktake.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)


_UNCOUNTED = text("counted IS NULL AND skipped_at IS NULL")


class StocktakeLine(Base):
    """One place to look at: a lot where it stands, in the open or in a container. Base units."""

    __tablename__ = "stocktake_line"
    __table_args__ = (
        CheckConstraint("counted >= 0", name="counted"),
        CheckConstraint(
            "(counted IS NULL) = (counted_at IS NULL) AND (counted IS NULL) = (since_seq IS NULL)",
            name="counted_at",
        ),
        Index(None, "stocktake_id", "position", unique=True),
        # A place is on the list once.
        Index(
            "uq_stocktake_line_closed",
            "stocktake_id",
            "lot_id",
            "location_id",
            unique=True,
            sqlite_where=text("container_id IS NULL"),
            postgresql_where=text("container_id IS NULL"),
        ),
        Index(
            "uq_stocktake_line_container",
            "stocktake_id",
            "container_id",
            "location_id",
            unique=True,
            sqlite_where=text("container_id IS NOT NULL"),
            postgresql_where=text("container_id IS NOT NULL"),
        ),
        Index(None, "stocktake_id", "location_id", "position"),
        Index(
            "ix_stocktake_line_uncounted",
            "stocktake_id",
            "location_id",
            "position",
            sqlite_where=_UNCOUNTED,
            postgresql_where=_UNCOUNTED,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    stocktake_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stocktake.id"))
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    # The order in which the shelves are walked; the line of its movement.
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    container_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("container.id"))
    # It was not on the list: somebody found it.
    found: Mapped[bool] = mapped_column(default=False)
    # The count that holds: how much, of which instant, and the last movement that cannot have come after it.
    counted: Mapped[int | None]
    counted_at: Mapped[datetime | None]
    counted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    since_seq: Mapped[int | None]
    # Somebody said that the book stays as it is here.
    skipped_at: Mapped[datetime | None]
    # Looked at and doubted: to be counted once more, without showing what was found before.
    recount_at: Mapped[datetime | None]
    reason: Mapped[DifferenceReason | None] = mapped_column(coded(DifferenceReason, "reason"))
    note: Mapped[str | None] = mapped_column(String(400))
    # Once it is posted: what the book held at the instant, the difference and its value at lot cost.
    expected: Mapped[int | None]
    difference: Mapped[int | None]
    value_minor: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def waits(self) -> bool:
        """Whether nobody has said anything of it yet."""
        return self.counted is None and self.skipped_at is None


class StocktakeTally(Base):
    """Everything that was ever said of a line, and whether it was to hold. Only added."""

    __tablename__ = "stocktake_tally"
    __table_args__ = (CheckConstraint("counted >= 0", name="counted"), Index(None, "line_id", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stocktake_line.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    counted: Mapped[int]
    counted_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    held: Mapped[bool]
