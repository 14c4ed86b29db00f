"""Deliveries over the API: taken in, reversed, corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.receiving import correcting, learning, service
from supply.domain.receiving.models import Delivery
from supply.domain.receiving.schemas import (
    ConfirmPrices,
    CorrectDeliveryLine,
    DeliveryOut,
    ListDeliveries,
    LogDelivery,
    ReverseDelivery,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("deliveries", description="Deliveries: what came in, with and without an order.")


@blp.get(
    "/deliveries",
    permission=Permission.STOCK_SEE,
    query=ListDeliveries,
    page_of=DeliveryOut,
    summary="List deliveries",
    description="Newest first; of one supplier or purchase order, if they are named.",
)
def list_deliveries(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[Delivery], tuple[str] | None]:
    limit, after = query["limit"], query["cursor"]
    rows = service.list_deliveries(
        session,
        actor,
        query["branch_id"],
        supplier_id=query["supplier_id"],
        purchase_order_id=query["purchase_order_id"],
        limit=limit + 1,
        after=UUID(after[0]) if after else None,
    )
    return rows[:limit], (str(rows[limit - 1].id),) if len(rows) > limit else None


@blp.get(
    "/deliveries/<uuid:delivery_id>",
    permission=Permission.STOCK_SEE,
    out=DeliveryOut,
    etag=True,
    summary="Get a delivery",
    description="With its lines as they hold after corrections, and how each lot was dated.",
)
def get_delivery(session: Session, actor: Actor, delivery_id: UUID) -> Delivery:
    return service.get_delivery(session, actor, delivery_id)


@blp.post(
    "/deliveries",
    permission=Permission.DELIVERY_LOG,
    body=LogDelivery,
    out=DeliveryOut,
    status=201,
    etag=True,
    summary="Log a delivery",
    description="It is in stock at once. A unit may be the supplier's pack name. Lot number and expiry are "
    "needed where the item needs them (422 `lot_number_missing`, `expires_on_missing`). A lot that had "
    "expired when it came is refused (422 `lot_expired`) unless `accept_expired`. With a purchase order, "
    "what came is taken off order; other items are taken in too. Less than awaited is more to come unless "
    "`reason` says that it never will; more than awaited needs a `reason` (422 `reason_missing`, "
    "`reason_unfit`). A line without an amount says with its reason that nothing came.",
    example={
        "branch_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01",
        "supplier_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d04",
        "reference": "LS-2041",
        "lines": [
            {
                "item_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c03",
                "amount": "2",
                "unit": "carton",
                "lot_number": "G-2211",
                "expires_on": "2027-05-31",
            }
        ],
    },
    conflicts=("order_cancelled", "order_closed"),
)
def log_delivery(session: Session, actor: Actor, data: dict[str, Any]) -> Delivery:
    return service.log_delivery(session, actor, **data)


@blp.post(
    "/deliveries/<uuid:delivery_id>/reversal",
    permission=Permission.DELIVERY_LOG,
    body=ReverseDelivery,
    out=DeliveryOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Reverse a delivery",
    description="Takes back all of it or the lines named. Where something was used already, 409 "
    "`already_used` lists the uses and, under `correctable`, the least that each line can be corrected to.",
    example={"reason": "Logged twice.", "lines": [2]},
    conflicts=("already_reversed", "already_used"),
)
def reverse_delivery(
    session: Session, actor: Actor, data: dict[str, Any], delivery_id: UUID, version: int
) -> Delivery:
    return correcting.reverse_delivery(session, actor, delivery_id, version=version, **data)


@blp.post(
    "/deliveries/<uuid:delivery_id>/lines/<int:position>/correction",
    permission=Permission.DELIVERY_LOG,
    body=CorrectDeliveryLine,
    out=DeliveryOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Correct a line of a delivery",
    description="Says how much really came: up freely, down to what was used at the least. Stock and the "
    "purchase order follow.",
    example={"amount": "8", "unit": "kg", "reason": "One bag was missing."},
    conflicts=("already_reversed", "already_used"),
)
def correct_delivery_line(
    session: Session, actor: Actor, data: dict[str, Any], delivery_id: UUID, position: int, version: int
) -> Delivery:
    return correcting.correct_delivery_line(session, actor, delivery_id, position, version=version, **data)


@blp.post(
    "/deliveries/<uuid:delivery_id>/price-confirmation",
    permission=Permission.DELIVERY_LOG,
    body=ConfirmPrices,
    out=DeliveryOut,
    status=200,
    etag=True,
    summary="Take a delivery's prices over as the supplier's",
    description="What the packs of its lines cost is the supplier's price from now on and goes into the "
    "history of prices; orders already made keep theirs.",
    example={"lines": [1]},
    conflicts=("no_price_moved",),
)
def confirm_prices(session: Session, actor: Actor, data: dict[str, Any], delivery_id: UUID) -> Delivery:
    return learning.confirm_prices(session, actor, delivery_id, **data)
