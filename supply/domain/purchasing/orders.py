"""Purchase orders: made by an approval, open until deliveries or an end (ending.py) take them away.

What is open of an order stands beside the stock as "on order"; every change of the one changes the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.purchasing.models import (
    Deviation,
    OrderStatus,
    PurchaseOrder,
    PurchaseOrderLine,
    Requisition,
    RequisitionLine,
)
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.ordering import due, lead_days
from supply.errors import NotFound, Stale
from supply.i18n import lazy
from supply.ordering import Order, ordered
from supply.permissions import Actor, Permission, require

# What still counts as on order: a draft is decided on, so it will come.
OPEN = (OrderStatus.DRAFT, OrderStatus.ORDERED, OrderStatus.PARTLY_RECEIVED)
ENDED = (OrderStatus.CLOSED, OrderStatus.CANCELLED)
_WHOLE = (
    joinedload(PurchaseOrder.supplier),
    selectinload(PurchaseOrder.lines).joinedload(PurchaseOrderLine.item),
)
# Of one order: all of it in one statement.
_WHOLE_ONE = (
    joinedload(PurchaseOrder.supplier),
    joinedload(PurchaseOrder.lines).joinedload(PurchaseOrderLine.item),
)


def list_orders(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    statuses: Collection[OrderStatus] = (),
    supplier_id: UUID | None = None,
    limit: int = 50,
    after: UUID | None = None,
    order: Order | None = None,
) -> list[PurchaseOrder]:
    """Orders of a branch, newest first, with their lines; `after` is the last id of the page before.

    An `order` is by number, supplier, status or expected.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    query = select(PurchaseOrder).where(PurchaseOrder.branch_id == branch_id).options(*_WHOLE)
    if statuses:
        query = query.where(PurchaseOrder.status.in_(statuses))
    if supplier_id is not None:
        query = query.where(PurchaseOrder.supplier_id == supplier_id)
    if after is not None:
        query = query.where(PurchaseOrder.id < after)
    query = query.order_by(PurchaseOrder.id.desc())
    if order is not None:
        query = query.join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        columns = {"number": PurchaseOrder.number, "supplier": Supplier.sort_key}
        columns |= {"status": PurchaseOrder.status, "expected": PurchaseOrder.expected_at}
        query = ordered(query, order, columns, PurchaseOrder.id.desc())
    return list(session.scalars(query.limit(limit)))


def list_expected(session: Session, actor: Actor, branch_id: UUID, *, limit: int = 50) -> list[PurchaseOrder]:
    """The orders that are still open, those that should be here first at the top."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(PurchaseOrder)
        .where(PurchaseOrder.branch_id == branch_id, PurchaseOrder.status.in_(OPEN))
        .options(*_WHOLE)
        .order_by(PurchaseOrder.expected_at, PurchaseOrder.id)
    )
    return list(session.scalars(query.limit(limit)))


def get_order(session: Session, actor: Actor, order_id: UUID) -> PurchaseOrder:
    """One order with its lines. Raises NotFound, also for another branch's."""
    order = find_order(session, order_id)
    if order is None or not actor.belongs_to(order.branch_id):
        raise _not_found()
    require(actor, Permission.STOCK_SEE, order.branch_id)
    return order


def find_order(session: Session, order_id: UUID) -> PurchaseOrder | None:
    """The order as it is now, for whoever has been let through already."""
    query = select(PurchaseOrder).where(PurchaseOrder.id == order_id).options(*_WHOLE_ONE)
    return session.scalars(query.execution_options(populate_existing=True)).unique().one_or_none()


