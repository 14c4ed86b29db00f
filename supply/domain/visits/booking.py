"""Many completions in one call, as the booking system sends them. Visits that it only names are made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.treatments.models import Procedure
from supply.domain.visits.completing import Doing, complete_known
from supply.domain.visits.completions import CompletedStep
from supply.domain.visits.models import Visit
from supply.domain.visits.planning import plan_visits, require_near
from supply.domain.visits.plans import Guest, Plan
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def complete_steps(
    session: Session,
    actor: Actor,
    *,
    branch_id: uuid.UUID,
    completions: Sequence[Mapping[str, Any]],
    consent_to_shortage: bool = False,
    record_as_incident: bool = False,
) -> list[CompletedStep]:
    """Record many steps of one branch: all or nothing. Answers in order.

    A completion names its visit by `visit_id`, or by `booking` {booking_reference, procedure, package?,
    guests?, room_id?, planned_at?}: then the visit of that reference is used, or made by the first mention.
    Errors name `completions.<index>.<field>`. Raises as complete_step and plan_visit do.
    """
    own = not actor.may(Permission.VISIT_COMPLETE_ANY, branch_id)
    require(actor, Permission.VISIT_COMPLETE_OWN if own else Permission.VISIT_COMPLETE_ANY, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    visits = _visits_of_bookings(session, writer, completions)
    doings = []
    for index, completion in enumerate(completions):
        booking = completion.get("booking")
        visit_id = visits[booking["booking_reference"]] if booking else completion["visit_id"]
        doings.append(
            Doing(
                visit_id,
                completion["position"],
                completion.get("happened_at"),
                completion.get("lines") or (),
                f"completions.{index}.",
            )
        )
    return complete_known(session, writer, doings, consent=consent_to_shortage, incident=record_as_incident)


def _visits_of_bookings(
    session: Session, writer: Writer, completions: Sequence[Mapping[str, Any]]
) -> dict[str, uuid.UUID]:
    """The visit of each booking reference in the call, made where there is none yet."""
    mentions: dict[str, list[int]] = {}
    for index, completion in enumerate(completions):
        if completion.get("booking"):
            mentions.setdefault(completion["booking"]["booking_reference"], []).append(index)
    if not mentions:
        return {}
    known = _known(session, writer, sorted(mentions))
    _refuse_other_procedures(completions, mentions, known)
    visits = {reference: row.id for reference, row in known.items()}
    missing = [reference for reference in mentions if reference not in known]
    if missing:
        require(writer.actor, Permission.VISIT_PLAN, writer.branch_id)
        plans = [_plan(writer, completions, mentions[reference]) for reference in missing]
        visits.update(zip(missing, plan_visits(session, writer, plans), strict=True))
    return visits


def _known(session: Session, writer: Writer, references: Sequence[str]) -> dict[str, Any]:
    query = (
        select(Visit.id, Visit.booking_reference, Procedure.code.label("procedure"))
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .where(Visit.branch_id == writer.branch_id, Visit.booking_reference.in_(references))
    )
    return {row.booking_reference: row for row in session.execute(query)}


def _refuse_other_procedures(
    completions: Sequence[Mapping[str, Any]],
    mentions: Mapping[str, Sequence[int]],
    known: Mapping[str, Any],
) -> None:
    """One reference is one visit: it cannot be of two procedures."""
    message = lazy("The visit of this booking reference is of another procedure.")
    wrong = {}
    for reference, indexes in mentions.items():
        first = completions[indexes[0]]["booking"]["procedure"]
        expected = known[reference].procedure if reference in known else first
        for index in indexes:
            if completions[index]["booking"]["procedure"] != expected:
                wrong[f"completions.{index}.booking.procedure"] = [message]
    if wrong:
        raise Invalid("booking_differs", message, errors=wrong)


def _plan(writer: Writer, completions: Sequence[Mapping[str, Any]], indexes: Sequence[int]) -> Plan:
    """The visit that a booking's first mention describes; it was when its first step was, unless told."""
    booking = completions[indexes[0]]["booking"]
    times: list[datetime] = [
        when for index in indexes if (when := completions[index].get("happened_at")) is not None
    ]
    guests = booking.get("guests") or [{"conditions": []}]
    plan = Plan(
        procedure=booking["procedure"],
        guests=[Guest.told(guest) for guest in guests],
        planned_at=booking.get("planned_at") or min(times, default=writer.recorded_at),
        package=booking.get("package"),
        room_id=booking.get("room_id"),
        booking_reference=booking["booking_reference"],
        path=f"completions.{indexes[0]}.booking.",
    )
    # What was done is recorded whenever it was; only what somebody says of the visit can be a slip.
    if booking.get("planned_at"):
        require_near(plan, writer.recorded_at)
    return plan
