"""Outgoing mail: queue it, take it in hand, note how it ended, try it again by hand.

Knows no mail server (supply/mailing.py does). A letter is sent at least once, under one Message-ID.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.outbox import queue
from supply.domain.outbox.models import OutboundMail
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is handed to the mail server."""

    id: uuid.UUID
    recipient: str
    subject: str
    body: str
    attachment_name: str | None
    attachment: str | None


def queue_mail(
    session: Session,
    *,
    branch_id: uuid.UUID,
    source: tuple[str, uuid.UUID],
    recipient: str,
    subject: str,
    body: str,
    attachment: tuple[str, str] | None = None,
) -> uuid.UUID:
    """Queue a mail with whatever gave rise to it. `attachment` is (file name, text)."""
    now = clock.now()
    mail = OutboundMail(
        id=new_id(),
        branch_id=branch_id,
        source_type=source[0],
        source_id=source[1],
        recipient=recipient,
        subject=subject,
        body=body,
        attachment_name=attachment[0] if attachment else None,
        attachment=attachment[1] if attachment else None,
        queued_at=now,
        attempts=0,
        next_at=now,
    )
    session.add(mail)
    session.flush()
    return mail.id


def take_in_hand(session: Session, *, limit: int = 20) -> list[Letter]:
    """The letters that are due, oldest first; for five minutes nobody else gets them."""
    due = queue.take(session, OutboundMail, select(OutboundMail), limit)
    names = Letter.__dataclass_fields__
    return [Letter(**{name: getattr(mail, name) for name in names}) for mail in due]


def note_sent(session: Session, mail_id: uuid.UUID) -> None:
    queue.sent(session.get_one(OutboundMail, mail_id))
    session.flush()


def note_failed(session: Session, mail_id: uuid.UUID, error: str) -> bool:
    """Keep why it failed and when to try again. True where it is given up."""
    given_up = queue.failed(session.get_one(OutboundMail, mail_id), error)
    session.flush()
    return given_up


def list_mail(session: Session, source_ids: Sequence[uuid.UUID]) -> list[OutboundMail]:
    """The mail of some documents, newest first."""
    query = select(OutboundMail).where(OutboundMail.source_id.in_(source_ids))
    return list(session.scalars(query.order_by(OutboundMail.id.desc())))


def retry_mail(session: Session, actor: Actor, source_id: uuid.UUID, mail_id: uuid.UUID) -> OutboundMail:
    """Put a mail of a document that failed or was given up in line again, now.

    Raises NotFound, Conflict("mail_sent").
    """
    mail = session.get(OutboundMail, mail_id, with_for_update=True, populate_existing=True)
    if mail is None or mail.source_id != source_id or not actor.belongs_to(mail.branch_id):
        raise NotFound("mail_not_found", lazy("There is no such mail in your branches."))
    require(actor, Permission.REQUISITION_DECIDE, mail.branch_id)
    if mail.sent_at is not None:
        raise Conflict("mail_sent", lazy("This mail has been sent already."))
    queue.again(mail)
    session.flush()
    audit.record(
        session,
        actor,
        action="mail.retry",
        entity=mail.source_type,
        entity_id=mail.source_id,
        branch_id=mail.branch_id,
        changes={"recipient": [mail.recipient, mail.recipient]},
    )
    return mail
