"""Counts of one item over the API. Counting many is in stocktakes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.stocktake import counting
from supply.domain.stocktake.models import StockCount
from supply.domain.stocktake.schemas import LogCount, StockCountOut, count_view
from supply.permissions import Actor, Permission

blp = ApiBlueprint("counts", description="Counting one item at once.")

_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_LOT = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02"


@blp.post(
    "/counts",
    permission=Permission.COUNT_LOG,
    body=LogCount,
    out=StockCountOut,
    status=201,
    summary="Count an item",
    description="What was found of an item, place by place, at one instant. Every lot that the book holds is "
    "named, with 0 for what is gone. Differences are posted, and the item's open count tasks are closed. "
    "With `looked_at`, 409 `moved_meanwhile` tells as `moves` what was taken or put there since; then send "
    "it with the `happened_at` that is meant. Differences above the branch's limit (409 `approval_needed`) "
    "take a stocktake, which somebody else approves.",
    example={
        "branch_id": _BRANCH,
        "item_id": _ITEM,
        "lines": [
            {"lot_id": _LOT, "amount": "2.4", "unit": "kg"},
            {"number": "GN-2609", "expires_on": "2027-01-31", "amount": "0.5", "unit": "kg"},
        ],
    },
    conflicts=("lots_uncounted", "count_contradicted", "moved_meanwhile", "approval_needed"),
)
def log_count(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _count(session, counting.log_count(session, actor, **data))


@blp.get(
    "/counts/<uuid:count_id>",
    permission=Permission.STOCK_SEE,
    out=StockCountOut,
    summary="Get a count",
    description="What was expected and what was found, line by line, and the difference at lot cost.",
)
def get_count(session: Session, actor: Actor, count_id: UUID) -> dict[str, Any]:
    return _count(session, counting.get_count(session, actor, count_id))


def _count(session: Session, count: StockCount) -> dict[str, Any]:
    return count_view(count, catalog.get_item(session, count.item_id))
