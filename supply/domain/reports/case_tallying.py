"""Adding completions up as cases, by day and month: for the totals that are kept, for what came since, for
the proof of both.

A completion says itself whether the totals hold it. What waits is what stands and is not held, and what was
undone and still is: found by an index of these alone, whenever it was told, without a clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, not_, select, text, update
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.reports.shares import COUNTS, Numbers, nothing, told_of
from supply.domain.reports.tally_models import Span, TallyCase
from supply.domain.visits.models import Completion, CompletionLine, VisitStep
from supply.writing import write_later

# As many completions are added to the totals in one transaction.
PORTION = 1_000
KEY = ("span", "item_id", "begins_on", "step_id", "person_id")
# In the words of the index ix_completion_untallied.
WAITS = text("completion.tallied = (completion.reversed_at IS NOT NULL)")
# (item, day, step, person) → COUNTS
Cells = dict[tuple[UUID, date, UUID, UUID], Numbers]


def tally_cases(session: Session, branch: Branch) -> bool:
    """Add a portion of the branch's completions to the totals; whether more of them wait.

    Who undoes one of them at the same time waits.
    """
    waiting = (
        select(Completion.id)
        .where(Completion.branch_id == branch.id, WAITS)
        .order_by(Completion.id)
        .limit(PORTION)
        .with_for_update()
    )
    ids = session.scalars(waiting).all()
    cells = add_up_cases(session, branch, Completion.id.in_(ids), signed=True)
    rows = [
        {"branch_id": branch.id, **dict(zip((*KEY, *COUNTS), (*key, *numbers), strict=True))}
        for key, numbers in by_span(cells)
    ]
    write_later(session, TallyCase, rows, key=("branch_id", *KEY), add=COUNTS)
    session.execute(
        update(Completion).where(Completion.id.in_(ids)).values(tallied=not_(Completion.tallied)),
        execution_options={"synchronize_session": False},
    )
    return len(ids) == PORTION


def branches_waiting(session: Session, least: int) -> list[UUID]:
    """The branches of which at least so many completions wait to be added."""
    query = (
        select(Completion.branch_id)
        .where(WAITS)
        .group_by(Completion.branch_id)
        .having(func.count() >= least)
        .order_by(Completion.branch_id)
    )
    return list(session.scalars(query))


def add_up_cases(session: Session, branch: Branch, *which: Any, signed: bool) -> Cells:
    """What these completions of a branch add up to; `signed`: those that the totals hold are taken off."""
    cells: Cells = defaultdict(nothing)
    day_of: Callable[[datetime], date] = cache(lambda instant: clock.day_of(instant, branch.timezone))
    rows = session.execute(_lines(branch.id, which), execution_options={"yield_per": 5_000})
    for _id, lines in groupby(rows, key=attrgetter("id")):
        some = list(lines)
        first = some[0]
        sign = -1 if signed and first.tallied else 1
        for item_id, numbers in told_of(some).items():
            add(cells[item_id, day_of(first.happened_at), first.step_id, first.person_id], numbers, sign)
    return cells


def by_span(cells: Cells) -> Iterator[tuple[tuple[Any, ...], Numbers]]:
    """The rows that are kept of them: each day's and its month's."""
    months: dict[tuple[Any, ...], Numbers] = defaultdict(nothing)
    for (item_id, day, *of), numbers in cells.items():
        yield (Span.DAY, item_id, day, *of), numbers
        add(months[Span.MONTH, item_id, day.replace(day=1), *of], numbers)
    yield from months.items()


def add(sums: Numbers, more: Sequence[float], sign: int = 1) -> None:
    for place, number in enumerate(more):
        sums[place] += sign * number


def _lines(branch_id: UUID, which: Iterable[ColumnElement[bool]]) -> Any:
    return (
        select(
            Completion.id,
            Completion.person_id,
            Completion.happened_at,
            Completion.tallied,
            VisitStep.step_id,
            CompletionLine.item_id,
            CompletionLine.standard,
            CompletionLine.actual,
            CompletionLine.shortfall,
            CompletionLine.incident,
        )
        .join(CompletionLine, CompletionLine.completion_id == Completion.id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .where(Completion.branch_id == branch_id, *which)
        .order_by(Completion.id)
    )
