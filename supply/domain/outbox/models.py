"""What leaves the house: mail, and messages to webhooks. A row is written in the transaction of its cause."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supply.database import Base, coded, new_id
from supply.domain.branches.models import Branch

_WAITS = text("sent_at IS NULL AND given_up_at IS NULL")


class Queued:
    """What every queue keeps of a row: waits, was sent, or was given up."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"))
    queued_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    # Not before this instant; while somebody is sending it, when they are taken for dead.
    next_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


class OutboundMail(Queued, Base):
    """Its id is also the Message-ID: a mail sent twice after a crash is recognised by who gets it."""

    __tablename__ = "outbound_mail"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index("ix_outbound_mail_due", "next_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(None, "source_id"),
    )

    source_type: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[uuid.UUID]
    recipient: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    attachment_name: Mapped[str | None] = mapped_column(String(80))
    attachment: Mapped[str | None] = mapped_column(Text)


class Event(StrEnum):
    """What a webhook may be told of."""

    MOVEMENT_POSTED = "movement.posted"
    FLAG_RAISED = "flag.raised"
    ORDER_APPROVED = "order.approved"
    LOT_EXPIRING = "lot.expiring"
    VISIT_COMPLETED = "visit.completed"


class PauseReason(StrEnum):
    """Why nothing is sent to a webhook: somebody said so, it failed for days, or it said 410 Gone."""

    ASKED = "asked"
    FAILING = "failing"
    GONE = "gone"


class Webhook(Base):
    """Where a program listens, and for what. `branch.listeners` repeats the living ones for the hot path."""

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="paused"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    # The secret is made of the program's own, the id and this number: it stands nowhere.
    secret_number: Mapped[int] = mapped_column(SmallInteger, default=1)
    secret_at: Mapped[datetime]
    # How it went: failures in a row, since when, and not before which instant it is tried again.
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    reached_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[PauseReason | None] = mapped_column(coded(PauseReason, "pause_reason"))
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    branches: Mapped[list[Branch]] = relationship(secondary="webhook_branch", order_by=Branch.code)


class WebhookBranch(Base):
    """A branch whose events a webhook is told of."""

    __tablename__ = "webhook_branch"
    __table_args__ = (Index(None, "branch_id"),)

    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook.id"), primary_key=True)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branch.id"), primary_key=True)


class WebhookMessage(Queued, Base):
    """One event on its way to one webhook. Its id is the `webhook-id`, the same at every try."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index("ix_webhook_message_due", "next_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(None, "webhook_id", "id"),
        Index(None, "branch_id", "subject_id"),
    )

    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook.id"))
    # An Event's, or "webhook.test".
    type: Mapped[str] = mapped_column(String(40))
    # What it is about: a lot, a visit, an order. None for movements, which are many.
    subject_id: Mapped[uuid.UUID | None]
    # What could change until it is told; the rest is read from the books when it is.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    # As it was told first: every further try sends the very same bytes.
    body: Mapped[str | None] = mapped_column(Text)
    answered: Mapped[int | None] = mapped_column(SmallInteger)

    webhook: Mapped[Webhook] = relationship()
