"""Pages of safety on a visit: a condition disclosed late, a consent, an override, a line replaced by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.preparation import contents
from supply.domain.treatments import conditions
from supply.domain.treatments.allergies import ALLERGY, allergy_to
from supply.domain.visits import service as visits
from supply.domain.visits.schemas import MAX_GUESTS, Disclose, OverrideStep, RecordConsent, ReplaceLine
from supply.fields import BaseSchema, Whole
from supply.i18n import _, plural
from supply.permissions import Actor, Permission, require
from supply.web import safety_rows
from supply.web.frame import named
from supply.web.pages import Pages, form_key, query, render, say

bp = Pages("safety", __name__)
Target = tuple[str, dict[str, Any]]
_VISIT = "/visits/<uuid:visit_id>"
_STEP = f"{_VISIT}/steps/<int(min=1, max=50):position>"


class GuestChosen(BaseSchema):
    guest = Whole(minimum=1, maximum=MAX_GUESTS, load_default=1)


class ConsentAtStep(RecordConsent):
    """A consent with the step at whose banner it was tapped."""

    step = Whole(minimum=1, maximum=50, required=True)


@bp.page(f"{_VISIT}/disclosures", permission=Permission.VISIT_PLAN)
def ask_disclosure(session: Session, actor: Actor, visit_id: UUID) -> str:
    view = visits.get_visit(session, actor, visit_id)
    require(actor, Permission.VISIT_PLAN, view.visit.branch_id)
    chosen = min(query(GuestChosen)["guest"], view.visit.party_size)
    known = set(view.guests[chosen - 1].conditions)
    listed = conditions.list_conditions(session)
    plain = [(one.code, named(one)) for one in listed if one.code != ALLERGY]
    allergens = contents.list_allergens(session) if any(one.code == ALLERGY for one in listed) else []
    names: dict[str, Any] = {one.code: one for one in listed}
    names |= {allergy_to(item.code): item for item in allergens}
    return render(
        "visits/disclose.html",
        view=view,
        guest=chosen,
        guests=[
            (
                _("Guest %(number)s", number=guest.position),
                url_for("safety.ask_disclosure", visit_id=visit_id, guest=guest.position),
                guest.position == chosen,
                None,
            )
            for guest in view.guests
        ],
        known=[safety_rows.condition_words(code, names.get(code)) for code in sorted(known)],
        conditions=[(code, words, form_key()) for code, words in plain if code not in known],
        allergies=[
            (code, named(item), form_key())
            for item in allergens
            if (code := allergy_to(item.code)) not in known
        ],
    )


@bp.action(
    f"{_VISIT}/disclosures", permission=Permission.VISIT_PLAN, schema=Disclose, back="safety.ask_disclosure"
)
def disclose(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Target:
    late = visits.disclose(session, actor, visit_id, **data)
    say(_("Noted. The steps that are still to be done were looked at again."), "warning")
    if late:
        numbers = ", ".join(map(str, late))
        say(
            plural(
                "Step %(numbers)s was done before this was known. A manager is told.",
                "Steps %(numbers)s were done before this was known. A manager is told.",
                len(late),
                numbers=numbers,
            ),
            "danger",
        )
    return "visits.show_visit", {"visit_id": visit_id}


@bp.action(
    f"{_VISIT}/consents",
    permission=Permission.SAFETY_CONSENT,
    schema=ConsentAtStep,
    back="visits.show_visit",
)
def record_consent(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Target:
    position = data.pop("step")
    visits.record_consent(session, actor, visit_id, **data)
    say(_("The consent of guest %(number)s is recorded.", number=data["guest_position"]))
    return _at_step(visit_id, position)


@bp.page(f"{_STEP}/override", permission=Permission.SAFETY_OVERRIDE)
def ask_override(session: Session, actor: Actor, visit_id: UUID, position: int) -> str:
    view = visits.get_visit(session, actor, visit_id)
    require(actor, Permission.SAFETY_OVERRIDE, view.visit.branch_id)
    step = view.step(position)
    findings = [row for row in safety_rows.finding_rows(step) if row["blocks"]]
    return render("visits/override.html", view=view, step=step, schema=OverrideStep, findings=findings)


@bp.action(
    f"{_STEP}/override",
    permission=Permission.SAFETY_OVERRIDE,
    schema=OverrideStep,
    back="safety.ask_override",
    versioned=True,
)
def override_step(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int, version: int
) -> Target:
    visits.override_step(session, actor, visit_id, position, version=version, **data)
    say(_("The step may be done. Your name and your reason are on record."), "warning")
    return _at_step(visit_id, position)


@bp.page(f"{_STEP}/supplies", permission=Permission.VISIT_COMPLETE_OWN)
def show_supplies(session: Session, actor: Actor, visit_id: UUID, position: int) -> str:
    view = visits.get_visit(session, actor, visit_id)
    step = view.step(position)
    lines = visits.list_offers(session, actor, visit_id, position) if step.open else []
    rows = [safety_rows.line_row(view, step, line) for line in lines]
    findings = safety_rows.finding_rows(step)
    return render("visits/supplies.html", view=view, step=step, lines=rows, findings=findings)


@bp.action(
    f"{_STEP}/lines/<int(min=1, max=1000):line_position>/substitution",
    permission=Permission.VISIT_COMPLETE_OWN,
    schema=ReplaceLine,
    back="safety.show_supplies",
)
def replace_line(
    session: Session,
    actor: Actor,
    data: dict[str, Any],
    visit_id: UUID,
    position: int,
    line_position: int,
) -> Target:
    visits.replace_line(session, actor, visit_id, position, line_position, **data)
    say(_("Changed. What is reserved follows."))
    return _at_step(visit_id, position)


def _at_step(visit_id: UUID, position: int) -> Target:
    return "visits.show_visit", {"visit_id": visit_id, "_anchor": f"step-{position}"}
