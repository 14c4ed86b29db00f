"""How a stocktake ends, over the API: closed, explained, handed in, approved and posted, or given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.stocktake import opening, posting, reviewing, rules, telling
from supply.domain.stocktake.models import Stocktake
from supply.domain.stocktake.stocktake_schemas import (
    AskRecount,
    CancelStocktake,
    GiveReasons,
    HandIn,
    ReturnStocktake,
    SetCountingRules,
)
from supply.domain.stocktake.stocktake_views import CountingRulesOut, StocktakeOut, stocktake_view
from supply.permissions import Actor, Permission, require

blp = ApiBlueprint(
    "stocktake-ends",
    description="Looking at a stocktake's differences, and posting them with or without approval.",
)

_LINE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d04"
_OVER = ("already_posted", "cancelled")
_NOT_COUNTING = ("in_review", "awaiting_approval", *_OVER)
_NOT_IN_REVIEW = ("still_counting", "awaiting_approval", *_OVER)
_NOT_SUBMITTED = ("still_counting", "in_review", *_OVER)


def _told(session: Session, stocktake: Stocktake) -> dict[str, Any]:
    return stocktake_view(telling.tell_stocktake(session, stocktake))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/review",
    permission=Permission.COUNT_LOG,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Close the count",
    description="From now on the differences can be seen. 409 `lines_uncounted` says of how many lines "
    "nobody has said anything: nothing counts as zero by itself.",
    conflicts=("lines_uncounted", *_NOT_COUNTING),
)
def close_count(session: Session, actor: Actor, stocktake_id: UUID, version: int) -> dict[str, Any]:
    return _told(session, reviewing.close_count(session, actor, stocktake_id, version=version))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/recount",
    permission=Permission.COUNT_LOG,
    body=AskRecount,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Have lines counted again",
    description="Opens the count again for them. Who counts is not shown what was found before.",
    example={"line_ids": [_LINE]},
    conflicts=_OVER,
)
def ask_recount(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> dict[str, Any]:
    return _told(session, reviewing.ask_recount(session, actor, stocktake_id, version=version, **data))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/reasons",
    permission=Permission.COUNT_LOG,
    body=GiveReasons,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Say why lines differ",
    description="Line by line, and `rest` for all that have no reason yet and differ in a direction that "
    "fits it: found (more), lost, unrecorded-use and unrecorded-waste (less), the others either way.",
    example={"reasons": [{"line_id": _LINE, "reason": "lost"}], "rest": "unknown"},
    conflicts=_NOT_IN_REVIEW,
)
def give_reasons(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> dict[str, Any]:
    return _told(session, reviewing.give_reasons(session, actor, stocktake_id, version=version, **data))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/submission",
    permission=Permission.COUNT_LOG,
    body=HandIn,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Hand a stocktake in",
    description="Posts the differences. Above the branch's limit, or where a lot's cost is not known, it "
    "waits for a manager who did not count; handed in by one, it is approved with it. `digest` is of the "
    "differences that you looked at: 412 `differences_changed` where something was written down late.",
    example={"digest": "9f86d081884c7d65"},
    conflicts=("reasons_missing", "recount_needed", *_NOT_IN_REVIEW),
)
def hand_in_stocktake(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> dict[str, Any]:
    return _told(session, posting.hand_in(session, actor, stocktake_id, version=version, **data))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/approval",
    permission=Permission.COUNT_APPROVE,
    body=HandIn,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Approve a stocktake",
    description="Posts its differences. Nobody approves what they counted or handed in (403 `own_count`). "
    "`digest` is of what you looked at: 412 `differences_changed` where something was written down late.",
    example={"digest": "9f86d081884c7d65"},
    conflicts=("recount_needed", *_NOT_SUBMITTED),
)
def approve_stocktake(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> dict[str, Any]:
    return _told(session, posting.approve_stocktake(session, actor, stocktake_id, version=version, **data))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/return",
    permission=Permission.COUNT_APPROVE,
    body=ReturnStocktake,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Give a stocktake back",
    description="It is not approved yet; the reason says what is to be looked at.",
    example={"reason": "Please count the agarwood again."},
    conflicts=_NOT_SUBMITTED,
)
def give_back_stocktake(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> dict[str, Any]:
    return _told(session, posting.give_back(session, actor, stocktake_id, version=version, **data))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/cancellation",
    permission=Permission.COUNT_LOG,
    body=CancelStocktake,
    out=StocktakeOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Cancel a stocktake",
    description="Nothing is posted. What was counted stays on record.",
    example={"reason": "The shelves are being moved."},
    conflicts=_OVER,
)
def cancel_stocktake(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> dict[str, Any]:
    return _told(session, opening.cancel_stocktake(session, actor, stocktake_id, version=version, **data))


@blp.get(
    "/counting-rules",
    permission=Permission.STOCK_SEE,
    query=BranchQuery,
    out=CountingRulesOut,
    etag=True,
    summary="Get a branch's rules of counting",
    description="From which value on the differences of a stocktake take a manager's approval.",
)
def get_counting_rules(session: Session, actor: Actor, query: dict[str, Any]) -> rules.Rules:
    require(actor, Permission.STOCK_SEE, query["branch_id"])
    return rules.get_rules(session, query["branch_id"])


@blp.put(
    "/counting-rules",
    permission=Permission.CATALOG_MANAGE,
    body=SetCountingRules,
    out=CountingRulesOut,
    etag=True,
    versioned=True,
    summary="Set a branch's rules of counting",
    description="`approval_minor` null: no stocktake takes an approval.",
    example={"branch_id": "01890a5d-ac96-774b-bcce-b302099a8057", "approval_minor": 500000},
)
def set_counting_rules(session: Session, actor: Actor, data: dict[str, Any], version: int) -> rules.Rules:
    return rules.set_rules(session, actor, data.pop("branch_id"), version=version, **data)
