"""What an event means, put into a message for whoever listens: read from the books when it goes out.

The event itself wrote down only what could have changed since; so the hot path writes a few numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import quantity_out
from supply.domain.ledger.models import Lot, Movement
from supply.domain.ledger.schemas import amount_and_unit
from supply.domain.outbox.delivering import TEST, Call
from supply.domain.outbox.models import Event
from supply.domain.purchasing.orders import find_order
from supply.domain.purchasing.paper import order_number
from supply.domain.reports.message_schemas import DATA
from supply.domain.suppliers.models import Supplier
from supply.domain.treatments.models import Package, Procedure
from supply.domain.visits.models import Visit
from supply.fields import Moment

# Of the form of all messages; what is added keeps it, what changes or goes away raises it.
VERSION = "v1"
Data = dict[str, Any]


def composed(session: Session, call: Call) -> str:
    """The body of a message, as JSON text."""
    branch = session.get_one(Branch, call.branch_id)
    data = _COMPOSERS[call.type](session, branch, call)
    told = DATA[call.type]().dump({"branch": branch, **data})
    stamp = Moment()._serialize(call.queued_at, None, None)
    body = {"type": f"{call.type}.{VERSION}", "timestamp": stamp, "data": told}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _movements(session: Session, branch: Branch, call: Call) -> Data:
    query = (
        select(Movement, Item, Lot.number)
        .join(Item, Item.id == Movement.item_id)
        .join(Lot, Lot.id == Movement.lot_id)
        .where(
            Movement.branch_id == branch.id,
            Movement.seq.between(call.facts["first_seq"], call.facts["last_seq"]),
        )
        .order_by(Movement.seq)
    )
    columns = (
        *("seq", "type", "lot_id", "location_id", "container_id", "happened_at", "recorded_at"),
        *("reason", "source_type", "source_id", "reverses_seq"),
    )
    return {
        "movements": [
            {name: getattr(movement, name) for name in columns}
            | {"item": item, "lot_number": number}
            | amount_and_unit(movement.quantity, item)
            for movement, item, number in session.execute(query)
        ]
    }


def _flag(session: Session, _branch: Branch, call: Call) -> Data:
    facts = call.facts
    item = session.get_one(Item, UUID(facts["item_id"]))
    supplier_id = facts["supplier_id"]
    return {
        "flag_id": call.subject_id if call.subject_id != item.id else None,
        "item": item,
        "quantity": quantity_out(facts["quantity"], item),
        "supplier": session.get_one(Supplier, UUID(supplier_id)) if supplier_id else None,
        "planned_on": date.fromisoformat(facts["on"]),
    }


def _order(session: Session, branch: Branch, call: Call) -> Data:
    assert call.subject_id is not None
    order = find_order(session, call.subject_id)
    assert order is not None, "orders are never deleted"
    return {
        "order_id": order.id,
        "number": order_number(branch.code, order.number),
        "requisition_id": order.requisition_id,
        "supplier": order.supplier,
        "approved_at": order.approved_at,
        "expected_at": order.expected_at,
        "currency": branch.currency,
        "lines": [
            {
                "item": line.item,
                "ordered": quantity_out(line.ordered, line.item),
                "pack": quantity_out(line.pack_quantity, line.item),
                "price_minor": line.price_minor,
            }
            for line in order.lines
        ],
    }


def _lot(session: Session, _branch: Branch, call: Call) -> Data:
    lot = session.get_one(Lot, call.subject_id)
    item = session.get_one(Item, lot.item_id)
    return {
        "lot_id": lot.id,
        "lot_number": lot.number,
        "item": item,
        "supplier_id": lot.supplier_id,
        "expires_on": date.fromisoformat(call.facts["expires_on"]),
        "quantity": quantity_out(call.facts["quantity"], item),
    }


def _visit(session: Session, _branch: Branch, call: Call) -> Data:
    visit = session.get_one(Visit, call.subject_id)
    package = session.get(Package, visit.package_id) if visit.package_id else None
    return {
        "visit_id": visit.id,
        "booking_reference": visit.booking_reference,
        "procedure": session.get_one(Procedure, visit.procedure_id).code,
        "package": package.code if package else None,
        "party_size": visit.party_size,
        "completed_at": datetime.fromisoformat(call.facts["completed_at"]),
    }


def _test(_session: Session, _branch: Branch, call: Call) -> Data:
    return {"webhook_id": call.webhook_id}


_COMPOSERS: dict[str, Callable[[Session, Branch, Call], Data]] = {
    Event.MOVEMENT_POSTED.value: _movements,
    Event.FLAG_RAISED.value: _flag,
    Event.ORDER_APPROVED.value: _order,
    Event.LOT_EXPIRING.value: _lot,
    Event.VISIT_COMPLETED.value: _visit,
    TEST: _test,
}
