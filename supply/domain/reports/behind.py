"""What is behind a number: the movements of an item, the completed steps of a treatment. A page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from supply import clock
from supply.domain.branches.models import Location
from supply.domain.ledger.cost import sum_of
from supply.domain.ledger.models import Lot, Movement
from supply.domain.people.models import Person
from supply.domain.reports.figures import Books
from supply.domain.reports.kinds import RULES, Kind
from supply.domain.reports.tally_models import NO_PACKAGE
from supply.domain.treatments.models import Step
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.models import Completion, Visit, VisitStep


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which completed steps: of a procedure, a package of it (NO_PACKAGE: without one), a position."""

    procedure_id: UUID | None = None
    package_id: UUID | None = None
    position: int | None = None


def list_movements(
    session: Session,
    books: Books,
    item_id: UUID,
    kinds: Sequence[Kind],
    *,
    limit: int = 50,
    before_seq: int | None = None,
) -> Sequence[Any]:
    """An item's movements of these kinds in the days, newest first: (Movement, Lot, Location, Person).

    An undoing counts on the day of what it undoes, so both stand in the list.
    """
    origin = aliased(Movement)
    begins, ends = _span(books)
    told_of = func.coalesce(origin.happened_at, Movement.happened_at)
    query = (
        select(Movement, Lot, Location, Person)
        .outerjoin(origin, and_(origin.branch_id == Movement.branch_id, origin.seq == Movement.reverses_seq))
        .join(Lot, Lot.id == Movement.lot_id)
        .join(Location, Location.id == Movement.location_id)
        .join(Person, Person.id == Movement.person_id)
        .where(
            Movement.branch_id == books.branch.id,
            Movement.item_id == item_id,
            told_of >= begins,
            told_of < ends,
        )
        .order_by(Movement.seq.desc())
        .limit(limit)
    )
    if kinds:
        query = query.where(
            _kind(func.coalesce(origin.type, Movement.type)).in_([one.value for one in kinds])
        )
    if before_seq is not None:
        query = query.where(Movement.seq < before_seq)
    return session.execute(query).all()


def _span(books: Books) -> tuple[datetime, datetime]:
    zone = books.branch.timezone
    return clock.span_of(books.first, zone)[0], clock.span_of(books.last, zone)[1]


def _kind(type_: Any) -> ColumnElement[str]:
    """The rules of kinds.py as SQL."""
    cases: list[Any] = []
    for rule in RULES:
        fits = type_.in_(rule.types)
        if rule.reasons:
            fits = and_(fits, Movement.reason.in_(rule.reasons))
        cases.append((fits, rule.kind.value))
    return case(*cases)


def list_steps(
    session: Session,
    books: Books,
    narrowed: Narrowed,
    *,
    limit: int = 50,
    before: tuple[datetime, UUID] | None = None,
) -> list[tuple[Any, int]]:
    """Completed steps of the days, the last done first, with what each cost: ((Completion, VisitStep, Visit,
    Step, person_name), minor units). Two statements."""
    begins, ends = _span(books)
    query = (
        select(Completion, VisitStep, Visit, Step, Person.name.label("person_name"))
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .join(Step, Step.id == VisitStep.step_id)
        .join(Person, Person.id == Completion.person_id)
        .where(
            Completion.branch_id == books.branch.id,
            Completion.happened_at >= begins,
            Completion.happened_at < ends,
            Completion.reversed_at.is_(None),
            *_within(narrowed),
        )
        .order_by(Completion.happened_at.desc(), Completion.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(
            or_(
                Completion.happened_at < before[0],
                and_(Completion.happened_at == before[0], Completion.id < before[1]),
            )
        )
    rows = session.execute(query).all()
    minors = _costs(session, books, [row.Completion.id for row in rows])
    return [(row, minors.get(row.Completion.id, 0)) for row in rows]


def _within(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if narrowed.procedure_id is not None:
        wanted.append(Visit.procedure_id == narrowed.procedure_id)
    if narrowed.package_id == NO_PACKAGE:
        wanted.append(Visit.package_id.is_(None))
    elif narrowed.package_id is not None:
        wanted.append(Visit.package_id == narrowed.package_id)
    if narrowed.position is not None:
        wanted.append(VisitStep.position == narrowed.position)
    return wanted


def _costs(session: Session, books: Books, completion_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What each completion used, at lot cost."""
    query = (
        select(Movement.source_id, Movement.quantity, Lot.cost_minor, Lot.cost_quantity, Lot.currency)
        .join(Lot, Lot.id == Movement.lot_id)
        .where(
            Movement.branch_id == books.branch.id,
            Movement.source_id.in_(completion_ids),
            Movement.source_type == SOURCE,
        )
    )
    parts: dict[UUID, list[tuple[int, int | None, int | None]]] = defaultdict(list)
    for source_id, quantity, minor, per, currency in session.execute(query):
        if currency == books.branch.currency:
            parts[source_id].append((-quantity, minor, per))
    return {source_id: sum_of(told) for source_id, told in parts.items()}
