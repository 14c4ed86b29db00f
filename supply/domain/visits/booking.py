"""Many completions in one call, as the booking system sends them. Visits that it only names are made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.treatments.models import Package, Procedure
from supply.domain.visits.completing import Doing, complete_known
from supply.domain.visits.completions import CompletedStep
from supply.domain.visits.models import Visit, VisitGuest
from supply.domain.visits.planning import plan_visits, require_near
from supply.domain.visits.plans import Guest, Plan
from supply.errors import Invalid
from supply.i18n import Text, lazy
from supply.permissions import Actor, Permission, require

# By booking reference, where in the call it is named.
Mentions = Mapping[str, Sequence[int]]


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
    What a mention says of procedure, package and guests must be true of it: nothing told is passed over.
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
    visits, facts = _known(session, writer, completions, mentions)
    _refuse_other_facts(completions, mentions, facts)
    missing = [reference for reference in mentions if reference not in visits]
    if missing:
        require(writer.actor, Permission.VISIT_PLAN, writer.branch_id)
        plans = [_plan(writer, completions, mentions[reference]) for reference in missing]
        visits.update(zip(missing, plan_visits(session, writer, plans), strict=True))
    return visits


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is so of the visit of a reference; its guests are read only where somebody tells of guests."""

    procedure: str
    package: str | None
    guests: Sequence[Guest]

    def differs(self, booking: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
        """What a mention says that is not so: field, message. Saying less is no difference."""
        if booking["procedure"] != self.procedure:
            yield "procedure", lazy("The visit of this booking reference is of another procedure.")
        if booking.get("package") not in (None, self.package):
            yield (
                "package",
                lazy(
                    "The visit of this booking has another package. Leave it out, or change the visit first."
                ),
            )
        guests = [Guest.told(guest) for guest in booking.get("guests") or ()]
        if guests and not self._has(guests):
            yield (
                "guests",
                lazy(
                    "The visit of this booking has other guests. Leave them out, or change the visit first."
                ),
            )

    def _has(self, guests: Sequence[Guest]) -> bool:
        return len(guests) == len(self.guests) and all(
            set(told.conditions) <= set(kept.conditions) and set(told.factors) <= set(kept.factors)
            for told, kept in zip(guests, self.guests, strict=True)
        )


def _known(
    session: Session, writer: Writer, completions: Sequence[Mapping[str, Any]], mentions: Mentions
) -> tuple[dict[str, uuid.UUID], dict[str, _Facts]]:
    """By reference the visits that there are, and what is so of them."""
    query = (
        select(Visit.id, Visit.booking_reference, Procedure.code, Package.code.label("package"))
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .outerjoin(Package, Package.id == Visit.package_id)
        .where(Visit.branch_id == writer.branch_id, Visit.booking_reference.in_(sorted(mentions)))
    )
    rows = session.execute(query).all()
    asked = [
        row.id
        for row in rows
        if any(completions[index]["booking"].get("guests") for index in mentions[row.booking_reference])
    ]
    guests = _guests(session, asked)
    visits = {row.booking_reference: row.id for row in rows}
    facts = {row.booking_reference: _Facts(row.code, row.package, guests.get(row.id, ())) for row in rows}
    return visits, facts


def _guests(session: Session, visit_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Guest]]:
    found: dict[uuid.UUID, list[Guest]] = {}
    if visit_ids:
        query = select(VisitGuest).where(VisitGuest.visit_id.in_(visit_ids))
        for guest in session.scalars(query.order_by(VisitGuest.visit_id, VisitGuest.position)):
            found.setdefault(guest.visit_id, []).append(Guest(guest.conditions, guest.factors))
    return found


def _refuse_other_facts(
    completions: Sequence[Mapping[str, Any]], mentions: Mentions, known: Mapping[str, _Facts]
) -> None:
    """One reference is one visit: it cannot be of two procedures, packages or parties."""
    wrong: dict[str, list[Text]] = {}
    for reference, indexes in mentions.items():
        first = completions[indexes[0]]["booking"]
        visit = known.get(reference) or _Facts(first["procedure"], first.get("package"), _told_guests(first))
        for index in indexes:
            for name, message in visit.differs(completions[index]["booking"]):
                wrong[f"completions.{index}.booking.{name}"] = [message]
    if wrong:
        raise Invalid("booking_differs", next(iter(wrong.values()))[0], errors=wrong)


def _told_guests(booking: Mapping[str, Any]) -> list[Guest]:
    """The party that a booking tells of; untold, one guest."""
    return [Guest.told(guest) for guest in booking.get("guests") or [{"conditions": []}]]


def _plan(writer: Writer, completions: Sequence[Mapping[str, Any]], indexes: Sequence[int]) -> Plan:
    """The visit that a booking's first mention describes; it was when its first step was, unless told."""
    booking = completions[indexes[0]]["booking"]
    times: list[datetime] = [
        when for index in indexes if (when := completions[index].get("happened_at")) is not None
    ]
    plan = Plan(
        procedure=booking["procedure"],
        guests=_told_guests(booking),
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
