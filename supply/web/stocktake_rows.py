"""Stocktakes as their pages tell them: titles, shelves, lines, differences, and why an item is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import url_for

from supply.domain.catalog.models import Item
from supply.domain.stocktake.differing import Weighed
from supply.domain.stocktake.doubt import Suggestion, Why
from supply.domain.stocktake.models import DifferenceReason, Stocktake, StocktakeStatus
from supply.domain.stocktake.progress import Shelf
from supply.domain.stocktake.telling import LineTold, StocktakeTold
from supply.i18n import _, plural
from supply.presenting import format_instant, format_money, format_number, format_percent, format_quantity
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.words import word

KINDS = {
    StocktakeStatus.COUNTING: "info",
    StocktakeStatus.REVIEW: "warning",
    StocktakeStatus.SUBMITTED: "warning",
    StocktakeStatus.POSTED: "ok",
    StocktakeStatus.CANCELLED: "neutral",
}


def title_of(stocktake: Stocktake) -> str:
    return _("Stocktake %(number)s", number=stocktake.number)


def stocktake_row(row: Any) -> dict[str, Any]:
    """A stocktake in a list: what it counts, how far it is, what it came to."""
    stocktake: Stocktake = row.Stocktake
    done = row.lines - row.waiting
    branch = current_branch()
    value = format_money(stocktake.value_minor, branch.currency) if stocktake.value_minor is not None else ""
    return {
        "id": stocktake.id,
        "title": title_of(stocktake),
        "url": url_for("stocktake_ends.show_stocktake", stocktake_id=stocktake.id),
        "kind": word(stocktake.kind),
        "detail": f"{word(stocktake.kind)} · {format_instant(stocktake.opened_at, branch.timezone)}",
        "who": row.opened_by_name,
        "when": format_instant(stocktake.opened_at, branch.timezone),
        "status": word(stocktake.status),
        "status_kind": KINDS[stocktake.status],
        "side": _("%(done)s of %(lines)s", done=format_number(done), lines=format_number(row.lines)),
        "value": value,
        "symbol": "count",
    }


def suggestion_row(item: Item, suggestion: Suggestion) -> dict[str, Any]:
    """An item to count with why."""
    return {
        "id": str(item.id),
        "name": named(item),
        "category": item.category.value,
        "why": why_words(suggestion.reasons),
    }


def why_words(reasons: Iterable[Sequence[Any]]) -> str:
    """Why an item is counted, in words."""
    return " · ".join(_why(Why(code), figure) for code, figure in reasons)


def _why(code: Why, figure: int) -> str:
    if code is Why.SHORTFALL:
        return plural("used beyond the book once", "used beyond the book %(num)s times", figure)
    if code is Why.VARIANCE:
        return _("counts differed by %(share)s", share=format_percent(figure / 100))
    if code is Why.OVERDUE:
        return plural("not counted for %(num)s day", "not counted for %(num)s days", figure)
    if code is Why.EXPIRED:
        return plural("%(num)s expired lot stands there", "%(num)s expired lots stand there", figure)
    if code is Why.OPENED:
        return plural("%(num)s opened container", "%(num)s opened containers", figure)
    if code is Why.VALUE:
        return _("%(share)s of what all stock is worth", share=format_percent(figure / 100))
    return _("chosen") if code is Why.CHOSEN else _("everything is counted")


def shelf_row(stocktake: Stocktake, shelf: Shelf) -> dict[str, Any]:
    """A location to walk, and how far it is."""
    done = shelf.lines - shelf.waiting
    return {
        "title": shelf.location.name,
        "done": done,
        "lines": shelf.lines,
        "told": _(
            "%(done)s of %(lines)s counted", done=format_number(done), lines=format_number(shelf.lines)
        ),
        "waiting": shelf.waiting,
        "url": url_for("stocktakes.walk_shelf", stocktake_id=stocktake.id, location_id=shelf.location.id),
    }


def opened_words(told: LineTold) -> str:
    """Since when a container is open; empty of what is closed."""
    if told.container is None:
        return ""
    when = format_instant(told.container.opened_at, current_branch().timezone)
    return _("opened %(day)s", day=when)


def waiting_row(told: LineTold) -> dict[str, Any]:
    """A line that nobody counted."""
    opened = f" · {opened_words(told)}" if told.container is not None else ""
    return {
        "id": str(told.line.id),
        "title": named(told.item),
        "detail": f"{_('Lot %(number)s', number=told.lot.number)} · {told.location.name}{opened}",
    }


def difference_row(told: LineTold, number: int) -> dict[str, Any]:
    """A line that differs, as the table of the review draws it; `number` is its row in the form."""
    branch, weighed, item = current_branch(), told.weighed, told.item
    assert weighed is not None, "only counted lines differ"
    return {
        "number": number,
        "id": str(told.line.id),
        "name": named(item),
        "where": f"{waiting_row(told)['detail']} · {_who(told)}",
        "expected": format_quantity(weighed.expected, item),
        "counted": format_quantity(weighed.counted, item),
        "difference": format_quantity(weighed.difference, item, signed=True),
        "value": "–" if weighed.value_minor is None else format_money(weighed.value_minor, branch.currency),
        "contradicted": weighed.contradicted,
        "reason": weighed.reason.value if weighed.reason else "",
        "reason_word": word(weighed.reason) if weighed.reason else "",
        "reasons": reason_choices(weighed),
        "note": told.line.note or "",
        "url": url_for("stock.show_lot", lot_id=told.lot.id),
    }


def _who(told: LineTold) -> str:
    when = format_instant(told.line.counted_at, current_branch().timezone)
    return f"{told.counted_by} · {when}"


def reason_choices(weighed: Weighed | None = None) -> list[tuple[str, str]]:
    """The reasons that a difference can have, or all."""
    return [
        (reason.value, word(reason)) for reason in DifferenceReason if weighed is None or weighed.fits(reason)
    ]


def total_facts(told: StocktakeTold) -> list[tuple[str, str]]:
    """What the differences come to."""
    totals, currency = told.totals, current_branch().currency
    if totals is None:
        return []
    facts = [
        (_("Lines counted"), format_number(totals.counted)),
        (_("Left as the book has it"), format_number(told.lines - totals.counted)),
        (_("Lines that differ"), format_number(totals.differing)),
        (_("Value of the differences"), format_money(totals.value_minor, currency)),
        (_("Without their signs"), format_money(totals.gross_minor, currency)),
    ]
    if totals.without_cost:
        facts.append((_("Without a known cost"), format_number(totals.without_cost)))
    facts.append((_("Counted by"), ", ".join(told.hands.values()) or "–"))
    if told.approved_by:
        facts.append((_("Approved by"), told.approved_by))
    return facts


def paper_rows(lines: Iterable[LineTold]) -> list[dict[str, str]]:
    """Lines as the printed result shows them."""
    currency = current_branch().currency
    rows = []
    for told in lines:
        weighed, item = told.weighed, told.item
        rows.append(
            {
                "item": named(item),
                "where": f"{told.lot.number} · {told.location.name}",
                "expected": format_quantity(weighed.expected, item) if weighed else "–",
                "counted": format_quantity(weighed.counted, item) if weighed else _("left as it is"),
                "difference": format_quantity(weighed.difference, item, signed=True) if weighed else "",
                "value": format_money(weighed.value_minor, currency)
                if weighed and weighed.value_minor is not None
                else "",
                "reason": word(weighed.reason) if weighed and weighed.reason else "",
            }
        )
    return rows
