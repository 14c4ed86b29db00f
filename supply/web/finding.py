"""The page of the search: any thing and any page by a few letters. The dialog of Ctrl+K shows the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.finding.found import Found, Kind
from supply.domain.finding.service import find
from supply.fields import BaseSchema, Text
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.presenting import format_day, format_instant, format_quantity
from supply.web.frame import named
from supply.web.pages import Pages, query, render
from supply.web.places import find_places
from supply.web.session import current_branch
from supply.web.words import word

bp = Pages("finding", __name__)
Row = dict[str, Any]


class SearchPage(BaseSchema):
    q = Text(max_length=100, load_default="")


@bp.page("/search", permission=Permission.STOCK_SEE)
def show_search(session: Session, actor: Actor) -> str:
    text = query(SearchPage)["q"]
    found = find(session, actor, current_branch().id, text)
    groups = [
        (_TITLES[kind], [_ROWS[kind](one) for one in some])
        for kind, some in groupby(found, key=lambda one: one.kind)
    ]
    pages = [{"title": label, "url": url, "symbol": "menu"} for label, url in find_places(text)]
    if pages:
        groups.append((lazy("Pages"), pages))
    return render("search/show.html", text=text, groups=groups)


def _item(one: Found) -> Row:
    assert one.item is not None
    return {
        "title": named(one),
        "detail": one.code,
        "category": one.item.category.value,
        "side": "" if one.quantity is None else format_quantity(one.quantity, one.item),
        "url": url_for("stock.show_item", item_id=one.id),
    }


def _lot(one: Found) -> Row:
    assert one.item is not None
    told = [named(one), _("until %(when)s", when=format_day(one.expires_on)) if one.expires_on else ""]
    told.append(_("quarantined") if one.quarantined else "")
    return {
        "title": one.code,
        "detail": _joined(*told),
        "category": one.item.category.value,
        "side": format_quantity(one.quantity, one.item) if one.quantity else _("used up"),
        "url": url_for("stock.show_lot", lot_id=one.id),
    }


def _visit(one: Found) -> Row:
    return {
        "title": f"{_when(one)} · {named(one)}",
        "detail": _joined(*one.beside, one.code),
        "symbol": "tub",
        "side": word(one.status),
        "url": url_for("visits.show_visit", visit_id=one.id),
    }


def _order(one: Found) -> Row:
    return {
        "title": _("Order %(number)s", number=one.code),
        "detail": _joined(one.name_vi, _("expected %(when)s", when=_when(one))),
        "symbol": "order",
        "side": word(one.status),
        "url": url_for("orders.show_order", order_id=one.id),
    }


def _requisition(one: Found) -> Row:
    return {
        "title": _("Requisition %(number)s", number=one.code),
        "detail": _joined(one.name_vi, _when(one)),
        "symbol": "inbox",
        "side": word(one.status),
        "url": url_for("purchasing.show_requisition", requisition_id=one.id),
    }


def _supplier(one: Found) -> Row:
    url = url_for("suppliers.show_supplier", supplier_id=one.id)
    return {"title": one.name_vi, "detail": one.code, "symbol": "truck", "url": url}


def _procedure(one: Found) -> Row:
    url = url_for("treatments.show_procedure", procedure_id=one.id)
    return {"title": named(one), "detail": one.code, "symbol": "book", "url": url}


def _person(one: Found) -> Row:
    url = url_for("people.edit_person", person_id=one.id)
    return {"title": one.name_vi, "detail": one.code, "symbol": "user", "url": url}


def _when(one: Found) -> str:
    return format_instant(one.at, current_branch().timezone)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


_TITLES = {
    Kind.ITEM: lazy("Items"),
    Kind.LOT: lazy("Lots"),
    Kind.VISIT: lazy("Visits"),
    Kind.ORDER: lazy("Purchase orders"),
    Kind.REQUISITION: lazy("Requisitions"),
    Kind.SUPPLIER: lazy("Suppliers"),
    Kind.PROCEDURE: lazy("Recipes"),
    Kind.PERSON: lazy("People"),
}
_ROWS: dict[Kind, Callable[[Found], Row]] = {
    Kind.ITEM: _item,
    Kind.LOT: _lot,
    Kind.VISIT: _visit,
    Kind.ORDER: _order,
    Kind.REQUISITION: _requisition,
    Kind.SUPPLIER: _supplier,
    Kind.PROCEDURE: _procedure,
    Kind.PERSON: _person,
}
