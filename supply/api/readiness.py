"""Readiness of the day over the API."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.readiness.schemas import AskReadiness, ReadinessOut, readiness_view
from supply.domain.readiness.service import readiness_of
from supply.permissions import Actor, Permission

blp = ApiBlueprint("readiness", description="Whether the planned visits can be done, and what to do first.")


@blp.get(
    "/readiness",
    permission=Permission.STOCK_SEE,
    query=AskReadiness,
    out=ReadinessOut,
    summary="Get the readiness of the day",
    description="Every planned visit of today and tomorrow, step by step. The shelf is dealt out to the "
    "visits once, in order of planned time. Green: nothing to do. Amber: something must be done or come "
    "(a delivery, a brew, a substitute, a consent), or the lot is on its last day. Red: short or blocked; the"
    " first of `fixes` is the cheapest that is in time. Nothing of it is stored. Conditions are codes of the "
    "spa's own rules, no medical advice.",
)
def get_readiness(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    return readiness_view(readiness_of(session, actor, query["branch_id"], query["day"]))
