"""What every page's frame needs: who, where, the navigation, the words and filters of the templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, request, url_for
from markupsafe import Markup

from supply import clock, presenting
from supply.i18n import lazy
from supply.permissions import Permission
from supply.web.fieldspecs import labels, spec
from supply.web.gate import allowed
from supply.web.pages import NavEntry, NavGroup, current_form, form_key
from supply.web.session import choose_locale, choose_theme, find_current_branch, limits, viewer
from supply.web.words import word

# Whoever has more places than this finds them in groups; so many fit a screen of 720 px one below the other.
FLAT = 14
_GROUPS = {
    NavGroup.DAY: "",
    NavGroup.STOCK: lazy("Stock and movements"),
    NavGroup.BUYING: lazy("Buying"),
    NavGroup.REPORTS: lazy("Reports"),
    NavGroup.SETUP: lazy("Set-up"),
}
Place = tuple[str, str, str, bool]


def init_frame(app: Flask, entries: Sequence[NavEntry]) -> None:
    """Register context, globals and filters. `entries` are the places that the modules offer."""
    ordered = sorted(entries, key=lambda entry: entry.order)
    app.context_processor(lambda: _context(ordered))
    app.jinja_env.globals.update(spec=spec, labels=labels, new_key=form_key, current_form=current_form)
    app.jinja_env.filters.update(
        quantity=presenting.format_quantity,
        amount=presenting.format_amount,
        number=presenting.format_number,
        unit=presenting.unit_symbol,
        money=_money,
        day=presenting.format_day,
        long_day=presenting.format_long_day,
        instant=_instant,
        clock=_clock,
        percent=presenting.format_percent,
        word=word,
        named=named,
    )


def named(thing: Any, part: str = "name") -> str:
    """The name of an item, step or condition in the reader's language ("name_vi", "name_en")."""
    return str(getattr(thing, f"{part}_{choose_locale()}", "") or "")


def _context(entries: Sequence[NavEntry]) -> dict[str, Any]:
    person = viewer()
    places = _nav(entries) if person else []
    return {
        "current_person": person,
        "current_branch": find_current_branch(),
        "branches": person.branches if person else (),
        "nav": [place for _group, place in places],
        "nav_groups": _grouped(places),
        "urls": _urls(),
        "locale": choose_locale(),
        "theme": choose_theme(),
        "page_path": _page_path(),
        "lock_after": int(limits().tablet_idle.total_seconds()),
        "shown_at": clock.now(),
        "may": _may,
    }


def _nav(entries: Sequence[NavEntry]) -> list[tuple[NavGroup, Place]]:
    person = viewer()
    assert person is not None
    open_to = [entry for entry in entries if allowed(person.actor, entry.permission)]
    here = _here(open_to)
    return [(entry.group, (entry.endpoint, str(entry.label), entry.icon, entry is here)) for entry in open_to]


def _grouped(places: Sequence[tuple[NavGroup, Place]]) -> list[tuple[str, list[Place], bool]]:
    """(title, its places, whether it is open): the group of this page, else the first that can be closed."""
    if len(places) <= FLAT:
        return [("", [place for _group, place in places], True)]
    held = {group: [place for one, place in places if one is group] for group in NavGroup}
    here = next((group for group, (*_rest, active) in places if active), NavGroup.DAY)
    opened = NavGroup.STOCK if here is NavGroup.DAY else here
    return [(str(_GROUPS[group]), some, group is opened) for group, some in held.items() if some]


def _here(entries: Sequence[NavEntry]) -> NavEntry | None:
    """The entry of this very page, else the first of its capability."""
    exact = next((entry for entry in entries if entry.endpoint == request.endpoint), None)
    near = (
        entry for entry in entries if request.blueprint in (entry.endpoint.partition(".")[0], *entry.also)
    )
    return exact or next(near, None)


def _urls() -> dict[str, str]:
    names = {
        "home": "today.show_today",
        "language": "account.choose_language",
        "theme": "account.choose_theme",
        "branch": "account.choose_branch",
        "sign_out": "account.sign_out",
        "account": "account.show_account",
    }
    person = viewer()
    if person is not None and person.branches and allowed(person.actor, Permission.STOCK_SEE):
        names["search"] = "finding.show_search"
    if person is not None and allowed(person.actor, Permission.LABEL_PRINT):
        names["scan"] = "scanning.show_scan"
    if person is not None and person.tablet_id and allowed(person.actor, Permission.VISIT_COMPLETE_OWN):
        names["room"] = "rooms.show_room"
    return {name: url_for(endpoint) for name, endpoint in names.items()}


def _page_path() -> str:
    """Where a switch leads back to: this page; after a refused form the page that holds it."""
    if request.method == "GET":
        return request.full_path.removesuffix("?")
    return url_for("today.show_today")


def _may(permission: str) -> bool:
    """Whether to offer something at all; the gate itself is in the action and the service."""
    person = viewer()
    return person is not None and allowed(person.actor, Permission(permission))


def _money(minor: int | None, currency: str | None = None) -> str:
    branch = find_current_branch()
    return presenting.format_money(minor, currency or (branch.currency if branch else "VND"))


def _zone() -> str:
    branch = find_current_branch()
    return branch.timezone if branch else "UTC"


def _instant(instant: Any, timezone: str | None = None) -> Markup:
    """A moment on the branch's clock, with the exact one for programs."""
    if instant is None:
        return Markup("–")
    shown = presenting.format_instant(instant, timezone or _zone())
    return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), shown)


def _clock(instant: Any, timezone: str | None = None) -> str:
    return presenting.format_clock(instant, timezone or _zone())
