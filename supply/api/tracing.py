"""Recall over the API: what became of a lot, and which lots are behind a visit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import leafed, paired, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.reports import tracing
from supply.domain.reports.schemas import (
    GivenLotOut,
    LotUsesOut,
    StepUseOut,
    given_lot_view,
    lot_uses_view,
    step_view,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("tracing", description="Recall: from a lot to the visits that used it, and back.")


@blp.get(
    "/lots/<uuid:lot_id>/uses",
    permission=Permission.STOCK_SEE,
    query=BranchQuery,
    out=LotUsesOut,
    summary="Get what became of a lot",
    description="How many completed steps used of the lot or of a batch brewed from it, however deep, and "
    "the last hundred of them; what was undone does not count.",
)
def get_lot_uses(session: Session, actor: Actor, query: dict[str, Any], lot_id: UUID) -> dict[str, Any]:
    return lot_uses_view(tracing.uses_of_lot(session, actor, query["branch_id"], lot_id))


@blp.get(
    "/lots/<uuid:lot_id>/steps",
    permission=Permission.STOCK_SEE,
    query=BranchQuery,
    page_of=StepUseOut,
    summary="List the steps that used of a lot",
    description="Every completed step of your branches that used of the lot or of what was brewed from it, "
    "the last recorded first.",
)
def list_lot_steps(session: Session, actor: Actor, query: dict[str, Any], lot_id: UUID) -> Any:
    limit, before = query["limit"], paired(query["cursor"])
    found = tracing.steps_of_lot(session, actor, query["branch_id"], lot_id, limit=limit + 1, before=before)
    rows, more = leafed(found, limit, lambda step: (str(step.completion_id), step.lot_id))
    return [step_view(step) for step in rows], more


@blp.get(
    "/visits/<uuid:visit_id>/lots",
    permission=Permission.STOCK_SEE,
    page_of=GivenLotOut,
    summary="List the lots behind a visit",
    description="Every lot that the visit's completed steps used, and those that its batches were brewed "
    "from, back to the suppliers.",
)
def list_visit_lots(session: Session, actor: Actor, query: dict[str, Any], visit_id: UUID) -> Any:
    given = tracing.lots_of_visit(session, actor, visit_id)
    found, more = sliced(given, query, lambda one: (f"{one.item.sort_key}.{one.into or ''}", one.lot.id))
    return [given_lot_view(one) for one in found], more
