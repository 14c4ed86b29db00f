"""Page of tasks: shelves in doubt, what has expired, broken rules; and the one tap that sees to each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.preparation import standing
from supply.domain.reports.stock import visits_behind
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.waste.expired import list_expired
from supply.fields import BaseSchema
from supply.i18n import _, lazy
from supply.paging import Cursor, encode
from supply.permissions import Actor, Permission
from supply.web import brew_rows
from supply.web.pages import Pages, query, render, say
from supply.web.session import current_branch
from supply.web.task_rows import expired_row, task_row

bp = Pages("tasks", __name__)
bp.nav(
    label=lazy("Tasks"),
    icon="warning",
    endpoint="tasks.list_tasks",
    permission=Permission.COUNT_LOG,
    order=45,
)
PAGE = 30


class Tab(StrEnum):
    """What the page is asked for: tasks that somebody opened, or what comes up by itself."""

    COUNT = TaskKind.COUNT.value
    INCIDENT = TaskKind.INCIDENT.value
    EXPIRED = "expired"


class TaskFilter(BaseSchema):
    kind = fields.Enum(Tab, by_value=True, load_default=None)
    after = Cursor(datetime, UUID, load_default=None)


@bp.page("/tasks", permission=Permission.STOCK_SEE)
def list_tasks(session: Session, actor: Actor) -> str:
    chosen = query(TaskFilter)
    kind, after, branch = chosen["kind"], chosen["after"], current_branch()
    by_itself = kind in (None, Tab.EXPIRED) and after is None
    found = _opened(session, actor, kind, after)
    shown = found[:PAGE]
    visits = visits_behind(session, [row.source_id for row in shown if row.source_type == "completion"])
    kept = {"kind": kind.value} if kind else {}
    here = url_for("tasks.list_tasks", **kept)
    following = encode((shown[-1].opened_at, shown[-1].id)) if len(found) > PAGE else None
    left = standing.leftovers(session, branch.id, clock.today(branch.timezone)) if by_itself else ()
    return render(
        "tasks/list.html",
        expired=[expired_row(one) for one in list_expired(session, actor, branch.id)] if by_itself else [],
        opened=kind is not Tab.EXPIRED,
        leftovers=[brew_rows.leftover(row) for row in left],
        rows=[task_row(row, visits) for row in shown],
        tabs=_tabs(kind),
        next_url=following and url_for("tasks.list_tasks", **kept, after=following),
        first_url=here if after else None,
    )


def _opened(
    session: Session, actor: Actor, kind: Tab | None, after: tuple[datetime, UUID] | None
) -> Sequence[Any]:
    if kind is Tab.EXPIRED:
        return ()
    wanted = TaskKind(kind.value) if kind else None
    return tasks.list_open(session, actor, current_branch().id, kind=wanted, limit=PAGE + 1, after=after)


def _tabs(kind: Tab | None) -> list[tuple[str, str, bool, None]]:
    words = {
        None: _("All"),
        Tab.COUNT: _("Please count"),
        Tab.EXPIRED: _("Throw away"),
        Tab.INCIDENT: _("Incidents"),
    }
    return [
        (text, url_for("tasks.list_tasks", kind=one.value if one else None), one is kind, None)
        for one, text in words.items()
    ]


@bp.action("/tasks/<uuid:task_id>/closure", permission=Permission.COUNT_LOG, back="tasks.list_tasks")
def close_task(session: Session, actor: Actor, task_id: UUID) -> str:
    task = tasks.close_task(session, actor, task_id)
    say(_("Seen. It is on record who looked at it.") if task.outcome == "seen" else _("Settled."))
    return url_for("tasks.list_tasks", kind=task.kind.value)
