"""Rows and points of the variance pages: shares, intervals, verdicts in words. Asks no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import url_for

from supply.domain.catalog.models import Item
from supply.domain.catalog.units import stock_amount
from supply.domain.reports.cases import Apart, Asked, Case
from supply.domain.reports.deviation import LEAST_CASES, Estimate, Verdict
from supply.domain.reports.headline import Headline
from supply.domain.reports.variance import Group
from supply.domain.reports.weighed import Weighed
from supply.i18n import _, plural
from supply.presenting import format_instant, format_number, format_quantity, unit_symbol
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.words import word

__all__ = [
    "LEAST_CASES",
    "above_words",
    "apart_rows",
    "case_row",
    "file_lines",
    "group_row",
    "kept",
    "points",
    "weighed_row",
]

_KINDS = {
    Verdict.MORE: "warning",
    Verdict.LESS: "info",
    Verdict.NOISE: "ok",
    Verdict.TOO_FEW: "neutral",
}


def kept(asked: Asked) -> dict[str, Any]:
    """The period and what it is narrowed to, for the links of the page."""
    narrowed = {
        name: getattr(asked, name)
        for name in ("item_id", "procedure_id", "position", "person_id")
        if getattr(asked, name) is not None
    }
    elsewhere = {"branch_id": asked.branch_id} if asked.branch_id != current_branch().id else {}
    return {"from": asked.from_day, "until": asked.until_day, **narrowed, **elsewhere}


def percent(share: float | None) -> str:
    """A share with its sign and one decimal: "+2.5 %"."""
    if share is None:
        return "–"
    # Plus nothing: what rounds to zero has no sign.
    number = Decimal(f"{share * 100:.1f}") + 0
    sign = "+" if number > 0 else ""
    return f"{sign}{format_number(number)}\N{NO-BREAK SPACE}%"


def above_words(told: Headline) -> str:
    """Of which item most more is used than the recipe says, by how much, and of how many."""
    if not told.above:
        return _("Nothing in thirty days") if told.judged else _("Too few steps in thirty days to say")
    most = told.above[0]
    return plural(
        "%(item)s: %(share)s",
        "%(item)s: %(share)s (%(num)s items)",
        len(told.above),
        item=named(most),
        share=percent(most.estimate.mean),
    )


def _interval(estimate: Estimate) -> str:
    if estimate.low is None:
        return ""
    return _("%(low)s to %(high)s", low=percent(estimate.low), high=percent(estimate.high))


def _judged(estimate: Estimate) -> dict[str, Any]:
    return {
        "cases": format_number(estimate.cases),
        "mean": percent(estimate.mean),
        "interval": _interval(estimate),
        "marks": [(_KINDS[estimate.verdict], word(estimate.verdict))],
    }


def group_row(group: Group, told: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table; its name leads to the completions behind it."""
    item = group.item
    both = item is not None and group.actual is not None and group.standard is not None
    return {
        "name": named(group),
        "url": url_for("variance.show_cases", **{**told, **group.key}),
        "standard": format_quantity(group.standard, item) if both and item else "",
        "actual": format_quantity(group.actual, item) if both and item else "",
        **_judged(group.estimate),
    }


def file_lines(groups: Sequence[Group]) -> Iterator[list[object]]:
    """The same for spreadsheets: shares of one as numbers."""
    words = [_("Recipe"), _("Used"), _("Unit"), _("Cases"), _("On average"), _("At least"), _("At most")]
    yield [_("Name"), *words, _("What can be said")]
    for group in groups:
        one, item = group.estimate, group.item
        amounts: list[object] = [None, None, ""]
        if item is not None and group.standard is not None and group.actual is not None:
            standard, actual = (stock_amount(item, base)[0] for base in (group.standard, group.actual))
            amounts = [standard, actual, unit_symbol(item.stock_unit)]
        shares = [_number(share) for share in (one.mean, one.low, one.high)]
        yield [named(group), *amounts, one.cases, *shares, word(one.verdict)]


def _number(share: float | None) -> Decimal | None:
    # Without an exponent: spreadsheets read 0.2, not 2E-1.
    return None if share is None else Decimal(f"{share:.6f}".rstrip("0").rstrip("."))


def points(groups: Sequence[Group]) -> list[tuple[str, float, float, float, str, bool]]:
    """(name, low, mean, high, text, told from chance) of the groups that have an interval."""
    return [
        (
            named(group),
            one.low,
            one.mean or 0.0,
            one.high,
            percent(one.mean),
            one.verdict in (Verdict.MORE, Verdict.LESS),
        )
        for group in groups
        if (one := group.estimate).low is not None and one.high is not None
    ]


def apart_rows(apart: Mapping[Apart, int], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is told apart, each with its list."""
    return [
        {
            "title": word(kind),
            "side": format_number(count),
            "url": url_for("variance.show_cases", **told, apart=kind.value) if count else "",
        }
        for kind, count in apart.items()
    ]


def weighed_row(row: Weighed) -> dict[str, Any]:
    """An item's weighings against the book."""
    return {
        "name": named(row.item),
        "url": url_for("containers.list_containers", item_id=row.item.id),
        "difference": format_quantity(row.difference, row.item, signed=True),
        **_judged(row.estimate),
    }


def case_row(row: Case, item: Item | None) -> dict[str, Any]:
    """A completion behind a number."""
    return {
        "name": named(row.step),
        "url": url_for("visits.show_visit", visit_id=row.visit_id, _anchor=f"step-{row.step.position}"),
        "when": format_instant(row.completion.happened_at, current_branch().timezone),
        "who": row.person_name,
        "standard": format_quantity(row.standard, item) if item is not None else "",
        "actual": format_quantity(row.actual, item) if item is not None else "",
        "value": "" if row.value is None else percent(row.value),
    }
