"""Standard against actual over a period: by item, step, therapist, procedure or branch. Reads only.

What was short, broke a rule or was not in the recipe is told apart. Costs what the completions of the period
add up to (case_sums.py), never the completions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.alphabet import person_key, sort_key
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person
from supply.domain.reports.case_sums import add_up_by, add_up_items, waiting_of
from supply.domain.reports.case_tallying import add
from supply.domain.reports.cases import Apart, Asked, places_of
from supply.domain.reports.deviation import Estimate, Sample, Verdict, estimates
from supply.domain.reports.shares import COUNTS, Numbers, nothing
from supply.domain.treatments.models import Procedure, RecipeVersion, Step
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
    """Compare. Six statements at most, and one a branch. Raises Invalid for a period that ends before it
    begins or is too long.
    """
    places = places_of(session, actor, asked)
    waiting = waiting_of(session, asked, places)
    told = add_up_by(session, asked, places, waiting, _COLUMN[by])
    whole = told
    if by is By.ITEM and asked.item_id is None:
        whole = add_up_by(session, asked, places, waiting, "branch_id")
    items = _items(session, list(told) if by is By.ITEM else [asked.item_id])
    groups = _groups(by, _joined(told, _names(session, by, list(told), items)), items, asked)
    return Variance(groups, {kind: _count(whole, kind) for kind in Apart})


def items_compared(session: Session, actor: Actor, asked: Asked) -> list[Group]:
    """The groups of `variance_of` by item. Two statements, and one a branch."""
    places = places_of(session, actor, asked)
    told, items = add_up_items(session, asked, places, waiting_of(session, asked, places))
    return _groups(By.ITEM, _joined(told, _item_names(list(told), items)), items, asked)


def _groups(
    by: By, named: Sequence[tuple[_Name, Numbers]], items: Mapping[UUID | None, Item], asked: Asked
) -> list[Group]:
    """Judged together, in the order in which they may be read."""
    judged = estimates(Sample(int(one[0]), one[1], one[2]) for _name, one in named)
    groups = [
        _group(name, numbers, one, items.get(name.key.get("item_id", asked.item_id)))
        for (name, numbers), one in zip(named, judged, strict=True)
    ]
    order = list(Verdict)
    # Whoever cannot be told from the recipe stands in the order of names, and so do those who can.
    by_name = person_key if by is By.THERAPIST else sort_key
    groups.sort(
        key=lambda group: (order.index(group.estimate.verdict), by_name(group.name_vi), group.name_en)
    )
    return groups


def default_period(today: date) -> tuple[date, date]:
    """The last thirty days, today with them."""
    return today - timedelta(days=29), today


_COLUMN = {
    By.ITEM: "item_id",
    By.STEP: "step_id",
    By.THERAPIST: "person_id",
    By.PROCEDURE: "step_id",
    By.BRANCH: "branch_id",
}


@dataclass(frozen=True, slots=True)
class _Name:
    """What a group is called, and the ids that lead to what is behind it."""

    ids: tuple[tuple[str, Any], ...]
    name_en: str
    name_vi: str

    @property
    def key(self) -> dict[str, Any]:
        return dict(self.ids)


def _count(told: Mapping[Any, Numbers], kind: Apart) -> int:
    place = COUNTS.index(kind.value)
    return int(sum(numbers[place] for numbers in told.values()))


def _joined(told: Mapping[Any, Numbers], names: Mapping[Any, _Name]) -> list[tuple[_Name, Numbers]]:
    """What goes by one name together: a step of several versions of a recipe. Without what has no case."""
    groups: dict[_Name, Numbers] = defaultdict(nothing)
    for key, numbers in told.items():
        add(groups[names[key]], numbers)
    return [(name, numbers) for name, numbers in groups.items() if numbers[0]]


def _items(session: Session, wanted: Sequence[UUID | None]) -> dict[UUID | None, Item]:
    ids = sorted(one for one in wanted if one is not None)
    if not ids:
        return {}
    return {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(ids)))}


def _names(
    session: Session, by: By, keys: Sequence[UUID], items: Mapping[UUID | None, Item]
) -> dict[UUID, _Name]:
    if by is By.ITEM:
        return _item_names(keys, items)
    if by in (By.THERAPIST, By.BRANCH):
        column, model = _COLUMN[by], Person if by is By.THERAPIST else Branch
        plain = session.execute(select(model.id, model.name).where(model.id.in_(keys)))
        return {key: _Name(((column, key),), name, name) for key, name in plain}
    query = (
        select(Step, Procedure)
        .join(RecipeVersion, RecipeVersion.id == Step.recipe_version_id)
        .join(Procedure, Procedure.id == RecipeVersion.procedure_id)
        .where(Step.id.in_(keys))
    )
    return {row.Step.id: _step_name(by, row.Step, row.Procedure) for row in session.execute(query)}


def _item_names(keys: Sequence[UUID], items: Mapping[UUID | None, Item]) -> dict[UUID, _Name]:
    return {key: _Name((("item_id", key),), items[key].name_en, items[key].name_vi) for key in keys}


def _step_name(by: By, step: Step, procedure: Procedure) -> _Name:
    of: tuple[tuple[str, Any], ...] = (("procedure_id", procedure.id),)
    if by is By.PROCEDURE:
        return _Name(of, procedure.name_en, procedure.name_vi)
    return _Name((*of, ("position", step.position)), step.name_en, step.name_vi)


def _group(name: _Name, numbers: Numbers, estimate: Estimate, item: Item | None) -> Group:
    return Group(
        key=name.key,
        name_en=name.name_en,
        name_vi=name.name_vi,
        estimate=estimate,
        standard=int(numbers[3]) if item is not None else None,
        actual=int(numbers[4]) if item is not None else None,
        item=item,
    )
