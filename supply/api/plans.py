"""Runs of the plan over the API, and what the last one found beside the flags."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import replanning
from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.planning import listing, running
from supply.domain.planning.advising import KINDS
from supply.domain.planning.models import PlanRun
from supply.domain.planning.schemas import InBranch, NoticeOut, PlanRunOut
from supply.permissions import Actor, Permission

blp = ApiBlueprint("plans", description="The plan of what to order: its runs, and what is worth a look.")


@blp.post(
    "/plan-runs",
    permission=Permission.REQUISITION_REQUEST,
    body=InBranch,
    out=PlanRunOut,
    status=202,
    summary="Plan a branch now",
    description="Begins to plan what the branch should order, as a timer does at night, and hands in "
    "requisitions for it. The answer does not wait for the end: ask for the run. While one is under way, it "
    "is what you get.",
    example={"branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"},
)
def begin_plan_run(session: Session, actor: Actor, data: dict[str, Any]) -> PlanRun:
    begun = running.begin_run(session, actor, data["branch_id"])
    replanning.plan_soon(begun)
    return begun.run


@blp.get(
    "/plan-runs/<uuid:run_id>",
    permission=Permission.STOCK_SEE,
    out=PlanRunOut,
    summary="Get a run of the plan",
    description="How far it is; `finished_at` says when it was done.",
)
def get_plan_run(session: Session, actor: Actor, run_id: UUID) -> PlanRun:
    return running.get_run(session, actor, run_id)


@blp.get(
    "/plan-notices",
    permission=Permission.STOCK_SEE,
    query=InBranch,
    page_of=NoticeOut,
    summary="List what is worth a look",
    description="What the last plan found beside its flags: late suppliers, lots that will expire before "
    "they are used, minimum orders that would spoil, dead stock, changed use, items without an estimate.",
)
def list_plan_notices(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    found = listing.list_notices(session, actor, query["branch_id"])
    return sliced(found, query, lambda notice: (str(KINDS.index(notice.kind)), notice.id))
