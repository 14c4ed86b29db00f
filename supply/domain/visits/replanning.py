"""A planned visit changes or ends: moved, resolved anew, cancelled, broken off. What was used stays used."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from supply.domain.branches.models import Room
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.people.models import Person
from supply.domain.treatments import service as treatments
from supply.domain.treatments.models import Package, Procedure
from supply.domain.visits.carrying import (
    Choice,
    Fallen,
    carry_over,
    named,
    other_guests,
    read_choices,
    void_records,
)
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
from supply.domain.visits.noting import note
from supply.domain.visits.planning import (
    check_people,
    look_up,
    require_near,
    reserved_by,
    resolve,
    write_parts,
)
from supply.domain.visits.plans import Guest, Plan
from supply.domain.visits.stepping import standards
from supply.domain.visits.steps import (
    UNDER_WAY,
    StepFacts,
    lock_branch_of,
    read_visit_steps,
    require_hand_on,
)
from supply.domain.visits.substituting import give_way, grounds_of_plans, planned_steps
from supply.errors import Conflict, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# A change of these asks for other quantities; of the rest (time, therapist, note) it does not.
_RESOLVING = frozenset({"package", "room_id", "guests"})


def change_visit(
    session: Session, actor: Actor, visit_id: uuid.UUID, *, version: int, **changes: Any
) -> list[Fallen]:
    """Change what is given (package, room_id, guests, therapist_id, planned_at, note) before it starts.

    Substitutes that were chosen stay where they still apply; which do not is the answer. Consents and
    overrides stay too, unless their guest or their steps are others. What is told as it is changes nothing.
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
    settled = _settled_plan(session, visit)
    plan = _changed_plan(settled, changes)
    told = _differences(settled, plan)
    if not told:
        return []
    if "planned_at" in told:
        require_near(plan, writer.recorded_at)
    fell: list[Choice] = []
    if _RESOLVING & told.keys():
        values, fell = _resolve_anew(session, writer, visit, settled, plan)
    else:
        check_people(plan, look_up(session, writer.branch_id, [plan]))
        values = {name: getattr(plan, name) for name in told}
    note(session, actor, visit, "visit.update", _readable(session, told), **values)
    return named(session, fell)


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
    _end(session, actor, visit, "visit.cancel", VisitStatus.CANCELLED)


def break_off_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> None:
    """End a visit early: what waits is skipped and free again, what was used stays used."""
    writer, visit = _take_up(session, actor, visit_id)
    _require_under_way(visit)
    steps = read_visit_steps(session, visit_id)
    for step in steps:
        require_hand_on(actor, step)
    _close(session, writer, steps)
    _end(session, actor, visit, "visit.break-off", VisitStatus.BROKEN_OFF)


def _take_up(session: Session, actor: Actor, visit_id: uuid.UUID) -> tuple[Writer, Row[Any]]:
    """Lock the visit's branch, then read the visit as it is now."""
    writer = lock_branch_of(session, actor, visit_id)
    return writer, session.execute(select(Visit.__table__).where(Visit.id == visit_id)).one()


def _require_under_way(visit: Row[Any]) -> None:
    if visit.status not in UNDER_WAY:
        raise Conflict("visit_closed", lazy("This visit is finished, broken off or cancelled."))


def _settled_plan(session: Session, visit: Row[Any]) -> Plan:
    """The visit's plan as it stands."""
    procedure = session.scalar(select(Procedure.code).where(Procedure.id == visit.procedure_id))
    package = session.scalar(select(Package.code).where(Package.id == visit.package_id))
    guests = session.execute(
        select(VisitGuest.conditions, VisitGuest.factors)
        .where(VisitGuest.visit_id == visit.id)
        .order_by(VisitGuest.position)
    ).all()
    return Plan(
        procedure=procedure or "",
        package=package,
        guests=[Guest(*guest) for guest in guests],
        room_id=visit.room_id,
        therapist_id=visit.therapist_id,
        planned_at=visit.planned_at,
        note=visit.note,
        booking_reference=visit.booking_reference,
    )


def _changed_plan(settled: Plan, changes: dict[str, Any]) -> Plan:
    """A plan with the changes laid over it."""
    if "guests" in changes:
        changes = {**changes, "guests": [Guest.told(guest) for guest in changes["guests"]]}
    return replace(settled, **changes)


def _differences(before: Plan, after: Plan) -> dict[str, list[Any]]:
    """What of a plan is another now: {"package": [before, after]}."""
    told = {
        name: [getattr(before, name), getattr(after, name)]
        for name in ("package", "room_id", "therapist_id", "planned_at", "note")
    }
    told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if other_guests(before.guests, after.guests):
        told["guests"] = [[_guest_words(guest) for guest in plan.guests] for plan in (before, after)]
    return told


def _readable(session: Session, told: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """As the audit keeps it: rooms and people by name."""
    by_name = {
        "room_id": lambda one: session.get_one(Room, one).name,
        "therapist_id": lambda one: session.get_one(Person, one).name,
    }
    return {
        name.removesuffix("_id"): [by_name[name](one) if one and name in by_name else one for one in pair]
        for name, pair in told.items()
    }


def _guest_words(guest: Guest) -> str:
    return ", ".join(sorted({*guest.conditions, *guest.factors})) or "-"


def _resolve_anew(
    session: Session, writer: Writer, visit: Row[Any], settled: Plan, plan: Plan
) -> tuple[dict[str, Any], list[Choice]]:
    """Replace guests, steps and lines by what the plan means now, reserve the difference.

    The visit's new columns, and the choices that could not be kept.
    """
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
    choices = read_choices(session, visit.id)
    positions, wanted = {step.position for step in steps}, {step["position"] for step in resolved.steps}
    others = other_guests(settled.guests, plan.guests)
    void_records(session, visit.id, guests=others, gone=positions - wanted, added=wanted - positions)
    session.execute(delete(VisitLine).where(VisitLine.visit_step_id.in_(step_ids)))
    session.execute(delete(VisitStep).where(VisitStep.visit_id == visit.id))
    session.execute(delete(VisitGuest).where(VisitGuest.visit_id == visit.id))
    # What was reserved for it is free first: its own substitutes may be taken again.
    ledger.reserve(writer, {item_id: -quantity for item_id, quantity in _reserved(steps).items()})
    grounds, planned = grounds_of_plans(session, writer, [resolved]), planned_steps(resolved)
    fell, taken = carry_over(session, writer.branch_id, grounds, planned, choices)
    give_way(session, writer.branch_id, grounds, planned, taken)
    write_parts(session, [resolved])
    ledger.reserve(writer, reserved_by([resolved]))
    kept = {"id", "branch_id", "booking_reference", "recorded_at", "status", "version"}
    return {name: value for name, value in resolved.visit.items() if name not in kept}, fell


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


def _end(session: Session, actor: Actor, visit: Row[Any], action: str, status: VisitStatus) -> None:
    note(session, actor, visit, action, {"status": [visit.status, status]}, status=status)
