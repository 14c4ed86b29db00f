"""Reorder flags over the API: what to order, what people say to it, an item planned anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import leafed, placed
from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.catalog.units import stock_amount
from supply.domain.planning import deciding, listing
from supply.domain.planning import service as planning
from supply.domain.planning.models import ReorderFlag
from supply.domain.planning.schemas import (
    EstimateOut,
    FlagOut,
    InBranch,
    OverrideFlag,
    PlanFlagOut,
    PlannedItemOut,
    SetEstimate,
    SnoozeFlag,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("flags", description="Reorder flags: what to order, and the arithmetic behind it.")
_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@blp.get(
    "/flags",
    permission=Permission.STOCK_SEE,
    query=InBranch,
    page_of=FlagOut,
    summary="List what to order",
    description="By name, each item once. Where somebody has set a reorder point the flag follows from "
    "levels and dates (`levels`), right at midnight when lots expire; elsewhere it is the plan's (`plan`), "
    "with its numbers as they were when it was planned. `requisition` says where the item is asked for.",
)
def list_flags(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    limit, after = query["limit"], placed(query["cursor"])
    found = listing.list_to_order(session, actor, query["branch_id"], limit=limit + 1, after=after)
    return leafed(found, limit, lambda one: (one.item.sort_key, one.item.id))


@blp.get(
    "/flags/<uuid:flag_id>",
    permission=Permission.STOCK_SEE,
    out=PlanFlagOut,
    etag=True,
    summary="Get a flag of the plan",
    description="With every number that decided it, the days ahead, and what people said to it.",
)
def get_flag(session: Session, actor: Actor, flag_id: UUID) -> ReorderFlag:
    return deciding.get_flag(session, actor, flag_id)


@blp.post(
    "/flags/<uuid:flag_id>/snooze",
    permission=Permission.CATALOG_MANAGE,
    body=SnoozeFlag,
    out=PlanFlagOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Snooze a flag",
    description="It is not asked for before `until`, at most 90 days ahead.",
    example={"until": "2026-12-01", "reason": "The kitchen is closed until then."},
    conflicts=("flag_closed",),
)
def snooze_flag(
    session: Session, actor: Actor, data: dict[str, Any], flag_id: UUID, version: int
) -> ReorderFlag:
    return deciding.snooze_flag(session, actor, flag_id, version=version, **data)


@blp.post(
    "/flags/<uuid:flag_id>/override",
    permission=Permission.CATALOG_MANAGE,
    body=OverrideFlag,
    out=PlanFlagOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Order another amount",
    description="Asked for instead of the plan's amount, until the flag closes; zero asks for nothing.",
    example={"amount": "10", "unit": "kg", "reason": "A wedding party on Saturday."},
    conflicts=("flag_closed",),
)
def override_flag(
    session: Session, actor: Actor, data: dict[str, Any], flag_id: UUID, version: int
) -> ReorderFlag:
    return deciding.override_flag(session, actor, flag_id, version=version, **data)


@blp.post(
    "/flags/<uuid:flag_id>/following",
    permission=Permission.CATALOG_MANAGE,
    out=PlanFlagOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Follow the plan again",
    description="Takes a snooze and another amount back.",
    conflicts=("flag_closed",),
)
def follow_plan(session: Session, actor: Actor, flag_id: UUID, version: int) -> ReorderFlag:
    return deciding.follow_plan(session, actor, flag_id, version=version)


@blp.post(
    "/items/<uuid:item_id>/plan",
    permission=Permission.REQUISITION_REQUEST,
    body=InBranch,
    out=PlannedItemOut,
    status=200,
    summary="Plan an item anew",
    description="With the items that share its supplier's deliveries; its flag now, or null where there is "
    "enough.",
    example={"branch_id": _BRANCH},
)
def plan_item(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> dict[str, Any]:
    catalog.get_item(session, item_id)
    flag = planning.plan_item(session, actor, data["branch_id"], item_id)
    return {"flag": None if flag is None else deciding.get_flag(session, actor, flag.id)}


@blp.put(
    "/items/<uuid:item_id>/estimate",
    permission=Permission.CATALOG_MANAGE,
    body=SetEstimate,
    out=EstimateOut,
    summary="Estimate an item's use",
    description="What the branch will use of it a day: the plan goes by it until the history says more.",
    example={"branch_id": _BRANCH, "amount": "0.5", "unit": "kg"},
)
def set_estimate(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> dict[str, Any]:
    made = deciding.set_estimate(session, actor, item_id=item_id, **data)
    daily = stock_amount(catalog.get_item(session, item_id), made.daily)
    return {"branch_id": made.branch_id, "item_id": item_id, "daily": daily}
