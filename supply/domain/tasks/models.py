"""Tasks. They own no stock: closing one is done by whoever posts what it asked for."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, coded, new_id


class TaskKind(StrEnum):
    COUNT = "count"
    INCIDENT = "incident"


class Task(Base):
    __tablename__ = "task"
    __table_args__ = (
        Index(
            "ix_task_open",
            "branch_id",
            "kind",
            "item_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(None, "branch_id", "opened_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    kind: Mapped[TaskKind] = mapped_column(coded(TaskKind, "task_kind"))
    item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("item.id"))
    # For a shortfall: how much was used and could not be deducted, in base units.
    quantity: Mapped[int | None]
    # What gave rise to it ("completion", id) and a code for the words shown.
    source_type: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[uuid.UUID]
    reason: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str | None] = mapped_column(String(40))
