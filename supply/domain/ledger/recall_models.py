"""What a supplier's lot number is recalled for, and in which branches.

Lots themselves bear only that they are blocked; these rows remember why, and block what comes later.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, new_id
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person

_UNSETTLED = text("settled_at IS NULL")


class Recall(Base):
    """An item's lots of one number, of one supplier or of nobody knows whom."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        CheckConstraint("lifted_at IS NULL OR lift_reason IS NOT NULL", name="lift_reason"),
        Index(None, "item_id", "number"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    number: Mapped[str] = mapped_column(String(60))
    supplier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("supplier.id"))
    reason: Mapped[str] = mapped_column(String(400))
    opened_at: Mapped[datetime]
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    lift_reason: Mapped[str | None] = mapped_column(String(400))

    item: Mapped[Item] = relationship()
    opener: Mapped[Person] = relationship(foreign_keys=[opened_by])
    lifter: Mapped[Person | None] = relationship(foreign_keys=[lifted_by])
    branches: Mapped[list[RecallBranch]] = relationship(cascade="all, delete-orphan")


class RecallBranch(Base):
    """A branch that a recall holds in."""

    __tablename__ = "recall_branch"
    __table_args__ = (
        Index(
            "ix_recall_branch_unsettled",
            "branch_id",
            sqlite_where=_UNSETTLED,
            postgresql_where=_UNSETTLED,
        ),
    )

    recall_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    # None while the branch's lots have still to follow: to be blocked, or let go.
    settled_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()
