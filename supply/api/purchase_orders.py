"""Purchase orders over the API. They are made by approving a requisition."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.purchasing import orders
from supply.domain.purchasing.models import PurchaseOrder
from supply.domain.purchasing.schemas import CancelOrder, ListOrders, PurchaseOrderOut
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "purchase-orders", description="Purchase orders: what is ordered, what came, what is open."
)


@blp.get(
    "/purchase-orders",
    permission=Permission.STOCK_SEE,
    query=ListOrders,
    page_of=PurchaseOrderOut,
    summary="List purchase orders",
    description="Newest first; of one status or supplier, if they are named.",
)
def list_purchase_orders(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[PurchaseOrder], tuple[str] | None]:
    limit, after = query["limit"], query["cursor"]
    rows = orders.list_orders(
        session,
        actor,
        query["branch_id"],
        statuses=[query["status"]] if query["status"] else (),
        supplier_id=query["supplier_id"],
        limit=limit + 1,
        after=UUID(after[0]) if after else None,
    )
    return rows[:limit], (str(rows[limit - 1].id),) if len(rows) > limit else None


@blp.get(
    "/purchase-orders/<uuid:order_id>",
    permission=Permission.STOCK_SEE,
    out=PurchaseOrderOut,
    etag=True,
    summary="Get a purchase order",
    description="With what was ordered, what came and what is open of each line, and its price then.",
)
def get_purchase_order(session: Session, actor: Actor, order_id: UUID) -> PurchaseOrder:
    return orders.get_order(session, actor, order_id)


@blp.post(
    "/purchase-orders/<uuid:order_id>/cancellation",
    permission=Permission.REQUISITION_DECIDE,
    body=CancelOrder,
    out=PurchaseOrderOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Cancel a purchase order",
    description="What is still open of it no longer counts as on order; what came stays. Tell the supplier "
    "yourself.",
    example={"reason": "The farm has no ginger this month."},
    conflicts=("order_received", "order_cancelled"),
)
def cancel_purchase_order(
    session: Session, actor: Actor, data: dict[str, Any], order_id: UUID, version: int
) -> PurchaseOrder:
    return orders.cancel_order(session, actor, order_id, version=version, **data)
