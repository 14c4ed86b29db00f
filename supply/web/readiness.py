"""The page "Ready for the day": each visit's steps as marks, what is missing, and what to do first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.readiness.covering import Colour
from supply.domain.readiness.service import DAYS_AHEAD, Readiness, readiness_of
from supply.fields import BaseSchema, Day
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.web.pages import Pages, query, render
from supply.web.readiness_rows import to_do_row, visit_row
from supply.web.session import current_branch

bp = Pages("readiness", __name__)


class ReadinessDay(BaseSchema):
    day = Day(load_default=None)


@bp.page("/readiness", permission=Permission.STOCK_SEE)
def show_readiness(session: Session, actor: Actor) -> str:
    branch = current_branch()
    today = clock.today(branch.timezone)
    asked = query(ReadinessDay)["day"]
    # An address kept from another day leads to today.
    day = asked if asked in (today, today + timedelta(days=DAYS_AHEAD)) else today
    ready = readiness_of(session, actor, branch.id, day)
    return render(
        "readiness/show.html",
        day=ready.day,
        tabs=_tabs(ready),
        counts=[(colour, ready.count(colour)) for colour in Colour if ready.count(colour)],
        to_do=[to_do_row(one, ready) for one in ready.to_do],
        visits=[visit_row(one, ready) for one in ready.visits],
    )


def _tabs(ready: Readiness) -> list[tuple[Any, ...]]:
    """Today and tomorrow, each with how many visits are not ready."""
    days = [(_("Today"), ready.today), (_("Tomorrow"), ready.last)]
    return [
        (
            name,
            url_for("readiness.show_readiness", day=day),
            day == ready.day,
            ready.not_ready.get(day, 0) or None,
        )
        for name, day in days
    ]
