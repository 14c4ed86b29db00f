"""Cases of variance: completions that stand, by the time of doing, and what each used against its recipe.

Which they are, and those behind a number; what they add up to is case_sums.py's. Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.people.models import Person
from supply.domain.reports.shares import ALL_ITEMS, COUNTS, told_of
from supply.domain.treatments.models import RecipeVersion, Step
from supply.domain.visits.models import Completion, CompletionLine, VisitStep
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST_DAYS = 366


class Apart(StrEnum):
    """What is told apart from the comparison, since it is another matter."""

    SHORTFALL = "shortfall"
    INCIDENT = "incident"
    UNPLANNED = "unplanned"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which completions: of a branch (or all of the person's), from day to day, of what and of whom."""

    branch_id: UUID
    from_day: date
    until_day: date
    everywhere: bool = False
    item_id: UUID | None = None
    procedure_id: UUID | None = None
    position: int | None = None
    person_id: UUID | None = None


def places_of(session: Session, actor: Actor, asked: Asked) -> list[Branch]:
    """The branches asked about, all of which the person may see."""
    require(actor, Permission.VARIANCE_SEE, asked.branch_id)
    if asked.until_day < asked.from_day or (asked.until_day - asked.from_day).days >= MOST_DAYS:
        raise Invalid(
            "period_unfit",
            lazy("Choose a period that does not end before it begins, of a year at most."),
            field="until",
        )
    if asked.everywhere:
        return [
            branch
            for branch in branches.list_branches(session, actor)
            if actor.may(Permission.VARIANCE_SEE, branch.id)
        ]
    return [branches.get_branch(session, actor, asked.branch_id)]


def period_of(place: Branch, asked: Asked) -> tuple[Any, Any]:
    """The instants between which the days of a branch lie."""
    begins, _ends = clock.span_of(asked.from_day, place.timezone)
    return begins, clock.span_of(asked.until_day, place.timezone)[1]


def happened_within(place: Branch, asked: Asked) -> ColumnElement[bool]:
    begins, ends = period_of(place, asked)
    return and_(Completion.happened_at >= begins, Completion.happened_at < ends)


def steps_of(asked: Asked) -> Select[Any] | None:
    """The ids of the steps asked for, of every version of the recipe; None for all."""
    if asked.procedure_id is None and asked.position is None:
        return None
    query = select(Step.id).join(RecipeVersion, RecipeVersion.id == Step.recipe_version_id)
    if asked.procedure_id is not None:
        query = query.where(RecipeVersion.procedure_id == asked.procedure_id)
    return query if asked.position is None else query.where(Step.position == asked.position)


_TOLD_APART = or_(CompletionLine.shortfall > 0, CompletionLine.incident.is_not(None))
_CONDITIONS: dict[Apart, ColumnElement[bool]] = {
    Apart.SHORTFALL: CompletionLine.shortfall > 0,
    Apart.INCIDENT: CompletionLine.incident.is_not(None),
    Apart.UNPLANNED: and_(CompletionLine.standard == 0, CompletionLine.actual > 0),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A completion behind a number; the amounts (base units) are of the item asked for, else of all together.

    `value` is None for what is told apart.
    """

    completion: Completion
    visit_id: UUID
    step: Step
    person_name: str
    value: float | None
    standard: int
    actual: int


def list_cases(
    session: Session,
    actor: Actor,
    asked: Asked,
    *,
    apart: Apart | None = None,
    limit: int = 50,
    before: UUID | None = None,
) -> Sequence[Case]:
    """The completions behind a number, the last done first: as many are read as are shown.

    Raises Invalid for a period that ends before it begins or is too long.
    """
    places = places_of(session, actor, asked)
    rows = session.execute(_listed(session, asked, places, apart, before).limit(limit)).all()
    lines: dict[UUID, list[CompletionLine]] = defaultdict(list)
    query = select(CompletionLine).where(
        CompletionLine.completion_id.in_([row.Completion.id for row in rows]), *_of_item(asked)
    )
    for line in session.scalars(query):
        lines[line.completion_id].append(line)
    return [_case(row, lines[row.Completion.id], apart) for row in rows]


def _listed(
    session: Session, asked: Asked, places: Sequence[Branch], apart: Apart | None, before: UUID | None
) -> Any:
    of_it = CompletionLine.completion_id == Completion.id
    lines = select(CompletionLine.item_id).where(of_it, *_of_item(asked))
    if apart is not None:
        lines = lines.where(_CONDITIONS[apart])
    else:
        lines = lines.group_by(CompletionLine.item_id).having(
            func.sum(CompletionLine.standard) > 0, func.sum(case((_TOLD_APART, 1), else_=0)) == 0
        )
    query = (
        select(Completion, VisitStep.visit_id, Step, Person.name.label("person_name"))
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .join(Step, Step.id == VisitStep.step_id)
        .join(Person, Person.id == Completion.person_id)
        .where(
            or_(*(and_(Completion.branch_id == place.id, happened_within(place, asked)) for place in places)),
            Completion.reversed_at.is_(None),
            lines.exists(),
        )
        .order_by(Completion.happened_at.desc(), Completion.id.desc())
    )
    if asked.person_id is not None:
        query = query.where(Completion.person_id == asked.person_id)
    if (steps := steps_of(asked)) is not None:
        query = query.where(Step.id.in_(steps))
    last = session.get(Completion, before) if before is not None else None
    # One of another branch says nothing here, not even what came before it.
    if last is not None and last.branch_id in {place.id for place in places}:
        query = query.where(tuple_(Completion.happened_at, Completion.id) < tuple_(last.happened_at, last.id))
    return query


def _of_item(asked: Asked) -> list[ColumnElement[bool]]:
    return [] if asked.item_id is None else [CompletionLine.item_id == asked.item_id]


def _case(row: Any, lines: Sequence[CompletionLine], apart: Apart | None) -> Case:
    told = told_of(lines)
    _cases, value, _squares, *_amounts = told.pop(ALL_ITEMS)
    if apart is not None:
        place = COUNTS.index(apart.value)
        wanted = [line for line in lines if told_of([line])[line.item_id][place]]
        amounts = sum(line.standard for line in wanted), sum(line.actual for line in wanted)
    else:
        amounts = int(sum(one[3] for one in told.values())), int(sum(one[4] for one in told.values()))
    return Case(
        row.Completion,
        row.visit_id,
        row.Step,
        row.person_name,
        None if apart is not None else value,
        *amounts,
    )
