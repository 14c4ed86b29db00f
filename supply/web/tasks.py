"""Page of tasks: shelves in doubt and broken rules, what happened, and the one tap that sees to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.preparation import standing
from supply.domain.reports.stock import visits_behind
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.fields import BaseSchema
from supply.i18n import _, lazy
from supply.paging import Cursor, encode
from supply.permissions import Actor, Permission
from supply.web import brew_rows
from supply.web.pages import Pages, query, render, say
from supply.web.session import current_branch
from supply.web.task_rows import task_row

bp = Pages("tasks", __name__)
bp.nav(
    label=lazy("Tasks"),
    icon="warning",
    endpoint="tasks.list_tasks",
    permission=Permission.COUNT_LOG,
    order=45,
)
PAGE = 30


class TaskFilter(BaseSchema):
    kind = fields.Enum(TaskKind, by_value=True, load_default=None)
    after = Cursor(datetime, UUID, load_default=None)


@bp.page("/tasks", permission=Permission.STOCK_SEE)
def list_tasks(session: Session, actor: Actor) -> str:
    chosen = query(TaskFilter)
    kind, after = chosen["kind"], chosen["after"]
    found = tasks.list_open(session, actor, current_branch().id, kind=kind, limit=PAGE + 1, after=after)
    shown = found[:PAGE]
    visits = visits_behind(session, [row.source_id for row in shown if row.source_type == "completion"])
    kept = {"kind": kind.value} if kind else {}
    here = url_for("tasks.list_tasks", **kept)
    following = encode((shown[-1].opened_at, shown[-1].id)) if len(found) > PAGE else None
    today = clock.today(current_branch().timezone)
    left = standing.leftovers(session, current_branch().id, today) if kind is None and after is None else ()
    return render(
        "tasks/list.html",
        leftovers=[brew_rows.leftover(row) for row in left],
        rows=[task_row(row, visits) for row in shown],
        tabs=_tabs(kind),
        next_url=following and url_for("tasks.list_tasks", **kept, after=following),
        first_url=here if after else None,
    )


def _tabs(kind: TaskKind | None) -> list[tuple[str, str, bool, None]]:
    words = {None: _("All"), TaskKind.COUNT: _("Please count"), TaskKind.INCIDENT: _("Incidents")}
    return [
        (text, url_for("tasks.list_tasks", kind=one.value if one else None), one is kind, None)
        for one, text in words.items()
    ]


@bp.action("/tasks/<uuid:task_id>/closure", permission=Permission.COUNT_LOG, back="tasks.list_tasks")
def close_task(session: Session, actor: Actor, task_id: UUID) -> str:
    task = tasks.close_task(session, actor, task_id)
    say(_("Seen. It is on record who looked at it.") if task.outcome == "seen" else _("Settled."))
    return url_for("tasks.list_tasks", kind=task.kind.value)
