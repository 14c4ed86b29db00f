"""Visits over the API: plan, look, change, end; and each step: start, complete, skip, undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.visits import service as visits
from supply.domain.visits.answers import CompletedStepOut, CompletedStepsOut, VisitOut, VisitSummaryOut
from supply.domain.visits.change_answers import ChangedVisitOut
from supply.domain.visits.schemas import (
    ChangeVisit,
    CompleteStep,
    CompleteSteps,
    EndVisit,
    ListVisits,
    PlanVisit,
    ReverseCompletion,
    SkipStep,
    StartStep,
)
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission

blp = ApiBlueprint("visits", description="Visits and their steps: what was planned, what was really used.")

_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_LOT = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02"
_VISIT = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d04"
_STEP = "/visits/<uuid:visit_id>/steps/<int(min=1, max=50):position>"


@blp.post(
    "/visits",
    permission=Permission.VISIT_PLAN,
    body=PlanVisit,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Plan a visit",
    description="Resolves the newest published recipe for package, party, room and the guests' factors; "
    "reserves what it needs. Each line bears the path of rules that gave it. What a guest must not have "
    "gives way to a substitute that is in stock; the line says what it replaces, `findings` what speaks "
    "against which step. The spa's own rules, not medical advice. Never send names. An allergy is the "
    "condition `allergy:` and an item's code.",
    example={
        "branch_id": _BRANCH,
        "procedure": "back-massage",
        "package": "full-ritual",
        "guests": [{"conditions": [], "factors": ["senior"]}, {"conditions": ["allergy:ginger"]}],
        "planned_at": "2026-11-22T09:30:00Z",
        "booking_reference": "BK-20261122-7",
    },
    conflicts=("recipe_not_published", "booking_known"),
)
def plan_visit(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return visits.plan_visit(session, actor, **data)


@blp.get(
    "/visits",
    permission=Permission.STOCK_SEE,
    query=ListVisits,
    page_of=VisitSummaryOut,
    summary="List visits",
    description="By planned time; the days are the branch's and both count.",
)
def list_visits(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[Any], tuple[str, str] | None]:
    limit = query.pop("limit")
    rows = visits.list_visits(
        session, actor, query.pop("branch_id"), limit=limit + 1, after=_after(query.pop("cursor")), **query
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.planned_at.isoformat(), str(last.id)) if last else None


def _after(cursor: tuple[Any, ...] | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        planned_at, visit_id = cursor
        return datetime.fromisoformat(planned_at), UUID(visit_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid(
            "invalid", lazy("This cursor is not one of ours. Begin at the first page."), field="cursor"
        ) from error


@blp.get(
    "/visits/<uuid:visit_id>",
    permission=Permission.STOCK_SEE,
    out=VisitOut,
    etag=True,
    summary="Get a visit",
    description="Guests, warnings, steps with standard and actual quantities, lots used, what was undone.",
)
def get_visit(session: Session, actor: Actor, visit_id: UUID) -> Any:
    return visits.get_visit(session, actor, visit_id)


@blp.patch(
    "/visits/<uuid:visit_id>",
    permission=Permission.VISIT_PLAN,
    body=ChangeVisit,
    out=ChangedVisitOut,
    etag=True,
    versioned=True,
    summary="Change a planned visit",
    description="Before it starts, resolved and reserved anew. Substitutes stay where they still apply, "
    "`fell` names the others; consents and overrides become void where their guest or steps are others.",
    example={"room_id": None, "guests": [{"conditions": []}]},
    conflicts=("visit_started",),
)
def change_visit(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, version: int) -> Any:
    fell = visits.change_visit(session, actor, visit_id, version=version, **data)
    return replace(visits.get_visit(session, actor, visit_id), fell=fell)


@blp.post(
    "/visits/<uuid:visit_id>/cancellation",
    permission=Permission.VISIT_PLAN,
    body=EndVisit,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Cancel a visit",
    description="Of a visit of which nothing was done: what was reserved is free again.",
    example={},
    conflicts=("visit_closed", "visit_used"),
)
def cancel_visit(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Any:
    visits.cancel_visit(session, actor, visit_id)
    return visits.get_visit(session, actor, visit_id)


@blp.post(
    "/visits/<uuid:visit_id>/break-off",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=EndVisit,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Break a visit off",
    description="What waits is skipped and free again; what was used stays used.",
    example={},
    conflicts=("visit_closed",),
)
def break_off_visit(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID) -> Any:
    visits.break_off_visit(session, actor, visit_id)
    return visits.get_visit(session, actor, visit_id)


def _done(
    work: Callable[..., None],
    session: Session,
    actor: Actor,
    visit_id: UUID,
    position: int,
    data: dict[str, Any],
) -> Any:
    """Do something to a step and answer with its visit."""
    work(session, actor, visit_id=visit_id, position=position, **data)
    return visits.get_visit(session, actor, visit_id)


@blp.post(
    f"{_STEP}/start",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=StartStep,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Start a step",
    description="Today's safety rules are asked: what stands against the step is 409 `safety_block`, whoever "
    "asks. Each warning must be acknowledged by its condition code; who did so is kept. Starting is not "
    "needed to complete a step.",
    example={"acknowledged": ["pregnancy"]},
    conflicts=("safety_block", "warnings_unacknowledged", "step_not_planned", "visit_closed"),
)
def start_step(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int) -> Any:
    return _done(visits.start_step, session, actor, visit_id, position, data)


@blp.post(
    f"{_STEP}/completion",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=CompleteStep,
    out=CompletedStepOut,
    status=201,
    summary="Complete a step",
    description="Deducts what was used, first expired first, opened first. An empty body: as planned, now. "
    "What was done can always be recorded, also out of order, late, or with a lot that had expired "
    "(which is marked as an incident). Too little stock: 409 `stock_short` names each short item; repeated "
    "with `consent_to_shortage` what is there is deducted and the rest opens a count task. Something used "
    "that a guest must not have: 409 `safety_block` names each finding; if it really happened, repeated with "
    "`record_as_incident` it goes on record as an incident.",
    example={
        "lines": [{"item_id": _ITEM, "amount": "12.5", "unit": "ml", "guest_position": 1, "lot_id": _LOT}],
        "happened_at": "2026-11-22T09:30:00Z",
    },
    conflicts=("already_completed", "safety_block", "stock_short"),
)
def complete_step(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int) -> Any:
    return visits.complete_step(session, actor, visit_id=visit_id, position=position, **data)


@blp.post(
    f"{_STEP}/completion/reversal",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=ReverseCompletion,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Undo a completion",
    description="At any time, in any order: the quantities return to the lots (and containers still in use) "
    "from which they came. Completing the step again afterwards is a new completion.",
    example={},
    conflicts=("already_reversed",),
)
def reverse_completion(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Any:
    return _done(visits.reverse_completion, session, actor, visit_id, position, data)


@blp.post(
    f"{_STEP}/skip",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=SkipStep,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Skip a step",
    description="With a reason; what was reserved for it is free again.",
    example={"reason": "client-wish"},
    conflicts=("step_not_open",),
)
def skip_step(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int) -> Any:
    return _done(visits.skip_step, session, actor, visit_id, position, data)


@blp.post(
    f"{_STEP}/skip/reversal",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=EndVisit,
    out=VisitOut,
    status=201,
    etag=True,
    summary="Take a skipped step back",
    description="The step waits again, and what it needs is reserved again.",
    example={},
    conflicts=("step_not_skipped", "visit_closed"),
)
def unskip_step(session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int) -> Any:
    return _done(visits.unskip_step, session, actor, visit_id, position, data)


@blp.post(
    "/step-completions",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=CompleteSteps,
    out=CompletedStepsOut,
    status=201,
    summary="Complete up to 1,000 steps",
    description="For one branch, all or nothing; the answer lists each completion in order, errors "
    "name `completions.17.position`. A completion names its visit by `visit_id` or "
    "by `booking`: then the visit of that reference is used, or made from the facts given. Procedure, "
    "package and guests, where they are told, must be those of the visit.",
    example={
        "branch_id": _BRANCH,
        "completions": [
            {"visit_id": _VISIT, "position": 4, "happened_at": "2026-11-22T09:30:00Z"},
            {
                "booking": {
                    "booking_reference": "BK-20261122-8",
                    "procedure": "back-massage",
                    "package": "massage-only",
                },
                "position": 6,
            },
        ],
    },
    conflicts=("already_completed", "safety_block", "stock_short", "recipe_not_published"),
)
def complete_steps(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return {"completions": visits.complete_steps(session, actor, **data)}
