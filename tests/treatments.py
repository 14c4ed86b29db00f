"""Visits for tests, through the services: the starter catalogue, a full shelf, plans and completions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import StockLevel
from supply.domain.reports.checking import check_books
from supply.domain.treatments import starter
from supply.domain.visits import service as visits
from supply.domain.visits.views import VisitView
from supply.permissions import Actor
from tests.cast import Cast
from tests.shelves import stock

MUCH = 10_000_000
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)


def open_spa(cast: Cast, *, quantity: int = MUCH) -> dict[str, UUID]:
    """Load the starter catalogue and put a lot of each item on the shelf (none of 0): {code: item id}."""
    write_transaction(lambda session: starter.load(session, cast.manager))
    query = select(Item)
    items = read_snapshot(lambda session: {item.code: item.id for item in session.scalars(query)})
    if quantity:
        for item_id in items.values():
            stock(cast, item_id, quantity, expires_on=date(2099, 1, 1))
    return items


def plan(
    cast: Cast, *, actor: Actor | None = None, guests: int | list[list[str]] = 1, **facts: Any
) -> VisitView:
    """Plan a back massage and commit."""
    told = [[] for _ in range(guests)] if isinstance(guests, int) else guests
    wanted: dict[str, Any] = {
        "branch_id": cast.branch_id,
        "procedure": "back-massage",
        "guests": [{"conditions": codes} for codes in told],
        "planned_at": NOON,
        **facts,
    }
    return write_transaction(lambda session: visits.plan_visit(session, actor or cast.therapist, **wanted))


def do(
    work: Any, cast: Cast, visit_id: UUID, position: int, *, actor: Actor | None = None, **facts: Any
) -> Any:
    """Do something to a step as the therapist and commit."""

    def once(session: Session) -> Any:
        return work(session, actor or cast.therapist, visit_id=visit_id, position=position, **facts)

    return write_transaction(once)


def complete(cast: Cast, visit_id: UUID, position: int, **facts: Any) -> Any:
    return do(visits.complete_step, cast, visit_id, position, **facts)


def look(cast: Cast, visit_id: UUID) -> VisitView:
    return read_snapshot(lambda session: visits.get_visit(session, cast.manager, visit_id))


def level(cast: Cast, item_id: UUID) -> tuple[int, int]:
    """(on hand, reserved) in the main branch."""

    def read(session: Session) -> tuple[int, int]:
        row = session.get(StockLevel, (cast.branch_id, item_id), populate_existing=True)
        return (row.on_hand, row.reserved) if row else (0, 0)

    return read_snapshot(read)


def differences() -> list[str]:
    """What a check of the books would name."""
    return read_snapshot(lambda session: [str(difference) for difference in check_books(session)])
