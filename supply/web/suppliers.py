"""Pages of suppliers: who they are, when they take orders, and what they sell on which terms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.purchasing.punctuality import Arrival, LeadRecord, lead_records
from supply.domain.receiving.service import list_deliveries
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.ordering import clock_of
from supply.domain.suppliers.schemas import AddTerms, WriteSupplier, WriteTerms, weekdays
from supply.fields import BaseSchema, Text, Tick
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.presenting import (
    format_amount,
    format_day,
    format_money,
    format_percent,
    typed_money,
    unit_symbol,
)
from supply.quantity import UNITS
from supply.web import sheet_lines
from supply.web.comparison import days_words
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.receiving_rows import delivery_row
from supply.web.session import current_branch
from supply.web.sheets import Sheet
from supply.web.supplier_days import day_choices, days_of
from supply.web.units import unit_options

bp = Pages("suppliers", __name__)
bp.nav(
    label=lazy("Suppliers"),
    icon="truck",
    endpoint="suppliers.list_suppliers",
    permission=Permission.CATALOG_MANAGE,
    order=65,
    group=NavGroup.BUYING,
)
PAGE = 50
LAST = 5  # orders and deliveries that the page of a supplier shows
# As many items as one select can still be used with; a spa's catalogue is far smaller.
MOST_ITEMS = 500
Target = tuple[str, dict[str, Any]]


class SupplierFilter(BaseSchema):
    q = Text(max_length=100, load_default="")
    hidden = Tick(load_default=False, metadata={"label": lazy("Hidden")})
    after = Text(max_length=120, load_default="")


SUPPLIERS = Sheet("suppliers.list_suppliers", SupplierFilter, ("name", "lead_time"), "code", PAGE)


@bp.page("/suppliers", permission=Permission.STOCK_SEE)
def list_suppliers(session: Session, actor: Actor) -> str | Response:
    chosen, view = query(SupplierFilter), SUPPLIERS.view(session, actor)
    found = suppliers.list_suppliers(
        session,
        search=chosen["q"],
        active=not chosen["hidden"],
        limit=view.limit,
        after=_place(chosen["after"]),
        order=view.order,
    )
    if view.kind:
        lines = sheet_lines.supplier_lines((row, days_of(row)) for row in found)
        return view.file("suppliers", _("Suppliers"), lines)
    shown = found[:PAGE]
    view.turn(len(found), after=f"{shown[-1].id}.{shown[-1].code}" if shown else None)
    return render(
        "suppliers/list.html",
        suppliers=[{"supplier": row, "days": days_of(row)} for row in shown],
        chosen=chosen,
        view=view,
    )


def _place(told: str) -> tuple[str, UUID] | None:
    supplier_id, _dot, code = told.partition(".")
    try:
        return code, UUID(supplier_id)
    except ValueError:
        return None


@bp.page("/suppliers/new", permission=Permission.CATALOG_MANAGE)
def new_supplier(session: Session, actor: Actor) -> str:
    return render("suppliers/new.html", schema=WriteSupplier, days=day_choices())


@bp.action(
    "/suppliers/new",
    permission=Permission.CATALOG_MANAGE,
    schema=WriteSupplier,
    back="suppliers.new_supplier",
)
def create_supplier(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    supplier = suppliers.create_supplier(session, actor, **data)
    say(_("%(supplier)s is added. Now say what they sell.", supplier=supplier.name))
    return "suppliers.show_supplier", {"supplier_id": supplier.id}


@bp.page("/suppliers/<uuid:supplier_id>", permission=Permission.STOCK_SEE)
def show_supplier(session: Session, actor: Actor, supplier_id: UUID) -> str:
    supplier, branch = suppliers.get_supplier(session, supplier_id), current_branch()
    record = lead_records(session, actor, branch.id, [supplier_id])[supplier_id]
    came = list_deliveries(session, actor, branch.id, supplier_id=supplier_id, limit=LAST)
    return render(
        "suppliers/show.html",
        supplier=supplier,
        days=days_of(supplier),
        leads=_leads(supplier, record),
        arrivals=[_arrival_row(one) for one in record.arrivals[:LAST]],
        deliveries=[{**row, "title": row["detail"], "detail": ""} for row in map(delivery_row, came)],
        terms=[_terms_row(terms) for terms in suppliers.list_terms(session, supplier_id)],
    )


def _leads(supplier: Supplier, record: LeadRecord) -> list[tuple[str, str]]:
    stated = [(_("Stated"), days_words(supplier.lead_time_days))]
    if not record.count:
        return [*stated, (_("Learned"), _("Nothing yet: no order has come to this branch."))]
    return [
        *stated,
        (_("Usually (median)"), days_words(record.median_days)),
        (_("Longest"), days_words(record.worst_days)),
        (_("On time"), format_percent(record.on_time_share)),
        (_("Orders counted"), str(record.count)),
    ]


def _arrival_row(one: Arrival) -> dict[str, Any]:
    return {
        "number": _("Order %(number)s", number=one.number),
        "url": url_for("orders.show_order", order_id=one.order_id),
        "ordered": format_day(one.ordered_on),
        "arrived": format_day(one.arrived_on),
        "days": days_words(one.days),
        "late": _("%(days)s late", days=days_words(one.days_late)) if one.days_late else "",
    }


def _terms_row(terms: SupplierTerms) -> dict[str, Any]:
    amount, unit = catalog.stock_amount(terms.item, terms.pack_quantity)
    return {
        "item": terms.item,
        "pack": f"{terms.pack_name} ({format_amount(amount, unit)})",
        "price": format_money(terms.price_minor, terms.currency),
        "minimum": terms.minimum_packs,
        "code": terms.supplier_code,
        "lead": "" if terms.lead_time_days is None else days_words(terms.lead_time_days),
        "preferred": terms.preferred,
        "second": terms.second,
    }


@bp.page("/suppliers/<uuid:supplier_id>/edit", permission=Permission.CATALOG_MANAGE)
def edit_supplier(session: Session, actor: Actor, supplier_id: UUID) -> str:
    supplier = suppliers.get_supplier(session, supplier_id)
    return render(
        "suppliers/edit.html",
        schema=WriteSupplier,
        supplier=supplier,
        chosen=weekdays(supplier.order_days),
        cutoff="" if supplier.cutoff_minute is None else clock_of(supplier.cutoff_minute),
        days=day_choices(),
    )


@bp.action(
    "/suppliers/<uuid:supplier_id>/edit",
    permission=Permission.CATALOG_MANAGE,
    schema=WriteSupplier,
    back="suppliers.edit_supplier",
    versioned=True,
)
def change_supplier(
    session: Session, actor: Actor, data: dict[str, Any], supplier_id: UUID, version: int
) -> Target:
    suppliers.update_supplier(session, actor, supplier_id, version=version, **data)
    say(_("Saved."))
    return "suppliers.show_supplier", {"supplier_id": supplier_id}


@bp.page("/suppliers/<uuid:supplier_id>/terms/new", permission=Permission.CATALOG_MANAGE)
def new_terms(session: Session, actor: Actor, supplier_id: UUID) -> str:
    supplier = suppliers.get_supplier(session, supplier_id)
    sold = {terms.item_id for terms in suppliers.list_terms(session, supplier_id)}
    items = catalog.list_items(session, limit=MOST_ITEMS)
    units = [(unit.code, unit_symbol(unit.code), unit.factor) for unit in UNITS.values()]
    return render(
        "suppliers/terms.html",
        schema=AddTerms,
        supplier=supplier,
        item=None,
        items=[(item.id, named(item)) for item in items if item.id not in sold],
        units=units,
        present={
            "currency": current_branch().currency,
            "unit": "kg",
            "minimum_packs": 1,
            "lead_time_days": None,
        },
        action=url_for("suppliers.add_terms", supplier_id=supplier_id),
    )


@bp.action(
    "/suppliers/<uuid:supplier_id>/terms/new",
    permission=Permission.CATALOG_MANAGE,
    schema=AddTerms,
    back="suppliers.new_terms",
)
def add_terms(session: Session, actor: Actor, data: dict[str, Any], supplier_id: UUID) -> Target:
    told = dict(data)
    suppliers.set_terms(session, actor, supplier_id, told.pop("item_id"), **told)
    say(_("Saved."))
    return "suppliers.show_supplier", {"supplier_id": supplier_id}


@bp.page("/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>", permission=Permission.CATALOG_MANAGE)
def edit_terms(session: Session, actor: Actor, supplier_id: UUID, item_id: UUID) -> str:
    supplier = suppliers.get_supplier(session, supplier_id)
    terms = suppliers.get_terms(session, supplier_id, item_id)
    amount, unit = catalog.stock_amount(terms.item, terms.pack_quantity)
    names = (
        *("pack_name", "currency", "minimum_packs", "supplier_code", "preferred", "second"),
        "lead_time_days",
    )
    present = {name: getattr(terms, name) for name in names}
    price = typed_money(terms.price_minor, terms.currency)
    return render(
        "suppliers/terms.html",
        schema=WriteTerms,
        supplier=supplier,
        item=terms.item,
        items=[],
        units=unit_options(terms.item),
        present={**present, "amount": format(amount, "f"), "unit": unit, "price": price},
        action=url_for("suppliers.change_terms", supplier_id=supplier_id, item_id=item_id),
    )


@bp.action(
    "/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>",
    permission=Permission.CATALOG_MANAGE,
    schema=WriteTerms,
    back="suppliers.edit_terms",
)
def change_terms(
    session: Session, actor: Actor, data: dict[str, Any], supplier_id: UUID, item_id: UUID
) -> Target:
    suppliers.set_terms(session, actor, supplier_id, item_id, **data)
    say(_("Saved."))
    return "suppliers.show_supplier", {"supplier_id": supplier_id}


@bp.action(
    "/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>/removal",
    permission=Permission.CATALOG_MANAGE,
    back="suppliers.edit_terms",
)
def remove_terms(session: Session, actor: Actor, supplier_id: UUID, item_id: UUID) -> Target:
    suppliers.remove_terms(session, actor, supplier_id, item_id)
    say(_("Removed. Orders already made keep their packs and prices."))
    return "suppliers.show_supplier", {"supplier_id": supplier_id}
