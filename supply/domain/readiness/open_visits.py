"""Reads the visits that wait and what their open steps need. Two statements, however many; weighs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch, Room
from supply.domain.people.models import Person
from supply.domain.treatments.models import Procedure, Step
from supply.domain.visits.models import (
    RecordKind,
    SafetyRecord,
    StepStatus,
    Visit,
    VisitGuest,
    VisitLine,
    VisitStatus,
    VisitStep,
)
from supply.domain.visits.steps import OPEN, UNDER_WAY
from supply.domain.visits.warnings import holding
from supply.writing import ask_anew


@dataclass(frozen=True, slots=True)
class Line:
    """So much of an item, for a guest or for the party (None)."""

    position: int
    item_id: UUID
    guest_position: int | None
    quantity: int


@dataclass(slots=True)
class OpenStep:
    """A step that waits to be done."""

    position: int
    name_en: str
    name_vi: str
    status: StepStatus
    acknowledged: Sequence[str]
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A consent or an override that holds, as safety asks for it."""

    kind: RecordKind
    guest_position: int
    step_position: int | None
    condition: str
    rule_id: UUID | None
    rule_version: int | None


@dataclass(slots=True)
class OpenVisit:
    """A visit of the days in question with what people know it by, and its open steps."""

    id: UUID
    planned_at: datetime
    status: VisitStatus
    party_size: int
    booking_reference: str | None
    therapist_id: UUID | None
    procedure_id: UUID
    procedure: str
    name_en: str
    name_vi: str
    room: str | None
    therapist: str | None
    # Condition codes by guest, of the guests who have any.
    guests: dict[int, Sequence[str]] = field(default_factory=dict)
    records: set[Recorded] = field(default_factory=set)
    steps: list[OpenStep] = field(default_factory=list)


def list_open_visits(session: Session, branch: Branch, first: date, last: date) -> list[OpenVisit]:
    """The visits of some days that have an open step, in the order of serving. Two statements."""
    chosen = _chosen(branch, first, last)
    query = (
        select(
            Visit.id,
            Visit.planned_at,
            Visit.status,
            Visit.party_size,
            Visit.booking_reference,
            Visit.therapist_id,
            Visit.procedure_id,
            Procedure.code,
            Procedure.name_en,
            Procedure.name_vi,
            Room.name,
            Person.name,
            VisitGuest.position,
            VisitGuest.conditions,
            *(getattr(SafetyRecord, one.name) for one in fields(Recorded)),
        )
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
        .outerjoin(VisitGuest, and_(VisitGuest.visit_id == Visit.id, Visit.has_conditions))
        .outerjoin(SafetyRecord, and_(SafetyRecord.visit_id == Visit.id, Visit.has_conditions, *holding()))
        .where(*chosen)
        .order_by(Visit.planned_at, Visit.id, VisitGuest.position)
    )
    visits: dict[UUID, OpenVisit] = {}
    for *facts, guest, conditions, kind, whose, step, condition, rule_id, version in rows_of(session, query):
        visit = visits.setdefault(facts[0], OpenVisit(*facts))
        if conditions:
            visit.guests[guest] = conditions
        if kind:
            visit.records.add(Recorded(kind, whose, step, condition, rule_id, version))
    if visits:
        _add_steps(session, branch.id, chosen, visits)
    return [visit for visit in visits.values() if visit.steps]


def list_lines(session: Session, branch: Branch, day: date) -> Sequence[Any]:
    """The open steps of a day, a row for each of their lines (or one without). One statement."""
    query = (
        select(
            Visit.id.label("visit_id"),
            Visit.planned_at,
            Visit.has_conditions,
            VisitStep.position,
            VisitStep.acknowledged,
            VisitLine.position.label("line"),
            VisitLine.item_id,
            VisitLine.guest_position,
            VisitLine.quantity,
        )
        .join(VisitStep, VisitStep.visit_id == Visit.id)
        .outerjoin(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        .where(VisitStep.branch_id == branch.id, VisitStep.status.in_(OPEN), *_chosen(branch, day, day))
        .order_by(VisitStep.position, VisitLine.position)
    )
    return rows_of(session, query)


def _chosen(branch: Branch, first: date, last: date) -> tuple[Any, ...]:
    return (
        Visit.branch_id == branch.id,
        Visit.planned_at >= begin_of(first, branch.timezone),
        Visit.planned_at < begin_of(last + timedelta(days=1), branch.timezone),
        Visit.status.in_(UNDER_WAY),
    )


def begin_of(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def rows_of(session: Session, query: Any) -> Sequence[Any]:
    """Rows of columns: past the ORM's session, which would cost as much again as the statement."""
    return ask_anew(session, query).all()


def _add_steps(session: Session, branch_id: UUID, chosen: Any, visits: Mapping[UUID, OpenVisit]) -> None:
    query = (
        select(
            VisitStep.visit_id,
            VisitStep.position,
            Step.name_en,
            Step.name_vi,
            VisitStep.status,
            VisitStep.acknowledged,
            VisitLine.position,
            VisitLine.item_id,
            VisitLine.guest_position,
            VisitLine.quantity,
        )
        .join(Visit, Visit.id == VisitStep.visit_id)
        .join(Step, Step.id == VisitStep.step_id)
        .outerjoin(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        # The branch of the step too: it leads the index of what is open.
        .where(VisitStep.branch_id == branch_id, VisitStep.status.in_(OPEN), *chosen)
        .order_by(VisitStep.visit_id, VisitStep.position, VisitLine.position)
    )
    for visit_id, position, name_en, name_vi, status, acknowledged, *line in rows_of(session, query):
        steps = visits[visit_id].steps
        if not steps or steps[-1].position != position:
            steps.append(OpenStep(position, name_en, name_vi, status, acknowledged or ()))
        # What was left out, or replaced by nothing, needs nothing.
        if line[3]:
            steps[-1].lines.append(Line(*line))
