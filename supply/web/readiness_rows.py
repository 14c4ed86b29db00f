"""Readiness in words: visits with their marks, what each item of a step lacks, and what to do about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from supply.domain.catalog.units import stock_amount
from supply.domain.readiness.colouring import Cover
from supply.domain.readiness.covering import Arrival, Cause, Colour, Hurdle
from supply.domain.readiness.fixing import Fix, Remedy
from supply.domain.readiness.service import Readiness, StepReady, VisitReady
from supply.domain.readiness.totals import ToDo
from supply.i18n import _, plural
from supply.permissions import Permission
from supply.presenting import format_clock, format_day, format_money, format_quantity
from supply.web.frame import named
from supply.web.gate import allowed
from supply.web.session import viewer

SYMBOLS = {
    Remedy.BREW: "brew",
    Remedy.SUBSTITUTE: "leaf",
    Remedy.TRANSFER: "transfer",
    Remedy.ORDER: "order",
}


def to_do_row(one: ToDo, ready: Readiness) -> dict[str, Any]:
    """One line of the list at the top: what to do, for what, how many need it, what it costs."""
    short = ready.items[one.short_item_id]
    covers = _("covers %(amount)s of %(item)s", amount=format_quantity(one.covers, short), item=named(short))
    needed = plural("for %(num)s step", "for %(num)s steps", one.visits)
    cost = _cost(one, ready)
    return {
        "title": told(one, ready),
        "detail": " · ".join((covers, needed)),
        "side": cost,
        "symbol": SYMBOLS[one.remedy],
        "url": _action(one, ready),
        "late": not one.in_time,
    }


def visit_row(one: VisitReady, ready: Readiness) -> dict[str, Any]:
    visit = one.visit
    guests = plural("%(num)s guest", "%(num)s guests", visit.party_size)
    parts = [part for part in (visit.room, guests, visit.therapist) if part]
    return {
        "title": f"{format_clock(visit.planned_at, ready.branch.timezone)} · {named(visit)}",
        "detail": " · ".join(parts),
        "url": url_for("visits.show_visit", visit_id=visit.id),
        "colour": one.colour,
        "marks": [(step.step.position, step.cover.colour, named(step.step)) for step in one.steps],
        "steps": [
            _step_row(step, visit.id, ready) for step in one.steps if step.cover.colour is not Colour.GREEN
        ],
    }


def _step_row(one: StepReady, visit_id: UUID, ready: Readiness) -> dict[str, Any]:
    return {
        "number": one.step.position,
        "name": named(one.step),
        "url": url_for("visits.show_visit", visit_id=visit_id, _anchor=f"step-{one.step.position}"),
        "hurdles": [_hurdle(hurdle) for hurdle in one.cover.hurdles],
        "lacking": [_item_row(cover, ready) for cover in one.cover.covers if cover.causes],
    }


def _item_row(cover: Cover, ready: Readiness) -> dict[str, Any]:
    """What is wrong with one item of a step, the fix to choose, and what else could be done."""
    item = ready.items[cover.dealt.item_id]
    return {
        "name": named(item),
        "needed": format_quantity(cover.dealt.needed, item),
        "troubles": _troubles(cover, ready),
        "fix": _fix_row(cover.fixes[0], ready) if cover.fixes else None,
        "others": [_fix_row(fix, ready)["text"] for fix in cover.fixes[1:]],
        "helpless": bool(cover.dealt.short) and not cover.fixes,
    }


def _troubles(cover: Cover, ready: Readiness) -> list[str]:
    dealt = cover.dealt
    item = ready.items[dealt.item_id]
    found = []
    if dealt.short:
        found.append(_("%(amount)s missing", amount=format_quantity(dealt.short, item)))
    if dealt.expiring:
        amount = format_quantity(dealt.expiring, item)
        found.append(_("%(amount)s from a lot on its last day", amount=amount))
    return found + [_arrival(one, format_quantity(one.quantity, item)) for one in dealt.arrivals]


def _arrival(one: Arrival, amount: str) -> str:
    if one.unsure:
        return _("%(amount)s may come: overdue, or not sent to the supplier yet", amount=amount)
    return _("%(amount)s expected on %(day)s", amount=amount, day=format_day(one.day))


def _hurdle(one: Hurdle) -> str:
    words = {
        Cause.ACKNOWLEDGE: _("A warning is to be read: %(condition)s"),
        Cause.CONSENT: _("A consent is missing: %(condition)s"),
        Cause.REPLACE: _("Something must be replaced or left out: %(condition)s"),
        Cause.BLOCKED: _("A safety rule stands against it: %(condition)s"),
    }
    whom = ", ".join(_("guest %(number)s", number=number) for number in one.guests)
    return f"{words[one.cause]} ({whom})" % {"condition": named(one)}


def _fix_row(fix: Fix, ready: Readiness) -> dict[str, Any]:
    notes = [
        note for note in (_cost(fix, ready), "" if fix.in_time else _("too late for this visit")) if note
    ]
    if not fix.complete:
        notes.append(_("not all of it"))
    text = told(fix, ready)
    return {
        "text": f"{text} ({', '.join(notes)})" if notes else text,
        "symbol": SYMBOLS[fix.remedy],
        "url": _action(fix, ready),
    }


def told(one: Fix | ToDo, ready: Readiness) -> str:
    """What to do, in a sentence."""
    item = ready.items[one.item_id]
    amount, name = format_quantity(one.quantity, item), named(item)
    if one.remedy is Remedy.BREW:
        return _("Brew %(amount)s of %(item)s", amount=amount, item=name)
    if one.remedy is Remedy.SUBSTITUTE:
        return _("Use %(amount)s of %(item)s instead", amount=amount, item=name)
    if one.remedy is Remedy.TRANSFER and one.branch_id is not None:
        place = ready.branches[one.branch_id].name
        return _("Fetch %(amount)s of %(item)s from %(branch)s", amount=amount, item=name, branch=place)
    seller = ready.suppliers[one.supplier_id].name if one.supplier_id else "–"
    day = format_day(one.arrives_on, short=True)
    return _(
        "Order %(amount)s of %(item)s from %(supplier)s, here on %(day)s",
        amount=amount,
        item=name,
        supplier=seller,
        day=day,
    )


def _cost(one: Fix | ToDo, ready: Readiness) -> str:
    if one.cost_minor is None:
        return ""
    return _("about %(cost)s", cost=format_money(one.cost_minor, ready.branch.currency))


def _action(one: Fix | ToDo, ready: Readiness) -> str:
    """Where it is done; a substitute is chosen on the step itself, a transfer is asked for as it is told."""
    pages = {Remedy.BREW: "preparations.show_board", Remedy.ORDER: "purchasing.list_flags"}
    if one.remedy is Remedy.TRANSFER and _carries():
        amount, unit = stock_amount(ready.items[one.item_id], one.quantity)
        return url_for(
            "transfers.new_transfer",
            branch_id=one.branch_id,
            item_id=one.item_id,
            amount=format(amount, "f"),
            unit=unit,
        )
    return url_for(pages[one.remedy]) if one.remedy in pages else ""


def _carries() -> bool:
    person = viewer()
    return person is not None and allowed(person.actor, Permission.TRANSFER_LOG)
