"""Waste entries; the movements they made are in the ledger under source "waste"."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, coded, new_id


class WasteReason(StrEnum):
    EXPIRED = "expired"
    DAMAGED = "damaged"
    SPILLED = "spilled"
    CONTAMINATED = "contaminated"
    TESTER = "tester"
    OTHER = "other"


class WasteEntry(Base):
    __tablename__ = "waste_entry"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index(None, "branch_id", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]
    reason: Mapped[WasteReason] = mapped_column(coded(WasteReason, "reason"))
    # At lot cost, rounded half up to the minor unit only here, where it is shown; None where unknown.
    cost_minor: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(String(400))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    reversed_at: Mapped[datetime | None]
