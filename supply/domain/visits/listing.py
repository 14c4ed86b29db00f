"""Listing: the visits of some days, what a person recorded last, who may be named as a therapist, the lots at
hand. Writes nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, null, select, tuple_, union_all
from sqlalchemy.orm import Session

from supply.alphabet import person_key
from supply.domain.branches.models import Room
from supply.domain.branches.service import get_branch
from supply.domain.ledger.models import Holding, Lot
from supply.domain.people.models import Person, RoleGrant
from supply.domain.treatments.models import Procedure, Step
from supply.domain.visits.models import (
    Completion,
    StepStatus,
    Visit,
    VisitStatus,
    VisitStep,
)
from supply.domain.visits.steps import OPEN, REOPENABLE
from supply.permissions import Actor, Role


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


def list_open_steps(
    session: Session, visit_ids: Collection[uuid.UUID], *, limit: int
) -> Sequence[Row[uuid.UUID, int]]:
    """(visit_id, position) of the steps that wait, visit by visit as they were planned."""
    query = (
        select(VisitStep.visit_id, VisitStep.position)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(VisitStep.visit_id.in_(visit_ids), VisitStep.status.in_(OPEN))
        .order_by(Visit.planned_at, Visit.id, VisitStep.position)
        .limit(limit)
    )
    return session.execute(query).all()


def list_own_actions(
    session: Session, actor: Actor, branch_id: uuid.UUID, *, since: datetime, limit: int
) -> Sequence[Any]:
    """What the person recorded since then, newest first: completions (`id`), undone or not, of what happened
    since then, and steps that they left out (no `id`) and that may be taken back. Step and visit of each."""
    done = (
        _own_steps(Completion.id, Completion.recorded_at, Completion.reversed_at)
        .join(Completion, Completion.visit_step_id == VisitStep.id)
        .where(
            Completion.branch_id == branch_id,
            Completion.happened_at >= since,
            Completion.person_id == actor.person_id,
        )
    )
    left_out = _own_steps(null(), VisitStep.skipped_at, null()).where(
        VisitStep.branch_id == branch_id,
        VisitStep.skipped_by == actor.person_id,
        VisitStep.skipped_at >= since,
        VisitStep.status == StepStatus.SKIPPED,
        Visit.status.in_(REOPENABLE),
    )
    both = union_all(done, left_out).subquery()
    newest = select(both).order_by(both.c.recorded_at.desc(), both.c.id.desc(), both.c.position.desc())
    return session.execute(newest.limit(limit)).all()


def _own_steps(id_: Any, recorded_at: Any, reversed_at: Any) -> Select[Any]:
    return (
        select(
            id_.label("id"),
            recorded_at.label("recorded_at"),
            reversed_at.label("reversed_at"),
            VisitStep.visit_id,
            VisitStep.position,
            Step.name_en,
            Step.name_vi,
            Visit.planned_at,
            Room.name.label("room"),
        )
        .select_from(VisitStep)
        .join(Step, Step.id == VisitStep.step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .outerjoin(Room, Room.id == Visit.room_id)
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
    )
    return sorted(session.execute(query), key=lambda row: (person_key(row.name), row.id))


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
