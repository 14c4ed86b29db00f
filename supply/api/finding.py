"""Searching over the API: any thing by a few letters of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.finding.schemas import Search, SearchOut
from supply.domain.finding.service import find
from supply.permissions import Actor, Permission

blp = ApiBlueprint("finding", description="Any thing of the house by a few letters of it.")


@blp.get(
    "/search",
    permission=Permission.STOCK_SEE,
    query=Search,
    out=SearchOut,
    summary="Search everything",
    description="Items, also by the code of a package or a supplier's code; lots by number; visits by "
    "booking and, of these days, by treatment, room, therapist; orders by number and supplier; requisitions "
    "by number; suppliers; procedures; the people whom one looks after. `gung` finds Gừng.",
)
def search(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    return {"found": find(session, actor, query["branch_id"], query["q"])}
