"""Recall over the API: what became of a lot, and which lots are behind a visit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.reports import tracing
from supply.domain.reports.schemas import GivenLotOut, LotUsesOut, given_lot_view, lot_uses_view
from supply.permissions import Actor, Permission

blp = ApiBlueprint("tracing", description="Recall: from a lot to the visits that used it, and back.")


@blp.get(
    "/lots/<uuid:lot_id>/uses",
    permission=Permission.STOCK_SEE,
    query=BranchQuery,
    out=LotUsesOut,
    summary="Get what became of a lot",
    description="Every completed step that used of the lot or of a batch brewed from it, however deep; "
    "what was undone does not count.",
)
def get_lot_uses(session: Session, actor: Actor, query: dict[str, Any], lot_id: UUID) -> dict[str, Any]:
    return lot_uses_view(tracing.uses_of_lot(session, actor, query["branch_id"], lot_id))


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
