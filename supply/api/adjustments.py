"""Opening stock and adjustments over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.stocktake import service as stocktake
from supply.domain.stocktake.models import Adjustment
from supply.domain.stocktake.schemas import (
    AdjustmentOut,
    AdjustStock,
    LogOpeningStock,
    OpeningStockOut,
    adjustment_view,
)
from supply.domain.waste.schemas import Reversal
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "adjustments", description="Correcting the book by hand, and what stood there when it began."
)

_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03"
_LOT = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02"


@blp.post(
    "/opening-stock",
    permission=Permission.COUNT_LOG,
    body=LogOpeningStock,
    out=OpeningStockOut,
    status=201,
    summary="Log opening stock",
    description="What stood on the shelves when the book began: one adjustment per line, all or nothing.",
    example={
        "branch_id": _BRANCH,
        "lines": [
            {
                "item_id": _ITEM,
                "number": "GN-2611",
                "expires_on": "2027-03-31",
                "amount": "2.5",
                "unit": "kg",
                "cost_minor": 150000,
            }
        ],
    },
)
def log_opening_stock(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    adjustments = stocktake.log_opening_stock(session, actor, **data)
    items = catalog.items_by_id(session, [adjustment.item_id for adjustment in adjustments])
    return {"adjustments": [adjustment_view(one, items[one.item_id]) for one in adjustments]}


@blp.post(
    "/adjustments",
    permission=Permission.COUNT_LOG,
    body=AdjustStock,
    out=AdjustmentOut,
    status=201,
    summary="Adjust stock",
    description="Correct one lot at one place, `in` or `out`, with a reason: found (in), lost and "
    "unrecorded-use (out), entry-error and delivery-correction (either).",
    example={
        "branch_id": _BRANCH,
        "lot_id": _LOT,
        "direction": "out",
        "amount": "100",
        "unit": "g",
        "reason": "unrecorded-use",
    },
    conflicts=("stock_short",),
)
def adjust_stock(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _adjustment(session, stocktake.adjust_stock(session, actor, **data))


def _adjustment(session: Session, adjustment: Adjustment) -> dict[str, Any]:
    return adjustment_view(adjustment, catalog.get_item(session, adjustment.item_id))


@blp.get(
    "/adjustments/<uuid:adjustment_id>",
    permission=Permission.STOCK_SEE,
    out=AdjustmentOut,
    summary="Get an adjustment",
    description="One correction of one lot, also a line of opening stock.",
)
def get_adjustment(session: Session, actor: Actor, adjustment_id: UUID) -> dict[str, Any]:
    return _adjustment(session, stocktake.get_adjustment(session, actor, adjustment_id))


@blp.post(
    "/adjustments/<uuid:adjustment_id>/reversal",
    permission=Permission.COUNT_LOG,
    body=Reversal,
    out=AdjustmentOut,
    status=201,
    summary="Reverse an adjustment",
    description="The book says again what it said before. What came in by it and was used already cannot go "
    "back: the answer lists the uses.",
    example={},
    conflicts=("already_reversed", "already_used"),
)
def reverse_adjustment(
    session: Session, actor: Actor, data: dict[str, Any], adjustment_id: UUID
) -> dict[str, Any]:
    return _adjustment(session, stocktake.reverse_adjustment(session, actor, adjustment_id, **data))
