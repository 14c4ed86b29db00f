"""What the stock was worth at the end of each day, at lot cost, and what of it each item was. Reads only.

Reckoned back from what stands now: whatever was told late, undone or corrected is in the days it belongs to.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.cost import rounded, shared_out
from supply.domain.ledger.models import Holding, Lot
from supply.domain.reports.figures import NOTHING, Books, Sum, by_day, items_since, total_of
from supply.domain.reports.kinds import USED, WASTE, Kind

# Everything that changed the stock; what lies above the recipe is a part of the use.
MOVED = tuple(kind.value for kind in Kind)
CAME = (Kind.RECEIPT, Kind.OPENING, Kind.BREWED)


@dataclass(frozen=True, slots=True)
class DayWorth:
    """The stock at the end of a day, and what made it so: the day before and these four make it up."""

    day: date
    minor: int
    came: int
    used: int
    wasted: int
    other: int


@dataclass(frozen=True, slots=True)
class ItemWorth:
    """What stood of an item at the end of a day."""

    item: Item
    quantity: int
    minor: int
    unpriced: bool


def worth_by_day(session: Session, books: Books) -> list[DayWorth]:
    """Each day asked about, up to today."""
    moved: dict[date, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for (day, kind), one in by_day(session, books).items():
        moved[day][kind] += one.worth
    worth = total_of(standing(session, books).values()).worth
    last = min(books.last, books.today)
    worth -= sum((sum(kinds.values()) for day, kinds in moved.items() if day > last), Fraction(0))
    days: list[DayWorth] = []
    day = last
    while day >= books.first:
        before = worth - sum(moved[day].values(), Fraction(0))
        days.append(_day(day, before, worth, moved[day]))
        worth, day = before, day - timedelta(days=1)
    return days[::-1]


def _day(day: date, before: Fraction, worth: Fraction, moved: dict[str, Fraction]) -> DayWorth:
    parts = [sum((moved[kind] for kind in kinds), Fraction(0)) for kinds in (CAME, USED, WASTE)]
    parts.append(worth - before - sum(parts))
    now = rounded(worth)
    return DayWorth(day, now, *shared_out(parts, now - rounded(before)))


def items_at(session: Session, books: Books, day: date) -> list[ItemWorth]:
    """What stood at the end of a day, the most precious first; it adds up to the day's worth."""
    left = items_since(session, books, day, MOVED)
    now = standing(session, books)
    stood = {id_: now.get(id_, NOTHING) + -left.get(id_, NOTHING) for id_ in now.keys() | left.keys()}
    stood = {id_: one for id_, one in stood.items() if one.quantity or one.worth}
    items = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(sorted(stood))))}
    order = sorted(stood, key=lambda id_: (-stood[id_].worth, items[id_].sort_key, id_))
    shares = shared_out([stood[id_].worth for id_ in order])
    return [
        ItemWorth(items[id_], stood[id_].quantity, minor, stood[id_].unpriced)
        for id_, minor in zip(order, shares, strict=True)
    ]


def standing(session: Session, books: Books) -> dict[UUID, Sum]:
    """What stands of each item now."""
    query = (
        select(
            Holding.item_id,
            cast(func.sum(Holding.quantity), BigInteger),
            Lot.cost_minor,
            Lot.cost_quantity,
            Lot.currency,
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == books.branch.id, Holding.quantity > 0)
        .group_by(Holding.item_id, Lot.cost_minor, Lot.cost_quantity, Lot.currency)
    )
    told: dict[UUID, Sum] = defaultdict(Sum)
    for item_id, quantity, minor, per, currency in session.execute(query):
        if minor is None or per is None or currency != books.branch.currency:
            told[item_id] += Sum(quantity, unpriced=True)
        else:
            told[item_id] += Sum(quantity, Fraction(quantity * minor, per))
    return dict(told)
