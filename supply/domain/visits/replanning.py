"""A planned visit changes or ends: moved, resolved anew, cancelled, broken off. What was used stays used."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.treatments import service as treatments
from supply.domain.treatments.models import Package, Procedure
from supply.domain.visits.models import (
    Completion,
    SkipReason,
    StepStatus,
    Visit,
    VisitGuest,
    VisitLine,
    VisitStatus,
    VisitStep,
)
from supply.domain.visits.planning import (
    check_people,
    look_up,
    reserved_by,
    resolve,
    write_parts,
)
from supply.domain.visits.plans import Guest, Plan
from supply.domain.visits.records import void_records
from supply.domain.visits.stepping import standards
from supply.domain.visits.steps import (
    UNDER_WAY,
    StepFacts,
    lock_branch_of,
    read_visit_steps,
    require_hand_on,
)
from supply.domain.visits.substituting import replace_forbidden
from supply.errors import Conflict, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# A change of these asks for other quantities; of the rest (time, therapist, note) it does not.
_RESOLVING = frozenset({"package", "room_id", "guests"})


def change_visit(
    session: Session, actor: Actor, visit_id: uuid.UUID, *, version: int, **changes: Any
) -> None:
    """Change what is given (package, room_id, guests, therapist_id, planned_at, note) before it starts.

    Raises Stale, Conflict "visit_started", and what planning raises.
    """
    writer, visit = _take_up(session, actor, visit_id)
    require(actor, Permission.VISIT_PLAN, writer.branch_id)
    if visit.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this visit meanwhile. Look at it again, then repeat your change."),
            details={"version": visit.version},
        )
    if visit.status is not VisitStatus.PLANNED:
        raise Conflict("visit_started", lazy("This visit has begun or is over; its plan is settled."))
    plan = _changed_plan(session, visit, changes)
    if "guests" in changes:
        void_records(session, visit_id)
    if _RESOLVING & changes.keys():
        _resolve_anew(session, writer, visit, plan)
        return
    check_people(plan, look_up(session, writer.branch_id, [plan]))
    _update(session, visit_id, therapist_id=plan.therapist_id, planned_at=plan.planned_at, note=plan.note)


def cancel_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> None:
    """Call off a visit of which nothing was done. Raises Conflict "visit_closed", "visit_used"."""
    writer, visit = _take_up(session, actor, visit_id)
    require(actor, Permission.VISIT_PLAN, writer.branch_id)
    _require_under_way(visit)
    steps = read_visit_steps(session, visit_id)
    if any(step.status is StepStatus.COMPLETED for step in steps):
        raise Conflict(
            "visit_used",
            lazy("Some steps were done already. Break the visit off, or undo these steps first."),
        )
    _close(session, writer, steps)
    _update(session, visit_id, status=VisitStatus.CANCELLED)


def break_off_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> None:
    """End a visit early: what waits is skipped and free again, what was used stays used."""
    writer, visit = _take_up(session, actor, visit_id)
    _require_under_way(visit)
    steps = read_visit_steps(session, visit_id)
    for step in steps:
        require_hand_on(actor, step)
    _close(session, writer, steps)
    _update(session, visit_id, status=VisitStatus.BROKEN_OFF)


def _take_up(session: Session, actor: Actor, visit_id: uuid.UUID) -> tuple[Writer, Row[Any]]:
    """Lock the visit's branch, then read the visit as it is now."""
    writer = lock_branch_of(session, actor, visit_id)
    return writer, session.execute(select(Visit.__table__).where(Visit.id == visit_id)).one()


def _require_under_way(visit: Row[Any]) -> None:
    if visit.status not in UNDER_WAY:
        raise Conflict("visit_closed", lazy("This visit is finished, broken off or cancelled."))


def _changed_plan(session: Session, visit: Row[Any], changes: dict[str, Any]) -> Plan:
    """The visit's plan as it stands, with the changes laid over it."""
    procedure = session.scalar(select(Procedure.code).where(Procedure.id == visit.procedure_id))
    package = session.scalar(select(Package.code).where(Package.id == visit.package_id))
    guests = session.execute(
        select(VisitGuest.conditions, VisitGuest.factors)
        .where(VisitGuest.visit_id == visit.id)
        .order_by(VisitGuest.position)
    ).all()
    settled = {
        "procedure": procedure,
        "package": package,
        "guests": [Guest(*guest) for guest in guests],
        "room_id": visit.room_id,
        "therapist_id": visit.therapist_id,
        "planned_at": visit.planned_at,
        "note": visit.note,
    }
    if "guests" in changes:
        changes = {**changes, "guests": [Guest.told(guest) for guest in changes["guests"]]}
    return Plan(**{**settled, **changes}, booking_reference=visit.booking_reference)


def _resolve_anew(session: Session, writer: Writer, visit: Row[Any], plan: Plan) -> None:
    """Replace guests, steps and lines by what the plan means now; reserve the difference."""
    steps = read_visit_steps(session, visit.id)
    step_ids = [step.id for step in steps]
    recorded = select(Completion.id).where(Completion.visit_step_id.in_(step_ids)).limit(1)
    if session.scalar(recorded) is not None:
        raise Conflict(
            "visit_started",
            lazy("Something was recorded for this visit and undone. Cancel it and plan a new one."),
        )
    stored = look_up(session, writer.branch_id, [plan])
    # A visit keeps the wording of the recipe with which it was planned.
    own = {visit.procedure_id: treatments.get_recipe(session, visit.recipe_version_id)}
    resolved = resolve(writer, plan, replace(stored, recipes=own), visit.id)
    session.execute(delete(VisitLine).where(VisitLine.visit_step_id.in_(step_ids)))
    session.execute(delete(VisitStep).where(VisitStep.visit_id == visit.id))
    session.execute(delete(VisitGuest).where(VisitGuest.visit_id == visit.id))
    # What was reserved for it is free first: its own substitutes may be taken again.
    ledger.reserve(writer, {item_id: -quantity for item_id, quantity in _reserved(steps).items()})
    replace_forbidden(session, writer, [resolved])
    write_parts(session, [resolved])
    ledger.reserve(writer, reserved_by([resolved]))
    kept = {"id", "branch_id", "booking_reference", "recorded_at", "status", "version"}
    _update(session, visit.id, **{name: value for name, value in resolved.visit.items() if name not in kept})


def _reserved(steps: Iterable[StepFacts]) -> Counter[uuid.UUID]:
    held: Counter[uuid.UUID] = Counter()
    for step in steps:
        if step.open:
            held.update(standards(step))
    return held


def _close(session: Session, writer: Writer, steps: Sequence[StepFacts]) -> None:
    """Skip every step that waits and give back what was reserved for it."""
    ledger.reserve(writer, {item_id: -quantity for item_id, quantity in _reserved(steps).items()})
    session.execute(
        update(VisitStep)
        .where(VisitStep.id.in_([step.id for step in steps if step.open]))
        .values(status=StepStatus.SKIPPED, skip_reason=SkipReason.BROKEN_OFF)
    )


def _update(session: Session, visit_id: uuid.UUID, **values: Any) -> None:
    session.execute(update(Visit).where(Visit.id == visit_id).values(**values, version=Visit.version + 1))
