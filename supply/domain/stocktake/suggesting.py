"""What is known of a branch's items before a cycle count, for doubt.py to judge. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger.cost import cost_of
from supply.domain.ledger.models import Holding, Lot
from supply.domain.ledger.reading import past_use
from supply.domain.stocktake.doubt import Sight, Suggestion, suggest
from supply.domain.stocktake.models import StockCount, StockCountLine, Stocktake, StocktakeLine
from supply.domain.stocktake.progress import items_counted
from supply.domain.tasks.models import Task, TaskKind
from supply.permissions import Actor, Permission, require

# How far back a difference still gives rise to doubt.
REMEMBERED = timedelta(days=180)


def suggest_items(session: Session, actor: Actor, branch_id: UUID) -> list[tuple[Item, Suggestion]]:
    """What to count next and why, most urgent first, without what is being counted."""
    require(actor, Permission.COUNT_LOG, branch_id)
    begun = items_counted(session, branch_id)
    found = [one for one in doubts_of(session, actor, branch_id) if one.item_id not in begun]
    items = catalog.items_by_id(session, [one.item_id for one in found])
    return [(items[one.item_id], one) for one in found]


def doubts_of(session: Session, actor: Actor, branch_id: UUID) -> list[Suggestion]:
    """As `suggest_items`, without the items."""
    today = clock.today(branches.get_branch(session, actor, branch_id).timezone)
    known: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in session.execute(_standing(branch_id, today)):
        about = known[row.item_id]
        about["value"] += cost_of(row.standing, row.cost_minor, row.cost_quantity) or 0
        about["unseen_days"] = max(about["unseen_days"], (clock.now() - row.seen_at).days)
        about["expired"] += row.expired
        about["opened"] += row.opened
    for item_id, times in session.execute(_shortfalls(branch_id)):
        known[item_id]["shortfalls"] = times
    for item_id, differed, expected in _differences(session, branch_id):
        known[item_id]["differed"] += int(differed or 0)
        known[item_id]["expected"] += int(expected or 0)
    return suggest(Sight(item_id, **about) for item_id, about in known.items())


def _standing(branch_id: UUID, today: date) -> Any:
    """Per item and price: what stands, the place that was looked at longest ago, what is expired or open."""
    return (
        select(
            Holding.item_id,
            Lot.cost_minor,
            Lot.cost_quantity,
            cast(func.sum(Holding.quantity), BigInteger).label("standing"),
            # What came since nobody has counted: then it was looked at when it came.
            func.min(func.coalesce(Holding.counted_at, Lot.created_at)).label("seen_at"),
            func.count(case((past_use(today), Holding.id))).label("expired"),
            func.count(Holding.container_id).label("opened"),
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == branch_id, Holding.quantity > 0)
        .group_by(Holding.item_id, Lot.cost_minor, Lot.cost_quantity)
    )


def _shortfalls(branch_id: UUID) -> Any:
    return (
        select(Task.item_id, func.count())
        .where(
            Task.branch_id == branch_id,
            Task.kind == TaskKind.COUNT,
            Task.closed_at.is_(None),
            Task.item_id.is_not(None),
        )
        .group_by(Task.item_id)
    )


def _differences(session: Session, branch_id: UUID) -> Iterable[Any]:
    """(item, how far off, what was expected) of the counts that are remembered."""
    since = clock.now() - REMEMBERED
    single = (
        select(
            StockCount.item_id,
            func.sum(func.abs(StockCountLine.counted - StockCountLine.expected)),
            func.sum(StockCountLine.expected),
        )
        .join(StockCountLine, StockCountLine.count_id == StockCount.id)
        .where(StockCount.branch_id == branch_id, StockCount.recorded_at >= since)
        .group_by(StockCount.item_id)
    )
    many = (
        select(
            StocktakeLine.item_id,
            func.sum(func.abs(StocktakeLine.difference)),
            func.sum(StocktakeLine.expected),
        )
        .join(Stocktake, Stocktake.id == StocktakeLine.stocktake_id)
        .where(Stocktake.branch_id == branch_id, Stocktake.posted_at >= since)
        .group_by(StocktakeLine.item_id)
    )
    return [*session.execute(single), *session.execute(many)]
