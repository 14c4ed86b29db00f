"""The plan of a branch: look, let the policy decide, keep its word as flags and notices.

Runs at night for every branch, and by day for an item whose books have changed. Flags that a person
snoozed or overrode keep that; levels set by hand are left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.branches.models import Branch
from supply.domain.branches.service import get_branch
from supply.domain.planning import books, offers
from supply.domain.planning.inputs import Seen, observe
from supply.domain.planning.models import PlanNotice, PlanRun, ReorderFlag
from supply.domain.planning.noticing import Notice, inactive_notices
from supply.domain.planning.surveying import Findings, Flagged, look_through
from supply.domain.planning.telling import tell_opened, tell_tonight
from supply.permissions import Actor, Permission, require
from supply.statements import on_one_core
from supply.writing import write_later


def plan_branch(session: Session, branch: Branch, *, started_by: UUID | None = None) -> PlanRun:
    """Plan the whole branch and keep what comes of it. The caller has been let through."""
    run = PlanRun(
        id=new_id(),
        branch_id=branch.id,
        started_at=clock.now(),
        started_by=started_by,
        total=0,
        done=0,
        flagged=0,
    )
    on_one_core(session.connection())
    seen = observe(session, branch)
    found = look_through(seen)
    run.flagged = keep_flags(session, seen, found)
    close_unsold(session, branch.id, found.items)
    keep_notices(session, branch.id, found.notices)
    tell_tonight(session, branch)
    run.total = run.done = len(found.items)
    run.finished_at = clock.now()
    session.add(run)
    session.flush()
    return run


def plan_item(session: Session, actor: Actor, branch_id: UUID, item_id: UUID) -> ReorderFlag | None:
    """Plan one item anew, with those that share its supplier's deliveries; its open flag, if it has one."""
    require(actor, Permission.REQUISITION_REQUEST, branch_id)
    branch = get_branch(session, actor, branch_id)
    together = offers.siblings(session, item_id) or [item_id]
    seen = observe(session, branch, only=together)
    keep_flags(session, seen, look_through(seen))
    return find_open_flag(session, branch_id, item_id)


def find_open_flag(session: Session, branch_id: UUID, item_id: UUID) -> ReorderFlag | None:
    """The plan's open flag of an item."""
    return session.scalar(
        select(ReorderFlag).where(
            ReorderFlag.branch_id == branch_id,
            ReorderFlag.item_id == item_id,
            ReorderFlag.closed_at.is_(None),
        )
    )


def keep_flags(session: Session, seen: Seen, found: Findings) -> int:
    """Open, refresh and close flags as the policy says now; how many are open afterwards.

    At most three statements.
    """
    now = clock.now()
    standing = {
        item_id: known
        for item_id, known in _open_flags(session, seen.branch.id, seen.only).items()
        if item_id in found.items
    }
    rows = {item_id: _row(seen, flagged, now) for item_id, flagged in found.flagged.items()}
    opened = {"branch_id": seen.branch.id, "opened_at": now, "version": 1}
    fresh = [
        {"id": new_id(), "item_id": item_id, **opened, **row}
        for item_id, row in rows.items()
        if item_id not in standing
    ]
    write_later(session, ReorderFlag, fresh)
    tell_opened(session, seen.branch, fresh)
    refreshed = [item_id for item_id in standing if item_id in rows]
    write_later(
        session,
        ReorderFlag,
        [{**_identity(standing[item_id]), **rows[item_id]} for item_id in refreshed],
        key=("id",),
        update=True,
    )
    closed = [item_id for item_id in standing if item_id not in rows]
    write_later(
        session,
        ReorderFlag,
        [{**_identity(standing[item_id]), "closed_at": now} for item_id in closed],
        key=("id",),
        update=True,
    )
    return len(rows)


def close_unsold(session: Session, branch_id: UUID, sold: Collection[UUID]) -> None:
    """Close the flags of what nobody sells any more; no plan looks at it."""
    gone = {
        item_id: known for item_id, known in _open_flags(session, branch_id).items() if item_id not in sold
    }
    rows = [{**_identity(known), "closed_at": clock.now()} for known in gone.values()]
    write_later(session, ReorderFlag, rows, key=("id",), update=True)


def _identity(known: tuple[UUID, int]) -> dict[str, Any]:
    """A flag by its id, with its next version."""
    flag_id, version = known
    return {"id": flag_id, "version": version + 1}


def _open_flags(session: Session, branch_id: UUID, only: books.Only = None) -> dict[UUID, tuple[UUID, int]]:
    query = select(ReorderFlag.item_id, ReorderFlag.id, ReorderFlag.version).where(
        ReorderFlag.branch_id == branch_id, ReorderFlag.closed_at.is_(None)
    )
    query = books.narrowed(query, ReorderFlag.item_id, only)
    return {row.item_id: (row.id, row.version) for row in session.execute(query)}


def _row(seen: Seen, flagged: Flagged, now: datetime) -> dict[str, Any]:
    sold, line = flagged.sold, flagged.line
    return {
        "supplier_id": sold.supplier.id,
        "planned_at": now,
        "planned_on": seen.today,
        # Packs are whole, so base units are exact whatever the policy's floats.
        "quantity": line.packs * sold.pack_quantity,
        "numbers": line.numbers(),
        "days": flagged.days,
    }


def keep_notices(session: Session, branch_id: UUID, found: Sequence[Notice]) -> None:
    """Replace the branch's notices by those of this plan and what planned visits need in vain."""
    now = clock.now()
    found = [*found, *inactive_notices(books.inactive_needs(session, branch_id, now))]
    session.execute(delete(PlanNotice).where(PlanNotice.branch_id == branch_id))
    rows = [
        {
            "id": new_id(),
            "branch_id": branch_id,
            "kind": notice.kind,
            "item_id": notice.item_id,
            "supplier_id": notice.supplier_id,
            "numbers": notice.numbers,
            "planned_at": now,
        }
        for notice in found
    ]
    write_later(session, PlanNotice, rows)
