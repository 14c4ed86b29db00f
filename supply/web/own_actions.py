"""What the person at the screen recorded last, in whatever visit, with Undo.

It stands at the foot of every page of who treats at a shared tablet, elsewhere of the pages that ask for
it. It is read in the page's own snapshot, by one statement.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, g, url_for

from supply import clock
from supply.domain.visits import service as visits
from supply.i18n import _
from supply.permissions import Permission
from supply.presenting import format_clock
from supply.web.frame import named
from supply.web.pages import form_key
from supply.web.session import find_current_branch, viewer

LAST = 8
WORKING_DAY = timedelta(hours=16)


def init_own_actions(app: Flask) -> None:
    """Offer it to base.html, which draws it."""
    app.jinja_env.globals.update(own_actions=own_actions)


def own_actions(*, asked: bool = False) -> list[dict[str, Any]]:
    """As last_actions of components/lists.html takes them. For who completes no steps nothing is read."""
    person, branch, session = viewer(), find_current_branch(), g.get("snapshot")
    if person is None or branch is None or session is None:
        return []
    if not person.actor.may(Permission.VISIT_COMPLETE_OWN, branch.id):
        return []
    # A manager who came in with the password is at a desk, wherever that is.
    treats_alone = not person.actor.may(Permission.DELIVERY_LOG, branch.id)
    if not (asked or (person.tablet_id and treats_alone)):
        return []
    since = clock.now() - WORKING_DAY
    rows = visits.list_own_actions(session, person.actor, branch.id, since=since, limit=LAST)
    return [_own_action(row, branch.timezone) for row in rows]


def _own_action(row: Any, timezone: str) -> dict[str, Any]:
    begins = format_clock(row.planned_at, timezone)
    action = {
        "text": named(row),
        "time": format_clock(row.recorded_at, timezone),
        "by": _("visit of %(place)s", place=" ".join(filter(None, [begins, row.room]))),
        "undone": row.reversed_at is not None,
        "undo_key": form_key(),
        "undo_offline": {
            "place": url_for("visits.show_visit", visit_id=row.visit_id, _anchor=f"step-{row.position}"),
            "label": _("Undo: %(what)s", what=f"{begins} · {row.position}. {named(row)}"),
        },
    }
    return action | (_left_out(row) if row.id is None else _done(row))


def _done(row: Any) -> dict[str, Any]:
    url = url_for("visits.reverse_completion", visit_id=row.visit_id, position=row.position)
    return {"undo_url": "" if row.reversed_at else url, "undo_fields": {"completion_id": row.id}}


def _left_out(row: Any) -> dict[str, Any]:
    return {
        "text": _("Skipped: %(step)s", step=named(row)),
        "symbol": "skip",
        "undo_url": url_for("visits.unskip_step", visit_id=row.visit_id, position=row.position),
    }
