"""Cases of a period added up by item, step, therapist or branch: the kept totals and what came since.

Whole months are read as months, the days before and after as days: costs the cells, never the completions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, cast, false, func, select, union_all
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.reports.case_tallying import WAITS, Cells, add, add_up_cases
from supply.domain.reports.cases import Asked, happened_within, steps_of
from supply.domain.reports.shares import ALL_ITEMS, COUNTS, Numbers, nothing
from supply.domain.reports.tally_models import Span, TallyCase
from supply.domain.visits.models import VisitStep


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of each branch asked about, what the totals lack of the period."""

    cells: dict[UUID, Cells]

    def items(self) -> Iterator[tuple[dict[str, Any], Numbers]]:
        for branch_id, cells in self.cells.items():
            for (item_id, day, step_id, person_id), numbers in cells.items():
                told = {"branch_id": branch_id, "item_id": item_id, "day": day}
                yield {**told, "step_id": step_id, "person_id": person_id}, numbers


def waiting_of(session: Session, asked: Asked, places: Sequence[Branch]) -> Waiting:
    """A statement a branch."""
    wanted = [] if (steps := steps_of(asked)) is None else [VisitStep.step_id.in_(steps)]
    return Waiting(
        {
            place.id: add_up_cases(session, place, WAITS, happened_within(place, asked), *wanted, signed=True)
            for place in places
        }
    )


def add_up_by(
    session: Session, asked: Asked, places: Sequence[Branch], waiting: Waiting, name: str
) -> dict[Any, Numbers]:
    """COUNTS by one of item_id, step_id, person_id and branch_id. A statement.

    By item they are of items; else of the item asked for, or of completions as a whole.
    """
    told: dict[Any, Numbers] = defaultdict(nothing)
    for key, *numbers in session.execute(_kept(asked, places, name)):
        add(told[key], numbers)
    _add_waiting(told, asked, waiting, name)
    return told


def add_up_items(
    session: Session, asked: Asked, places: Sequence[Branch], waiting: Waiting
) -> tuple[dict[UUID, Numbers], dict[UUID | None, Item]]:
    """COUNTS by item, and the items that there are. A statement."""
    kept = _kept(asked, places, "item_id").subquery()
    told: dict[UUID, Numbers] = defaultdict(nothing)
    items: dict[UUID | None, Item] = {}
    for item, key, *numbers in session.execute(select(Item, *kept.c).outerjoin(kept, kept.c.key == Item.id)):
        items[item.id] = item
        if key is not None:
            add(told[key], numbers)
    _add_waiting(told, asked, waiting, "item_id")
    return told, items


def _add_waiting(told: dict[Any, Numbers], asked: Asked, waiting: Waiting, name: str) -> None:
    by_item = name == "item_id"
    one = asked.item_id or ALL_ITEMS
    for facts, numbers in waiting.items():
        item_id = facts["item_id"]
        fits = item_id != ALL_ITEMS if by_item and asked.item_id is None else item_id == one
        if fits and asked.person_id in (None, facts["person_id"]):
            add(told[facts[name]], numbers)


def _kept(asked: Asked, places: Sequence[Branch], name: str) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [TallyCase.branch_id.in_([place.id for place in places])]
    if name == "item_id" and asked.item_id is None:
        # Item by item along the key.
        wanted.append(TallyCase.item_id.in_(select(Item.id)))
    else:
        wanted.append(TallyCase.item_id == (asked.item_id or ALL_ITEMS))
    if asked.person_id is not None:
        wanted.append(TallyCase.person_id == asked.person_id)
    if (steps := steps_of(asked)) is not None:
        wanted.append(TallyCase.step_id.in_(steps))
    key = getattr(TallyCase, name)
    sums = [_sum(count).label(count) for count in COUNTS]
    parts = [
        select(key.label("key"), *sums)
        .where(*wanted, TallyCase.span == span, TallyCase.begins_on.between(first, last))
        .group_by(key)
        for span, first, last in spans_of(asked.from_day, asked.until_day)
    ] or [select(key.label("key"), *sums).where(false())]
    return select(*union_all(*parts).subquery().c)


def _sum(name: str) -> ColumnElement[Any]:
    column = getattr(TallyCase, name)
    total = func.sum(column)
    return total if name in ("total", "squares") else cast(total, BigInteger)


def spans_of(first: date, last: date) -> list[tuple[Span, date, date]]:
    """The whole months between two days, and the days that are left before and after. Pure.

    Told as the first and the last of the days with which months or days begin.
    """
    begins = first if first.day == 1 else _next_month(first)
    ends = last + timedelta(days=1)
    ends = ends.replace(day=1)
    if begins >= ends:
        return [(Span.DAY, first, last)]
    day = timedelta(days=1)
    told = [(Span.DAY, first, begins - day), (Span.MONTH, begins, ends - day), (Span.DAY, ends, last)]
    return [(span, since, until) for span, since, until in told if since <= until]


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
