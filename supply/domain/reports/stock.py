"""One item in one branch, as its page tells it. Costs the page, never the length of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger.browsing import Narrowed, list_movements
from supply.domain.ledger.models import Lot, Movement, MovementType
from supply.domain.ledger.service import get_lot
from supply.domain.visits.models import Completion, VisitStep
from supply.permissions import Actor, Permission, require

USE_DAYS = 30
# The stock line is drawn from at most so many movements: a busy item's line is shorter, its page no slower.
LINE_MOVEMENTS = 500
HISTORY = 10


@dataclass(frozen=True, slots=True)
class StockDay:
    """What stood at the end of a day, and whether a delivery came on it. Base units."""

    day: date
    on_hand: int
    delivery: bool


@dataclass(frozen=True, slots=True)
class ItemReport:
    """Everything on an item's page; `holdings` in the order in which they would be used."""

    branch: Branch
    today: date
    item: Item
    level: Any | None
    holdings: Sequence[Any]
    movements: Sequence[Any]
    use: Sequence[tuple[date, int, int]]
    line: Sequence[StockDay]


def item_report(session: Session, actor: Actor, branch_id: UUID, item_id: UUID) -> ItemReport:
    """Raises NotFound for an unknown item or another's branch."""
    require(actor, Permission.STOCK_SEE, branch_id)
    branch = branches.get_branch(session, actor, branch_id)
    today = clock.today(branch.timezone)
    level = reading.get_level(session, branch_id, item_id, today)
    item = level.Item if level else catalog.get_item(session, item_id)
    since = today - timedelta(days=USE_DAYS - 1)
    return ItemReport(
        branch=branch,
        today=today,
        item=item,
        level=level,
        holdings=reading.list_holdings(session, branch_id, item_id),
        movements=list_movements(session, branch_id, Narrowed([item_id]), limit=HISTORY + 1).rows,
        use=_every_day(reading.daily_use(session, branch_id, item_id, since), since, today),
        line=_stock_line(session, branch, item_id, level.on_hand if level else 0, since, today),
    )


def _every_day(rows: Sequence[Any], since: date, today: date) -> list[tuple[date, int, int]]:
    """(day, used, short) for each day, also those without use."""
    told = {row.day_on: (row.used, row.short) for row in rows}
    days = [since + timedelta(days=number) for number in range((today - since).days + 1)]
    return [(day, *told.get(day, (0, 0))) for day in days]


def _stock_line(
    session: Session, branch: Branch, item_id: UUID, on_hand: int, since: date, today: date
) -> list[StockDay]:
    """The stock at the end of each day, reckoned back from now; it begins where the movements read begin."""
    query = (
        select(Movement.happened_at, Movement.quantity, Movement.type)
        .where(Movement.branch_id == branch.id, Movement.item_id == item_id)
        .order_by(Movement.seq.desc())
        .limit(LINE_MOVEMENTS)
    )
    moved: dict[date, int] = {}
    deliveries: set[date] = set()
    rows = session.execute(query).all()
    for row in rows:
        day = clock.day_of(row.happened_at, branch.timezone)
        moved[day] = moved.get(day, 0) + row.quantity
        if row.type is MovementType.RECEIPT:
            deliveries.add(day)
    begin = since
    if moved:
        # The day of the oldest movement read may be known in part only, unless it is the very first.
        oldest = clock.day_of(rows[-1].happened_at, branch.timezone)
        begin = max(since, oldest + timedelta(days=1) if len(rows) == LINE_MOVEMENTS else oldest)
    line: list[StockDay] = []
    day = today
    while day >= min(begin, today):
        line.append(StockDay(day, on_hand, day in deliveries))
        on_hand = max(on_hand - moved.get(day, 0), 0)
        day -= timedelta(days=1)
    return line[::-1]


@dataclass(frozen=True, slots=True)
class LotReport:
    """A lot, where it stands and what happened to it."""

    branch: Branch
    today: date
    lot: Lot
    item: Item
    holdings: Sequence[Any]
    movements: Sequence[Any]
    # The branch that it was sent from, where it was.
    sent_by: Branch | None


def lot_report(session: Session, actor: Actor, branch_id: UUID, lot_id: UUID) -> LotReport:
    """Raises NotFound."""
    require(actor, Permission.STOCK_SEE, branch_id)
    branch = branches.get_branch(session, actor, branch_id)
    lot = get_lot(session, branch_id, lot_id)
    holdings = reading.list_holdings(session, branch_id, lot.item_id)
    return LotReport(
        branch=branch,
        today=clock.today(branch.timezone),
        lot=lot,
        item=catalog.get_item(session, lot.item_id),
        holdings=[row for row in holdings if row.Lot.id == lot.id],
        movements=list_movements(session, branch_id, Narrowed(lot_id=lot_id), limit=HISTORY + 1).rows,
        sent_by=_sent_by(session, lot),
    )


def _sent_by(session: Session, lot: Lot) -> Branch | None:
    if lot.origin_lot_id is None:
        return None
    query = select(Branch).join(Lot, Lot.branch_id == Branch.id).where(Lot.id == lot.origin_lot_id)
    return session.scalar(query)


def visits_behind(session: Session, completion_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The visit of each completion."""
    if not completion_ids:
        return {}
    query = (
        select(Completion.id, VisitStep.visit_id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .where(Completion.id.in_(set(completion_ids)))
    )
    return {key: value for key, value in session.execute(query)}
