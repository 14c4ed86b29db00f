"""Rows of the plan's pages: what is to be ordered, a flag's picture and its numbers, notices in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask import url_for

from supply.domain.planning.advising import advise
from supply.domain.planning.listing import ToOrder
from supply.domain.planning.models import NoticeKind, PlanNotice, ReorderFlag
from supply.domain.planning.schemas import words_of
from supply.domain.purchasing.lines import Line
from supply.domain.purchasing.wording import reasons, shown_in
from supply.i18n import _, plural
from supply.presenting import (
    format_day,
    format_instant,
    format_money,
    format_number,
    format_quantity,
)
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.words import word

__all__ = ["figures", "notice_groups", "picture", "plan_lines", "reasons", "said", "to_order_row"]
# The number that tells how much could go to another branch.
_TOO_MUCH = {NoticeKind.WILL_EXPIRE: "quantity", NoticeKind.DEAD_STOCK: "on_hand"}
# What this costs is told beside a notice of these kinds.
_WORTH = "value_minor"


def to_order_row(one: ToOrder) -> dict[str, Any]:
    """An item to order: what to tick, one sentence, the numbers behind it, what people said."""
    item, terms = one.item, one.terms
    return {
        "item": item,
        "url": url_for("plan.show_flag", flag_id=one.plan.id)
        if one.plan is not None
        else url_for("stock.show_item", item_id=item.id),
        "by_plan": one.plan is not None,
        "sentence": words_of(one),
        "asked": one.asked,
        "nothing": one.quantity == 0,
        "ticked": one.asks_now,
        "marks": _marks(one),
        "quantity": format_quantity(one.quantity, item),
        "packs": f"{format_number(one.packs)} × {terms.pack_name}" if terms is not None and one.packs else "",
        "supplier": one.supplier.name if one.supplier else "",
        "price": format_money(one.price_minor, terms.currency) if terms is not None else "",
        "arithmetic": plan_lines(one.plan.numbers) if one.plan is not None else _levels(one),
    }


def _marks(one: ToOrder) -> list[tuple[str, str]]:
    """Chips: what keeps it from being asked for, or who said otherwise."""
    if one.plan is None:
        return [("neutral", _("level set by hand"))]
    flag, marks = one.plan, []
    if flag.is_snoozed(one.today):
        marks.append(("neutral", _("snoozed until %(day)s", day=format_day(flag.snoozed_until, short=True))))
    elif flag.waits_for is not None and one.today < flag.waits_for:
        marks.append(("neutral", _("next order day: %(day)s", day=format_day(flag.waits_for, short=True))))
    if flag.override_quantity is not None:
        marks.append(("warning", _("amount changed by hand")))
    return marks


def _levels(one: ToOrder) -> list[tuple[Any, ...]]:
    """The arithmetic of an item whose levels were set by hand."""
    assert one.level is not None
    item, position = one.item, one.level.position
    return [
        (_("On hand"), format_quantity(position.on_hand, item)),
        (_("− expired"), format_quantity(position.expired, item)),
        (_("− quarantined"), format_quantity(position.quarantined, item)),
        (_("− reserved for planned visits"), format_quantity(position.reserved, item)),
        (_("= available"), format_quantity(position.available, item)),
        (_("+ on order"), format_quantity(position.on_order, item)),
        (_("Reorder point"), format_quantity(position.reorder_point, item)),
        (_("Par level"), format_quantity(position.par_level, item)),
        (_("Suggested"), format_quantity(one.level.suggestion.quantity, item), True),
    ]


def plan_lines(numbers: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The plan's arithmetic of an item, from what stands there to what is suggested."""
    line = Line.of(numbers)
    show, stock, need = shown_in(line.unit), line.stock, line.need
    return [
        (_("On hand"), show(stock.on_hand)),
        (_("− finished visits not yet logged"), show(stock.pending)),
        (_("+ on order"), show(stock.on_order)),
        *([(_("− ordered too long ago to count on"), show(stock.overdue))] if stock.overdue else []),
        (_("− expires before it is used"), show(stock.expiring)),
        (_("= counted"), show(stock.position), True),
        (_("Needed until a later order is here"), show(need.expected)),
        (_("thereof booked"), show(need.booked)),
        (_("+ safety"), show(need.safety)),
        (_("= reorder point"), show(need.reorder_point), True),
        (_("Fill up to"), show(line.order_up_to)),
        (_("Suggested"), show(line.quantity), True),
    ]


