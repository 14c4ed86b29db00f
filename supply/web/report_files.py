"""Reports as files for spreadsheets, CSV and XLSX: the same lines as the pages, numbers as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from flask import Response
from marshmallow import fields
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.catalog.units import stock_amount
from supply.domain.reports.costs import CostsBy, costs_of
from supply.domain.reports.figures import Books, whole_months
from supply.domain.reports.losses import CLASSES, losses_of
from supply.domain.reports.using import uses_of
from supply.domain.reports.worth import items_at, worth_by_day
from supply.errors import NotFound
from supply.fields import Day
from supply.i18n import _, lazy
from supply.permissions import Actor
from supply.presenting import unit_symbol
from supply.quantity import MINOR_DIGITS
from supply.web.frame import named
from supply.web.pages import Pages, query
from supply.web.report_pages import SEE, AskHere, asked_books
from supply.web.report_rows import cost_name
from supply.web.report_words import CLASS_WORDS, by_word
from supply.web.table_files import table_file

bp = Pages("report_files", __name__)
Lines = Iterator[list[object]]


class AskFile(AskHere):
    by = fields.Enum(CostsBy, by_value=True, load_default=CostsBy.PROCEDURE)
    day = Day(load_default=None)


@bp.page("/reports/files/<report>/<kind>", permission=SEE)
def download(session: Session, actor: Actor, report: str, kind: str) -> Response:
    """`report` as in the addresses of the pages, "items" for the items of a day; `kind`: csv or xlsx."""
    write = _REPORTS.get(report)
    if write is None:
        raise NotFound("report_not_found", lazy("There is no such report."))
    chosen = query(AskFile)
    books = asked_books(session, actor, chosen)
    lines = write(session, books, chosen)
    return table_file(f"{report}-{books.first}-{books.last}", report, lines, kind)


def _money(books: Books, minor: int | None) -> Decimal | None:
    digits = MINOR_DIGITS.get(books.branch.currency, 2)
    return None if minor is None else Decimal(minor).scaleb(-digits)


def _amount(base: int, item: Item) -> Decimal:
    return stock_amount(item, base)[0]


def _unit(item: Item) -> str:
    return unit_symbol(item.stock_unit)


def _costs(session: Session, books: Books, chosen: Mapping[str, Any]) -> Lines:
    by, books = chosen["by"], whole_months(books)
    yield [by_word(by), _("Cost"), _("Currency"), _("Visits"), _("Guests"), _("A visit")]
    for line in costs_of(session, books, by).lines:
        cost, each = _money(books, line.minor), _money(books, line.each_minor)
        yield [cost_name(line, by), cost, books.branch.currency, line.visits, line.guests, each]


def _value(session: Session, books: Books, _chosen: Mapping[str, Any]) -> Lines:
    yield [_("Day"), _("Value"), _("Came in"), _("Used"), _("Waste"), _("Other changes"), _("Currency")]
    for day in worth_by_day(session, books):
        minors = (day.minor, day.came, day.used, day.wasted, day.other)
        yield [day.day, *(_money(books, minor) for minor in minors), books.branch.currency]


def _items(session: Session, books: Books, chosen: Mapping[str, Any]) -> Lines:
    yield [_("Item"), _("Amount"), _("Unit"), _("Value"), _("Currency")]
    for one in items_at(session, books, chosen["day"] or books.last):
        amount, value = _amount(one.quantity, one.item), _money(books, one.minor)
        yield [named(one.item), amount, _unit(one.item), value, books.branch.currency]


def _use(session: Session, books: Books, _chosen: Mapping[str, Any]) -> Lines:
    amounts = [_("Used by steps"), _("Cost"), _("Used for brewing"), _("Cost of brewing")]
    yield [_("Item"), _("Unit"), *amounts, _("Currency")]
    for one in uses_of(session, books).lines:
        used = (_amount(one.used, one.item), _money(books, one.minor))
        brewed = (_amount(one.brewed, one.item), _money(books, one.brewed_minor))
        yield [named(one.item), _unit(one.item), *used, *brewed, books.branch.currency]


def _shrinkage(session: Session, books: Books, _chosen: Mapping[str, Any]) -> Lines:
    words = [cell for name in CLASSES for cell in (str(CLASS_WORDS[name]), _("Value"))]
    yield [_("Item"), _("Unit"), *words, _("Together"), _("Currency")]
    for line in losses_of(session, books).lines:
        cells: list[object] = [named(line.item), _unit(line.item)]
        for base, minor in zip(line.quantities, line.minors, strict=True):
            cells += [_amount(base, line.item), _money(books, minor)]
        yield [*cells, _money(books, line.minor), books.branch.currency]


_REPORTS: Mapping[str, Callable[[Session, Books, Mapping[str, Any]], Lines]] = {
    "costs": _costs,
    "stock-value": _value,
    "items": _items,
    "use": _use,
    "shrinkage": _shrinkage,
}
