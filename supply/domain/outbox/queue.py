"""What mail and webhook messages have in common: taken in hand, noted, tried again later, given up.

Whoever sends takes rows in hand in one transaction, sends outside of any, and notes the outcome in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.outbox.models import Queued

# Who has something in hand for longer than this has died with it.
IN_HAND = timedelta(minutes=5)
# The pause after each failure; after the last one it is given up and somebody is told.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
Row = TypeVar("Row", bound=Queued)


def waiting(kind: type[Queued]) -> ColumnElement[bool]:
    return and_(kind.sent_at.is_(None), kind.given_up_at.is_(None))


def take(session: Session, kind: type[Row], query: Select[Row], limit: int) -> Sequence[Row]:
    """The rows of the query that are due, oldest first; for five minutes nobody else gets them."""
    now = clock.now()
    due = session.scalars(
        query.where(waiting(kind), kind.next_at <= now)
        .order_by(kind.next_at, kind.id)
        .limit(limit)
        .with_for_update(of=kind, skip_locked=True)
    ).all()
    for row in due:
        row.attempts += 1
        row.next_at = now + IN_HAND
    session.flush()
    return due


def sent(row: Queued) -> None:
    row.sent_at, row.last_error = clock.now(), None


def failed(row: Queued, error: str) -> bool:
    """Keep why it failed and when to try again. True where it is given up."""
    row.last_error = error[:300]
    if row.attempts > len(PAUSES):
        row.given_up_at = clock.now()
    else:
        row.next_at = clock.now() + pause_after(row.attempts)
    return row.given_up_at is not None


def pause_after(failures: int) -> timedelta:
    return PAUSES[min(failures, len(PAUSES)) - 1]


def put_back(row: Queued, until: datetime) -> None:
    """It was not tried after all."""
    row.attempts, row.next_at = row.attempts - 1, until


def again(row: Queued) -> None:
    """In line once more, now, as if it were new."""
    row.sent_at = row.given_up_at = None
    row.attempts, row.next_at = 0, clock.now()
