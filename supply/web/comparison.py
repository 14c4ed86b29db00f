"""Pages of choosing where to buy: an item's suppliers side by side, and what a supplier's pack cost when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.purchasing.comparing import Compared, compare_suppliers
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.models import SupplierPrice
from supply.domain.suppliers.places import choose_suppliers
from supply.domain.suppliers.prices import list_prices
from supply.domain.suppliers.schemas import ChooseSuppliers
from supply.i18n import _, plural
from supply.permissions import Actor, Permission
from supply.presenting import (
    format_amount,
    format_day,
    format_instant,
    format_money,
    format_percent,
    format_quantity,
    unit_symbol,
)
from supply.web.pages import Pages, render, say
from supply.web.session import current_branch

bp = Pages("comparison", __name__)
Target = tuple[str, dict[str, Any]]


@bp.page("/items/<uuid:item_id>/suppliers", permission=Permission.STOCK_SEE)
def compare_item(session: Session, actor: Actor, item_id: UUID) -> str:
    item = catalog.get_item(session, item_id)
    found = compare_suppliers(session, actor, current_branch().id, item_id)
    places = {
        place: next((one.supplier.id for one in found if getattr(one.terms, place)), "")
        for place in ("preferred", "second")
    }
    return render(
        "suppliers/compare.html",
        item=item,
        unit=unit_symbol(item.stock_unit),
        rows=[_row(one) for one in found],
        places=places,
        schema=ChooseSuppliers,
        choices=[(str(one.supplier.id), one.supplier.name) for one in found],
    )


def _row(one: Compared) -> dict[str, Any]:
    terms, record, currency = one.terms, one.record, one.terms.currency
    pack = format_amount(*catalog.stock_amount(one.item, terms.pack_quantity))
    return {
        "supplier": one.supplier,
        "preferred": terms.preferred,
        "second": terms.second,
        "unit_price": format_money(one.unit_price_minor, currency),
        "pack": f"{terms.pack_name} ({pack})",
        "price": format_money(terms.price_minor, currency),
        "minimum": format_quantity(one.minimum, one.item),
        "fee": format_money(one.supplier.order_fee_minor, current_branch().currency),
        "lead": days_words(one.stated_days),
        "learned": _("%(days)s learned", days=days_words(record.median_days))
        if record.median_days is not None
        else "",
        "on_time": format_percent(record.on_time_share),
        "orders": plural("%(num)s order", "%(num)s orders", record.count) if record.count else "",
        "prices_url": url_for("comparison.show_prices", supplier_id=terms.supplier_id, item_id=one.item.id),
    }


def days_words(days: int | None) -> str:
    return "–" if days is None else str(plural("%(num)s day", "%(num)s days", days))


@bp.action(
    "/items/<uuid:item_id>/suppliers",
    permission=Permission.CATALOG_MANAGE,
    schema=ChooseSuppliers,
    back="comparison.compare_item",
)
def choose(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> Target:
    choose_suppliers(session, actor, item_id, **data)
    say(_("Saved. The next order goes there."))
    return "comparison.compare_item", {"item_id": item_id}


@bp.page("/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>/prices", permission=Permission.STOCK_SEE)
def show_prices(session: Session, actor: Actor, supplier_id: UUID, item_id: UUID) -> str:
    supplier, item = suppliers.get_supplier(session, supplier_id), catalog.get_item(session, item_id)
    prices = list_prices(session, supplier_id, item_id)
    return render(
        "suppliers/prices.html",
        supplier=supplier,
        item=item,
        rows=[_price_row(price) for price in prices],
        chart=_chart(prices),
    )


def _price_row(price: SupplierPrice) -> dict[str, Any]:
    pack = format_amount(*catalog.stock_amount(price.item, price.pack_quantity))
    return {
        "since": format_instant(price.since_at, current_branch().timezone),
        "price": format_money(price.price_minor, price.currency),
        "pack": f"{price.pack_name} ({pack})",
        "who": price.person.name if price.person else _("from before the history"),
        "delivery_url": url_for("receiving.show_delivery", delivery_id=price.delivery_id)
        if price.delivery_id
        else "",
    }


def _chart(newest_first: list[SupplierPrice]) -> dict[str, Any] | None:
    """The price of a stock unit over time, in the currency of now; None where nothing changed yet."""
    known = [price for price in newest_first[::-1] if price.currency == newest_first[0].currency]
    if len(known) < 2:
        return None
    zone = current_branch().timezone
    units = [catalog.stock_amount(price.item, price.pack_quantity)[0] for price in known]
    values = [float(price.price_minor / amount) for price, amount in zip(known, units, strict=True)]
    texts = [format_money(round(value), price.currency) for value, price in zip(values, known, strict=True)]
    return {
        "labels": [format_day(clock.day_of(price.since_at, zone)) for price in known],
        "values": values,
        "texts": texts,
        "top": (max(values), texts[values.index(max(values))]),
        "unit": unit_symbol(known[0].item.stock_unit),
    }
