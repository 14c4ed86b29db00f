"""How a purchase order ends without everything having come: cancelled, or closed. Nothing leads back.

What was open of it leaves "on order"; what came stays.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder
from supply.domain.purchasing.orders import ENDED, order_to_change
from supply.errors import Conflict, Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission


def cancel_order(
    session: Session, actor: Actor, order_id: UUID, *, reason: str, version: int | None = None
) -> PurchaseOrder:
    """Call off an order of which nothing came. Raises Conflict("order_partly_received" | "order_received" |
    "order_cancelled" | "order_closed"), Stale.
    """
    writer, order = order_to_change(session, actor, order_id, Permission.REQUISITION_DECIDE, version)
    refuse_ended(order)
    if any(line.received for line in order.lines):
        code = "order_received" if order.status is OrderStatus.RECEIVED else "order_partly_received"
        raise Conflict(code, lazy("Something of it has come in. Close the order instead."))
    order.cancelled_at, order.cancel_reason = writer.recorded_at, reason
    return _end(session, writer, order, OrderStatus.CANCELLED, reason)


def close_order(
    session: Session, actor: Actor, order_id: UUID, *, reason: str | None = None, version: int | None = None
) -> PurchaseOrder:
    """Settle an order for good: nothing more of it is awaited. A reason where something is missing.

    Raises Conflict("nothing_received" | "order_cancelled" | "order_closed"), Invalid("reason_missing"),
    Stale.
    """
    writer, order = order_to_change(session, actor, order_id, Permission.REQUISITION_DECIDE, version)
    refuse_ended(order)
    if not any(line.received for line in order.lines):
        raise Conflict("nothing_received", lazy("Nothing of it has come in. Cancel the order instead."))
    if reason is None and any(line.open for line in order.lines):
        raise Invalid(
            "reason_missing", lazy("Something is still missing. Say why it will not come."), field="reason"
        )
    order.closed_at, order.closed_by, order.close_reason = writer.recorded_at, actor.person_id, reason
    return _end(session, writer, order, OrderStatus.CLOSED, reason)


def refuse_ended(order: PurchaseOrder) -> None:
    """Raises Conflict("order_cancelled" | "order_closed"): neither is opened again."""
    if order.status not in ENDED:
        return
    words = {
        OrderStatus.CANCELLED: lazy("This purchase order was cancelled. Log the delivery without an order."),
        OrderStatus.CLOSED: lazy("This purchase order is closed. Log the delivery without an order."),
    }
    raise Conflict(
        f"order_{order.status.value}", words[order.status], details={"purchase_order_id": str(order.id)}
    )


def _end(
    session: Session, writer: Writer, order: PurchaseOrder, status: OrderStatus, reason: str | None
) -> PurchaseOrder:
    before, order.status = order.status, status
    session.flush()
    ledger.change_on_order(writer, {line.item_id: -line.open for line in order.lines if line.open})
    audit.record(
        session,
        writer.actor,
        action="purchase-order.cancel" if status is OrderStatus.CANCELLED else "purchase-order.close",
        entity="purchase-order",
        entity_id=order.id,
        branch_id=order.branch_id,
        changes={"status": [before.value, status.value]},
        reason=reason,
    )
    return order
