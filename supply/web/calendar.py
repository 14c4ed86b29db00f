"""Pages of the branch's calendar: days on which demand differs, the spa is closed, or no supplier comes."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from babel.dates import format_skeleton
from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.planning import calendar
from supply.domain.planning.calendar_schemas import WriteCalendarEntry
from supply.domain.planning.models import CalendarEntry, EntryKind
from supply.fields import BaseSchema, Day, Text, Tick, Whole
from supply.i18n import _, lazy, locale_now
from supply.permissions import Actor, Permission
from supply.presenting import format_day, format_percent
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.session import current_branch
from supply.web.words import word

bp = Pages("calendar", __name__)
bp.nav(
    label=lazy("Calendar"),
    icon="calendar",
    endpoint="calendar.list_entries",
    permission=Permission.CATALOG_MANAGE,
    order=63,
    group=NavGroup.SETUP,
)
Target = tuple[str, dict[str, Any]]
_MANAGE = Permission.CATALOG_MANAGE
SYMBOLS = {EntryKind.EVENT: "chart", EntryKind.CLOSED: "lock", EntryKind.SUPPLIERS_CLOSED: "truck"}
# The first day of the first lunar month as Vietnam counts it.
LUNAR_NEW_YEARS = (
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 2),
    date(2031, 1, 23),
    date(2032, 2, 11),
    date(2033, 1, 31),
    date(2034, 2, 19),
)


class ShownEntries(BaseSchema):
    past = Tick(load_default=False)


class Prefilled(BaseSchema):
    """What a new entry begins with: an example is a link with these."""

    kind = fields.Enum(EntryKind, by_value=True, load_default=EntryKind.EVENT)
    name = Text(max_length=80, load_default="")
    first_on = Day(load_default=None)
    last_on = Day(load_default=None)
    factor_percent = Whole(minimum=1, maximum=1000, load_default=None)


@bp.page("/calendar", permission=Permission.STOCK_SEE)
def list_entries(session: Session, actor: Actor) -> str:
    branch, past = current_branch(), query(ShownEntries)["past"]
    today = clock.today(branch.timezone)
    entries = calendar.list_entries(session, actor, branch.id, since=None if past else today)
    may_change = actor.may(_MANAGE, branch.id)
    months = [
        (month_words(first), [_row(entry, may_change) for entry in some])
        for first, some in groupby(entries, lambda entry: entry.first_on.replace(day=1))
    ]
    tabs = [
        (_("From today"), url_for("calendar.list_entries"), not past, None),
        (_("Half a year back too"), url_for("calendar.list_entries", past="on"), past, None),
    ]
    return render(
        "calendar/list.html", months=months, tabs=tabs, examples=_examples(today) if may_change else []
    )


def month_words(month: date) -> str:
    """A month as a heading: "February 2027"."""
    words = str(format_skeleton("yMMMM", month, locale=locale_now()))
    return words[:1].upper() + words[1:]


def _row(entry: CalendarEntry, may_change: bool) -> dict[str, Any]:
    factor = entry.factor_percent
    return {
        "title": entry.name,
        "url": url_for("calendar.edit_entry", entry_id=entry.id) if may_change else "",
        "detail": f"{days_words(entry.first_on, entry.last_on)} · {word(entry.kind)}",
        "side": format_percent(factor / 100) if factor else "",
        "side_note": _("of a usual day") if factor else "",
        "symbol": SYMBOLS[entry.kind],
    }


def days_words(first: date, last: date) -> str:
    """One day, or the first and the last."""
    return format_day(first) if first == last else f"{format_day(first)} – {format_day(last)}"


def _examples(today: date) -> list[dict[str, Any]]:
    """The next Tết as a spa would enter it; nothing where it lies beyond what is known."""
    tet = next((day for day in LUNAR_NEW_YEARS if day > today), None)
    if tet is None:
        return []
    told = [
        (EntryKind.EVENT, _("Before Tết"), tet - timedelta(days=14), tet - timedelta(days=2), 150),
        (EntryKind.CLOSED, _("Tết"), tet - timedelta(days=1), tet + timedelta(days=2), None),
        (EntryKind.SUPPLIERS_CLOSED, _("Tết"), tet - timedelta(days=2), tet + timedelta(days=5), None),
    ]
    return [
        {
            "title": f"{name}: {word(kind)}" + (f" ({format_percent(factor / 100)})" if factor else ""),
            "detail": days_words(first, last),
            "symbol": SYMBOLS[kind],
            "url": url_for(
                "calendar.new_entry",
                kind=kind.value,
                name=name,
                first_on=first,
                last_on=last,
                factor_percent=factor,
            ),
        }
        for kind, name, first, last, factor in told
    ]


@bp.page("/calendar/new", permission=_MANAGE)
def new_entry(session: Session, actor: Actor) -> str:
    return render("calendar/entry.html", schema=WriteCalendarEntry, entry=None, present=query(Prefilled))


@bp.action("/calendar/new", permission=_MANAGE, schema=WriteCalendarEntry, back="calendar.new_entry")
def add_entry(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    calendar.add_entry(session, actor, branch_id=current_branch().id, **data)
    say(_("Saved. The next plan counts on it."))
    return "calendar.list_entries", {}


@bp.page("/calendar/<uuid:entry_id>", permission=_MANAGE)
def edit_entry(session: Session, actor: Actor, entry_id: UUID) -> str:
    entry = calendar.get_entry(session, actor, entry_id)
    return render("calendar/entry.html", schema=WriteCalendarEntry, entry=entry, present=entry)


@bp.action(
    "/calendar/<uuid:entry_id>",
    permission=_MANAGE,
    schema=WriteCalendarEntry,
    versioned=True,
    back="calendar.edit_entry",
)
def change_entry(
    session: Session, actor: Actor, data: dict[str, Any], version: int, entry_id: UUID
) -> Target:
    calendar.change_entry(session, actor, entry_id, version=version, **data)
    say(_("Saved. The next plan counts on it."))
    return "calendar.list_entries", {}


@bp.action(
    "/calendar/<uuid:entry_id>/removal", permission=_MANAGE, versioned=True, back="calendar.edit_entry"
)
def remove_entry(session: Session, actor: Actor, version: int, entry_id: UUID) -> Target:
    calendar.remove_entry(session, actor, entry_id, version=version)
    say(_("Removed. Those days are like any others again."))
    return "calendar.list_entries", {}
