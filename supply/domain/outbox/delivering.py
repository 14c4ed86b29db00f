"""Messages on their way to webhooks: take in hand, note how it ended, pause who fails for days, replay.

Knows no network: whoever sends (supply/calling.py) takes messages in hand in one transaction, sends them
outside of any, and notes the outcome in another. A message is sent at least once, always under its own id.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, contains_eager

from supply import clock
from supply.domain.outbox import queue
from supply.domain.outbox.models import PauseReason, Webhook, WebhookMessage
from supply.domain.outbox.subscribing import get_webhook, ids_of, pause, record, refuse_paused
from supply.domain.outbox.telling import message_row
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor

TEST = "webhook.test"
# So long an old secret still signs after a new one was made.
OVERLAP = timedelta(days=1)
# Who could not be reached for so long is not tried any more until somebody says so.
PATIENCE = timedelta(days=3)
KEPT = timedelta(days=30)
GONE = 410


@dataclass(frozen=True, slots=True)
class Call:
    """A message as it is handed to whoever sends. `body` is None until it was told for the first time."""

    id: uuid.UUID
    webhook_id: uuid.UUID
    branch_id: uuid.UUID
    url: str
    secret_numbers: tuple[int, ...]
    type: str
    subject_id: uuid.UUID | None
    facts: dict[str, Any]
    queued_at: datetime
    body: str | None


def take_in_hand(session: Session, *, limit: int = 20) -> list[Call]:
    """What is due to webhooks that take any, oldest first; for five minutes nobody else gets it."""
    now = clock.now()
    query = (
        select(WebhookMessage)
        .join(WebhookMessage.webhook)
        .options(contains_eager(WebhookMessage.webhook))
        .where(
            Webhook.ended_at.is_(None),
            Webhook.paused_at.is_(None),
            or_(Webhook.retry_at.is_(None), Webhook.retry_at <= now),
        )
    )
    return [_call(message, now) for message in queue.take(session, WebhookMessage, query, limit)]


def _call(message: WebhookMessage, now: datetime) -> Call:
    hook = message.webhook
    old = (hook.secret_number - 1,) if hook.secret_number > 1 and now < hook.secret_at + OVERLAP else ()
    return Call(
        message.id,
        hook.id,
        message.branch_id,
        hook.url,
        (hook.secret_number, *old),
        message.type,
        message.subject_id,
        message.facts,
        message.queued_at,
        message.body,
    )


def note_taken(session: Session, call: Call, body: str, status: int) -> None:
    """It was answered with 2xx."""
    message = _told(session, call, body, status)
    queue.sent(message)
    hook = message.webhook
    hook.failures, hook.failing_since, hook.retry_at, hook.reached_at = 0, None, None, clock.now()
    session.flush()


def note_failed(
    session: Session, call: Call, body: str | None, error: str, status: int | None = None
) -> bool:
    """It was not taken. The whole webhook rests for a while; True where the message is given up."""
    message = _told(session, call, body, status)
    given_up = queue.failed(message, error)
    hook, now = message.webhook, clock.now()
    hook.failures += 1
    hook.failing_since = hook.failing_since or now
    hook.retry_at = now + queue.pause_after(hook.failures)
    if hook.paused_at is None and status == GONE:
        pause(session, None, hook, PauseReason.GONE)
    elif hook.paused_at is None and now - hook.failing_since >= PATIENCE:
        pause(session, None, hook, PauseReason.FAILING)
    session.flush()
    return given_up


def _told(session: Session, call: Call, body: str | None, status: int | None) -> WebhookMessage:
    message = session.get_one(WebhookMessage, call.id)
    message.body, message.answered = body, status
    return message


def put_back(session: Session, calls: Sequence[Call]) -> None:
    """They were not tried after all: somebody before them could not be reached."""
    for call in calls:
        queue.put_back(session.get_one(WebhookMessage, call.id), clock.now())
    session.flush()


def list_messages(
    session: Session,
    actor: Actor,
    webhook_id: uuid.UUID,
    *,
    limit: int = 50,
    before: uuid.UUID | None = None,
) -> Sequence[WebhookMessage]:
    """What was and will be sent to a webhook, newest first."""
    get_webhook(session, actor, webhook_id)
    query = select(WebhookMessage).where(WebhookMessage.webhook_id == webhook_id)
    if before is not None:
        query = query.where(WebhookMessage.id < before)
    return session.scalars(query.order_by(WebhookMessage.id.desc()).limit(limit)).all()


def send_test(session: Session, actor: Actor, webhook_id: uuid.UUID) -> WebhookMessage:
    """Queue a message that says nothing but that it arrives. Raises Conflict("webhook_paused")."""
    hook = _to_send(session, actor, webhook_id)
    row = message_row(hook.id, ids_of(hook)[0], TEST, (hook.id, {}), clock.now())
    message = WebhookMessage(**row)
    session.add(message)
    session.flush()
    return message


def replay_message(
    session: Session, actor: Actor, webhook_id: uuid.UUID, message_id: uuid.UUID
) -> WebhookMessage:
    """Send one again, the same bytes under the same id. Raises NotFound, Conflict("webhook_paused")."""
    hook = _to_send(session, actor, webhook_id)
    message = session.get(WebhookMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None or message.webhook_id != webhook_id:
        raise NotFound("message_not_found", lazy("There is no such message of this webhook."))
    queue.again(message)
    session.flush()
    record(session, actor, hook, "replay", {"messages": [None, 1]})
    return message


def replay_given_up(session: Session, actor: Actor, webhook_id: uuid.UUID) -> int:
    """Send all that was given up once more; how many that is."""
    hook = _to_send(session, actor, webhook_id)
    lost = WebhookMessage.webhook_id == webhook_id, WebhookMessage.given_up_at.is_not(None)
    values = {"given_up_at": None, "attempts": 0, "next_at": clock.now()}
    count = _rows(session.execute(update(WebhookMessage).where(*lost).values(values)))
    record(session, actor, hook, "replay", {"messages": [None, count]})
    return count


def _to_send(session: Session, actor: Actor, webhook_id: uuid.UUID) -> Webhook:
    """A webhook that is tried at once, even if it rests after a failure."""
    hook = get_webhook(session, actor, webhook_id)
    refuse_paused(hook)
    hook.retry_at = None
    return hook


def forget_old(session: Session) -> int:
    """Delete messages of more than thirty days ago, whatever became of them."""
    old = WebhookMessage.queued_at < clock.now() - KEPT
    return _rows(session.execute(delete(WebhookMessage).where(old)))


def _rows(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
