"""Looking at visits: one whole, or the list of some days. A few set-based queries; writes nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from supply.domain.branches.models import Room
from supply.domain.branches.service import get_branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Holding, Lot, Movement, MovementType
from supply.domain.people.models import Person, RoleGrant
from supply.domain.treatments.models import Package, Procedure, RecipeVersion, Step
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.models import (
    Completion,
    CompletionLine,
    StepStatus,
    Visit,
    VisitGuest,
    VisitLine,
    VisitStatus,
    VisitStep,
)
from supply.domain.visits.steps import OPEN
from supply.domain.visits.views import LotUsed, PlannedLine, Recorded, RecordedLine, StepView, VisitView
from supply.domain.visits.warnings import warnings_for
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, Role, require


def get_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> VisitView:
    """A visit with steps, lines, warnings, completions and the lots used. Raises NotFound."""
    query = (
        select(Visit, Procedure, RecipeVersion.number, Package, Room, Person.name)
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .join(RecipeVersion, RecipeVersion.id == Visit.recipe_version_id)
        .outerjoin(Package, Package.id == Visit.package_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
        .where(Visit.id == visit_id)
    )
    row = _fresh(session, query).first()
    if row is None or not actor.belongs_to(row[0].branch_id):
        raise NotFound("visit_not_found", lazy("There is no such visit, or it is not in your branch."))
    visit, procedure, number, package, room, therapist = row
    require(actor, Permission.STOCK_SEE, visit.branch_id)
    guests = list(
        _fresh(
            session,
            select(VisitGuest).where(VisitGuest.visit_id == visit_id).order_by(VisitGuest.position),
        ).scalars()
    )
    warnings = warnings_for(session, procedure.id, {guest.position: guest.conditions for guest in guests})
    steps = _steps(session, visit_id)
    for step in steps.values():
        step.warnings = [warning for warning in warnings if warning.concerns(step.position)]
    _add_lines(session, steps)
    _add_completions(session, visit.branch_id, steps)
    return VisitView(
        visit, procedure, number, package, room, therapist, guests, list(steps.values()), warnings
    )


def _fresh(session: Session, query: Any) -> Any:
    """What the database holds now, also for rows that statements changed behind the session."""
    return session.execute(query, execution_options={"populate_existing": True})


def _steps(session: Session, visit_id: uuid.UUID) -> dict[uuid.UUID, StepView]:
    query = (
        select(VisitStep, Step, Person.name)
        .join(Step, Step.id == VisitStep.step_id)
        .outerjoin(Person, Person.id == VisitStep.acknowledged_by)
        .where(VisitStep.visit_id == visit_id)
        .order_by(VisitStep.position)
    )
    return {
        step.id: StepView(
            step.id,
            step.position,
            wording.name_en,
            wording.name_vi,
            wording.note_en,
            wording.note_vi,
            step.status,
            step.started_at,
            step.skip_reason,
            step.acknowledged or (),
            acknowledged_by,
        )
        for step, wording, acknowledged_by in _fresh(session, query)
    }


def _add_lines(session: Session, steps: dict[uuid.UUID, StepView]) -> None:
    query = (
        select(VisitLine, Item)
        .join(Item, Item.id == VisitLine.item_id)
        .where(VisitLine.visit_step_id.in_(list(steps)))
        .order_by(VisitLine.visit_step_id, VisitLine.position)
    )
    for line, item in _fresh(session, query):
        planned = PlannedLine(line.position, item, line.guest_position, line.quantity, line.rule)
        steps[line.visit_step_id].lines.append(planned)


def _add_completions(session: Session, branch_id: uuid.UUID, steps: dict[uuid.UUID, StepView]) -> None:
    undoer = aliased(Person)
    query = (
        select(Completion, Person.name, undoer.name, CompletionLine, Item)
        .join(Person, Person.id == Completion.person_id)
        .outerjoin(undoer, undoer.id == Completion.reversed_by)
        .outerjoin(CompletionLine, CompletionLine.completion_id == Completion.id)
        .outerjoin(Item, Item.id == CompletionLine.item_id)
        .where(Completion.visit_step_id.in_(list(steps)))
        .order_by(Completion.recorded_at.desc(), Completion.id.desc(), CompletionLine.position)
    )
    recorded: dict[uuid.UUID, Recorded] = {}
    rows = _fresh(session, query).all()
    lots = _lots_used(session, branch_id, {row[0].id for row in rows})
    for done, person, reversed_by, line, item in rows:
        if done.id not in recorded:
            recorded[done.id] = Recorded(
                done.id,
                done.person_id,
                person,
                done.happened_at,
                done.recorded_at,
                done.reversed_at,
                reversed_by,
            )
            steps[done.visit_step_id].history.append(recorded[done.id])
        if line is not None:
            recorded[done.id].lines.append(
                RecordedLine(
                    line.position,
                    item,
                    line.guest_position,
                    line.standard,
                    line.actual,
                    line.shortfall,
                    line.incident,
                    lots[done.id, line.position],
                )
            )


def _lots_used(
    session: Session, branch_id: uuid.UUID, completion_ids: set[uuid.UUID]
) -> dict[tuple[uuid.UUID, int], list[LotUsed]]:
    """Which lots each line of each completion took from."""
    used: dict[tuple[uuid.UUID, int], list[LotUsed]] = defaultdict(list)
    if not completion_ids:
        return used
    query = (
        select(Movement.source_id, Movement.source_line, Lot.id, Lot.number, Movement.quantity)
        .join(Lot, Lot.id == Movement.lot_id)
        .where(
            Movement.branch_id == branch_id,
            Movement.source_id.in_(sorted(completion_ids)),
            Movement.source_type == SOURCE,
            Movement.type == MovementType.USAGE,
        )
        .order_by(Movement.seq)
    )
    for source_id, source_line, lot_id, number, quantity in session.execute(query):
        used[source_id, source_line or 0].append(LotUsed(lot_id, number, -quantity))
    return used


def list_visits(
    session: Session,
    actor: Actor,
    branch_id: uuid.UUID,
    *,
    from_day: date | None = None,
    until_day: date | None = None,
    status: VisitStatus | None = None,
    therapist_id: uuid.UUID | None = None,
    booking_reference: str | None = None,
    limit: int = 50,
    after: tuple[datetime, uuid.UUID] | None = None,
) -> list[Row[Any]]:
    """Visits by planned time: id, status, planned_at, party_size, version, names, steps done and in all.

    The days are the branch's and both count. `after` is (planned_at, id) of the last one seen.
    """
    zone = ZoneInfo(get_branch(session, actor, branch_id).timezone)
    query = _summaries().where(Visit.branch_id == branch_id)
    if from_day is not None:
        query = query.where(Visit.planned_at >= datetime.combine(from_day, time(), zone))
    if until_day is not None:
        query = query.where(Visit.planned_at < datetime.combine(until_day + timedelta(days=1), time(), zone))
    if status is not None:
        query = query.where(Visit.status == status)
    if therapist_id is not None:
        query = query.where(Visit.therapist_id == therapist_id)
    if booking_reference is not None:
        query = query.where(Visit.booking_reference == booking_reference)
    if after is not None:
        query = query.where(tuple_(Visit.planned_at, Visit.id) > after)
    return list(session.execute(query.order_by(Visit.planned_at, Visit.id).limit(limit)).all())


def _summaries() -> Any:
    mine = VisitStep.visit_id == Visit.id
    of_visit = select(func.count()).select_from(VisitStep).where(mine)
    return (
        select(
            Visit.id,
            Visit.branch_id,
            Visit.booking_reference,
            Visit.status,
            Visit.planned_at,
            Visit.party_size,
            Visit.version,
            Visit.therapist_id,
            Person.name.label("therapist"),
            Visit.room_id,
            Room.name.label("room"),
            Procedure.code.label("procedure"),
            Procedure.name_en,
            Procedure.name_vi,
            of_visit.where(VisitStep.status == StepStatus.COMPLETED).scalar_subquery().label("steps_done"),
            of_visit.where(VisitStep.status.in_(OPEN)).scalar_subquery().label("steps_open"),
            of_visit.scalar_subquery().label("steps"),
        )
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
    )


def list_therapists(session: Session, branch_id: uuid.UUID) -> Sequence[Any]:
    """Who may be named as a visit's therapist: (id, name), by name."""
    query = (
        select(Person.id, Person.name)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(
            RoleGrant.branch_id == branch_id,
            RoleGrant.role.in_((Role.THERAPIST, Role.MANAGER)),
            Person.active.is_(True),
        )
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return session.execute(query).all()


def list_lots_at_hand(
    session: Session, branch_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[Any]]:
    """Per item the lots that stand, in the order of use: number, expires_on, use_by_at, quantity."""
    query = (
        select(
            Holding.item_id,
            Lot.id.label("lot_id"),
            Lot.number,
            Lot.use_by_at,
            func.min(Holding.expires_on).label("expires_on"),
            func.sum(Holding.quantity).label("quantity"),
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == branch_id, Holding.item_id.in_(sorted(item_ids)), Holding.quantity > 0)
        .group_by(Holding.item_id, Lot.id, Lot.number, Lot.use_by_at)
        .order_by(func.min(Holding.expires_on), Lot.use_by_at, Lot.id)
    )
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        found[row.item_id].append(row)
    return found
