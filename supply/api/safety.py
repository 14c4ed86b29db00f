"""Safety of a visit over the API: late disclosures, consents, overrides, what is put in the place of what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.visits import service as visits
from supply.domain.visits.answers import LineOffersOut, VisitOut
from supply.domain.visits.schemas import Disclose, OverrideStep, RecordConsent, ReplaceLine
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "safety", description="What speaks against a step and what is done about it. Not medical advice."
)

_RULE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d05"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_STEP = "/visits/<uuid:visit_id>/steps/<int(min=1, max=50):position>"


@blp.post(
    "/visits/<uuid:visit_id>/disclosures",
    permission=Permission.VISIT_PLAN,
    body=Disclose,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Disclose a condition late",
    description="At any time, also when the visit is over. It is added to what is known of the guest; every "
    "step that is still to be done is judged anew, and what must give way is replaced at once. A step that "
    "was done already and went against a rule is an incident (`safety_records`, `known-later`) with a task "
    "for a manager; its stock stays as it is. Told twice, it is known once.",
    example={"guest_position": 1, "conditions": ["pregnancy"]},
    conflicts=("visit_closed",),
)
def disclose(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Any:
    visits.disclose(session, actor, visit_id, **data)
    return visits.get_visit(session, actor, visit_id)


@blp.post(
    "/visits/<uuid:visit_id>/consents",
    permission=Permission.SAFETY_CONSENT,
    body=RecordConsent,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Record a consent",
    description="Of one guest to one rule, in the wording that was read (`rule_version`), for the whole "
    "visit. By the visit's therapist or a manager; who and when is kept. It lifts what asks for consent, "
    "never a block.",
    example={"guest_position": 1, "rule_id": _RULE, "rule_version": 1},
    conflicts=("visit_closed", "nothing_to_consent", "rule_changed"),
)
def record_consent(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Any:
    visits.record_consent(session, actor, visit_id, **data)
    return visits.get_visit(session, actor, visit_id)


@blp.post(
    f"{_STEP}/override",
    permission=Permission.SAFETY_OVERRIDE,
    body=OverrideStep,
    out=VisitOut,
    status=201,
    etag=True,
    versioned=True,
    summary="Override a safety block",
    description="Lets one step be done although rules stand against it, with a reason. Both are kept with "
    "the visit and in the audit. What stands is what the visit's version showed; anything found later "
    "stands again.",
    example={"reason": "The guest's cardiologist agreed in writing."},
    conflicts=("visit_closed", "step_not_open", "nothing_to_override"),
)
def override_step(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int, version: int
) -> Any:
    visits.override_step(session, actor, visit_id, position, version=version, **data)
    return visits.get_visit(session, actor, visit_id)


@blp.get(
    f"{_STEP}/substitutes",
    permission=Permission.STOCK_SEE,
    page_of=LineOffersOut,
    summary="List what may stand in",
    description="For each line of an open step, most wanted first: only what is in stock, has not expired, "
    "is exact by its factor, and is allowed for the line's guests.",
)
def list_offers(session: Session, actor: Actor, query: dict[str, Any], visit_id: UUID, position: int) -> Any:
    offers = visits.list_offers(session, actor, visit_id, position)
    return sliced(offers, query, lambda line: (f"{line.position:03}", line.item.id))


@blp.post(
    f"{_STEP}/lines/<int(min=1, max=1000):line_position>/substitution",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=ReplaceLine,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Replace a line",
    description="By a substitute that is offered, by nothing (`item_id` null: left out), or by what the "
    "recipe wanted (its item). What is reserved follows. It is on record.",
    example={"item_id": _ITEM},
    conflicts=("visit_closed", "step_not_open", "substitute_not_offered"),
)
def replace_line(
    session: Session,
    actor: Actor,
    data: dict[str, Any],
    visit_id: UUID,
    position: int,
    line_position: int,
) -> Any:
    visits.replace_line(session, actor, visit_id, position, line_position, **data)
    return visits.get_visit(session, actor, visit_id)
