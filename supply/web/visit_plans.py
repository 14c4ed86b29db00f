"""Pages that plan a visit or change its plan: conditions as ticks, warnings read before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.preparation import contents
from supply.domain.treatments import conditions
from supply.domain.treatments import service as treatments
from supply.domain.treatments.allergies import ALLERGY, allergen, allergy_to
from supply.domain.visits import service as visits
from supply.domain.visits.schemas import MAX_GUESTS, ChangeVisit, GuestIn, PlanVisit
from supply.domain.visits.views import VisitView
from supply.errors import Conflict
from supply.fields import BaseSchema, Code, Tick, Whole, at_most, some
from supply.i18n import _, lazy, plural
from supply.permissions import Actor, Permission, require
from supply.web.frame import named
from supply.web.pages import Pages, current_form, query, render, say
from supply.web.safety_rows import condition_words, plan_rows, replaced_rows
from supply.web.session import current_branch
from supply.web.visit_rows import party
from supply.web.words import word

bp = Pages("visit_plans", __name__)
Target = tuple[str, dict[str, Any]]
_HALF_HOUR = timedelta(minutes=30)


class PartySize(BaseSchema):
    guests = Whole(minimum=1, maximum=MAX_GUESTS, load_default=None)


class GuestTicks(GuestIn):
    """A guest of the form: the number is there also where nothing is ticked."""

    number = Whole(minimum=1, maximum=MAX_GUESTS, required=True)
    allergies = fields.List(
        Code(), load_default=list, validate=at_most(20), metadata={"label": lazy("Allergies")}
    )


def _ticked() -> fields.List[Any]:
    return fields.List(
        fields.Nested(GuestTicks), required=True, validate=some(MAX_GUESTS, lazy("Add at least one guest."))
    )


def _read() -> Tick:
    return Tick(load_default=False, metadata={"label": lazy("I have read these warnings")})


class PlanVisitForm(PlanVisit):
    """A plan as the page sends it; the tick says that its warnings were read."""

    guests = _ticked()
    warnings_read = _read()


class ChangePlanForm(ChangeVisit):
    """The plan of a visit that was planned, whole as it shall be."""

    guests = _ticked()
    warnings_read = _read()


@bp.page("/visits/new", permission=Permission.VISIT_PLAN)
def new_visit(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.VISIT_PLAN, branch.id)
    return render(
        "visits/new.html",
        schema=PlanVisitForm,
        begins=_typed(_next_half_hour(branch.timezone)),
        packages=_packages(session),
        procedures=[(one.code, named(one)) for one in treatments.list_procedures(session, limit=100)],
        **_party("visit_plans.new_visit", query(PartySize)["guests"] or 1),
        **_conditions(session),
        **_warnings(),
        **_choices(session, branch.id),
    )


@bp.page("/visits/<uuid:visit_id>/plan", permission=Permission.VISIT_PLAN)
def show_plan(session: Session, actor: Actor, visit_id: UUID) -> str:
    view = visits.get_visit(session, actor, visit_id)
    visit = view.visit
    require(actor, Permission.VISIT_PLAN, visit.branch_id)
    size = query(PartySize)["guests"] or visit.party_size
    return render(
        "visits/change.html",
        view=view,
        schema=ChangePlanForm,
        guests=[_ticks(guest) for guest in view.guests],
        begins=_typed(visit.planned_at.astimezone(ZoneInfo(current_branch().timezone))),
        packages=_packages(session, visit.procedure_id),
        **_party("visit_plans.show_plan", size, visit_id=visit_id),
        **_conditions(session, [code for guest in view.guests for code in guest.conditions]),
        **_warnings(),
        **_choices(session, visit.branch_id),
    )


def _party(endpoint: str, asked: int, **where: Any) -> dict[str, Any]:
    """How many guests are drawn, and the way to other numbers of them."""
    form = current_form()
    size = len(form.rows("guests")) if form else asked
    sizes = sorted({1, 2, 3, 4, 6, 8, 10, 12, MAX_GUESTS, size})
    return {
        "numbers": range(size),
        "sizes": [
            (party(number), url_for(endpoint, guests=number, **where), number == size, None)
            for number in sizes
        ],
    }


def _warnings() -> dict[str, Any]:
    """What a plan was refused for until somebody has read it."""
    form = current_form()
    unread = form.code == "warnings_unread"
    return {name: form.details[name] if unread else [] for name in ("findings", "replaced")}


def _ticks(guest: Any) -> dict[str, list[str]]:
    """A guest as the form ticks them."""
    allergens = [item for code in guest.conditions if (item := allergen(code)) is not None]
    plain = [code for code in guest.conditions if allergen(code) is None]
    return {"conditions": plain, "allergies": allergens, "factors": list(guest.factors)}


def _conditions(session: Session, borne: Sequence[str] = ()) -> dict[str, Any]:
    """The conditions to tick, and beside them the ingredients to which somebody may be allergic.

    `borne` codes can be ticked too: what is asked no longer still counts for who bears it.
    """
    known = conditions.list_conditions(session)
    plain = {one.code: named(one) for one in known if one.code != ALLERGY}
    asked = any(one.code == ALLERGY for one in known)
    items = {item.code: named(item) for item in contents.list_allergens(session)} if asked else {}
    for code in borne:
        item = allergen(code)
        (plain if item is None else items).setdefault(item or code, condition_words(code))
    return {
        "conditions": list(plain.items()),
        "ingredients": sorted(items.items(), key=lambda pair: pair[1]),
    }


def _packages(session: Session, procedure_id: UUID | None = None) -> list[tuple[str, str]]:
    listed = treatments.list_packages(session)
    return [(one.code, named(one)) for one in listed if procedure_id in (None, one.procedure_id)]


def _choices(session: Session, branch_id: UUID) -> dict[str, Any]:
    return {
        "rooms": [
            (str(room.id), f"{room.name} · {word(room.room_type)} · {party(room.max_guests)}")
            for room in branches.list_rooms(session, branch_id)
        ],
        "therapists": [(str(row.id), row.name) for row in visits.list_therapists(session, branch_id)],
    }


def _next_half_hour(timezone: str) -> datetime:
    now = clock.now().astimezone(ZoneInfo(timezone))
    return now + _HALF_HOUR - (now - datetime.min.replace(tzinfo=now.tzinfo)) % _HALF_HOUR


def _typed(local: datetime) -> str:
    """An instant on the branch's clock as its input takes it."""
    return local.strftime("%Y-%m-%dT%H:%M")


