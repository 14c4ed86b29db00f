"""Planning visits: newest published recipe, resolved for party and room, reserved. One or many, set-based.

Changing and ending a planned visit is in replanning. Refuses to record anything that was done.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from supply.database import new_id
from supply.domain.branches.models import Room
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.people.models import Person, RoleGrant
from supply.domain.treatments import conditions, recipe
from supply.domain.treatments import service as treatments
from supply.domain.treatments.factors import require_possible
from supply.domain.treatments.models import Package, Procedure, RecipeVersion
from supply.domain.visits.models import StepStatus, Visit, VisitGuest, VisitLine, VisitStatus, VisitStep
from supply.domain.visits.plans import Plan, Resolved
from supply.domain.visits.substituting import replace_forbidden
from supply.errors import Conflict, Invalid
from supply.i18n import Text, lazy, lazy_ngettext
from supply.writing import write_later

# Farther away than this nobody plans and nobody comes to record what was: it is a slip of the year.
FARTHEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Stored:
    """What plans name, as the database knows it."""

    procedures: Mapping[str, Procedure]
    recipes: Mapping[uuid.UUID, RecipeVersion]
    packages: Mapping[str, Package]
    rooms: Mapping[uuid.UUID, Room]
    therapists: frozenset[uuid.UUID]
    conditions: frozenset[str]


def plan_visits(session: Session, writer: Writer, plans: Sequence[Plan]) -> list[uuid.UUID]:
    """Write the visits and reserve what they will need; ids in order. The same few statements for any number.

    Raises Invalid naming the field, Conflict "recipe_not_published" and "booking_known".
    """
    stored = look_up(session, writer.branch_id, plans)
    _refuse_known_bookings(session, writer, plans)
    resolved = [resolve(writer, plan, stored) for plan in plans]
    replace_forbidden(session, writer, resolved)
    write_later(session, Visit, [visit.visit for visit in resolved])
    write_parts(session, resolved)
    ledger.reserve(writer, reserved_by(resolved))
    return [visit.id for visit in resolved]


def write_parts(session: Session, resolved: Sequence[Resolved]) -> None:
    """Write guests, steps and lines of visits that exist."""
    write_later(session, VisitGuest, [row for visit in resolved for row in visit.guests])
    write_later(session, VisitStep, [row for visit in resolved for row in visit.steps])
    write_later(session, VisitLine, [row for visit in resolved for row in visit.lines])


def reserved_by(resolved: Iterable[Resolved]) -> Counter[uuid.UUID]:
    wanted: Counter[uuid.UUID] = Counter()
    for visit in resolved:
        for line in visit.lines:
            wanted[line["item_id"]] += line["quantity"]
    return wanted


def look_up(session: Session, branch_id: uuid.UUID, plans: Sequence[Plan]) -> Stored:
    """Read everything that the plans name, each kind with one query."""
    codes = {plan.procedure for plan in plans}
    procedures = {
        row.code: row for row in session.scalars(select(Procedure).where(Procedure.code.in_(sorted(codes))))
    }
    package_codes = sorted({plan.package for plan in plans if plan.package})
    packages: dict[str, Package] = {}
    if package_codes:
        query = select(Package).options(selectinload(Package.steps)).where(Package.code.in_(package_codes))
        packages = {row.code: row for row in session.scalars(query)}
    room_ids = sorted({plan.room_id for plan in plans if plan.room_id})
    rooms: dict[uuid.UUID, Room] = {}
    if room_ids:
        query_rooms = select(Room).where(Room.id.in_(room_ids), Room.branch_id == branch_id)
        rooms = {row.id: row for row in session.scalars(query_rooms)}
    told = {code for plan in plans for guest in plan.guests for code in guest.conditions}
    return Stored(
        procedures,
        treatments.published_recipes(session, [row.id for row in procedures.values()]),
        packages,
        rooms,
        _therapists(session, branch_id, {plan.therapist_id for plan in plans if plan.therapist_id}),
        conditions.known_codes(session, told),
    )


def _therapists(session: Session, branch_id: uuid.UUID, wanted: set[uuid.UUID]) -> frozenset[uuid.UUID]:
    if not wanted:
        return frozenset()
    query = (
        select(Person.id)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(
            Person.id.in_(sorted(wanted)),
            Person.active.is_(True),
            or_(RoleGrant.branch_id == branch_id, RoleGrant.branch_id.is_(None)),
        )
    )
    return frozenset(session.scalars(query))


def _refuse_known_bookings(session: Session, writer: Writer, plans: Sequence[Plan]) -> None:
    references = sorted({plan.booking_reference for plan in plans if plan.booking_reference})
    if not references:
        return
    known = session.execute(
        select(Visit.booking_reference, Visit.id).where(
            Visit.branch_id == writer.branch_id, Visit.booking_reference.in_(references)
        )
    ).first()
    if known is not None:
        raise Conflict(
            "booking_known",
            lazy("There is already a visit for this booking reference. Change that one instead."),
            field="booking_reference",
            details={"visit_id": str(known.id), "booking_reference": known.booking_reference},
        )


def resolve(writer: Writer, plan: Plan, stored: Stored, visit_id: uuid.UUID | None = None) -> Resolved:
    """What a plan means: rows for visit, guests, steps and lines. Raises Invalid and Conflict."""
    procedure, version = _recipe(plan, stored)
    package = _package(plan, stored, procedure)
    room = _room(plan, stored)
    check_people(plan, stored)
    visit_id = visit_id or new_id()
    visit = {
        "id": visit_id,
        "branch_id": writer.branch_id,
        "booking_reference": plan.booking_reference,
        "procedure_id": procedure.id,
        "recipe_version_id": version.id,
        "package_id": package.id if package else None,
        "room_id": plan.room_id,
        "therapist_id": plan.therapist_id,
        "party_size": plan.party_size,
        "has_conditions": any(guest.conditions for guest in plan.guests),
        "planned_at": plan.planned_at,
        "recorded_at": writer.recorded_at,
        "status": VisitStatus.PLANNED,
        "note": plan.note,
        "version": 1,
    }
    guests = [
        {
            "visit_id": visit_id,
            "position": number,
            "conditions": sorted(set(guest.conditions)),
            "factors": sorted(set(guest.factors)),
        }
        for number, guest in enumerate(plan.guests, start=1)
    ]
    steps, lines = _steps(writer, plan, version, package, room, visit_id)
    return Resolved(visit_id, visit, guests, steps, lines)


def _steps(
    writer: Writer,
    plan: Plan,
    version: RecipeVersion,
    package: Package | None,
    room: Room | None,
    visit_id: uuid.UUID,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    setting = recipe.setting_of(
        [guest.factors for guest in plan.guests], room, package_id=package.id if package else None
    )
    included = {step.position for step in package.steps} if package else None
    steps: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for step in version.steps:
        if included is not None and step.position not in included:
            continue
        row = {
            "id": new_id(),
            "branch_id": writer.branch_id,
            "visit_id": visit_id,
            "step_id": step.id,
            "position": step.position,
            "status": StepStatus.PLANNED,
        }
        steps.append(row)
        lines += [
            {
                "visit_step_id": row["id"],
                "position": line.position,
                "item_id": line.item_id,
                "guest_position": line.guest_position,
                "quantity": line.quantity,
                "rule": line.rule,
                "replaces_item_id": None,
                "replaces_quantity": None,
                "replaces_because": None,
            }
            for line in recipe.resolve_step(
                step.position, step.lines, setting, version.package_rules, version.factor_rules
            )
        ]
    return steps, lines


def _invalid(plan: Plan, field: str, code: str, message: Text) -> Invalid:
    return Invalid(code, message, field=f"{plan.path}{field}")


def _recipe(plan: Plan, stored: Stored) -> tuple[Procedure, RecipeVersion]:
    procedure = stored.procedures.get(plan.procedure)
    if procedure is None or not procedure.active:
        raise _invalid(plan, "procedure", "procedure_unknown", lazy("There is no such procedure in use."))
    version = stored.recipes.get(procedure.id)
    if version is None:
        raise Conflict(
            "recipe_not_published",
            lazy("%(code)s has no published recipe yet. Publish its draft first.", code=procedure.code),
            field=f"{plan.path}procedure",
        )
    return procedure, version


def _package(plan: Plan, stored: Stored, procedure: Procedure) -> Package | None:
    if plan.package is None:
        return None
    package = stored.packages.get(plan.package)
    if package is None or not package.active or package.procedure_id != procedure.id:
        raise _invalid(plan, "package", "package_unknown", lazy("The procedure has no such package."))
    return package


def _room(plan: Plan, stored: Stored) -> Room | None:
    if plan.room_id is None:
        return None
    room = stored.rooms.get(plan.room_id)
    if room is None or room.closed_at is not None:
        raise _invalid(plan, "room_id", "room_unknown", lazy("There is no such open room in this branch."))
    if plan.party_size > room.max_guests:
        message = lazy_ngettext(
            "This room holds one guest. Choose a larger one.",
            "This room holds at most %(num)s guests. Choose a larger one.",
            room.max_guests,
        )
        raise _invalid(plan, "room_id", "room_too_small", message)
    return room


def require_near(plan: Plan, now: datetime) -> None:
    """Raises Invalid for a time in another year. A visit that was is planned late all the same."""
    if abs(plan.planned_at - now) > FARTHEST:
        message = lazy("This is more than %(days)s days away. Check the year.", days=FARTHEST.days)
        raise _invalid(plan, "planned_at", "planned_at_too_far", message)


def check_people(plan: Plan, stored: Stored) -> None:
    """That the therapist works here, conditions are known, factors go together. Raises Invalid."""
    if plan.therapist_id is not None and plan.therapist_id not in stored.therapists:
        raise _invalid(
            plan, "therapist_id", "therapist_unknown", lazy("This person does not work in the branch.")
        )
    for index, guest in enumerate(plan.guests):
        unknown = [code for code in guest.conditions if code not in stored.conditions]
        if unknown:
            message = lazy("There is no such condition: %(codes)s.", codes=", ".join(unknown))
            raise _invalid(plan, f"guests.{index}.conditions", "condition_unknown", message)
        require_possible(guest.factors, field=f"{plan.path}guests.{index}.factors")
