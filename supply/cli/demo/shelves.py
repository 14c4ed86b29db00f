"""Stocktakes of the demo: one that was posted, one that waits for its manager, one that is half counted."""

from __future__ import annotations

from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.cli.demo.day import Day
from supply.domain.ledger import reading
from supply.domain.ledger.models import Holding
from supply.domain.stocktake import opening, posting, reviewing, rules, suggesting, tallying, telling
from supply.domain.stocktake.differing import add_up, weigh
from supply.domain.stocktake.models import DifferenceReason, Stocktake, StocktakeKind
from supply.domain.stocktake.progress import items_counted
from supply.domain.stocktake.tallying import Rest
from supply.domain.stocktake.telling import LineTold
from supply.quantity import UNITS, from_base

# Days before the last one, and what has become by then of the stocktake that begins there.
POSTED, SUBMITTED, BEGUN = 12, 1, 0
ITEMS = 6
APPROVED_FROM = 50_000


def take_stock(session: Session, today: Day) -> None:
    """Count what is most in doubt, as far as the story goes on that day."""
    house = today.house
    chance = Random(f"{house.code}:{today.day}:stocktake")  # noqa: S311
    items = _chosen(session, today)
    if today.left == POSTED:
        rules.set_rules(session, house.manager, house.branch_id, version=0, approval_minor=APPROVED_FROM)
    kind = StocktakeKind.CYCLE
    stocktake = opening.open_stocktake(
        session, house.storekeeper, branch_id=house.branch_id, kind=kind, item_ids=items
    )
    lines = telling.list_lines(session, stocktake, limit=200)
    for number, line in enumerate(lines):
        if today.left != BEGUN or number < len(lines) // 2:
            _count(session, today, stocktake, line, chance)
    if today.left != BEGUN:
        _end(session, today, stocktake)


def _chosen(session: Session, today: Day) -> list[UUID]:
    """What is in doubt, made up to ITEMS with what comes first by name."""
    house = today.house
    wanted = [one.id for one, _why in suggesting.suggest_items(session, house.storekeeper, house.branch_id)]
    taken = items_counted(session, house.branch_id) | set(wanted)
    levels = reading.list_levels(session, house.branch_id, today=today.day)
    return (wanted + [row.item_id for row in levels if row.item_id not in taken])[:ITEMS]


def _count(session: Session, today: Day, stocktake: Stocktake, line: LineTold, chance: Random) -> None:
    item = line.item
    standing = _standing(session, line)
    missing = item.natural_step * chance.choice((0, 0, 0, 0, 1, 2)) if standing else 0
    if today.left == SUBMITTED and line.container is None:
        # Much of what is closed is gone: that is for the manager to look at.
        missing = standing // 4 // item.natural_step * item.natural_step
    amount = from_base(max(standing - missing, 0), UNITS[item.stock_unit].factor)
    tallying.count_line(
        session,
        today.house.storekeeper,
        stocktake.id,
        line.line.id,
        amount=amount,
        unit=item.stock_unit,
        version=line.version,
    )


def _standing(session: Session, line: LineTold) -> int:
    query = select(Holding.quantity).where(
        Holding.branch_id == line.line.branch_id,
        Holding.lot_id == line.lot.id,
        Holding.location_id == line.location.id,
        Holding.container_id.is_not_distinct_from(line.line.container_id),
    )
    return session.scalar(query) or 0


def _end(session: Session, today: Day, stocktake: Stocktake) -> None:
    house, own_id = today.house, stocktake.id
    tallying.settle_rest(session, house.storekeeper, own_id, rest=Rest.SKIP)
    reviewing.close_count(session, house.storekeeper, own_id, version=stocktake.version)
    digest = add_up(weigh(session, stocktake)).digest
    rest = DifferenceReason.UNRECORDED_USE
    reviewing.give_reasons(session, house.storekeeper, own_id, version=stocktake.version, rest=rest)
    rest = DifferenceReason.UNKNOWN
    reviewing.give_reasons(session, house.storekeeper, own_id, version=stocktake.version, rest=rest)
    who = house.manager if today.left == POSTED else house.storekeeper
    posting.hand_in(session, who, own_id, version=stocktake.version, digest=digest)
