"""Putting a delivery right: reversing it or some of its lines, correcting an amount, as far as use allows.

What was used cannot be taken back; the refusal lists the uses and how far each line can be corrected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from supply.domain.audit import service as audit
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.purchasing import orders
from supply.domain.purchasing.models import Deviation
from supply.domain.purchasing.packs import base_quantity
from supply.domain.receiving.deviating import lasting
from supply.domain.receiving.models import Delivery, DeliveryLine
from supply.domain.receiving.service import SOURCE, find_delivery, not_found
from supply.domain.suppliers import service as suppliers
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

REASON = "delivery-correction"


def reverse_delivery(
    session: Session,
    actor: Actor,
    delivery_id: UUID,
    *,
    reason: str,
    lines: Collection[int] = (),
    version: int | None = None,
) -> Delivery:
    """Take back the lines named by position, or everything. Receiving it again is a new delivery.

    Raises Conflict("already_reversed"), Conflict("already_used") with `uses` and `correctable`, Stale.
    """
    writer, delivery = delivery_to_change(session, actor, delivery_id, version, lines)
    positions = set(lines) or {line.position for line in delivery.lines}
    standing = [line for line in delivery.lines if line.position in positions and line.quantity]
    if not standing:
        raise Conflict("already_reversed", lazy("This was taken back already."))
    try:
        ledger.reverse(
            writer,
            SOURCE,
            delivery.id,
            happened_at=delivery.happened_at,
            lines=[line.position for line in standing],
        )
    except Conflict as refusal:
        if refusal.code == "already_used":
            refusal.details["correctable"] = _correctable(writer, standing)
        raise
    whole = all(line in standing or line.quantity == 0 for line in delivery.lines)
    deltas = {line: -line.quantity for line in standing}
    _follow_order(session, writer, delivery, deltas, awaited=delivery.given_up if whole else None)
    taken = [(line, line.quantity, 0) for line in standing]
    for line in standing:
        line.quantity = 0
    if whole:
        delivery.reversed_at = writer.recorded_at
    _save(session, actor, delivery, "delivery.reverse", taken, reason)
    return delivery


def correct_delivery_line(
    session: Session,
    actor: Actor,
    delivery_id: UUID,
    position: int,
    *,
    amount: Decimal,
    unit: str,
    reason: str,
    version: int | None = None,
) -> Delivery:
    """Say how much really came. Up freely; down to what was used at the least.

    Raises Conflict("already_used") with `correctable`, Conflict("already_reversed"), Stale.
    """
    writer, delivery = delivery_to_change(session, actor, delivery_id, version, {position})
    line = next(line for line in delivery.lines if line.position == position)
    if line.quantity == 0:
        raise Conflict(
            "already_reversed", lazy("This was taken back already. Log what came as a new delivery.")
        )
    terms = suppliers.find_terms(session, delivery.supplier_id, line.item_id)
    quantity = base_quantity(line.item, terms, amount, unit, field="")
    if quantity == line.quantity:
        raise Invalid("nothing_changes", lazy("This is the amount already written down."), field="amount")
    _adjust(writer, delivery, line, quantity - line.quantity)
    _follow_order(session, writer, delivery, {line: quantity - line.quantity}, slip=True)
    changes = [(line, line.quantity, quantity)]
    line.quantity = quantity
    line.entered_amount, line.entered_unit = format(amount, "f"), unit
    _save(session, actor, delivery, "delivery.correct", changes, reason)
    return delivery


def _adjust(writer: Writer, delivery: Delivery, line: DeliveryLine, delta: int) -> None:
    change = ledger.Change(line.lot_id, line.location_id, None, delta, REASON, line.position)
    try:
        ledger.adjust(
            writer,
            line.item_id,
            [change],
            source_type=SOURCE,
            source_id=delivery.id,
            happened_at=delivery.happened_at,
        )
    except Conflict as refusal:
        if refusal.code != "stock_short":
            raise
        least = line.quantity - int(refusal.details["available"])
        raise Conflict(
            "already_used",
            lazy("More than that was used or moved already. Correct it to no less than what is gone."),
            details={"correctable": [_least(line, least)]},
        ) from refusal


def _correctable(writer: Writer, lines: Iterable[DeliveryLine]) -> list[dict[str, Any]]:
    """How far each line can be corrected by itself: what stands where it was put may go."""
    told = []
    for line in lines:
        place = writer.places.get((line.lot_id, line.location_id, None))
        # The refused reversal has drawn the place down already; its lines give back what they took.
        drawn = sum(
            other.quantity
            for other in lines
            if (other.lot_id, other.location_id) == (line.lot_id, line.location_id)
        )
        left = (place.quantity if place is not None else 0) + drawn
        told.append(_least(line, max(line.quantity - left, 0)))
    return told


def _least(line: DeliveryLine, least: int) -> dict[str, Any]:
    return {
        "position": line.position,
        "item_id": str(line.item_id),
        "least": quantity_told(least, line.item),
    }


def delivery_to_change(
    session: Session, actor: Actor, delivery_id: UUID, version: int | None, positions: Collection[int]
) -> tuple[Writer, Delivery]:
    """The delivery as it is now, held under its branch's lock by somebody who may; it has these lines."""
    branch_id = session.scalar(select(Delivery.branch_id).where(Delivery.id == delivery_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise not_found()
    require(actor, Permission.DELIVERY_LOG, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    delivery = find_delivery(session, delivery_id)
    assert delivery is not None, "deliveries are never deleted"
    if version is not None and delivery.version != version:
        raise Stale("stale", lazy("Somebody changed this delivery meanwhile. Look at it again."))
    if set(positions) - {line.position for line in delivery.lines}:
        raise NotFound("line_not_found", lazy("This delivery has no such line."))
    return writer, delivery


def _follow_order(
    session: Session,
    writer: Writer,
    delivery: Delivery,
    deltas: dict[DeliveryLine, int],
    *,
    awaited: Mapping[str, str] | None = None,
    slip: bool = False,
) -> None:
    """The order counts what came: let it follow, and what is on order with it. `awaited` again is what the
    delivery had given up, unless somebody has said something else of it since. Putting a slip of the amount
    right takes nothing back that was said of the rest."""
    if delivery.purchase_order_id is None:
        return
    order = orders.find_order(session, delivery.purchase_order_id)
    assert order is not None, "orders are never deleted"
    by_item: dict[UUID, int] = {}
    for line, delta in deltas.items():
        by_item[line.item_id] = by_item.get(line.item_id, 0) + delta
    again: dict[UUID, Deviation | None] = {
        line.item_id: lasting(line, by_item.get(line.item_id, 0)) if slip else None
        for line in order.lines
        if slip or line.reason == (awaited or {}).get(str(line.item_id), "")
    }
    ledger.change_on_order(writer, orders.record_receipt(order, by_item, reasons=again))


def _save(
    session: Session,
    actor: Actor,
    delivery: Delivery,
    action: str,
    changed: Sequence[tuple[DeliveryLine, int, int]],
    reason: str,
) -> None:
    # A change of lines alone would leave the version as it was.
    flag_modified(delivery, "recorded_at")
    session.flush()
    audit.record(
        session,
        actor,
        action=action,
        entity="delivery",
        entity_id=delivery.id,
        branch_id=delivery.branch_id,
        changes={
            f"{line.position}. {line.item.code}": [
                quantity_told(before, line.item),
                quantity_told(after, line.item),
            ]
            for line, before, after in changed
        },
        reason=reason,
    )
