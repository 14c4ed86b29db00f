"""What webhooks are told of by the plan: flags that it opens, and at night what the change of day brought.

Levels set by hand and lots near their end are derived, nobody posts them (0002); so the night looks, and what
was told stands in the outbox. Where nobody listens, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.ledger import reading
from supply.domain.outbox.models import Event, WebhookMessage
from supply.domain.outbox.telling import Fact, listen, tell

# So many days before its last one a lot is told of.
SOON = timedelta(days=14)
# A lot is told of once to each. An item that stays low by levels set by hand is told of again after so long.
REMIND = timedelta(days=7)
MOST = 1_000


def tell_opened(session: Session, branch: Branch, flags: Iterable[Mapping[str, Any]]) -> None:
    """Rows of flags that the plan has just opened."""
    facts: list[Fact] = [
        (flag["id"], _flag(flag["item_id"], flag["supplier_id"], flag["quantity"], flag["planned_on"]))
        for flag in flags
    ]
    tell(session, branch.listeners, Event.FLAG_RAISED, branch.id, facts)


def tell_tonight(session: Session, branch: Branch) -> None:
    """Items low by levels set by hand, and lots that will soon expire."""
    if listen(branch.listeners, Event.FLAG_RAISED):
        _tell_once(session, branch, Event.FLAG_RAISED, _low(session, branch), REMIND)
    if listen(branch.listeners, Event.LOT_EXPIRING):
        _tell_once(session, branch, Event.LOT_EXPIRING, _expiring(session, branch), 2 * SOON)


def _flag(item_id: UUID, supplier_id: UUID | None, quantity: int, day: Any) -> dict[str, Any]:
    supplier = str(supplier_id) if supplier_id else None
    return {"item_id": str(item_id), "supplier_id": supplier, "quantity": quantity, "on": day.isoformat()}


def _low(session: Session, branch: Branch) -> list[Fact]:
    today = clock.today(branch.timezone)
    return [
        (row.item_id, _flag(row.item_id, None, max(int(row.par_level - row.projected), 0), today))
        for row in reading.list_low(session, branch.id, today)
    ]


def _expiring(session: Session, branch: Branch) -> list[Fact]:
    today = clock.today(branch.timezone)
    until = today + SOON
    lots: dict[UUID, dict[str, Any]] = {}
    for row in reading.list_expiring(session, branch.id, until, MOST):
        if reading.is_expired(row.Holding, row.Lot, today):
            continue
        fact = lots.setdefault(row.Lot.id, {"quantity": 0, "expires_on": row.Holding.expires_on.isoformat()})
        fact["quantity"] += row.Holding.quantity
    return list(lots.items())


def _tell_once(
    session: Session, branch: Branch, event: Event, facts: Sequence[Fact], since: timedelta
) -> None:
    """Tell whoever was not told of it lately: a program that listens only now has heard of nothing."""
    if not facts:
        return
    query = select(WebhookMessage.webhook_id, WebhookMessage.subject_id).where(
        WebhookMessage.branch_id == branch.id,
        WebhookMessage.subject_id.in_([subject_id for subject_id, _told in facts]),
        WebhookMessage.type == event.value,
        WebhookMessage.queued_at > clock.now() - since,
    )
    known = {(webhook_id, subject_id) for webhook_id, subject_id in session.execute(query)}
    tell(session, branch.listeners, event, branch.id, facts, known=known)
