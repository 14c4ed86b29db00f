"""What webhooks are told of by the plan: flags that it opens, and at night what the change of day brought.

Levels set by hand and lots near their end are derived, nobody posts them (0002); so the night looks, and what
was told stands in the outbox. Where nobody listens, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
EXPIRING_DAYS = 14
# A lot is told of once. An item that stays low by levels set by hand is told of again after so long.
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
        tell(session, branch.listeners, Event.FLAG_RAISED, branch.id, _low(session, branch))
    if listen(branch.listeners, Event.LOT_EXPIRING):
        tell(session, branch.listeners, Event.LOT_EXPIRING, branch.id, _expiring(session, branch))


def _flag(item_id: UUID, supplier_id: UUID | None, quantity: int, day: Any) -> dict[str, Any]:
    supplier = str(supplier_id) if supplier_id else None
    return {"item_id": str(item_id), "supplier_id": supplier, "quantity": quantity, "on": day.isoformat()}


def _low(session: Session, branch: Branch) -> list[Fact]:
    today = clock.today(branch.timezone)
    low = {row.item_id: row for row in reading.list_low(session, branch.id, today)}
    told = _told(session, branch.id, Event.FLAG_RAISED, low, REMIND)
    return [
        (item_id, _flag(item_id, None, max(int(row.par_level - row.projected), 0), today))
        for item_id, row in low.items()
        if item_id not in told
    ]


def _expiring(session: Session, branch: Branch) -> list[Fact]:
    today = clock.today(branch.timezone)
    until = today + timedelta(days=EXPIRING_DAYS)
    lots: dict[UUID, dict[str, Any]] = {}
    for row in reading.list_expiring(session, branch.id, until, MOST):
        if reading.is_expired(row.Holding, row.Lot, today):
            continue
        fact = lots.setdefault(row.Lot.id, {"quantity": 0, "expires_on": row.Holding.expires_on.isoformat()})
        fact["quantity"] += row.Holding.quantity
    told = _told(session, branch.id, Event.LOT_EXPIRING, lots, timedelta(days=2 * EXPIRING_DAYS))
    return [(lot_id, fact) for lot_id, fact in lots.items() if lot_id not in told]


def _told(
    session: Session, branch_id: UUID, event: Event, subjects: Collection[UUID], since: timedelta
) -> set[UUID]:
    """Of which of these the branch has told lately."""
    if not subjects:
        return set()
    query = select(WebhookMessage.subject_id).where(
        WebhookMessage.branch_id == branch_id,
        WebhookMessage.subject_id.in_(sorted(subjects)),
        WebhookMessage.type == event.value,
        WebhookMessage.queued_at > clock.now() - since,
    )
    return {subject for subject in session.scalars(query) if subject is not None}