def order_to_change(
    session: Session, actor: Actor, order_id: UUID, permission: Permission, version: int | None
) -> tuple[Writer, PurchaseOrder]:
    """The order as it is now, held under its branch's lock by somebody who may, in the version they saw."""
    branch_id = session.scalar(select(PurchaseOrder.branch_id).where(PurchaseOrder.id == order_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise _not_found()
    require(actor, permission, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    order = find_order(session, order_id)
    assert order is not None, "orders are never deleted"
    if version is not None and order.version != version:
        raise Stale("stale", lazy("Somebody changed this order meanwhile. Look at it again."))
    return writer, order


def _not_found() -> NotFound:
    return NotFound("order_not_found", lazy("There is no such purchase order in your branches."))


def place_orders(
    session: Session, writer: Writer, requisition: Requisition, terms: Mapping[UUID, SupplierTerms]
) -> list[PurchaseOrder]:
    """One draft order per supplier of an approved requisition, at the terms of now; all of it goes on order.

    Every line has its supplier; `terms` maps line ids to how that supplier sells the item.
    """
    by_supplier: dict[UUID, list[RequisitionLine]] = defaultdict(list)
    for line in requisition.lines:
        assert line.supplier_id is not None, "approval refuses lines without a supplier"
        by_supplier[line.supplier_id].append(line)
    number = next_number(session, PurchaseOrder, writer.branch_id)
    suppliers = {
        supplier.id: supplier
        for supplier in session.scalars(select(Supplier).where(Supplier.id.in_(by_supplier)))
    }
    orders = [
        _order(writer, requisition, suppliers[supplier_id], number + offset, lines, terms)
        for offset, (supplier_id, lines) in enumerate(by_supplier.items())
    ]
    session.add_all(orders)
    session.flush()
    ledger.change_on_order(writer, {line.item_id: line.quantity for line in requisition.lines})
    return orders


def _order(
    writer: Writer,
    requisition: Requisition,
    supplier: Supplier,
    number: int,
    lines: Sequence[RequisitionLine],
    terms: Mapping[UUID, SupplierTerms],
) -> PurchaseOrder:
    longest = max(lead_days(supplier, terms.get(line.id)) for line in lines)
    return PurchaseOrder(
        branch_id=requisition.branch_id,
        number=number,
        supplier=supplier,
        requisition_id=requisition.id,
        approved_at=writer.recorded_at,
        expected_at=due(supplier, longest, writer.recorded_at, writer.timezone),
        lines=[
            PurchaseOrderLine(
                position=position,
                item_id=line.item_id,
                ordered=line.quantity,
                received=0,
                **_sold_as(terms.get(line.id)),
            )
            for position, line in enumerate(lines, start=1)
        ],
    )


def _sold_as(terms: SupplierTerms | None) -> dict[str, Any]:
    """Price, pack and names as the supplier has them now; the order keeps them."""
    names = ("price_minor", "pack_quantity", "pack_name", "supplier_code")
    return {name: getattr(terms, name) if terms else None for name in names}


def record_receipt(
    order: PurchaseOrder,
    deltas: Mapping[UUID, int],
    came_at: datetime | None = None,
    reasons: Mapping[UUID, Deviation | None] | None = None,
) -> dict[UUID, int]:
    """Add what came in (or went back: negative) per item; what nobody ordered is left out.

    `came_at` is when; the first arrival is what lead times are learned from. `reasons` say why an item
    differs now; what went back is awaited again.

    Returns the change of "on order" per item, which the caller posts. An ended order keeps count
    of what came, but nothing of it is open any more.
    """
    ended = order.status in ENDED
    changes: dict[UUID, int] = {}
    known = reasons or {}
    for line in order.lines:
        delta = deltas.get(line.item_id, 0)
        if delta == 0 and line.item_id not in known:
            continue
        before = line.open
        line.received += delta
        line.reason = known.get(line.item_id)
        if not ended and line.open != before:
            changes[line.item_id] = line.open - before
    anything = any(line.received for line in order.lines)
    if not anything:
        order.arrived_at = None
    elif order.arrived_at is None or (came_at is not None and came_at < order.arrived_at):
        order.arrived_at = came_at or order.arrived_at
    if not ended:
        if order.ordered_at is None and anything:
            # It came, so it was ordered, though nobody noted when.
            order.ordered_at = order.approved_at
        order.status = _status(order)
    return changes


def _status(order: PurchaseOrder) -> OrderStatus:
    if all(line.open == 0 for line in order.lines):
        return OrderStatus.RECEIVED
    if any(line.received for line in order.lines):
        return OrderStatus.PARTLY_RECEIVED
    return OrderStatus.DRAFT if order.ordered_at is None else OrderStatus.ORDERED


def next_number(session: Session, kind: type[PurchaseOrder | Requisition], branch_id: UUID) -> int:
    """The branch's next number; only its one writer may ask."""
    last = session.scalar(select(func.max(kind.number)).where(kind.branch_id == branch_id))
    return (last or 0) + 1
