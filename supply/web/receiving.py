"""Pages of receiving: what is expected, taking it in, a delivery and putting it right."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.labels.schemas import ScannedText
from supply.domain.purchasing import orders
from supply.domain.purchasing.models import PurchaseOrder
from supply.domain.receiving import correcting, learning, service
from supply.domain.receiving.models import Delivery
from supply.domain.receiving.schemas import CorrectDeliveryLine, LogDelivery, ReverseDelivery
from supply.domain.suppliers import service as suppliers
from supply.domain.transfers import service as transfers
from supply.domain.transfers.models import TransferStatus
from supply.errors import NotFound
from supply.fields import BaseSchema, Id
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.presenting import format_money, format_quantity
from supply.web.forms import FormState
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, current_form, query, render, say, tried
from supply.web.receiving_rows import (
    delivery_row,
    expected_row,
    item_choices,
    line_row,
    ordered_lines,
    packs_of,
)
from supply.web.receiving_scan import Scanned, scan_into
from supply.web.scanning import MOST_BYTES, scanned
from supply.web.session import current_branch
from supply.web.transfer_rows import transfer_row
from supply.web.units import echo_unit, fitting_units, unit_options

bp = Pages("receiving", __name__)
bp.nav(
    label=lazy("Deliveries"),
    icon="truck",
    endpoint="receiving.list_deliveries",
    permission=Permission.DELIVERY_LOG,
    order=30,
    group=NavGroup.STOCK,
)
PAGE = 20
MOST_ITEMS = 200
UNDER_WAY = (TransferStatus.DISPATCHED,)
Target = tuple[str, dict[str, Any]]


class DeliveryFilter(BaseSchema):
    after = Id(load_default=None)


class DeliveryOf(BaseSchema):
    order_id = Id(load_default=None)
    supplier_id = Id(load_default=None)
    code = ScannedText(load_default="", min_length=0)


@bp.page("/deliveries", permission=Permission.STOCK_SEE)
def list_deliveries(session: Session, actor: Actor) -> str:
    branch, after = current_branch(), query(DeliveryFilter)["after"]
    found = service.list_deliveries(session, actor, branch.id, limit=PAGE + 1, after=after)
    following = found[PAGE - 1].id if len(found) > PAGE else None
    expected = [] if after else orders.list_expected(session, actor, branch.id)
    may_receive = actor.may(Permission.DELIVERY_LOG, branch.id)
    sent = [] if after else transfers.list_transfers(session, actor, branch.id, statuses=UNDER_WAY)
    return render(
        "receiving/list.html",
        sent=[transfer_row(one) for one in sent if one.to_branch_id == branch.id],
        expected=[expected_row(order, may_receive) for order in expected],
        rows=[delivery_row(delivery) for delivery in found[:PAGE]],
        next_url=following and url_for("receiving.list_deliveries", after=following),
        first_url=url_for("receiving.list_deliveries") if after else None,
    )


@bp.page("/deliveries/new", permission=Permission.DELIVERY_LOG)
def new_delivery(session: Session, actor: Actor) -> str:
    """Against an order its open lines are filled in; without one the lines are empty."""
    branch, chosen = current_branch(), query(DeliveryOf)
    order = orders.get_order(session, actor, chosen["order_id"]) if chosen["order_id"] else None
    typed = current_form().value("supplier_id")
    supplier_id = order.supplier_id if order else _id_of(typed) or chosen["supplier_id"]
    items = catalog.list_items(session, limit=MOST_ITEMS)
    form, scan = _scanned(session, actor, order, supplier_id, chosen["code"])
    if scan is not None and scan.item is not None and scan.item not in items:
        items.append(scan.item)
    return render(
        "receiving/new.html",
        schema=LogDelivery,
        form=form,
        scan=scan,
        order=order,
        supplier_id=str(supplier_id or ""),
        suppliers=[(str(one.id), one.name) for one in suppliers.list_suppliers(session, limit=200)],
        items=item_choices(items),
        units=packs_of(session, supplier_id, items),
        fits=fitting_units(items, packs_first=True),
        ordered=ordered_lines(session, order) if order else [],
        places=[(str(one.id), one.name) for one in branches.list_locations(session, branch.id)],
    )


def _scanned(
    session: Session, actor: Actor, order: PurchaseOrder | None, supplier_id: UUID | None, code: str
) -> tuple[FormState, Scanned | None]:
    """The form as typed, with what was scanned written into it."""
    form = current_form()
    texts: list[str] = tried() or ([code] if code and not form else [])
    if not texts:
        return form, None
    if not form:
        form = replace(form, values=MultiDict(), endpoint="receiving.scan_line")
    scan = scan_into(
        session,
        actor,
        current_branch().id,
        texts[0],
        form.values,
        supplier_id=supplier_id,
        ordered={number: line.item_id for number, line in enumerate(order.lines)} if order else {},
    )
    return form, scan


def _id_of(told: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(told)
    return None


@bp.look(
    "/deliveries/new/scan",
    permission=Permission.DELIVERY_LOG,
    back="receiving.new_delivery",
    most_bytes=MOST_BYTES,
)
def scan_line(typed: Mapping[str, str], files: Mapping[str, FileStorage]) -> list[str]:
    return scanned(typed, files)


@bp.action(
    "/deliveries/new",
    permission=Permission.DELIVERY_LOG,
    schema=LogDelivery,
    back="receiving.new_delivery",
)
def log_delivery(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    delivery = service.log_delivery(session, actor, **data)
    say(_("In stock now: %(what)s.", what=in_words(delivery)))
    return "receiving.show_delivery", {"delivery_id": delivery.id}


def in_words(delivery: Delivery) -> str:
    """What came, to be checked by reading it."""
    return ", ".join(
        f"{format_quantity(line.quantity, line.item)} {named(line.item)}" for line in delivery.lines
    )


@bp.page("/deliveries/<uuid:delivery_id>", permission=Permission.STOCK_SEE)
def show_delivery(session: Session, actor: Actor, delivery_id: UUID) -> str:
    delivery = service.get_delivery(session, actor, delivery_id)
    order_id = delivery.purchase_order_id
    order = orders.get_order(session, actor, order_id) if order_id else None
    ordered = {line.item_id: line for line in order.lines} if order else {}
    items = catalog.items_by_id(session, [line.item_id for line in delivery.lines])
    return render(
        "receiving/delivery.html",
        delivery=delivery,
        order=order,
        lines=[line_row(line, items[line.item_id], ordered.get(line.item_id)) for line in delivery.lines],
        moved=[
            {
                "name": named(one.line.item),
                "before": format_money(one.terms.price_minor, one.terms.currency),
                "now": format_money(one.price_minor, one.terms.currency),
                "pack": one.terms.pack_name,
            }
            for one in learning.moved_prices(session, delivery)
        ],
    )


@bp.action(
    "/deliveries/<uuid:delivery_id>/price-confirmation",
    permission=Permission.DELIVERY_LOG,
    back="receiving.show_delivery",
)
def confirm_prices(session: Session, actor: Actor, delivery_id: UUID) -> Target:
    delivery = learning.confirm_prices(session, actor, delivery_id)
    say(_("Taken over. They are the prices of %(supplier)s now.", supplier=delivery.supplier.name))
    return "receiving.show_delivery", {"delivery_id": delivery_id}


@bp.page("/deliveries/<uuid:delivery_id>/reversal", permission=Permission.DELIVERY_LOG)
def confirm_reversal(session: Session, actor: Actor, delivery_id: UUID) -> str:
    delivery = service.get_delivery(session, actor, delivery_id)
    standing = [line for line in delivery.lines if line.quantity]
    return render("receiving/reverse.html", delivery=delivery, standing=standing, schema=ReverseDelivery)


@bp.action(
    "/deliveries/<uuid:delivery_id>/reversal",
    permission=Permission.DELIVERY_LOG,
    schema=ReverseDelivery,
    versioned=True,
    back="receiving.confirm_reversal",
)
def reverse_delivery(
    session: Session, actor: Actor, data: dict[str, Any], version: int, delivery_id: UUID
) -> Target:
    correcting.reverse_delivery(session, actor, delivery_id, version=version, **data)
    say(_("Taken back. What came after all is a new delivery."))
    return "receiving.show_delivery", {"delivery_id": delivery_id}


@bp.page("/deliveries/<uuid:delivery_id>/lines/<int:position>", permission=Permission.DELIVERY_LOG)
def edit_line(session: Session, actor: Actor, delivery_id: UUID, position: int) -> str:
    delivery = service.get_delivery(session, actor, delivery_id)
    line = next((line for line in delivery.lines if line.position == position), None)
    if line is None:
        raise NotFound("line_not_found", lazy("This delivery has no such line."))
    item = catalog.get_item(session, line.item_id)
    return render(
        "receiving/correct.html",
        delivery=delivery,
        line=line,
        schema=CorrectDeliveryLine,
        units=packs_of(session, delivery.supplier_id, [item]) + unit_options(item),
        echo=echo_unit(item),
    )


@bp.action(
    "/deliveries/<uuid:delivery_id>/lines/<int:position>",
    permission=Permission.DELIVERY_LOG,
    schema=CorrectDeliveryLine,
    versioned=True,
    back="receiving.edit_line",
)
def correct_line(
    session: Session, actor: Actor, data: dict[str, Any], version: int, delivery_id: UUID, position: int
) -> Target:
    delivery = correcting.correct_delivery_line(
        session, actor, delivery_id, position, version=version, **data
    )
    line = next(line for line in delivery.lines if line.position == position)
    say(
        _(
            "Corrected: %(amount)s of %(item)s came.",
            amount=format_quantity(line.quantity, line.item),
            item=named(line.item),
        )
    )
    return "receiving.show_delivery", {"delivery_id": delivery_id}
