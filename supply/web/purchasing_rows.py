"""Rows of the buying pages: lines of a requisition, orders, as the templates show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.catalog.units import stock_amount
from supply.domain.purchasing.asking import PLAN, terms_of
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, Requisition, RequisitionLine
from supply.domain.purchasing.wording import headline
from supply.domain.suppliers.models import SupplierTerms
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_amount, format_instant, format_money, format_quantity, unit_symbol
from supply.quantity import UNITS
from supply.web.frame import named
from supply.web.plan_rows import plan_lines
from supply.web.session import current_branch
from supply.web.words import word

ORDER_KINDS = {
    OrderStatus.DRAFT: "warning",
    OrderStatus.ORDERED: "info",
    OrderStatus.PARTLY_RECEIVED: "warning",
    OrderStatus.RECEIVED: "ok",
    OrderStatus.CLOSED: "neutral",
    OrderStatus.CANCELLED: "neutral",
}


def requisition_row(requisition: Requisition) -> dict[str, Any]:
    """A requisition in the list."""
    names = [named(line.item) for line in requisition.lines]
    more = f" +{len(names) - 3}" if len(names) > 3 else ""
    return {
        "number": _("Requisition %(number)s", number=requisition.number),
        "url": url_for("purchasing.show_requisition", requisition_id=requisition.id),
        "items": ", ".join(names[:3]) + more,
        "status": word(requisition.status),
        "who": requisition.requester.name,
        "when": format_instant(requisition.submitted_at or requisition.created_at, current_branch().timezone),
    }


def line_rows(session: Session, requisition: Requisition) -> list[dict[str, Any]]:
    """The lines with today's price of each, and what a form holds of them."""
    chosen = {line.supplier_id for line in requisition.lines if line.supplier_id is not None}
    terms = terms_of(session, chosen, [line.item_id for line in requisition.lines])
    return [
        _line_row(line, terms.get((line.supplier_id, line.item_id)) if line.supplier_id else None)
        for line in requisition.lines
    ]


def _line_row(line: RequisitionLine, terms: SupplierTerms | None) -> dict[str, Any]:
    amount, unit = stock_amount(line.item, line.quantity)
    price = None if terms is None else -(-line.quantity // terms.pack_quantity) * terms.price_minor
    kept = line.arithmetic
    words = {
        "available": _("Available"),
        "on_order": _("On order"),
        "reorder_point": _("Reorder point"),
        "par_level": _("Par level"),
        "suggested": _("Suggested"),
    }
    said = kept.get(PLAN)
    return {
        "item": line.item,
        "supplier": line.supplier,
        "reasons": headline(said) if said else _("Why so much?"),
        "quantity": format_quantity(line.quantity, line.item),
        "amount": format(amount, "f"),
        "units": [(unit, unit_symbol(unit), UNITS[unit].factor)],
        "unit": unit,
        "price_minor": price,
        "price": format_money(price, terms.currency) if terms is not None else "",
        "currency": terms.currency if terms is not None else None,
        "pack": _("%(pack)s of %(size)s", pack=terms.pack_name, size=_size(terms, line)) if terms else "",
        "arithmetic": plan_lines(said)
        if said
        else [
            (label, format_quantity(kept.get(name), line.item), name == "suggested")
            for name, label in words.items()
        ],
    }


def _size(terms: SupplierTerms, line: RequisitionLine) -> str:
    amount, unit = stock_amount(line.item, terms.pack_quantity)
    return format_amount(amount, unit)


def price_of(rows: Sequence[dict[str, Any]]) -> str:
    """What the whole costs at the terms of now, where every price is known in one currency."""
    currencies = {row["currency"] for row in rows if row["currency"]}
    if len(currencies) != 1:
        return ""
    total = sum(row["price_minor"] or 0 for row in rows)
    return format_money(total, currencies.pop())


def may_decide(requisition: Requisition, actor: Actor) -> bool:
    """Whether to offer the decision; the service decides whether it is one."""
    asked = {requisition.requested_by} | {editor.person_id for editor in requisition.editors}
    asked |= {approval.person_id for approval in requisition.approvals}
    return actor.person_id not in asked and actor.may(Permission.REQUISITION_DECIDE, requisition.branch_id)


def order_row(order: PurchaseOrder) -> dict[str, Any]:
    """An order in the list."""
    return {
        "number": _("Order %(number)s", number=order.number),
        "url": url_for("orders.show_order", order_id=order.id),
        "supplier": order.supplier.name,
        "items": ", ".join(named(line.item) for line in order.lines[:3])
        + (f" +{len(order.lines) - 3}" if len(order.lines) > 3 else ""),
        "kind": ORDER_KINDS[order.status],
        "status": word(order.status),
        "expected": format_instant(order.expected_at, current_branch().timezone),
    }
