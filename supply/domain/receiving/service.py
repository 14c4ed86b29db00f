"""Deliveries: taking in what came, with and without an order, and putting right what was written down wrong.

Stock moves only in the ledger; what is open of an order moves only in purchasing. Both happen here together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from supply import clock
from supply.database import new_id
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Lot
from supply.domain.ledger.moment import happened
from supply.domain.ledger.service import Writer
from supply.domain.purchasing import orders
from supply.domain.purchasing.ending import refuse_ended
from supply.domain.purchasing.models import Deviation, PurchaseOrder
from supply.domain.receiving import dock
from supply.domain.receiving.deviating import reasons_of
from supply.domain.receiving.dock import Arrived, Dock, Telling
from supply.domain.receiving.models import Delivery, DeliveryLine
from supply.errors import Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

SOURCE = "delivery"
Agreed = tuple[int, int]
_WHOLE = (
    joinedload(Delivery.branch),
    joinedload(Delivery.supplier),
    joinedload(Delivery.purchase_order),
    joinedload(Delivery.person),
    selectinload(Delivery.lines).joinedload(DeliveryLine.item),
    selectinload(Delivery.lines).joinedload(DeliveryLine.lot),
    selectinload(Delivery.lines).joinedload(DeliveryLine.location),
)


def list_deliveries(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    supplier_id: UUID | None = None,
    purchase_order_id: UUID | None = None,
    limit: int = 50,
    after: UUID | None = None,
) -> list[Delivery]:
    """Deliveries of a branch, newest first; `after` is the last id of the page before."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = select(Delivery).where(Delivery.branch_id == branch_id).options(*_WHOLE)
    if supplier_id is not None:
        query = query.where(Delivery.supplier_id == supplier_id)
    if purchase_order_id is not None:
        query = query.where(Delivery.purchase_order_id == purchase_order_id)
    if after is not None:
        query = query.where(Delivery.id < after)
    return list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit)))


def get_delivery(session: Session, actor: Actor, delivery_id: UUID) -> Delivery:
    """One delivery with its lines. Raises NotFound, also for another branch's."""
    delivery = find_delivery(session, delivery_id)
    if delivery is None or not actor.belongs_to(delivery.branch_id):
        raise not_found()
    require(actor, Permission.STOCK_SEE, delivery.branch_id)
    return delivery


def find_delivery(session: Session, delivery_id: UUID) -> Delivery | None:
    """The delivery as it is now, for whoever has been let through already."""
    query = select(Delivery).where(Delivery.id == delivery_id).options(*_WHOLE)
    return session.scalar(query.execution_options(populate_existing=True))


def not_found() -> NotFound:
    return NotFound("delivery_not_found", lazy("There is no such delivery in your branches."))


