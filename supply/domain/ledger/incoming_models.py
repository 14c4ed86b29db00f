"""What a branch's sums on order hold of transfers that are under way to it.

Written by the receiving leg of a transfer; it lies here since levels must know what of it is no use any more.
"""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base


class TransferIncoming(Base):
    """So much of a lot of the sending branch is on order for the receiving one; base units."""

    __tablename__ = "transfer_incoming"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index(None, "branch_id", "item_id"))

    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer.id"), primary_key=True)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    # The day it should arrive.
    expected_on: Mapped[date]
    quantity: Mapped[int]
