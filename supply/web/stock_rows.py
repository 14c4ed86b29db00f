"""Rows, facts and chips of the stock pages: stock in words for people. Asks the database nothing."""

from __future__ import annotations

from datetime import date, datetime
from math import lcm
from typing import Any

from flask import url_for

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.containers.service import container_unit
from supply.domain.ledger.cost import cost_of
from supply.domain.ledger.models import Lot, LotKind
from supply.domain.ledger.reading import is_expired
from supply.domain.ledger.recalling import RECALL
from supply.domain.reports.stock import ItemReport, LotReport
from supply.i18n import _, lazy, plural
from supply.presenting import format_day, format_instant, format_money, format_number, format_quantity
from supply.quantity import UNITS, from_base
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.words import word

SOON_DAYS = 14
Mark = tuple[str, str]
"""The kind of a status chip and its words."""

_QUARANTINE = {
    "recall": lazy("Recalled by the supplier"),
    "damaged": lazy("Damaged"),
    "suspect": lazy("Smell, colour or look is off"),
    "short-dated": lazy("Too short a life left"),
    "other": lazy("Other"),
}


def quarantine_word(code: str | None) -> str:
    """Why a lot is quarantined, in words."""
    return str(_QUARANTINE.get(code or "other", code))


def other_name(item: Item) -> str:
    """The item's name in the other language, for whoever knows it by that."""
    return item.name_en if named(item) == item.name_vi else item.name_vi


def typed(base: int | None, item: Item) -> str:
    """Base units as a form shows them for editing, in the stock unit."""
    return "" if base is None else format(from_base(base, UNITS[item.stock_unit].factor), "f")


def level_marks(level: Any) -> list[Mark]:
    """The chips of a level, the most urgent first."""
    item: Item = level.Item
    marks: list[Mark] = []
    if level.on_hand == 0:
        marks.append(("danger", _("nothing left")))
    if level.flagged:
        marks.append(("danger", _("reorder")))
    if level.expired:
        marks.append(("warning", _("%(amount)s expired", amount=format_quantity(level.expired, item))))
    if level.quarantined:
        marks.append(
            ("warning", _("%(amount)s quarantined", amount=format_quantity(level.quarantined, item)))
        )
    if level.on_order:
        marks.append(("info", _("on order")))
    if not item.active:
        marks.append(("neutral", _("hidden from new work")))
    return marks or [("ok", _("enough"))]


def level_row(level: Any) -> dict[str, Any]:
    """A row of the stock list."""
    item: Item = level.Item
    return {
        "name": named(item),
        "other": other_name(item),
        "category": item.category.value,
        "url": url_for("stock.show_item", item_id=item.id),
        "marks": level_marks(level),
        "on_hand": format_quantity(level.on_hand, item),
        "available": format_quantity(level.available, item),
        "on_order": format_quantity(level.on_order, item) if level.on_order else "",
        "reorder_point": format_quantity(level.reorder_point, item)
        if level.reorder_point is not None
        else "",
        "par_level": format_quantity(level.par_level, item) if level.par_level is not None else "",
    }


def level_facts(report: ItemReport) -> list[tuple[str, str]]:
    """The numbers at the top of the item's page."""
    level, item = report.level, report.item
    if level is None:
        return []
    facts = [
        (_("On hand"), format_quantity(level.on_hand, item)),
        (_("Reserved for planned visits"), format_quantity(level.reserved, item)),
    ]
    if level.expired:
        facts.append((_("Expired"), format_quantity(level.expired, item)))
    if level.quarantined:
        facts.append((_("Quarantined"), format_quantity(level.quarantined, item)))
    return [
        *facts,
        (_("Available"), format_quantity(level.available, item)),
        (_("On order"), format_quantity(level.on_order, item)),
        (_("Projected"), format_quantity(level.projected, item)),
        (_("Reorder point"), format_quantity(level.reorder_point, item)),
        (_("Par level"), format_quantity(level.par_level, item)),
    ]


def lot_marks(lot: Lot, expires_on: date | None, today: date) -> list[Mark]:
    """Why a lot is not, or soon not, used."""
    marks: list[Mark] = []
    if lot.quarantined_at is not None:
        marks.append(("danger", _("quarantined")))
    over = lot.use_by_at is not None and lot.use_by_at <= clock.now()
    if over or (expires_on is not None and expires_on < today):
        marks.append(("danger", _("expired")))
    elif lot.use_by_at is not None:
        marks.append(("info", _("until %(when)s", when=format_instant(lot.use_by_at, row_zone()))))
    elif expires_on is not None and (expires_on - today).days <= SOON_DAYS:
        marks.append(("warning", days_left(expires_on, today)))
    return marks


def days_left(expires_on: date, today: date) -> str:
    """How long something may still be used."""
    left = (expires_on - today).days
    if left == 0:
        return _("last day today")
    return plural("%(left)s day left", "%(left)s days left", left, left=left)


def until(expires_on: date | None, use_by_at: datetime | None) -> str:
    """The end of its use: a day, of a prepared batch the hour."""
    if use_by_at is not None:
        return format_instant(use_by_at, row_zone())
    return format_day(expires_on)


