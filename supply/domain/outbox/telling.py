"""Telling webhooks of an event, in the transaction of the event: one row for each that listens.

Who listens is known already: `branch.listeners` comes with the branch. So an event that nobody listens to
costs nothing, and the row of one that somebody does joins the rows that are written anyway.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.outbox.models import Event, WebhookMessage
from supply.writing import write_later

# An event's name to the ids of the webhooks that want to be told of it.
Listeners = Mapping[str, Sequence[str]] | None
Fact = tuple[uuid.UUID | None, dict[str, Any]]
# Whom something was told, and of what.
Told = tuple[uuid.UUID, uuid.UUID | None]


def listen(listeners: Listeners, event: Event) -> bool:
    return bool(listeners and event.value in listeners)


def tell(
    session: Session,
    listeners: Listeners,
    event: Event,
    branch_id: uuid.UUID,
    facts: Iterable[Fact],
    *,
    at: datetime | None = None,
    known: Collection[Told] = (),
) -> None:
    """Queue (subject, what could change until it is told) for everybody who listens to the event here, but
    for who is known to have been told of it.
    """
    if not listen(listeners, event):
        return
    assert listeners is not None
    now = at or clock.now()
    rows = [
        message_row(uuid.UUID(webhook_id), branch_id, event.value, fact, now)
        for fact in facts
        for webhook_id in listeners[event.value]
        if (uuid.UUID(webhook_id), fact[0]) not in known
    ]
    write_later(session, WebhookMessage, rows)


def message_row(
    webhook_id: uuid.UUID, branch_id: uuid.UUID, type: str, fact: Fact, now: datetime
) -> dict[str, Any]:
    subject_id, told = fact
    return {
        "id": new_id(),
        "webhook_id": webhook_id,
        "branch_id": branch_id,
        "type": type,
        "subject_id": subject_id,
        "facts": told,
        "queued_at": now,
        "next_at": now,
        "attempts": 0,
    }
