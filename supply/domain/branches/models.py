"""Branches, storage locations, rooms. Stock does not live here: see ledger."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, coded, new_id


class RoomType(StrEnum):
    SINGLE = "single"
    DOUBLE = "double"
    TRIPLE = "triple"
    GROUP = "group"


MAX_GUESTS = {RoomType.SINGLE: 1, RoomType.DOUBLE: 2, RoomType.TRIPLE: 3, RoomType.GROUP: 14}


class Branch(Base):
    __tablename__ = "branch"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Ho_Chi_Minh")
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None]
    # Which webhooks want to be told of what happens here; written by outbox/subscribing.py alone. It comes
    # with the branch, so that nobody has to ask when something happens. None: nobody listens.
    listeners: Mapped[dict[str, list[str]] | None] = mapped_column(JSON(none_as_null=True))
    # Whether an open recall holds here; written by recalls/service.py alone, and here for the same reason.
    recalling: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Founded by `supply demo`, which alone writes it: nothing here is real, and all of it may be cleared.
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Location(Base):
    """A place where stock stands: a shelf, a storeroom, a trolley."""

    __tablename__ = "location"
    __table_args__ = (UniqueConstraint("branch_id", "name"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    name: Mapped[str] = mapped_column(String(80))
    # Deliveries go to the first location unless somebody says otherwise.
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    closed_at: Mapped[datetime | None]


class Room(Base):
    """A treatment room: its type limits the party; its tubs scale what is poured per tub."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("branch_id", "name"),
        CheckConstraint("tubs BETWEEN 1 AND 14", name="tubs"),
        CheckConstraint("seats_per_tub BETWEEN 1 AND 14", name="seats_per_tub"),
        CheckConstraint("tub_water_kg BETWEEN 1 AND 2000", name="tub_water_kg"),
        CheckConstraint("max_guests BETWEEN 1 AND 14", name="max_guests"),
        Index(None, "branch_id", "closed_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    name: Mapped[str] = mapped_column(String(80))
    room_type: Mapped[RoomType] = mapped_column(coded(RoomType, "room_type"))
    max_guests: Mapped[int] = mapped_column(SmallInteger)
    tubs: Mapped[int] = mapped_column(SmallInteger, default=1)
    seats_per_tub: Mapped[int] = mapped_column(SmallInteger, default=2)
    # None: nobody has measured it; what is scaled by water then says that it is assumed.
    tub_water_kg: Mapped[int | None] = mapped_column(SmallInteger)
    closed_at: Mapped[datetime | None]
