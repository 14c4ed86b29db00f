"""Rows of the receiving pages: what is expected, what came, and what a form may offer for a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.catalog.units import stock_amount
from supply.domain.purchasing.asking import terms_of
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine
from supply.domain.receiving.dating import Dating
from supply.domain.receiving.models import Delivery, DeliveryLine
from supply.domain.receiving.pricing import LinePrice
from supply.i18n import _
from supply.presenting import (
    NO_BREAK,
    format_day,
    format_instant,
    format_money,
    format_number,
    format_quantity,
    unit_symbol,
)
from supply.quantity import UNITS
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.units import echo_unit, unit_name, unit_options
from supply.web.words import word


def expected_row(order: PurchaseOrder, may_receive: bool) -> dict[str, Any]:
    """An open order, to be tapped when its supplier stands at the door; others look at it."""
    zone = current_branch().timezone
    due, today = clock.day_of(order.expected_at, zone), clock.today(zone)
    still = [line for line in order.lines if line.open]
    side = _("expected today") if due == today else _("late") if due < today else format_day(due, short=True)
    return {
        "title": order.supplier.name,
        "url": url_for("receiving.new_delivery", order_id=order.id)
        if may_receive
        else url_for("orders.show_order", order_id=order.id),
        "detail": ", ".join(
            f"{format_quantity(line.open, line.item)} {named(line.item)}" for line in still[:4]
        ),
        "side": side,
        "side_note": _("Order %(number)s", number=order.number),
        "symbol": "truck",
    }


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """A delivery in the list."""
    names = [named(line.item) for line in delivery.lines]
    return {
        "title": delivery.supplier.name,
        "url": url_for("receiving.show_delivery", delivery_id=delivery.id),
        "detail": ", ".join(names[:4]) + (f" +{len(names) - 4}" if len(names) > 4 else ""),
        "side": _("taken back") if delivery.reversed_at else delivery.reference or "",
        "side_note": format_instant(delivery.happened_at, current_branch().timezone),
        "symbol": "undo" if delivery.reversed_at else "box",
    }


def line_row(line: DeliveryLine, item: Item, ordered: PurchaseOrderLine | None = None) -> dict[str, Any]:
    """A line of a delivery as it holds now, beside what the order says of the item."""
    marks = {
        Dating.SHORT: ("warning", _("short-dated")),
        Dating.EXPIRED: ("danger", _("expired on arrival")),
    }
    unit = unit_name(item, line.entered_unit)
    cost = format_money(line.cost_minor, current_branch().currency) if line.cost_minor else ""
    return {
        "position": line.position,
        "name": named(line.item),
        "lot": line.lot.number,
        "lot_url": url_for("stock.show_lot", lot_id=line.lot_id),
        "expires": format_day(line.lot.expires_on),
        "mark": marks.get(line.dating),
        "entered": f"{line.entered_amount} {unit}" + (f" · {cost}" if cost else ""),
        "quantity": format_quantity(line.quantity, line.item),
        "first": format_quantity(line.received, line.item) if line.received != line.quantity else "",
        "place": line.location.name,
        "standing": line.quantity > 0,
        "ordered": format_quantity(ordered.ordered, line.item) if ordered else "",
        "before": format_quantity(max(ordered.received - line.quantity, 0), line.item) if ordered else "",
        "open": format_quantity(ordered.open, line.item) if ordered else "",
        "lot_note": f"{format_day(line.lot.expires_on)} · {line.location.name}",
        "reason": word(line.reason) if line.reason else "",
        **_price(line.price),
    }


def _price(price: LinePrice | None) -> dict[str, Any]:
    """Per pack: what it cost, and beside it what was agreed and how far it moved."""
    if price is None:
        return {"pack_price": "", "move": "", "price_note": ""}
    currency = current_branch().currency
    percent = price.difference_percent
    move = "" if percent is None else f"{'+' if percent > 0 else ''}{format_number(percent)}{NO_BREAK}%"
    return {
        "pack_price": format_money(price.now_minor, currency),
        "move": move if price.moved else "",
        "price_note": _("agreed: %(price)s", price=format_money(price.agreed_minor, currency))
        if price.moved
        else "",
    }


def item_choices(items: Sequence[Item]) -> list[tuple[str, str]]:
    return [(str(item.id), named(item)) for item in items]


def packs_of(session: Session, supplier_id: UUID | None, items: Sequence[Item]) -> list[tuple[str, str, int]]:
    """Units for lines: for one item its packs; for many the items' own, the common ones and all packs."""
    terms = terms_of(session, {supplier_id} if supplier_id else set(), [item.id for item in items])
    packs = {one.pack_name: one.pack_quantity for one in terms.values()}
    if len(items) == 1:
        return [(name, name, size) for name, size in packs.items()]
    told = {code: (label, factor) for item in items for code, label, factor in unit_options(item)}
    common = {code: told.pop(code) for code in UNITS if code in told}
    named_packs = {name: (name, size) for name, size in packs.items()}
    return [(code, label, factor) for code, (label, factor) in (named_packs | told | common).items()]


def ordered_lines(session: Session, order: PurchaseOrder) -> list[dict[str, Any]]:
    """Ordered / received / remaining / now: what is still to come is filled in, in packs where it fits."""
    terms = terms_of(session, {order.supplier_id}, [line.item_id for line in order.lines])
    rows, currency = [], current_branch().currency
    for line in order.lines:
        amount, unit = stock_amount(line.item, line.open)
        units = [(unit, unit_symbol(unit), UNITS[unit].factor)]
        known = terms.get((order.supplier_id, line.item_id))
        if known is not None:
            units.append((known.pack_name, known.pack_name, known.pack_quantity))
            if line.open and line.open % known.pack_quantity == 0:
                amount, unit = amount.__class__(line.open // known.pack_quantity), known.pack_name
        rows.append(
            {
                "item": line.item,
                "ordered": format_quantity(line.ordered, line.item),
                "received": format_quantity(line.received, line.item),
                "open": format_quantity(line.open, line.item),
                "amount": format(amount, "f") if line.open else "",
                "unit": unit,
                "units": units,
                "echo": echo_unit(line.item),
                "settled": word(line.reason) if line.missing else _("all of it came"),
                "price": _("Ordered at %(price)s a pack.", price=format_money(line.price_minor, currency))
                if line.price_minor is not None
                else "",
            }
        )
    return rows
