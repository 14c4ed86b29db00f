"""What treatments cost: what their steps used at lot cost, by procedure, step, package, month. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.ledger.cost import rounded, shared_out
from supply.domain.reports.figures import Books, Sum, by_step, total_of
from supply.domain.reports.tally_models import NO_PACKAGE
from supply.domain.treatments.models import Package, Procedure, RecipeVersion, Step
from supply.domain.visits.models import Visit, VisitStatus

_TOOK_PLACE = (VisitStatus.RUNNING, VisitStatus.FINISHED, VisitStatus.BROKEN_OFF)


class CostsBy(StrEnum):
    """What the cost is gathered by."""

    PROCEDURE = "procedure"
    STEP = "step"
    PACKAGE = "package"
    MONTH = "month"


_NAMES = {
    CostsBy.PROCEDURE: ("procedure_id",),
    CostsBy.STEP: ("procedure_id", "position"),
    CostsBy.PACKAGE: ("procedure_id", "package_id"),
    CostsBy.MONTH: ("month_on",),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """One line: what it cost, the visits that it is of, and a visit's mean share, rounded by itself.

    `first` and `last` are its days.
    """

    key: dict[str, Any]
    name_en: str
    name_vi: str
    minor: int
    unpriced: bool
    visits: int
    guests: int
    each_minor: int | None
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Costs:
    """The lines add up to the whole."""

    lines: Sequence[Cost]
    minor: int
    unpriced: bool
    visits: int
    guests: int


@dataclass(slots=True)
class _Names:
    procedures: dict[UUID, Any] = field(default_factory=dict)
    packages: dict[UUID, Any] = field(default_factory=dict)
    steps: dict[tuple[UUID, int], Any] = field(default_factory=dict)


def costs_of(session: Session, books: Books, by: CostsBy) -> Costs:
    """What the steps of whole months used, at lot cost. Visits count on the day they were planned for."""
    told = {key: -one for key, one in by_step(session, books, *_NAMES[by]).items()}
    came = _visits(session, books, by)
    if by is not CostsBy.STEP:
        told = {key: Sum() for key in came} | told
    names = _names(session, told, by)
    keys = sorted(told, key=lambda key: _order(key, told, by))
    shares = shared_out([told[key].worth for key in keys])
    lines = [
        _line(books, by, key, told[key], minor, came[_whose(key, by)], names)
        for key, minor in zip(keys, shares, strict=True)
    ]
    whole = total_of(told.values())
    visits, guests = (sum(column) for column in zip((0, 0), *came.values(), strict=True))
    return Costs(lines, sum(shares), whole.unpriced, visits, guests)


def _whose(key: tuple[Any, ...], by: CostsBy) -> tuple[Any, ...]:
    """The visits of a step are those of its procedure."""
    return key[:1] if by is CostsBy.STEP else key


def _order(key: tuple[Any, ...], told: dict[tuple[Any, ...], Sum], by: CostsBy) -> Any:
    """Months as they come, steps as they are done, the rest by what it costs."""
    return str(key) if by in (CostsBy.MONTH, CostsBy.STEP) else (-told[key].worth, str(key))


def _visits(session: Session, books: Books, by: CostsBy) -> dict[tuple[Any, ...], tuple[int, int]]:
    """(visits, guests) that took place, by the key of the lines."""
    zone = books.branch.timezone
    begins, ends = clock.span_of(books.first, zone)[0], clock.span_of(books.last, zone)[1]
    package = func.coalesce(Visit.package_id, NO_PACKAGE)
    keys: dict[CostsBy, tuple[Any, ...]] = {
        CostsBy.PROCEDURE: (Visit.procedure_id,),
        CostsBy.STEP: (Visit.procedure_id,),
        CostsBy.PACKAGE: (Visit.procedure_id, package),
    }
    months = months_of(books)
    if by is CostsBy.MONTH:
        passed = [
            (Visit.planned_at < clock.span_of(last, zone)[1], place)
            for place, (_first, last) in enumerate(months)
        ]
        keys[by] = (case(*passed),)
    query = (
        select(*keys[by], func.count(), func.sum(Visit.party_size))
        .where(
            Visit.branch_id == books.branch.id,
            Visit.planned_at >= begins,
            Visit.planned_at < ends,
            Visit.status.in_(_TOOK_PLACE),
        )
        .group_by(*keys[by])
    )
    told: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for *key, visits, guests in session.execute(query):
        whose = (months[key[0]][0],) if by is CostsBy.MONTH else tuple(key)
        told[whose] = (visits, int(guests))
    return told


def months_of(books: Books) -> list[tuple[date, date]]:
    """The first and last day of each month."""
    months, day = [], books.first
    while day <= books.last:
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        months.append((day, following - timedelta(days=1)))
        day = following
    return months


def _names(session: Session, told: dict[tuple[Any, ...], Sum], by: CostsBy) -> _Names:
    names = _Names()
    if by is CostsBy.MONTH:
        return names
    ids = sorted({key[0] for key in told})
    for one in session.scalars(select(Procedure).where(Procedure.id.in_(ids))):
        names.procedures[one.id] = one
    if by is CostsBy.PACKAGE:
        for package in session.scalars(select(Package).where(Package.procedure_id.in_(ids))):
            names.packages[package.id] = package
    if by is CostsBy.STEP:
        query = (
            select(RecipeVersion.procedure_id, Step)
            .join(Step, Step.recipe_version_id == RecipeVersion.id)
            .where(RecipeVersion.procedure_id.in_(ids), RecipeVersion.published_at.is_not(None))
            .order_by(RecipeVersion.number)
        )
        # The newest wording holds.
        names.steps = {(procedure_id, step.position): step for procedure_id, step in session.execute(query)}
    return names


def _line(
    books: Books,
    by: CostsBy,
    key: tuple[Any, ...],
    told: Sum,
    minor: int,
    came: tuple[int, int],
    names: _Names,
) -> Cost:
    visits, guests = came
    first, last = books.first, books.last
    if by is CostsBy.MONTH:
        first, last = next(span for span in months_of(books) if span[0] == key[0])
    named = _wording(by, key, names)
    return Cost(
        key=dict(zip(_NAMES[by], key, strict=True)) if by is not CostsBy.MONTH else {"month": key[0]},
        name_en=" · ".join(part.name_en for part in named if part),
        name_vi=" · ".join(part.name_vi for part in named if part),
        minor=minor,
        unpriced=told.unpriced,
        visits=visits,
        guests=guests,
        each_minor=rounded(told.worth / Fraction(visits)) if visits else None,
        first=first,
        last=last,
    )


def _wording(by: CostsBy, key: tuple[Any, ...], names: _Names) -> list[Any]:
    if by is CostsBy.MONTH:
        return []
    procedure = names.procedures.get(key[0])
    if by is CostsBy.STEP:
        return [procedure, names.steps.get(key)]
    return [procedure, names.packages.get(key[1])] if by is CostsBy.PACKAGE else [procedure]
