"""Open tasks over the API: shelves to count, incidents to know of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import Task
from supply.domain.tasks.schemas import ClosedTaskOut, ListTasks, TaskOut
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission

blp = ApiBlueprint("tasks", description="What waits for somebody: shelves to count, incidents to know of.")


@blp.get(
    "/tasks",
    permission=Permission.STOCK_SEE,
    query=ListTasks,
    page_of=TaskOut,
    summary="List open tasks",
    description="Oldest first. A `count` task is closed by counting its item, one that a completion opened "
    "when that is undone, and any by its closure.",
)
def list_tasks(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[Any], tuple[str, str] | None]:
    limit = query.pop("limit")
    rows = tasks.list_open(
        session, actor, query.pop("branch_id"), limit=limit + 1, after=_after(query.pop("cursor")), **query
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return list(rows[:limit]), (last.opened_at.isoformat(), str(last.id)) if last else None


def _after(cursor: tuple[Any, ...] | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        opened_at, task_id = cursor
        return datetime.fromisoformat(opened_at), UUID(task_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid(
            "invalid", lazy("This cursor is not one of ours. Begin at the first page."), field="cursor"
        ) from error


@blp.post(
    "/tasks/<uuid:task_id>/closure",
    permission=Permission.COUNT_LOG,
    out=ClosedTaskOut,
    status=201,
    summary="Close a task by hand",
    description="An incident was `seen` (needs `count:approve` too), or what a `count` task doubts has been "
    "`settled` otherwise, such as by a delivery that was logged late. Counting the item closes it by itself.",
    conflicts=("already_closed",),
)
def close_task(session: Session, actor: Actor, task_id: UUID) -> Task:
    return tasks.close_task(session, actor, task_id)
