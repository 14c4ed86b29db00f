"""What reports are made of: the totals that are kept and what was posted since, exact, for days of a branch.

Costs the days and what came since the last night, never the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.reports.tally_models import TallyItem, TallyStep, TallyValue
from supply.domain.reports.tallying import KEYS, Sums, Tally, add_up, heads_of
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Sum:
    """Base units (of one item) and what they are worth; `unpriced`: of some the cost is not known."""

    quantity: int = 0
    worth: Fraction = Fraction(0)
    unpriced: bool = False

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.quantity + other.quantity, self.worth + other.worth, self.unpriced or other.unpriced)

    def __neg__(self) -> Sum:
        return Sum(-self.quantity, -self.worth, self.unpriced)


NOTHING = Sum()


def total_of(sums: Iterable[Sum]) -> Sum:
    return sum(sums, NOTHING)


@dataclass(frozen=True, slots=True)
class Books:
    """A branch, the days asked about, and what was posted since the totals were last added to."""

    branch: Branch
    first: date
    last: date
    today: date
    late: Tally


def open_books(
    session: Session, actor: Actor, branch_id: UUID, first: date | None, last: date | None
) -> Books:
    """The days of a branch, the last thirty where none are told. Raises NotFound, Forbidden, Invalid."""
    require(actor, Permission.REPORT_SEE, branch_id)
    branch = branches.get_branch(session, actor, branch_id)
    today = clock.today(branch.timezone)
    last = last or max(today, first or today)
    first = first or last - timedelta(days=29)
    if not fits(first, last):
        raise Invalid(
            "period_unfit",
            lazy("Choose a period that does not end before it begins, of a year at most."),
            field="until",
        )
    late = add_up(session, branch, *heads_of(session, branch_id))
    return Books(branch, first, last, today, late)


def whole_months(books: Books) -> Books:
    """The same with every month whole in which one of the days lies."""
    last = (books.last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return replace(books, first=books.first.replace(day=1), last=last)


def fits(first: date, last: date) -> bool:
    return 0 <= (last - first).days < MOST_DAYS


def by_step(session: Session, books: Books, *names: str) -> dict[tuple[Any, ...], Sum]:
    """What steps used, by some of month_on, procedure_id, package_id and position. Use counts below zero.

    The days must be whole months.
    """
    return _sums(session, books, TallyStep, books.late.steps, names, books.first, books.last)


def by_item(
    session: Session, books: Books, *names: str, kinds: Sequence[str], item_id: UUID | None = None
) -> dict[tuple[Any, ...], Sum]:
    """What moved of these kinds, by some of item_id, day_on and kind."""
    only: dict[str, Any] = {"kind": kinds} | ({"item_id": [item_id]} if item_id else {})
    return _sums(session, books, TallyItem, books.late.items, names, books.first, books.last, only)


def items_since(session: Session, books: Books, day: date, kinds: Sequence[str]) -> dict[UUID, Sum]:
    """What moved of each item after a day."""
    since, only = day + timedelta(days=1), {"kind": kinds}
    told = _sums(session, books, TallyItem, books.late.items, ("item_id",), since, date.max, only)
    return {key[0]: one for key, one in told.items()}


def by_day(session: Session, books: Books) -> dict[tuple[Any, ...], Sum]:
    """What all items together were worth that moved, by (day_on, kind): from the first day on, to the end."""
    late = books.late.values()
    return _sums(session, books, TallyValue, late, ("day_on", "kind"), books.first, date.max)


def _sums(
    session: Session,
    books: Books,
    model: Any,
    late: Sums,
    names: Sequence[str],
    first: date,
    last: date,
    only: dict[str, Sequence[Any]] | None = None,
) -> dict[tuple[Any, ...], Sum]:
    only = only or {}
    keys, sums = (*names, "per"), ["whole", "rest"]
    if model is TallyItem:
        sums = ["quantity", *sums]
    day = "month_on" if model is TallyStep else "day_on"
    where = [model.branch_id == books.branch.id, getattr(model, day).between(first, last)]
    where += [getattr(model, name).in_(allowed) for name, allowed in only.items()]
    if model is TallyItem and "item_id" not in only:
        # Item by item along the key.
        where.append(model.item_id.in_(select(Item.id)))
    query = (
        select(
            *(getattr(model, name) for name in keys),
            *(cast(func.sum(getattr(model, name)), BigInteger) for name in sums),
        )
        .where(*where)
        .group_by(*(getattr(model, name) for name in keys))
    )
    told: dict[tuple[Any, ...], Sum] = defaultdict(Sum)
    for row in session.execute(query):
        told[tuple(row[: len(names)])] += _sum(row[len(names)], row[len(keys) :])
    for key, numbers in late.items():
        named = dict(zip(KEYS[model], key, strict=True))
        if first <= named[day] <= last and all(named[name] in some for name, some in only.items()):
            told[tuple(named[name] for name in names)] += _sum(named["per"], numbers)
    return dict(told)


def _sum(per: int, numbers: Sequence[int]) -> Sum:
    *quantities, whole, rest = numbers
    quantity = quantities[0] if quantities else 0
    return Sum(quantity, whole + Fraction(rest, per) if per else Fraction(0), not per)