def log_delivery(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    supplier_id: UUID,
    lines: Sequence[Telling],
    purchase_order_id: UUID | None = None,
    reference: str | None = None,
    happened_at: datetime | None = None,
    location_id: UUID | None = None,
    accept_expired: bool = False,
) -> Delivery:
    """Take in what came; it is in stock at once. Set-based: the statements do not grow with the lines.

    A line is {item_id, amount?, unit?, lot_number?, expires_on?, cost_minor?, location_id?, reason?}; a unit
    may be the supplier's pack. Against an order a line without an amount says why nothing came of it.
    Raises Invalid naming the field, Conflict("order_cancelled" | "order_closed").
    """
    require(actor, Permission.DELIVERY_LOG, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    when = happened(happened_at)
    known = dock.look_up(session, branch_id, supplier_id, {line["item_id"] for line in lines})
    dock.require_locations(session, branch_id, _named_places(lines, location_id))
    order = _order(session, branch_id, supplier_id, purchase_order_id)
    arrived_on = clock.day_of(when, writer.timezone)
    place = location_id or known.location_id
    came = _came(lines, order)
    arrived = dock.read_lines(writer, known, came, place, arrived_on, accept_expired)
    totals = _totals(arrived)
    reasons = {} if order is None else reasons_of(order.lines, totals, _told_reasons(lines))
    agreed = _agreed(writer, known, order)
    lots = ledger.obtain_lots(writer, [one.facts for one in arrived])
    delivery = Delivery(
        id=new_id(),
        branch_id=branch_id,
        supplier_id=supplier_id,
        purchase_order_id=purchase_order_id,
        reference=reference,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=actor.person_id,
        given_up=_given_up(reasons, totals),
        lines=[
            _line(position, told, one, lot, reasons.get(one.item.id), agreed.get(one.item.id))
            for position, (told, one, lot) in enumerate(
                zip(came.values(), arrived, lots, strict=True), start=1
            )
        ],
    )
    delivery.arrived_on = arrived_on
    session.add(delivery)
    receipts = [_receipt(delivery, line) for line in delivery.lines]
    on_order = {} if order is None else orders.record_receipt(order, totals, when, reasons)
    ledger.receive(writer, receipts, lots, on_order=on_order)
    session.flush()
    return delivery


def _given_up(reasons: Mapping[UUID, Deviation | None], came: Mapping[UUID, int]) -> dict[str, str] | None:
    """Why nothing will come of what the delivery names and did not bring."""
    return {str(item): why.value for item, why in reasons.items() if why and item not in came} or None


def _named_places(lines: Sequence[Telling], location_id: UUID | None) -> dict[str, UUID]:
    named = {
        f"lines.{index}.location_id": line["location_id"]
        for index, line in enumerate(lines)
        if line.get("location_id") is not None
    }
    return named if location_id is None else named | {"location_id": location_id}


def _order(
    session: Session, branch_id: UUID, supplier_id: UUID, order_id: UUID | None
) -> PurchaseOrder | None:
    if order_id is None:
        return None
    order = orders.find_order(session, order_id)
    if order is None or order.branch_id != branch_id:
        raise Invalid(
            "order_not_found",
            lazy("There is no such purchase order in this branch."),
            field="purchase_order_id",
        )
    if order.supplier_id != supplier_id:
        raise Invalid(
            "order_of_other_supplier",
            lazy("This purchase order went to another supplier."),
            field="purchase_order_id",
        )
    refuse_ended(order)
    return order


def _came(lines: Sequence[Telling], order: PurchaseOrder | None) -> dict[str, Telling]:
    """The lines of which something came, by their fields; of what is ordered nothing may have come."""
    ordered = set() if order is None else {line.item_id for line in order.lines}
    came = {f"lines.{index}": line for index, line in enumerate(lines) if line.get("amount") is not None}
    for index, line in enumerate(lines):
        if f"lines.{index}" not in came and (line["item_id"] not in ordered or not came):
            raise Invalid("amount_missing", lazy("Write how much came."), field=f"lines.{index}.amount")
    return came


def _told_reasons(lines: Sequence[Telling]) -> list[tuple[str, UUID, Deviation | None]]:
    return [(f"lines.{index}", line["item_id"], line.get("reason")) for index, line in enumerate(lines)]


def _totals(arrived: Collection[Arrived]) -> dict[UUID, int]:
    came: dict[UUID, int] = {}
    for one in arrived:
        came[one.item.id] = came.get(one.item.id, 0) + one.quantity
    return came


def _agreed(writer: Writer, known: Dock, order: PurchaseOrder | None) -> dict[UUID, Agreed]:
    """(price per pack, pack) of each item: as ordered, else by the terms, in the branch's currency."""
    prices = {
        item_id: (terms.price_minor, terms.pack_quantity)
        for item_id, terms in known.terms.items()
        if terms.currency == writer.currency
    }
    for line in order.lines if order else ():
        if line.price_minor is not None and line.pack_quantity is not None:
            prices[line.item_id] = (line.price_minor, line.pack_quantity)
    return prices


def _line(
    position: int, told: Telling, one: Arrived, lot: Lot, reason: Deviation | None, agreed: Agreed | None
) -> DeliveryLine:
    amount: Decimal = told["amount"]
    price, pack = agreed or (None, None)
    return DeliveryLine(
        position=position,
        item=one.item,
        lot=lot,
        item_id=one.item.id,
        lot_id=lot.id,
        location_id=one.location_id,
        entered_amount=format(amount, "f"),
        entered_unit=told["unit"],
        received=one.quantity,
        quantity=one.quantity,
        cost_minor=one.cost_minor,
        reason=reason,
        agreed_minor=price,
        pack_quantity=pack,
    )


def _receipt(delivery: Delivery, line: DeliveryLine) -> ledger.Receipt:
    return ledger.Receipt(
        line.item_id,
        line.lot_id,
        line.location_id,
        line.quantity,
        SOURCE,
        delivery.id,
        line.position,
        delivery.happened_at,
    )
