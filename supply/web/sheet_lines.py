"""The lines of lists as files: numbers as numbers with their unit beside, days as days, words as read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.catalog.units import stock_amount
from supply.domain.people.models import Person
from supply.domain.purchasing.models import PurchaseOrder, Requisition
from supply.domain.suppliers.models import Supplier
from supply.i18n import _
from supply.presenting import format_instant, unit_symbol
from supply.quantity import MINOR_DIGITS
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.words import word

Lines = Iterator[list[object]]


def _amount(base: int | None, item: Item) -> Decimal | None:
    return None if base is None else stock_amount(item, base)[0]


def _unit(item: Item) -> str:
    return unit_symbol(item.stock_unit)


def _money(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else Decimal(minor).scaleb(-MINOR_DIGITS.get(currency, 2))


def _when(instant: datetime | None) -> str:
    return "" if instant is None else format_instant(instant, current_branch().timezone)


def _day(instant: datetime) -> date:
    return clock.day_of(instant, current_branch().timezone)


def level_lines(rows: Iterable[Any]) -> Lines:
    head = [_("Code"), _("Item"), _("Category"), _("Unit"), _("On hand"), _("Reserved"), _("Available")]
    yield [*head, _("On order"), _("Reorder point"), _("Par level")]
    for row in rows:
        item: Item = row.Item
        numbers = (row.on_hand, row.reserved, row.available, row.on_order, row.reorder_point, row.par_level)
        names = [item.code, named(item), word(item.category), _unit(item)]
        yield [*names, *(_amount(number, item) for number in numbers)]


def item_lines(items: Iterable[Item]) -> Lines:
    yield [_("Code"), _("Name in Vietnamese"), _("Name in English"), _("Category"), _("Unit"), _("Own units")]
    for item in items:
        own = ", ".join(named(unit) for unit in item.units)
        yield [item.code, item.name_vi, item.name_en, word(item.category), _unit(item), own]


def lot_lines(rows: Iterable[Any]) -> Lines:
    yield [_("Lot"), _("Item"), _("Came"), _("Use until"), _("On hand"), _("Unit"), _("Status")]
    for lot, item, standing in rows:
        came, state = _day(lot.created_at), _("quarantined") if lot.quarantined_at else ""
        yield [lot.number, named(item), came, lot.expires_on, _amount(standing, item), _unit(item), state]


def movement_lines(rows: Iterable[Any], items: Mapping[UUID, Item]) -> Lines:
    head = [_("Number"), _("When"), _("Recorded"), _("What"), _("Item"), _("Lot"), _("Amount"), _("Unit")]
    yield [*head, _("Place"), _("Who")]
    for row in rows:
        one, item = row.Movement, items[row.Movement.item_id]
        begin = [one.seq, _when(one.happened_at), _when(one.recorded_at), word(one.type), named(item)]
        amount = [row.Lot.number, _amount(one.quantity, item), _unit(item)]
        yield [*begin, *amount, row.Location.name, row.Person.name]


def order_lines(orders: Iterable[PurchaseOrder]) -> Lines:
    head = [_("Order"), _("Supplier"), _("Status"), _("Expected"), _("Item"), _("Ordered"), _("Received")]
    yield [*head, _("Unit")]
    for order in orders:
        begin = [order.number, order.supplier.name, word(order.status), _day(order.expected_at)]
        for line in order.lines:
            item = line.item
            amounts = [_amount(line.ordered, item), _amount(line.received, item)]
            yield [*begin, named(item), *amounts, _unit(item)]


def requisition_lines(requisitions: Iterable[Requisition]) -> Lines:
    yield [_("Requisition"), _("Status"), _("Asked by"), _("When"), _("Item"), _("Amount"), _("Unit")]
    for one in requisitions:
        when = _day(one.submitted_at or one.created_at)
        begin = [one.number, word(one.status), one.requester.name, when]
        for line in one.lines:
            yield [*begin, named(line.item), _amount(line.quantity, line.item), _unit(line.item)]


def supplier_lines(told: Iterable[tuple[Supplier, str]]) -> Lines:
    yield [_("Code"), _("Name"), _("Takes orders"), _("Lead time in days"), _("Email"), _("Phone")]
    for one, days in told:
        yield [one.code, one.name, days, one.lead_time_days, one.email or "", one.phone or ""]


def waste_lines(rows: Iterable[Any]) -> Lines:
    head = [_("When"), _("Item"), _("Lot"), _("Amount"), _("Unit"), _("Reason"), _("Note"), _("Cost")]
    yield [*head, _("Currency"), _("Who"), _("Status")]
    for row in rows:
        one, item, currency = row.WasteEntry, row.Item, row.Lot.currency or current_branch().currency
        begin = [
            _when(one.happened_at),
            named(item),
            row.Lot.number,
            _amount(one.quantity, item),
            _unit(item),
        ]
        cost = [_money(one.cost_minor, currency), currency]
        undone = _("undone") if one.reversed_at else ""
        yield [*begin, word(one.reason), one.note or "", *cost, row.Person.name, undone]


def visit_lines(rows: Iterable[Any]) -> Lines:
    head = [_("Begins"), _("Treatment"), _("Booking"), _("Room"), _("Therapist"), _("Guests"), _("Status")]
    yield [*head, _("Steps done"), _("Steps")]
    for row in rows:
        begin = [_when(row.planned_at), named(row), row.booking_reference or "", row.room or ""]
        yield [*begin, row.therapist or "", row.party_size, word(row.status), row.steps_done, row.steps]


def people_lines(told: Iterable[tuple[Person, str]]) -> Lines:
    yield [_("Name"), _("Sign-in name"), _("Roles"), _("Status")]
    for person, roles in told:
        yield [person.name, person.login, roles, "" if person.active else _("cannot sign in")]