def holding_row(row: Any, item: Item, today: date) -> dict[str, Any]:
    """A place where some of a lot stands; opened containers say so."""
    container = row.Container
    opened = (
        _("opened %(day)s", day=format_instant(container.opened_at, row_zone()))
        if container is not None
        else ""
    )
    return {
        "number": row.Lot.number,
        "url": url_for("stock.show_lot", lot_id=row.Lot.id),
        "expires": until(row.Holding.expires_on, row.Lot.use_by_at),
        "amount": format_quantity(row.Holding.quantity, item),
        "place": row.Location.name,
        "opened": opened,
        "opened_url": url_for("containers.show_container", container_id=container.id) if container else "",
        "marks": lot_marks(row.Lot, row.Holding.expires_on, today),
    }


def row_zone() -> str:
    """The time zone in which the page's instants are told."""
    return current_branch().timezone


def lot_row(row: Any, today: date) -> dict[str, Any]:
    """A row of the list of lots: (Lot, Item, standing)."""
    lot, item, standing = row
    return {
        "number": lot.number,
        "url": url_for("stock.show_lot", lot_id=lot.id),
        "name": named(item),
        "came": format_day(clock.day_of(lot.created_at, row_zone())),
        "expires": until(lot.expires_on, lot.use_by_at),
        "amount": format_quantity(standing, item) if standing else _("used up"),
        "marks": lot_marks(lot, lot.expires_on if standing else None, today),
    }


def expiring_row(row: Any, today: date) -> dict[str, Any]:
    """A row of the list of what expires."""
    item: Item = row.Item
    value = cost_of(row.Holding.quantity, row.Lot.cost_minor, row.Lot.cost_quantity)
    return {
        "name": named(item),
        "url": url_for("stock.show_lot", lot_id=row.Lot.id),
        "number": row.Lot.number,
        "amount": format_quantity(row.Holding.quantity, item),
        "place": row.Location.name,
        "expires": until(row.Holding.expires_on, row.Lot.use_by_at),
        "value": format_money(value, row.Lot.currency) if value is not None and row.Lot.currency else "",
        "marks": lot_marks(row.Lot, row.Holding.expires_on, today),
        "waste_url": url_for("waste.new_waste", item_id=item.id, lot_id=row.Lot.id),
    }


def opening_words(report: ItemReport) -> str:
    """What the button says that opens the next one; empty where nothing can be opened."""
    if not any(_can_be_opened(row, report.today) for row in report.holdings):
        return ""
    own = container_unit(report.item)
    return _("Open %(unit)s", unit=named(own)) if own else _("Open the next lot")


def _can_be_opened(row: Any, today: date) -> bool:
    usable = row.Lot.quarantined_at is None and not is_expired(row.Holding, row.Lot, today)
    return usable and row.Container is None


def stranded(report: LotReport) -> str:
    """The branch from which a lot came that is blocked as recalled, whose recall may not hold here."""
    recalled = report.lot.quarantine_reason == RECALL
    return report.sent_by.name if recalled and report.sent_by is not None else ""


def lot_facts(report: LotReport) -> list[tuple[str, str]]:
    """What is known of a lot."""
    lot, item = report.lot, report.item
    standing = sum(row.Holding.quantity for row in report.holdings)
    facts = [
        (_("Item"), named(item)),
        (_("What it is"), word(LotKind(lot.kind))),
        (_("Expiry"), until(lot.expires_on, lot.use_by_at)),
        (_("Stands"), format_quantity(standing, item)),
        (_("In the book since"), format_instant(lot.created_at, report.branch.timezone)),
    ]
    if report.sent_by is not None:
        facts.insert(2, (_("Came from"), report.sent_by.name))
    if lot.cost_minor is not None and lot.cost_quantity is not None and lot.currency:
        # The share is stored in lowest terms (21 for 100 µl); people read it per unit (210 for 1 ml).
        size = lcm(lot.cost_quantity, UNITS[item.stock_unit].factor)
        paid = format_money(lot.cost_minor * (size // lot.cost_quantity), lot.currency)
        facts.append((_("Cost"), _("%(paid)s for %(size)s", paid=paid, size=format_quantity(size, item))))
        value = cost_of(standing, lot.cost_minor, lot.cost_quantity)
        facts.append((_("Worth what stands"), format_money(value, lot.currency)))
    if lot.quarantined_at is not None:
        facts.append((_("Quarantined"), quarantine_word(lot.quarantine_reason)))
    return facts


def use_points(report: ItemReport) -> list[tuple[str, float, str, bool]]:
    """Use per day for the bar chart; a day with a shortfall is flagged."""
    unit, factor = report.item.stock_unit, UNITS[report.item.stock_unit].factor
    return [
        (
            format_day(day, short=True),
            float(from_base(used, factor)),
            format_quantity(used, report.item, unit=unit),
            bool(short),
        )
        for day, used, short in report.use
    ]


def line_days(report: ItemReport) -> dict[str, Any]:
    """Stock per day with the lines of policy, as stock_days() of the charts reads them."""
    item, level = report.item, report.level
    factor = UNITS[item.stock_unit].factor

    def number(base: int) -> tuple[float, str]:
        return float(from_base(base, factor)), format_quantity(base, item, unit=item.stock_unit)

    days = []
    for day in report.line:
        value, text = number(day.on_hand)
        label = format_day(day.day, short=True)
        days.append(
            {"label": label, "value": value, "text": text, "expected": False, "delivery": day.delivery}
        )
    return {
        "days": days,
        "reorder": number(level.reorder_point) if level and level.reorder_point is not None else None,
        "par": number(level.par_level) if level and level.par_level is not None else None,
        "note": _("%(days)s days", days=format_number(len(days))),
    }
