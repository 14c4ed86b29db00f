"""Pages that plan a visit: guests with their conditions as ticks, warnings read before anything is saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.preparation import contents
from supply.domain.treatments import conditions
from supply.domain.treatments import service as treatments
from supply.domain.treatments.allergies import ALLERGY, allergy_to
from supply.domain.visits import service as visits
from supply.domain.visits.schemas import MAX_GUESTS, GuestIn, PlanVisit
from supply.errors import Conflict
from supply.fields import BaseSchema, Code, Tick, Whole
from supply.i18n import lazy, plural
from supply.permissions import Actor, Permission, require
from supply.web.frame import named
from supply.web.pages import Pages, current_form, query, render, say
from supply.web.safety_rows import plan_rows, replaced_rows
from supply.web.session import current_branch
from supply.web.visit_rows import party
from supply.web.words import word

bp = Pages("visit_plans", __name__)
Target = tuple[str, dict[str, Any]]
_HALF_HOUR = timedelta(minutes=30)


class PartySize(BaseSchema):
    guests = Whole(minimum=1, maximum=MAX_GUESTS, load_default=1)


class GuestTicks(GuestIn):
    """A guest of the form: the number is there also where nothing is ticked."""

    number = Whole(minimum=1, maximum=MAX_GUESTS, required=True)
    allergies = fields.List(
        Code(), load_default=list, validate=validate.Length(max=20), metadata={"label": lazy("Allergies")}
    )


class PlanVisitForm(PlanVisit):
    """A plan as the page sends it; the tick says that its warnings were read."""

    guests = fields.List(
        fields.Nested(GuestTicks), required=True, validate=validate.Length(min=1, max=MAX_GUESTS)
    )
    warnings_read = Tick(load_default=False, metadata={"label": lazy("I have read these warnings")})


@bp.page("/visits/new", permission=Permission.VISIT_PLAN)
def new_visit(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.VISIT_PLAN, branch.id)
    form = current_form()
    size = len(form.rows("guests")) if form else query(PartySize)["guests"]
    return render(
        "visits/new.html",
        schema=PlanVisitForm,
        numbers=range(size),
        sizes=[
            (party(number), url_for("visit_plans.new_visit", guests=number), number == size, None)
            for number in (1, 2, 3, 4, 6, 8, 10, 12, MAX_GUESTS)
        ],
        begins=_next_half_hour(branch.timezone),
        **_conditions(session),
        findings=form.details["findings"] if form.code == "warnings_unread" else [],
        replaced=form.details["replaced"] if form.code == "warnings_unread" else [],
        **_choices(session, branch.id),
    )


def _conditions(session: Session) -> dict[str, Any]:
    """The conditions to tick, and beside them the ingredients to which somebody may be allergic."""
    known = conditions.list_conditions(session)
    allergies = any(one.code == ALLERGY for one in known)
    return {
        "conditions": [(one.code, named(one)) for one in known if one.code != ALLERGY],
        "ingredients": sorted(
            ((item.code, named(item)) for item in contents.list_allergens(session)),
            key=lambda pair: pair[1],
        )
        if allergies
        else [],
    }


def _choices(session: Session, branch_id: UUID) -> dict[str, Any]:
    procedures = treatments.list_procedures(session, limit=100)
    return {
        "procedures": [(one.code, named(one)) for one in procedures],
        "packages": [(one.code, named(one)) for one in treatments.list_packages(session)],
        "rooms": [
            (str(room.id), f"{room.name} · {word(room.room_type)} · {party(room.max_guests)}")
            for room in branches.list_rooms(session, branch_id)
        ],
        "therapists": [(str(row.id), row.name) for row in visits.list_therapists(session, branch_id)],
    }


def _next_half_hour(timezone: str) -> str:
    now = clock.now().astimezone(ZoneInfo(timezone))
    begins = now + _HALF_HOUR - (now - datetime.min.replace(tzinfo=now.tzinfo)) % _HALF_HOUR
    return begins.strftime("%Y-%m-%dT%H:%M")


@bp.action(
    "/visits/new", permission=Permission.VISIT_PLAN, schema=PlanVisitForm, back="visit_plans.new_visit"
)
def plan_visit(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    read = data.pop("warnings_read")
    guests = data.pop("guests")
    view = visits.plan_visit(
        session, actor, **data, guests=[{**guest, "conditions": _codes(guest)} for guest in guests]
    )
    if view.findings and not read:
        # Refused, nothing of the plan is kept; so it tells exactly what would have been planned.
        raise Conflict(
            "warnings_unread",
            lazy("Read the warnings below and confirm them, then plan the visit."),
            details={"findings": plan_rows(view), "replaced": replaced_rows(view)},
        )
    count = view.visit.party_size
    say(plural("Planned for one guest.", "Planned for %(num)s guests.", count))
    return "visits.show_visit", {"visit_id": view.visit.id}


def _codes(guest: dict[str, Any]) -> list[str]:
    return [*guest["conditions"], *map(allergy_to, guest["allergies"])]