def figures(flag: ReorderFlag) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """The numbers behind a flag, in tables with a heading each."""
    line = Line.of(flag.numbers)
    show, timing, need = shown_in(line.unit), line.timing, line.need
    rhythm = [
        (_("Next chance to order"), format_day(flag.planned_on + timedelta(days=timing.chance))),
        (_("The one after it"), format_day(flag.planned_on + timedelta(days=timing.next_chance))),
        (_("Best rhythm of orders"), _days(timing.rhythm)),
        (_("What counts lasts"), _days(timing.cover)),
        (_("Order by"), format_day(flag.planned_on + timedelta(days=timing.order_by))),
        (_("Use of a usual day"), show(need.level)),
        (_("Use a day in the next four weeks"), show(need.mean)),
        (_("Cases the reorder point is enough for"), _("%(share)s of 100", share=int(need.service * 100))),
    ]
    packs = [
        (_("One pack"), show(line.pack)),
        (_("Packs"), format_number(line.packs)),
        (_("Suggested"), show(line.quantity), True),
    ]
    if line.cap is not None:
        packs.insert(2, (_("Can be used before it expires"), show(line.cap)))
    leads = [
        (_("Deliveries it was learned from"), format_number(timing.deliveries)),
        (_("Usually"), _days(timing.lead_usual)),
        (_("At worst"), _days(timing.lead_worst)),
        (_("Oldest open order"), _days(timing.oldest_open) if timing.oldest_open else "–"),
    ]
    return [
        (_("From stock to reorder point"), plan_lines(flag.numbers)),
        (_("When to order"), rhythm),
        (_("Lead time"), leads),
        (_("Whole packs"), packs),
    ]


def _days(count: int) -> str:
    return plural("%(num)s day", "%(num)s days", count)


def picture(flag: ReorderFlag) -> dict[str, Any]:
    """The days ahead as stock_days() of the charts reads them; the evening of the plan's day comes first."""
    line = Line.of(flag.numbers)
    show = shown_in(line.unit)
    days = [
        {
            "label": format_day(flag.planned_on + timedelta(days=told["day"]), short=True),
            "value": told["stock"],
            "text": show(told["stock"]),
            "expected": told["day"] > 0,
            "delivery": told["arrivals"] > 0,
            "gone": told["expired"] > 0,
            "use": told["expected"],
            "booked": told["booked"],
        }
        for told in flag.days
    ]
    columns: list[tuple[str, list[float], list[str]]] = [
        (name, [], [show(told[key]) if told[key] else "–" for told in flag.days])
        for name, key in (
            (_("expected use"), "expected"),
            (_("thereof booked"), "booked"),
            (_("arrivals"), "arrivals"),
            (_("expires"), "expired"),
        )
    ]
    point = max(line.need.reorder_point, 0.0)
    return {"days": days, "columns": columns, "reorder": (point, show(point))}


def said(flag: ReorderFlag, timezone: str) -> list[tuple[str, str]]:
    """The facts of a flag: what is wanted, from whom, and what people said to it."""
    who = f" · {flag.decider.name}" if flag.decider is not None else ""
    facts = [
        (_("To order"), format_quantity(flag.wanted, flag.item)),
        (_("Supplier"), flag.supplier.name),
        (_("Worked out"), format_instant(flag.planned_at, timezone)),
    ]
    if flag.snoozed_until is not None:
        facts.append((_("Snoozed until"), f"{format_day(flag.snoozed_until)} – {flag.snooze_reason}{who}"))
    if flag.override_quantity is not None:
        planned = _("the plan says %(amount)s", amount=format_quantity(flag.quantity, flag.item))
        facts.append((_("Changed by hand"), f"{flag.override_reason} ({planned}){who}"))
    return facts


def notice_groups(found: Sequence[PlanNotice]) -> list[dict[str, Any]]:
    """Notices by kind, each with what to do about it."""
    return [
        {"kind": kind.value, "title": word(kind), "rows": [_notice_row(notice) for notice in notices]}
        for kind, notices in groupby(found, key=lambda notice: notice.kind)
    ]


def _notice_row(notice: PlanNotice) -> dict[str, Any]:
    found, do = advise(notice)
    value = notice.numbers.get(_WORTH)
    about, url = "", ""
    if notice.item is not None:
        about, url = named(notice.item), url_for("stock.show_item", item_id=notice.item.id)
    elif notice.supplier is not None:
        about, url = notice.supplier.name, url_for("suppliers.show_supplier", supplier_id=notice.supplier.id)
    return {
        "about": about,
        "url": url,
        "found": str(found),
        "worth": format_money(value, current_branch().currency) if value else "",
        "do": str(do),
        "estimate_url": url_for("plan.edit_estimate", item_id=notice.item_id)
        if notice.kind is NoticeKind.NO_ESTIMATE
        else "",
        "offer_url": _offer_url(notice),
    }


def _offer_url(notice: PlanNotice) -> str:
    """Offering another branch what this one has too much of, filled in; empty where that is no help."""
    too_much = notice.numbers.get(_TOO_MUCH.get(notice.kind, ""))
    if not too_much or notice.item_id is None:
        return ""
    amount = format(Decimal(str(round(too_much, 3))).normalize(), "f")
    told = {"item_id": notice.item_id, "amount": amount, "unit": notice.numbers["unit"]}
    return url_for("transfers.new_transfer", give="on", **told)
