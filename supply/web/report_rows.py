"""Rows and points of the reports' pages: each number as people read it, a link to what is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from markupsafe import Markup

from supply.domain.reports.costs import Cost, CostsBy
from supply.domain.reports.figures import Books
from supply.domain.reports.losses import CLASSES, ItemLoss, Losses
from supply.domain.reports.using import ItemUse
from supply.domain.reports.worth import DayWorth, ItemWorth
from supply.i18n import _
from supply.presenting import format_day, format_instant, format_money, format_month, format_number
from supply.presenting import format_quantity as quantity
from supply.web.frame import named
from supply.web.report_words import CLASS_WORDS, kind_word

# As many bars are drawn; the table has all.
DRAWN = 12


def money(books: Books, minor: int | None) -> str:
    return format_money(minor, books.branch.currency)


def link(text: str, url: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, text)


def _note(unpriced: bool) -> str:
    return _("Of some of it the cost is not known") if unpriced else ""


def cost_name(line: Cost, by: CostsBy) -> str:
    if by is CostsBy.MONTH:
        return format_month(line.first)
    package = line.key.get("package_id")
    return f"{named(line)} · {_('without a package')}" if package and not package.int else named(line)


def cost_row(books: Books, line: Cost, by: CostsBy, here: Mapping[str, Any]) -> dict[str, Any]:
    """A line of costs; its name and its cost lead to the completed steps behind it."""
    narrowed = {name: value for name, value in line.key.items() if name != "month"}
    url = url_for("behind.show_steps", **{**here, "from": line.first, "until": line.last}, **narrowed)
    return {
        "name": cost_name(line, by),
        "url": url,
        "cost": link(money(books, line.minor), url),
        "each": money(books, line.each_minor),
        "visits": format_number(line.visits),
        "guests": format_number(line.guests),
        "note": _note(line.unpriced),
    }


def cost_points(books: Books, lines: Sequence[Cost], by: CostsBy) -> list[tuple[str, int, str]]:
    shown = lines if by in (CostsBy.MONTH, CostsBy.STEP) else lines[:DRAWN]
    return [(cost_name(line, by), line.minor, money(books, line.minor)) for line in shown]


def day_row(books: Books, day: DayWorth, here: Mapping[str, Any]) -> dict[str, Any]:
    """A day's value, which leads to the items of that day, and what changed it."""
    elsewhere = {name: value for name, value in here.items() if name == "branch_id"}
    url = url_for("reports.show_items_at", day=day.day, **elsewhere)
    changes = {name: getattr(day, name) for name in ("came", "used", "wasted", "other")}
    return {
        "day": format_day(day.day, short=True),
        "url": url,
        "value": link(money(books, day.minor), url),
        **{name: money(books, minor) if minor else "" for name, minor in changes.items()},
    }


def value_line(books: Books, days: Sequence[DayWorth]) -> dict[str, Any]:
    """What line_chart is told."""
    texts = [money(books, day.minor) for day in days]
    peak = max(days, key=lambda day: day.minor, default=None)
    return {
        "labels": [format_day(day.day, short=True) for day in days],
        "values": [day.minor for day in days],
        "texts": texts,
        "top": (peak.minor, money(books, peak.minor)) if peak else None,
    }


def item_at_row(books: Books, one: ItemWorth, here: Mapping[str, Any]) -> dict[str, Any]:
    url = url_for("behind.show_movements", item_id=one.item.id, **here)
    return {
        "name": named(one.item),
        "url": url,
        "quantity": quantity(one.quantity, one.item),
        "value": link(money(books, one.minor), url),
        "note": _note(one.unpriced),
    }


def use_row(books: Books, one: ItemUse, here: Mapping[str, Any]) -> dict[str, Any]:
    """What was used of an item; each number leads to its movements."""
    told: dict[str, Any] = {"name": named(one.item), "note": _note(one.unpriced)}
    for name, part, base, minor in (
        ("used", "use", one.used, one.minor),
        ("brewed", "brewing", one.brewed, one.brewed_minor),
    ):
        url = url_for("behind.show_movements", item_id=one.item.id, part=part, **here)
        told[name] = link(quantity(base, one.item), url) if base else ""
        told[f"{name}_minor"] = link(money(books, minor), url) if base else ""
    told["url"] = url_for("stock.show_item", item_id=one.item.id)
    return told


def use_points(books: Books, lines: Sequence[ItemUse]) -> list[tuple[str, int, str]]:
    return [(named(one.item), one.minor, money(books, one.minor)) for one in lines[:DRAWN] if one.minor > 0]


def loss_row(books: Books, line: ItemLoss, here: Mapping[str, Any]) -> dict[str, Any]:
    """An item's losses; each class leads to its steps or movements."""
    item_id = line.item.id
    urls = {
        "over_use": url_for("variance.show_cases", item_id=item_id, **here),
        "waste": url_for("behind.show_movements", item_id=item_id, part="waste", **here),
        **{
            name: url_for("behind.show_movements", item_id=item_id, part="counted", **here)
            for name in ("unrecorded", "unknown")
        },
    }
    told: dict[str, Any] = {"name": named(line.item), "note": _note(line.unpriced)}
    for name, base, minor in zip(CLASSES, line.quantities, line.minors, strict=True):
        told[name] = link(money(books, minor), urls[name]) if base or minor else ""
        told[f"{name}_note"] = quantity(base, line.item) if base else ""
    return told | {"whole": money(books, line.minor), "url": url_for("stock.show_item", item_id=item_id)}


def loss_parts(books: Books, losses: Losses) -> list[tuple[str, int, str]]:
    """What stacked_bar is told: where more was found than missed, a class has no width."""
    return [
        (str(CLASS_WORDS[name]), max(minor, 0), money(books, minor))
        for name, minor in zip(CLASSES, losses.minors, strict=True)
    ]


def reason_rows(books: Books, losses: Losses) -> list[dict[str, Any]]:
    return [{"title": kind_word(one.kind), "side": money(books, one.minor)} for one in losses.reasons]


def step_row(books: Books, row: Any, minor: int) -> dict[str, Any]:
    """A completed step with its cost."""
    return {
        "name": named(row.Step),
        "url": url_for("visits.show_visit", visit_id=row.Visit.id, _anchor=f"step-{row.VisitStep.position}"),
        "when": format_instant(row.Completion.happened_at, books.branch.timezone),
        "who": row.person_name,
        "cost": money(books, minor),
    }
