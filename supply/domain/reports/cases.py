"""Cases of variance: completions that stand, by the time of doing, and what each used against its recipe.

Selections over completions, their lines, steps and visits; what they add up to is variance.py's. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Float, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.people.models import Person
from supply.domain.treatments.models import Step
from supply.domain.visits.models import Completion, CompletionLine, Visit, VisitStep
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


def within(asked: Asked, places: Sequence[Branch]) -> list[ColumnElement[bool]]:
    spans = []
    for place in places:
        begins, ends = period_of(place, asked)
        spans.append(
            and_(
                Completion.branch_id == place.id,
                Completion.happened_at >= begins,
                Completion.happened_at < ends,
            )
        )
    wanted: list[ColumnElement[bool]] = [or_(*spans), Completion.reversed_at.is_(None)]
    if asked.person_id is not None:
        wanted.append(Completion.person_id == asked.person_id)
    if asked.item_id is not None:
        wanted.append(CompletionLine.item_id == asked.item_id)
    if asked.procedure_id is not None:
        wanted.append(Visit.procedure_id == asked.procedure_id)
    if asked.position is not None:
        wanted.append(Step.position == asked.position)
    return wanted


def joined(query: Any, asked: Asked) -> Any:
    """A selection over completions and their lines; over steps and visits only where one asks for some."""
    query = query.select_from(Completion).join(CompletionLine, CompletionLine.completion_id == Completion.id)
    if asked.procedure_id is None and asked.position is None:
        return query
    return (
        query.join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .join(Step, Step.id == VisitStep.step_id)
    )


_TOLD_APART = or_(CompletionLine.shortfall > 0, CompletionLine.incident.is_not(None))


def _cases(asked: Asked, places: Sequence[Branch]) -> Any:
    """Per completion and item what the recipe wanted and what was used, without what is told apart."""
    standard = cast(func.sum(CompletionLine.standard), BigInteger)
    query = select(
        CompletionLine.completion_id,
        CompletionLine.item_id,
        standard.label("standard"),
        cast(func.sum(CompletionLine.actual), BigInteger).label("actual"),
    )
    return (
        joined(query, asked)
        .where(*within(asked, places))
        .group_by(CompletionLine.completion_id, CompletionLine.item_id)
        .having(standard > 0, func.sum(case((_TOLD_APART, 1), else_=0)) == 0)
        .cte("cases")
    )


def values(asked: Asked, places: Sequence[Branch], *, by_item: bool) -> Any:
    """One value per case: of a completion the mean over its items, or each of its items by itself."""
    cases = _cases(asked, places)
    share = cast(cases.c.actual - cases.c.standard, Float) / cast(cases.c.standard, Float)
    columns = [cases.c.completion_id, *([cases.c.item_id] if by_item else [])]
    return (
        select(
            *columns,
            func.avg(share).label("value"),
            cast(func.sum(cases.c.standard), BigInteger).label("standard"),
            cast(func.sum(cases.c.actual), BigInteger).label("actual"),
        )
        .group_by(*columns)
        .cte("case_values")
    )


CONDITIONS: dict[Apart, ColumnElement[bool]] = {
    Apart.SHORTFALL: CompletionLine.shortfall > 0,
    Apart.INCIDENT: CompletionLine.incident.is_not(None),
    Apart.UNPLANNED: and_(CompletionLine.standard == 0, CompletionLine.actual > 0),
}


def list_cases(
    session: Session,
    actor: Actor,
    asked: Asked,
    *,
    apart: Apart | None = None,
    limit: int = 50,
    before: UUID | None = None,
) -> Sequence[Any]:
    """The completions behind a number, the last recorded first.

    Rows: (Completion, visit_id, Step, person_name, value, standard, actual); the amounts add up one item only
    where one is asked for. `value` is None for what is told apart.
    """
    places = places_of(session, actor, asked)
    if apart is None:
        told = values(asked, places, by_item=False)
    else:
        told = (
            joined(
                select(
                    CompletionLine.completion_id,
                    cast(None, Float).label("value"),
                    cast(func.sum(CompletionLine.standard), BigInteger).label("standard"),
                    cast(func.sum(CompletionLine.actual), BigInteger).label("actual"),
                ),
                asked,
            )
            .where(*within(asked, places), CONDITIONS[apart])
            .group_by(CompletionLine.completion_id)
            .cte("apart")
        )
    query = (
        select(
            Completion,
            VisitStep.visit_id,
            Step,
            Person.name.label("person_name"),
            told.c.value,
            told.c.standard,
            told.c.actual,
        )
        .select_from(told)
        .join(Completion, Completion.id == told.c.completion_id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .join(Step, Step.id == VisitStep.step_id)
        .join(Person, Person.id == Completion.person_id)
        .order_by(Completion.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Completion.id < before)
    return session.execute(query).all()
