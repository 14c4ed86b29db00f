"""What the ledger keeps. Movements are the truth; every other row here is a sum of them.

Quantities are integers in base units. Only ledger/posting.py creates a Movement.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, coded, new_id


class MovementType(StrEnum):
    RECEIPT = "receipt"
    USAGE = "usage"
    WASTE = "waste"
    ADJUSTMENT = "adjustment"
    TRANSFER_OUT = "transfer-out"
    TRANSFER_IN = "transfer-in"
    PREPARATION_IN = "preparation-in"
    PREPARATION_OUT = "preparation-out"
    REVERSAL = "reversal"


# What is needed of an item: by the step that used it, or by the batch that was brewed of it. What the batch
# itself is used for counts as demand of the prepared item alone.
DEMANDED = frozenset({MovementType.USAGE, MovementType.PREPARATION_OUT})


class LotKind(StrEnum):
    SUPPLIER = "supplier"
    PREPARED = "prepared"
    OPENING = "opening"


class LedgerHead(Base):
    """The last movement of a branch. Locking this row is being the branch's one writer."""

    __tablename__ = "ledger_head"

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Lot(Base):
    """What came together: a supplier's lot with number and expiry, a prepared batch, opening stock."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("cost_minor >= 0", name="cost_minor"),
        CheckConstraint("cost_quantity > 0", name="cost_quantity"),
        Index(None, "branch_id", "item_id", "number"),
        Index(None, "branch_id", "expires_on"),
        Index(None, "item_id", "number"),
        # What came of a lot in other branches, without the long tail of what never travelled.
        Index(
            "ix_lot_origin",
            "origin_lot_id",
            sqlite_where=text("origin_lot_id IS NOT NULL"),
            postgresql_where=text("origin_lot_id IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    kind: Mapped[LotKind] = mapped_column(coded(LotKind, "lot_kind"), default=LotKind.SUPPLIER)
    number: Mapped[str] = mapped_column(String(60))
    supplier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("supplier.id"))
    # The last day on which it may be used; the day after, it is expired.
    expires_on: Mapped[date | None]
    # A prepared batch lasts for hours: from this instant on it is expired. Its day is then expires_on, so
    # whatever looks by day (the index of what expires, the order of use) finds it without the hour.
    use_by_at: Mapped[datetime | None]
    # Exact cost: so many minor units paid for so many base units. Never divided before the end.
    cost_minor: Mapped[int | None]
    cost_quantity: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    created_at: Mapped[datetime]
    quarantined_at: Mapped[datetime | None]
    quarantine_reason: Mapped[str | None] = mapped_column(String(40))
    # The lot of another branch that it was sent from.
    origin_lot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("lot.id"))


class Container(Base):
    """An opened bottle, jar or bag of a lot. Opening starts its shorter life."""

    __tablename__ = "container"
    __table_args__ = (
        CheckConstraint("tare_mg >= 0", name="tare_mg"),
        Index(None, "branch_id", "lot_id"),
        # What is in use, without the long tail of what is finished.
        Index(
            "ix_container_open",
            "branch_id",
            "id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("room.id"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    # The last day on which the opened container may be used; None where opening shortens nothing.
    use_by_on: Mapped[date | None]
    # As which unit of the item it was opened ("bottle-500"), and what it weighs empty where that is not the
    # unit's own tare.
    unit_code: Mapped[str | None] = mapped_column(String(20))
    tare_mg: Mapped[int | None]
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    finish_reason: Mapped[str | None] = mapped_column(String(40))


class Movement(Base):
    """One change of one holding. Added once, never changed: the database refuses it."""

    __tablename__ = "movement"
    __table_args__ = (
        CheckConstraint("quantity <> 0", name="quantity"),
        Index(None, "branch_id", "item_id", "seq"),
        Index(None, "branch_id", "lot_id", "seq"),
        # As people look for what happened on a day, whenever it was recorded.
        Index(None, "branch_id", "happened_at", "seq"),
        Index(None, "branch_id", "source_id"),
        Index(
            "uq_movement_reverses",
            "branch_id",
            "reverses_seq",
            unique=True,
            sqlite_where=text("reverses_seq IS NOT NULL"),
            postgresql_where=text("reverses_seq IS NOT NULL"),
        ),
    )

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[MovementType] = mapped_column(coded(MovementType, "type"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    container_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("container.id"))
    # Signed base units: positive into the holding, negative out of it.
    quantity: Mapped[int]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(String(40))
    # The document that it belongs to ("completion", its id, the line's position in it).
    source_type: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[uuid.UUID]
    source_line: Mapped[int | None] = mapped_column(SmallInteger)
    reverses_seq: Mapped[int | None]
    hash_version: Mapped[int] = mapped_column(SmallInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Holding(Base):
    """How much of a lot stands at a location, in the open (container None) or in an opened container."""

    __tablename__ = "holding"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity"),
        Index(
            "uq_holding_closed",
            "branch_id",
            "lot_id",
            "location_id",
            unique=True,
            sqlite_where=text("container_id IS NULL"),
            postgresql_where=text("container_id IS NULL"),
        ),
        Index(
            "uq_holding_container",
            "branch_id",
            "container_id",
            "location_id",
            unique=True,
            sqlite_where=text("container_id IS NOT NULL"),
            postgresql_where=text("container_id IS NOT NULL"),
        ),
        # The shelf of an item, without the long tail of what is used up.
        Index(
            "ix_holding_shelf",
            "branch_id",
            "item_id",
            sqlite_where=text("quantity > 0"),
            postgresql_where=text("quantity > 0"),
        ),
        # What a change of day can turn: everything still standing that bears a last day.
        Index(
            "ix_holding_expiring",
            "branch_id",
            "expires_on",
            sqlite_where=text("quantity > 0 AND expires_on IS NOT NULL"),
            postgresql_where=text("quantity > 0 AND expires_on IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    container_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("container.id"))
    # The earlier of the lot's expiry and the container's use-by: kept here so that expiry is one index.
    expires_on: Mapped[date | None]
    quantity: Mapped[int]
    # The instant of its last count: what is told of a time before it, who counted has seen.
    counted_at: Mapped[datetime | None]


class StockLevel(Base):
    """An item in a branch: sums that the ledger keeps, and the policy that managers set beside them."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("quarantined >= 0 AND quarantined <= on_hand", name="quarantined"),
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("on_order >= 0", name="on_order"),
        CheckConstraint("reorder_point >= 0", name="reorder_point"),
        CheckConstraint("par_level >= reorder_point", name="par_level"),
        # Flags are listed at the cost of the flags. What has expired today is added by ix_holding_expiring.
        Index(
            "ix_stock_level_low",
            "branch_id",
            "item_id",
            sqlite_where=text("on_hand - quarantined - reserved + on_order <= reorder_point"),
            postgresql_where=text("on_hand - quarantined - reserved + on_order <= reorder_point"),
        ),
    )

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    # Standard quantities of planned visit steps that are not done yet.
    reserved: Mapped[int] = mapped_column(default=0)
    on_order: Mapped[int] = mapped_column(default=0)
    reorder_point: Mapped[int | None]
    par_level: Mapped[int | None]
    policy_version: Mapped[int] = mapped_column(default=1)


class DemandDay(Base):
    """What a branch's visits and brewing needed of an item on a day, by the day it was performed."""

    __tablename__ = "demand_day"
    # The index finds the first day of a branch. An item's days are read along the key: on SQLite they lie
    # together in it, while rows by rowid would lie day by day, each a seek of its own.
    __table_args__ = (Index(None, "branch_id", "day_on"), {"sqlite_with_rowid": False})

    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
    short: Mapped[int] = mapped_column(default=0)
