"""Stocktakes over the API: what to count, opening one, counting it. How it ends is in stocktake_ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import identified, numbered
from supply.api.endpoint import ApiBlueprint
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.stocktake import adding, opening, progress, suggesting, tallying, telling
from supply.domain.stocktake.models import Stocktake
from supply.domain.stocktake.stocktake_schemas import (
    AddFoundLot,
    CountLineOfList,
    ListStocktakeLines,
    ListStocktakes,
    OpenStocktake,
    SettleRest,
)
from supply.domain.stocktake.stocktake_views import (
    SettledOut,
    StocktakeLineOut,
    StocktakeOut,
    StocktakeRowOut,
    SuggestionsOut,
    line_view,
    row_view,
    stocktake_view,
    suggestion_view,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "stocktakes", description="Counting many items while people work: blind, by several, approved, posted."
)

_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_CLOSED = ("in_review", "awaiting_approval", "already_posted", "cancelled")


def _told(session: Session, stocktake: Stocktake) -> dict[str, Any]:
    return stocktake_view(telling.tell_stocktake(session, stocktake))


@blp.get(
    "/stocktake-suggestions",
    permission=Permission.COUNT_LOG,
    query=BranchQuery,
    out=SuggestionsOut,
    summary="Suggest what to count",
    description="Items about which there is something to doubt, most urgent first, each with why: "
    "shortfalls, differences found before, days since somebody looked, expired lots, open containers, share "
    "of the value.",
)
def suggest_items(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    found = suggesting.suggest_items(session, actor, query["branch_id"])
    return {"items": [suggestion_view(item, one) for item, one in found]}


@blp.post(
    "/stocktakes",
    permission=Permission.COUNT_LOG,
    body=OpenStocktake,
    out=StocktakeOut,
    status=201,
    etag=True,
    summary="Open a stocktake",
    description="`full`: everything that stands or was short. `cycle`: the items named. Work goes on.",
    example={"branch_id": _BRANCH, "kind": "cycle", "item_ids": [_ITEM]},
    conflicts=("already_counting", "nothing_to_count", "too_much_at_once"),
)
def open_stocktake(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _told(session, opening.open_stocktake(session, actor, **data))


@blp.get(
    "/stocktakes",
    permission=Permission.STOCK_SEE,
    query=ListStocktakes,
    page_of=StocktakeRowOut,
    summary="List stocktakes",
    description="Newest first; of one status, if it is named.",
)
def list_stocktakes(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    limit = query["limit"]
    rows = progress.list_stocktakes(
        session,
        actor,
        query["branch_id"],
        statuses=[query["status"]] if query["status"] else (),
        limit=limit + 1,
        before=identified(query["cursor"]),
    )
    more = (str(rows[limit - 1].Stocktake.id),) if len(rows) > limit else None
    return [row_view(row) for row in rows[:limit]], more


@blp.get(
    "/stocktakes/<uuid:stocktake_id>",
    permission=Permission.STOCK_SEE,
    out=StocktakeOut,
    etag=True,
    summary="Get a stocktake",
    description="How far each location is, why each item is counted and, once the count is closed, what the "
    "differences come to.",
)
def get_stocktake(session: Session, actor: Actor, stocktake_id: UUID) -> dict[str, Any]:
    return _told(session, progress.get_stocktake(session, actor, stocktake_id))


@blp.get(
    "/stocktakes/<uuid:stocktake_id>/lines",
    permission=Permission.STOCK_SEE,
    query=ListStocktakeLines,
    page_of=StocktakeLineOut,
    summary="List the lines of a stocktake",
    description="In the order in which the shelves are walked. While people count it is blind: what the book "
    "expects is null, and `differing` is refused (409 `still_counting`).",
)
def list_stocktake_lines(
    session: Session, actor: Actor, query: dict[str, Any], stocktake_id: UUID
) -> tuple[list[dict[str, Any]], tuple[int] | None]:
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    limit, place = query["limit"], {name: query[name] for name in ("location_id", "state")}
    after = numbered(query["cursor"]) or 0
    lines = telling.list_lines(session, stocktake, **place, after=after, limit=limit + 1)
    more = (lines[limit - 1].line.position,) if len(lines) > limit else None
    return [line_view(line) for line in lines[:limit]], more


@blp.get(
    "/stocktakes/<uuid:stocktake_id>/lines/<uuid:stocktake_line_id>",
    permission=Permission.STOCK_SEE,
    out=StocktakeLineOut,
    etag=True,
    summary="Get a line of a stocktake",
    description="Its ETag is what a count of it says it has seen.",
)
def get_stocktake_line(
    session: Session, actor: Actor, stocktake_id: UUID, stocktake_line_id: UUID
) -> dict[str, Any]:
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    return line_view(telling.get_line(session, stocktake, stocktake_line_id))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/lines",
    permission=Permission.COUNT_LOG,
    body=AddFoundLot,
    out=StocktakeLineOut,
    status=201,
    etag=True,
    summary="Count a lot that is not on the list",
    description="One that the book knows (`lot_id`), or one by `number` and `expires_on`, known or not. 409 "
    "`line_exists` names the line where it is on the list already.",
    example={
        "item_id": _ITEM,
        "number": "GN-2609",
        "expires_on": "2027-01-31",
        "amount": "0.5",
        "unit": "kg",
    },
    conflicts=("line_exists", "too_much_at_once", *_CLOSED),
)
def add_found_lot(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID) -> dict[str, Any]:
    line = adding.add_found(session, actor, stocktake_id, **data)
    return _line(session, actor, stocktake_id, line.id)


def _line(session: Session, actor: Actor, stocktake_id: UUID, line_id: UUID) -> dict[str, Any]:
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    return line_view(telling.get_line(session, stocktake, line_id))


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/lines/<uuid:stocktake_line_id>/count",
    permission=Permission.COUNT_LOG,
    body=CountLineOfList,
    out=StocktakeLineOut,
    status=201,
    versioned=True,
    etag=True,
    summary="Count a line",
    description="What was found there, at this instant or at `counted_at`. If it was counted already, "
    "`holds` says which count is to hold: `this` or the `earlier` (409 `holds_unsaid`); who did not see the "
    "earlier one yet gets 412. Both answers tell it as `counted`, `counted_at` and `counted_by`, with the "
    "`version`. With `looked_at`, 409 `moved_meanwhile` tells as `moves` what was taken or put there since; "
    "then send it with the `counted_at` that is meant.",
    example={"amount": "2.4", "unit": "kg"},
    conflicts=("holds_unsaid", "moved_meanwhile", *_CLOSED),
)
def count_stocktake_line(
    session: Session,
    actor: Actor,
    data: dict[str, Any],
    stocktake_id: UUID,
    stocktake_line_id: UUID,
    version: int,
) -> dict[str, Any]:
    tallying.count_line(session, actor, stocktake_id, stocktake_line_id, version=version, **data)
    return _line(session, actor, stocktake_id, stocktake_line_id)


@blp.post(
    "/stocktakes/<uuid:stocktake_id>/rest",
    permission=Permission.COUNT_LOG,
    body=SettleRest,
    out=SettledOut,
    status=200,
    summary="Settle what nobody counted",
    description="`zero`: you looked, and nothing is there. `skip`: the book stays as it is. For the lines "
    "named, or for all that wait.",
    example={"rest": "skip"},
    conflicts=_CLOSED,
)
def settle_rest(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID) -> dict[str, Any]:
    return {"lines": tallying.settle_rest(session, actor, stocktake_id, **data)}
