"""Waste over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import identified, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.ledger import service as ledger
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.waste import expired
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteEntry
from supply.domain.waste.schemas import (
    ExpiredLotOut,
    ListWaste,
    LogWaste,
    Reversal,
    WasteEntryOut,
    waste_view,
    waste_views,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("waste", description="Waste: what was thrown away, of which lot, why, at what cost.")


@blp.get(
    "/waste-entries",
    permission=Permission.STOCK_SEE,
    query=ListWaste,
    page_of=WasteEntryOut,
    summary="List waste entries",
    description="Newest first; of one item, if it is named.",
)
def list_waste(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    limit, before = query["limit"], identified(query["cursor"])
    rows = waste.list_waste(
        session, actor, query["branch_id"], item_id=query.get("item_id"), limit=limit + 1, before=before
    )
    more = (rows[limit - 1].WasteEntry.id,) if len(rows) > limit else None
    return waste_views(list(rows[:limit])), more


@blp.get(
    "/expired-lots",
    permission=Permission.STOCK_SEE,
    query=BranchQuery,
    page_of=ExpiredLotOut,
    summary="List expired lots",
    description="Lots of which something stands past its use, the longest expired first, each once. They "
    "appear by themselves and stay until they are thrown away or moved to another branch. What was brewed is "
    "a leftover.",
)
def list_expired(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[expired.ExpiredLot], tuple[str, str] | None]:
    rows = expired.list_expired(session, actor, query["branch_id"])
    return sliced(rows, query, lambda one: (one.expired_on.isoformat(), one.lot.id))


@blp.post(
    "/expired-lots/<uuid:lot_id>/write-off",
    permission=Permission.WASTE_LOG,
    out=WasteEntryOut,
    status=201,
    summary="Write off an expired lot",
    description="All that is expired of it becomes waste, in one entry with the reason `expired`.",
    conflicts=("nothing_expired",),
)
def write_off_expired(session: Session, actor: Actor, lot_id: UUID) -> dict[str, Any]:
    return _view(session, expired.write_off(session, actor, lot_id))


@blp.get(
    "/waste-entries/<uuid:entry_id>",
    permission=Permission.STOCK_SEE,
    out=WasteEntryOut,
    summary="Get a waste entry",
    description="What was thrown away, why, and what it cost at lot cost.",
)
def get_waste(session: Session, actor: Actor, entry_id: UUID) -> dict[str, Any]:
    return _view(session, waste.get_waste(session, actor, entry_id))


def _view(session: Session, entry: WasteEntry) -> dict[str, Any]:
    item = catalog.get_item(session, entry.item_id)
    return waste_view(entry, item, ledger.get_lot(session, entry.branch_id, entry.lot_id))


@blp.post(
    "/waste-entries",
    permission=Permission.WASTE_LOG,
    body=LogWaste,
    out=WasteEntryOut,
    status=201,
    summary="Log waste",
    description="Takes the amount from the lot that is named, opened containers first. An expired or "
    "quarantined lot may be thrown away.",
    example={
        "branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01",
        "lot_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8b02",
        "amount": "250",
        "unit": "g",
        "reason": "expired",
    },
    conflicts=("stock_short",),
)
def log_waste(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _view(session, waste.log_waste(session, actor, **data))


@blp.post(
    "/waste-entries/<uuid:entry_id>/reversal",
    permission=Permission.WASTE_LOG,
    body=Reversal,
    out=WasteEntryOut,
    status=201,
    summary="Reverse a waste entry",
    description="It was not thrown away after all: the amount returns to where it stood.",
    example={},
    conflicts=("already_reversed",),
)
def reverse_waste(session: Session, actor: Actor, data: dict[str, Any], entry_id: UUID) -> dict[str, Any]:
    return _view(session, waste.reverse_waste(session, actor, entry_id, **data))
