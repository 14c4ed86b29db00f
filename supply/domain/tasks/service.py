"""Tasks: what somebody must look at (a shelf to count, an incident to know of).

Owns opening, listing and closing. Refuses to own stock: whoever posts what a task asked for closes it, or
somebody says that it has been seen to.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.catalog.models import Item
from supply.domain.people.models import Person
from supply.domain.tasks.models import Task, TaskKind
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.writing import write_later

# Who may say that a task has been seen to, and as which outcome it is on record. A shelf in doubt is rather
# counted; a delivery that was logged late may have settled it all the same.
_BY_HAND: dict[TaskKind, tuple[Permission, str]] = {
    TaskKind.COUNT: (Permission.COUNT_LOG, "settled"),
    TaskKind.INCIDENT: (Permission.COUNT_APPROVE, "seen"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that asks for a task; `quantity` in base units is what a shortfall could not deduct."""

    kind: TaskKind
    source_type: str
    source_id: uuid.UUID
    reason: str
    item_id: uuid.UUID | None = None
    quantity: int | None = None


def open_task(
    session: Session,
    actor: Actor,
    *,
    branch_id: uuid.UUID,
    kind: TaskKind,
    item_id: uuid.UUID | None,
    quantity: int | None,
    source_type: str,
    source_id: uuid.UUID,
    reason: str,
) -> uuid.UUID:
    """Open one task; returns its id. The caller has been let through for what gave rise to it."""
    finding = Finding(kind, source_type, source_id, reason, item_id, quantity)
    return open_tasks(session, actor, branch_id, [finding])[0]


def open_tasks(
    session: Session, actor: Actor, branch_id: uuid.UUID, findings: Sequence[Finding]
) -> list[uuid.UUID]:
    """Open a task for each finding with the transaction's other rows; returns their ids in order."""
    if not findings:
        return []
    opened_at = clock.now()
    ids = [new_id() for _finding in findings]
    rows = [
        {
            "id": task_id,
            "branch_id": branch_id,
            "kind": finding.kind,
            "item_id": finding.item_id,
            "quantity": finding.quantity,
            "source_type": finding.source_type,
            "source_id": finding.source_id,
            "reason": finding.reason,
            "opened_at": opened_at,
            "opened_by": actor.person_id,
        }
        for task_id, finding in zip(ids, findings, strict=True)
    ]
    write_later(session, Task, rows)
    return ids


def list_open(
    session: Session,
    actor: Actor,
    branch_id: uuid.UUID,
    *,
    kind: TaskKind | None = None,
    item_id: uuid.UUID | None = None,
    limit: int = 50,
    after: tuple[datetime, uuid.UUID] | None = None,
) -> Sequence[Any]:
    """What waits in a branch, oldest first: the task's columns, its item's names and units, and by whom."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(
            *Task.__table__.c,
            Item.code.label("item_code"),
            Item.name_en.label("item_name_en"),
            Item.name_vi.label("item_name_vi"),
            Item.dimension,
            Item.stock_unit,
            Item.usage_unit,
            Person.name.label("opened_by_name"),
        )
        .outerjoin_from(Task, Item, Item.id == Task.item_id)
        .join(Person, Person.id == Task.opened_by)
        .where(Task.branch_id == branch_id, Task.closed_at.is_(None))
        .order_by(Task.opened_at, Task.id)
        .limit(limit)
    )
    if kind is not None:
        query = query.where(Task.kind == kind)
    if item_id is not None:
        query = query.where(Task.item_id == item_id)
    if after is not None:
        query = query.where(tuple_(Task.opened_at, Task.id) > after)
    return session.execute(query).all()


def close_tasks(
    session: Session,
    actor: Actor,
    *,
    branch_id: uuid.UUID,
    outcome: str,
    item_id: uuid.UUID | None = None,
    task_id: uuid.UUID | None = None,
    source: tuple[str, uuid.UUID] | None = None,
    kind: TaskKind | None = None,
) -> int:
    """Close the open tasks that match everything given; returns how many. `outcome` is a code.

    Name at least one of item, task or source. A task_id that is not open here: NotFound.
    """
    wanted: list[ColumnElement[bool]] = [Task.branch_id == branch_id, Task.closed_at.is_(None)]
    if item_id is not None:
        wanted.append(Task.item_id == item_id)
    if task_id is not None:
        wanted.append(Task.id == task_id)
    if source is not None:
        wanted += [Task.source_type == source[0], Task.source_id == source[1]]
    if len(wanted) == 2:
        raise ValueError("closing every task of a branch at once is never meant")
    if kind is not None:
        wanted.append(Task.kind == kind)
    closed = session.execute(
        update(Task)
        .where(*wanted)
        .values(closed_at=clock.now(), closed_by=actor.person_id, outcome=outcome)
        .execution_options(synchronize_session=False)
    )
    count = closed.rowcount if isinstance(closed, CursorResult) else 0
    if task_id is not None and not count:
        raise NotFound("task_not_found", lazy("There is no such open task in this branch."))
    return count


def close_counted(
    session: Session, actor: Actor, branch_id: uuid.UUID, counted: Mapping[uuid.UUID, datetime]
) -> None:
    """Close the count tasks of items that were opened before they were counted. Two statements."""
    wanted = (
        Task.branch_id == branch_id,
        Task.kind == TaskKind.COUNT,
        Task.closed_at.is_(None),
        Task.item_id.in_(sorted(counted)),
    )
    waiting = session.execute(select(Task.id, Task.item_id, Task.opened_at).where(*wanted))
    done = [row.id for row in waiting if row.opened_at <= counted[row.item_id]]
    session.execute(
        update(Task)
        .where(Task.id.in_(done))
        .values(closed_at=clock.now(), closed_by=actor.person_id, outcome="counted")
        .execution_options(synchronize_session=False)
    )


def close_task(session: Session, actor: Actor, task_id: uuid.UUID) -> Task:
    """Say that a task has been seen to. Raises NotFound, Forbidden, Conflict("already_closed")."""
    task = session.get(Task, task_id)
    if task is None or not actor.belongs_to(task.branch_id):
        raise NotFound("task_not_found", lazy("There is no such task."))
    permission, outcome = _BY_HAND[task.kind]
    require(actor, permission, task.branch_id)
    closed = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.closed_at.is_(None))
        .values(closed_at=clock.now(), closed_by=actor.person_id, outcome=outcome)
        .execution_options(synchronize_session=False)
    )
    session.refresh(task)
    if not (closed.rowcount if isinstance(closed, CursorResult) else 0):
        raise Conflict("already_closed", lazy("Somebody has seen to this already."))
    return task
