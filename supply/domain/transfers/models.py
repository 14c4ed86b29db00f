"""A transfer between two branches and a move within one. The movements are in the ledger under the sources
"transfer" and "move".

The lines are what was asked for; parcels belong to the branch that sent, arrivals to the one that received.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.domain.branches.models import Branch, Location
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot
from supply.domain.people.models import Person


class TransferStatus(StrEnum):
    REQUESTED = "requested"
    DISPATCHED = "dispatched"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class BrokenReason(StrEnum):
    """Why something that came cannot be used; on the movement it reads as the reason of waste."""

    DAMAGED = "damaged"
    SPILLED = "spilled"
    CONTAMINATED = "contaminated"
    EXPIRED = "expired"
    OTHER = "other"


class MissingReason(StrEnum):
    """Why less came than was sent, where nothing broken came either."""

    LOST = "lost"
    NOT_PACKED = "not-packed"


class Transfer(Base):
    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("from_branch_id <> to_branch_id", name="branches"),
        Index(None, "from_branch_id", "status"),
        Index(None, "to_branch_id", "status"),
        Index(
            "ix_transfer_unnoted",
            "to_branch_id",
            sqlite_where=text("noted_at IS NULL"),
            postgresql_where=text("noted_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    from_branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    to_branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    status: Mapped[TransferStatus] = mapped_column(coded(TransferStatus, "status"))
    # The branch that has it began, not the one that needs it.
    offered: Mapped[bool]
    note: Mapped[str | None] = mapped_column(String(400))
    requested_at: Mapped[datetime]
    requested_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    dispatched_at: Mapped[datetime | None]
    dispatched_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    # The receiving branch's day on which it should be there.
    expected_on: Mapped[date | None]
    received_at: Mapped[datetime | None]
    received_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    cancel_reason: Mapped[str | None] = mapped_column(String(400))
    # None while the receiving branch's sum of what is on order has still to follow.
    noted_at: Mapped[datetime | None]
    # How many parcels it ever had: no two bear the same number, also where some were called back.
    sent: Mapped[int] = mapped_column(SmallInteger, default=0)
    version: Mapped[int] = mapped_column(default=1)

    from_branch: Mapped[Branch] = relationship(foreign_keys=[from_branch_id])
    to_branch: Mapped[Branch] = relationship(foreign_keys=[to_branch_id])
    requester: Mapped[Person] = relationship(foreign_keys=[requested_by])
    dispatcher: Mapped[Person | None] = relationship(foreign_keys=[dispatched_by])
    receiver: Mapped[Person | None] = relationship(foreign_keys=[received_by])
    canceller: Mapped[Person | None] = relationship(foreign_keys=[cancelled_by])
    lines: Mapped[list[TransferLine]] = relationship(
        cascade="all, delete-orphan", order_by="TransferLine.position"
    )
    parcels: Mapped[list[TransferParcel]] = relationship(
        cascade="all, delete-orphan", order_by="TransferParcel.position"
    )


class TransferLine(Base):
    """What was asked for."""

    __tablename__ = "transfer_line"
    __table_args__ = (CheckConstraint("wanted > 0", name="wanted"),)

    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    wanted: Mapped[int]

    item: Mapped[Item] = relationship()


class TransferParcel(Base):
    """So much of a lot left a place of the sending branch."""

    __tablename__ = "transfer_parcel"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index(None, "lot_id"))

    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    quantity: Mapped[int]

    item: Mapped[Item] = relationship()
    lot: Mapped[Lot] = relationship()
    location: Mapped[Location] = relationship()
    arrival: Mapped[TransferArrival | None] = relationship(
        primaryjoin="and_(TransferParcel.transfer_id == foreign(TransferArrival.transfer_id), "
        "TransferParcel.position == foreign(TransferArrival.position))",
        viewonly=True,
        uselist=False,
    )


class TransferArrival(Base):
    """What of a parcel stood on the receiving branch's shelf, broke on the way, or did not come."""

    __tablename__ = "transfer_arrival"
    __table_args__ = (
        CheckConstraint("arrived >= 0 AND broken >= 0 AND missing >= 0", name="amounts"),
        CheckConstraint("(broken > 0) = (broken_reason IS NOT NULL)", name="broken"),
        CheckConstraint("(missing > 0) = (missing_reason IS NOT NULL)", name="missing"),
    )

    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    arrived: Mapped[int]
    broken: Mapped[int]
    broken_reason: Mapped[BrokenReason | None] = mapped_column(coded(BrokenReason, "broken_reason"))
    missing: Mapped[int]
    missing_reason: Mapped[MissingReason | None] = mapped_column(coded(MissingReason, "missing_reason"))
    # What broke or is missing, at lot cost, rounded half up only here; None where unknown.
    loss_minor: Mapped[int | None]

    item: Mapped[Item] = relationship()
    location: Mapped[Location] = relationship()


class StockMove(Base):
    """From one storage location of a branch to another."""

    __tablename__ = "stock_move"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("from_location_id <> to_location_id", name="locations"),
        Index(None, "branch_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    # An opened container moves whole.
    container_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("container.id"))
    from_location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    to_location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    quantity: Mapped[int]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    reversed_at: Mapped[datetime | None]
