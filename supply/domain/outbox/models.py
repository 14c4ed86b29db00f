"""Mail that waits, was sent, or was given up. The row is written in the transaction of its cause."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from supply.database import Base, new_id


class OutboundMail(Base):
    __tablename__ = "outbound_mail"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index(
            "ix_outbound_mail_due",
            "next_at",
            "id",
            sqlite_where=text("sent_at IS NULL AND given_up_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
        Index(None, "source_id"),
    )

    # Also the Message-ID: a mail that is sent twice after a crash is recognised by who gets it.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    source_type: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[uuid.UUID]
    recipient: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    attachment_name: Mapped[str | None] = mapped_column(String(80))
    attachment: Mapped[str | None] = mapped_column(Text)
    queued_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    # Not before this instant; while somebody is sending it, when they are taken for dead.
    next_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
