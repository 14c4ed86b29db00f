"""Purchase orders over the API. They are made by approving a requisition."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import mailing
from supply.api.cursors import sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.outbox import service as outbox
from supply.domain.outbox.models import OutboundMail
from supply.domain.outbox.schemas import MailOut
from supply.domain.purchasing import ending, orders, sending
from supply.domain.purchasing.models import PurchaseOrder
from supply.domain.purchasing.schemas import CancelOrder, CloseOrder, ListOrders, PurchaseOrderOut, SendOrder
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
    "/purchase-orders/<uuid:order_id>/sending",
    permission=Permission.REQUISITION_DECIDE,
    body=SendOrder,
    out=PurchaseOrderOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Send a purchase order to its supplier",
    description="`mail` queues it for the supplier's address and sends it as soon as this is answered; "
    "`print` and `phone` note that somebody brought it or said it. The lead time counts from now.",
    example={"by": "mail"},
    conflicts=("already_ordered", "order_cancelled", "order_closed"),
)
def send_purchase_order(
    session: Session, actor: Actor, data: dict[str, Any], order_id: UUID, version: int
) -> PurchaseOrder:
    order = sending.send_order(
        session, actor, order_id, by=data["by"], mail_server=mailing.can_send(), version=version
    )
    mailing.send_soon()
    return order


@blp.post(
    "/purchase-orders/<uuid:order_id>/cancellation",
    permission=Permission.REQUISITION_DECIDE,
    body=CancelOrder,
    out=PurchaseOrderOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Cancel a purchase order",
    description="Of which nothing has come. It no longer counts as on order. Tell the supplier yourself.",
    example={"reason": "The farm has no ginger this month."},
    conflicts=("order_partly_received", "order_received", "order_cancelled", "order_closed"),
)
def cancel_purchase_order(
    session: Session, actor: Actor, data: dict[str, Any], order_id: UUID, version: int
) -> PurchaseOrder:
    return ending.cancel_order(session, actor, order_id, version=version, **data)


@blp.post(
    "/purchase-orders/<uuid:order_id>/closure",
    permission=Permission.REQUISITION_DECIDE,
    body=CloseOrder,
    out=PurchaseOrderOut,
    status=200,
    versioned=True,
    etag=True,
    summary="Close a purchase order",
    description="For good: nothing more of it is awaited, and nothing leads back. Where something is "
    "missing, `reason` says why it will not come.",
    example={"reason": "The last carton is out of season."},
    conflicts=("nothing_received", "order_cancelled", "order_closed"),
)
def close_purchase_order(
    session: Session, actor: Actor, data: dict[str, Any], order_id: UUID, version: int
) -> PurchaseOrder:
    return ending.close_order(session, actor, order_id, version=version, **data)


@blp.get(
    "/purchase-orders/<uuid:order_id>/mails",
    permission=Permission.STOCK_SEE,
    page_of=MailOut,
    summary="List an order's mail",
    description="What was sent or waits to be sent to the supplier, oldest first, with the last failure.",
)
def list_order_mails(session: Session, actor: Actor, query: dict[str, Any], order_id: UUID) -> Any:
    order = orders.get_order(session, actor, order_id)
    return sliced(
        outbox.list_mail(session, [order.id]), query, lambda mail: (mail.queued_at.isoformat(), mail.id)
    )


@blp.post(
    "/purchase-orders/<uuid:order_id>/mails/<uuid:mail_id>/retrial",
    permission=Permission.REQUISITION_DECIDE,
    out=MailOut,
    status=200,
    summary="Try a mail again",
    description="Puts a mail that failed or was given up in line again, now.",
    conflicts=("mail_sent",),
)
def retry_order_mail(session: Session, actor: Actor, order_id: UUID, mail_id: UUID) -> OutboundMail:
    mail = outbox.retry_mail(session, actor, order_id, mail_id)
    mailing.send_soon()
    return mail
