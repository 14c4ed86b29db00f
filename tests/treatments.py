"""Visits for tests, through the services: the starter catalogue, a full shelf, plans and completions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import db, read_snapshot, write_transaction
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import StockLevel
from supply.domain.preparation import starter
from supply.domain.reports.checking import check_books
from supply.domain.treatments import service as treatments
from supply.domain.visits import service as visits
from supply.domain.visits.views import VisitView
from supply.permissions import Actor
from tests.cast import Cast
from tests.shelves import stock_all

MUCH = 10_000_000


def noon() -> datetime:
    """Noon of yesterday in Vietnam, by the clock as it stands: past, and near enough to be planned for."""
    return datetime.combine(clock.today("UTC") - timedelta(days=1), time(5), UTC)


def open_spa(cast: Cast, *, quantity: int = MUCH) -> dict[str, UUID]:
    """Load the starter catalogue and put a lot of each item on the shelf (none of 0): {code: item id}."""
    load_starter(cast)
    query = select(Item.code, Item.id)
    items = dict(read_snapshot(lambda session: session.execute(query).all()))
    if quantity:
        stock_all(cast, items.values(), quantity, expires_on=date(2099, 1, 1))
    return items


Rows = list[tuple[Table, list[dict[str, Any]]]]
_STARTER: dict[UUID, Rows] = {}  # what the service wrote, under the manager who let it


def load_starter(cast: Cast) -> None:
    """The starter catalogue, as its service writes it.

    The first time in this process it does; from then on the same rows are put down, with this cast's manager
    as the one who did it. While the test tells the time, or where the spa has items already, it is the
    service's work again.
    """
    begun = read_snapshot(lambda session: session.scalar(select(Item.id).limit(1))) is not None
    if begun or abs(clock.now() - datetime.now(UTC)) > timedelta(minutes=1):
        write_transaction(lambda session: starter.load(session, cast.manager))
    elif _STARTER:
        write_transaction(lambda session: _put_down(session, cast.manager.person_id))
    else:
        before = read_snapshot(_every_row)
        write_transaction(lambda session: starter.load(session, cast.manager))
        told = [
            (table, [row for row in rows if row not in before[table]])
            for table, rows in read_snapshot(_every_row).items()
        ]
        _STARTER[cast.manager.person_id] = [(table, rows) for table, rows in told if rows]


def _every_row(session: Session) -> dict[Table, list[dict[str, Any]]]:
    return {
        table: [dict(row) for row in session.execute(select(table)).mappings()]
        for table in db.metadata.sorted_tables
    }


def _put_down(session: Session, manager: UUID) -> None:
    ((first, told),) = _STARTER.items()
    for table, rows in told:
        session.execute(
            table.insert(),
            [{name: manager if value == first else value for name, value in row.items()} for row in rows],
        )


def offer_oils(cast: Cast) -> str:
    """A package of the massage without rules: base oil 30 ml, lavender 2 ml, lemongrass 1 ml a guest."""

    def work(session: Session) -> str:
        massage = treatments.find_procedure_by_code(session, "back-massage")
        assert massage is not None
        names = {"code": "oils", "name_en": "Oils", "name_vi": "Tinh dầu"}
        return treatments.create_package(
            session, cast.manager, procedure_id=massage.id, steps=[6], **names
        ).code

    return write_transaction(work)


def plan(
    cast: Cast,
    *,
    actor: Actor | None = None,
    guests: int | list[list[str]] | list[dict[str, Any]] = 1,
    **facts: Any,
) -> VisitView:
    """Plan a back massage and commit. Guests: how many, their conditions, or all that is told of them."""
    told: Sequence[Any] = [[] for _ in range(guests)] if isinstance(guests, int) else guests
    wanted: dict[str, Any] = {
        "branch_id": cast.branch_id,
        "procedure": "back-massage",
        "guests": [guest if isinstance(guest, dict) else {"conditions": guest} for guest in told],
        "planned_at": noon(),
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
