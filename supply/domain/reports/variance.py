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

from sqlalchemy import BigInteger, Select, case, cast, func, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person
from supply.domain.reports.cases import CONDITIONS, Apart, Asked, joined, places_of, values, within
from supply.domain.reports.deviation import Estimate, Sample, Verdict, estimates
from supply.domain.treatments.models import Procedure, RecipeVersion, Step
from supply.domain.visits.models import Completion, VisitStep
from supply.permissions import Actor


class By(StrEnum):
    """What cases are gathered by."""

    ITEM = "item"
    STEP = "step"
    THERAPIST = "therapist"
    PROCEDURE = "procedure"
    BRANCH = "branch"


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


def default_period(today: date) -> tuple[date, date]:
    """The last thirty days, today with them."""
    return today - timedelta(days=29), today


def _sums(told: Any) -> tuple[Any, ...]:
    return (
        func.count().label("cases"),
        func.sum(told.c.value).label("total"),
        func.sum(told.c.value * told.c.value).label("squares"),
        cast(func.sum(told.c.standard), BigInteger).label("standard"),
        cast(func.sum(told.c.actual), BigInteger).label("actual"),
    )


def _by_item(told: Any) -> Select[Any]:
    """Added up before names are asked for: PostgreSQL takes the cases for few and reads them per item."""
    sums = select(told.c.item_id, *_sums(told)).group_by(told.c.item_id).subquery()
    return select(*sums.c, Item.name_en, Item.name_vi).join(Item, Item.id == sums.c.item_id)


def _grouped(asked: Asked, by: By, places: Sequence[Branch]) -> Select[Any]:
    told = values(asked, places, by_item=by is By.ITEM)
    if by is By.ITEM:
        return _by_item(told)
    keys: dict[By, tuple[Any, ...]] = {
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
        select(*keys[by], *_sums(told))
        .select_from(told)
        .join(Completion, Completion.id == told.c.completion_id)
    )
    if by is By.THERAPIST:
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


def _apart(session: Session, asked: Asked, places: Sequence[Branch]) -> dict[Apart, int]:
    counts = [
        func.count(case((condition, Completion.id)).distinct()).label(kind.value)
        for kind, condition in CONDITIONS.items()
    ]
    row = session.execute(joined(select(*counts), asked).where(*within(asked, places))).one()
    return {kind: getattr(row, kind.value) for kind in CONDITIONS}
