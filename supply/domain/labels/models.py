"""The label of a lot or of an opened container: its tag, made when it is first printed."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, new_id
from supply.domain.labels.tags import LENGTH


class Label(Base):
    """One tag for a lot, one for each of its opened containers: printed again, it is the same one."""

    __tablename__ = "label"
    __table_args__ = (
        Index(
            "uq_label_lot",
            "lot_id",
            unique=True,
            sqlite_where=text("container_id IS NULL"),
            postgresql_where=text("container_id IS NULL"),
        ),
        Index(
            "uq_label_container",
            "container_id",
            unique=True,
            sqlite_where=text("container_id IS NOT NULL"),
            postgresql_where=text("container_id IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    tag: Mapped[str] = mapped_column(String(LENGTH), unique=True)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    container_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("container.id"))
    created_at: Mapped[datetime]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