@bp.action(
    "/visits/new", permission=Permission.VISIT_PLAN, schema=PlanVisitForm, back="visit_plans.new_visit"
)
def plan_visit(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    read = data.pop("warnings_read")
    view = visits.plan_visit(session, actor, **_told(data))
    if not read:
        _require_reading(view)
    count = view.visit.party_size
    say(plural("Planned for one guest.", "Planned for %(num)s guests.", count))
    return "visits.show_visit", {"visit_id": view.visit.id}


@bp.action(
    "/visits/<uuid:visit_id>/plan",
    permission=Permission.VISIT_PLAN,
    schema=ChangePlanForm,
    back="visit_plans.show_plan",
    versioned=True,
)
def change_plan(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, version: int) -> Target:
    read = data.pop("warnings_read")
    changes = _changes(visits.get_visit(session, actor, visit_id), _told(data))
    fell = visits.change_visit(session, actor, visit_id, version=version, **changes)
    if not read and changes.keys() & {"guests", "package", "room_id"}:
        _require_reading(visits.get_visit(session, actor, visit_id))
    say(_("The plan is changed. What it needs now is reserved."))
    for one in fell:
        say(
            _(
                "Step %(number)s: %(item)s instead of %(other)s could not be kept.",
                number=one.step_position,
                item=named(one.item),
                other=named(one.wanted),
            ),
            "warning",
        )
    return "visits.show_visit", {"visit_id": visit_id}


def _require_reading(view: VisitView) -> None:
    """Refused, nothing of the plan is kept; so it tells exactly what would have been planned."""
    if view.findings:
        raise Conflict(
            "warnings_unread",
            lazy("Read the warnings below and confirm them, then plan the visit."),
            details={"findings": plan_rows(view), "replaced": replaced_rows(view)},
        )


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """The plan as services take it: an allergy is a condition."""
    guests = [
        {**guest, "conditions": [*guest["conditions"], *map(allergy_to, guest["allergies"])]}
        for guest in data["guests"]
    ]
    return {**data, "guests": guests}


def _changes(view: VisitView, told: dict[str, Any]) -> dict[str, Any]:
    """What is told otherwise than it is."""
    visit = view.visit
    guests = [(sorted(one.conditions), sorted(one.factors)) for one in view.guests]
    settled = {
        "package": view.package_code,
        "room_id": visit.room_id,
        "therapist_id": visit.therapist_id,
        # The form tells it to the minute.
        "planned_at": visit.planned_at.replace(second=0, microsecond=0),
        "note": visit.note,
    }
    changes = {name: told[name] for name, value in settled.items() if told.get(name, value) != value}
    if [(sorted(one["conditions"]), sorted(one["factors"])) for one in told["guests"]] != guests:
        changes["guests"] = told["guests"]
    return changes
