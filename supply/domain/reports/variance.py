"""Standard against actual over a period: by item, step, therapist, procedure or branch. Reads only.

What was short, broke a rule or was not in the recipe is told apart. Costs the completions of the period, in
as many statements whatever their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Float, Select, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person
from supply.domain.reports.deviation import Estimate, Sample, Verdict, estimates
from supply.domain.reports.service import day_span
from supply.domain.treatments.models import Procedure, RecipeVersion, Step
from supply.domain.visits.models import Completion, CompletionLine, Visit, VisitStep
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST_DAYS = 366


class By(StrEnum):
    """What cases are gathered by."""

    ITEM = "item"
    STEP = "step"
    THERAPIST = "therapist"
    PROCEDURE = "procedure"
    BRANCH = "branch"


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


@dataclass(frozen=True, slots=True)
class Group:
    """One line of the table. `standard` and `actual` (base units) where all cases are of one item."""

    key: dict[str, Any]
    name_en: str
    name_vi: str
    estimate: Estimate
    standard: int | None
    actual: int | None
    item: Item | None


@dataclass(frozen=True, slots=True)
class Variance:
    """The comparison: groups in the order in which they may be read, and what is told apart."""

    groups: Sequence[Group]
    apart: dict[Apart, int]


def variance_of(session: Session, actor: Actor, asked: Asked, by: By) -> Variance:
    """Compare. Four statements. Raises Invalid for a period that ends before it begins or is too long."""
    places = places_of(session, actor, asked)
    rows = session.execute(_grouped(asked, by, places)).all()
    items = _items(session, asked, by, rows)
    judged = estimates(Sample(row.cases, row.total, row.squares) for row in rows)
    groups = [_group(row, by, one, items, asked) for row, one in zip(rows, judged, strict=True)]
    order = list(Verdict)
    # Whoever cannot be told from the recipe stands in the order of names, and so do those who can.
    groups.sort(key=lambda group: (order.index(group.estimate.verdict), group.name_vi, group.name_en))
    return Variance(groups, _apart(session, asked, places))


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
    return day_span(asked.from_day, place.timezone)[0], day_span(asked.until_day, place.timezone)[1]


def default_period(today: date) -> tuple[date, date]:
    """The last thirty days, today with them."""
    return today - timedelta(days=29), today


def _within(asked: Asked, places: Sequence[Branch]) -> list[ColumnElement[bool]]:
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


def _joined(query: Any) -> Any:
    """A selection over completions, their lines, steps and visits."""
    return (
        query.select_from(Completion)
        .join(CompletionLine, CompletionLine.completion_id == Completion.id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
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
        _joined(query)
        .where(*_within(asked, places))
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


def _grouped(asked: Asked, by: By, places: Sequence[Branch]) -> Select[Any]:
    told = values(asked, places, by_item=by is By.ITEM)
    keys: dict[By, tuple[Any, ...]] = {
        By.ITEM: (Item.id.label("item_id"), Item.name_en, Item.name_vi),
        By.STEP: (
            Procedure.id.label("procedure_id"),
            Step.position.label("position"),
            Step.name_en,
            Step.name_vi,
        ),
        By.THERAPIST: (Person.id.label("person_id"), Person.name),
        By.PROCEDURE: (Procedure.id.label("procedure_id"), Procedure.name_en, Procedure.name_vi),
        By.BRANCH: (Branch.id.label("branch_id"), Branch.name),
    }
    query = (
        select(
            *keys[by],
            func.count().label("cases"),
            func.sum(told.c.value).label("total"),
            func.sum(told.c.value * told.c.value).label("squares"),
            cast(func.sum(told.c.standard), BigInteger).label("standard"),
            cast(func.sum(told.c.actual), BigInteger).label("actual"),
        )
        .select_from(told)
        .join(Completion, Completion.id == told.c.completion_id)
    )
    if by is By.ITEM:
        query = query.join(Item, Item.id == told.c.item_id)
    elif by is By.THERAPIST:
        query = query.join(Person, Person.id == Completion.person_id)
    elif by is By.BRANCH:
        query = query.join(Branch, Branch.id == Completion.branch_id)
    else:
        query = (
            query.join(VisitStep, VisitStep.id == Completion.visit_step_id)
            .join(Step, Step.id == VisitStep.step_id)
            .join(RecipeVersion, RecipeVersion.id == Step.recipe_version_id)
            .join(Procedure, Procedure.id == RecipeVersion.procedure_id)
        )
    return query.group_by(*[getattr(key, "element", key) for key in keys[by]])


def _items(session: Session, asked: Asked, by: By, rows: Sequence[Any]) -> dict[UUID, Item]:
    wanted = {row.item_id for row in rows} if by is By.ITEM else {asked.item_id} - {None}
    if not wanted:
        return {}
    return {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(sorted(wanted))))}


_KEYS = {
    By.ITEM: ("item_id",),
    By.STEP: ("procedure_id", "position"),
    By.THERAPIST: ("person_id",),
    By.PROCEDURE: ("procedure_id",),
    By.BRANCH: ("branch_id",),
}


def _group(row: Any, by: By, estimate: Estimate, items: dict[UUID, Item], asked: Asked) -> Group:
    item = items.get(row.item_id if by is By.ITEM else asked.item_id)  # type: ignore[arg-type]
    plain = by in (By.THERAPIST, By.BRANCH)
    return Group(
        key={name: getattr(row, name) for name in _KEYS[by]},
        name_en=row.name if plain else row.name_en,
        name_vi=row.name if plain else row.name_vi,
        estimate=estimate,
        standard=row.standard if item is not None else None,
        actual=row.actual if item is not None else None,
        item=item,
    )


CONDITIONS: dict[Apart, ColumnElement[bool]] = {
    Apart.SHORTFALL: CompletionLine.shortfall > 0,
    Apart.INCIDENT: CompletionLine.incident.is_not(None),
    Apart.UNPLANNED: and_(CompletionLine.standard == 0, CompletionLine.actual > 0),
}


def _apart(session: Session, asked: Asked, places: Sequence[Branch]) -> dict[Apart, int]:
    counts = [
        func.count(case((condition, Completion.id)).distinct()).label(kind.value)
        for kind, condition in CONDITIONS.items()
    ]
    row = session.execute(_joined(select(*counts)).where(*_within(asked, places))).one()
    return {kind: getattr(row, kind.value) for kind in CONDITIONS}


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
            _joined(
                select(
                    CompletionLine.completion_id,
                    cast(None, Float).label("value"),
                    cast(func.sum(CompletionLine.standard), BigInteger).label("standard"),
                    cast(func.sum(CompletionLine.actual), BigInteger).label("actual"),
                )
            )
            .where(*_within(asked, places), CONDITIONS[apart])
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
