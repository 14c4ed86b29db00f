"""A plan that somebody asked for by day: supplier by supplier in transactions of their own, so that its
progress is seen and nobody waits for it long. What carries it through is replanning.py.

A branch has one such run at a time; whoever asks meanwhile joins it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.branches.models import Branch
from supply.domain.branches.service import get_branch
from supply.domain.ledger import service as ledger
from supply.domain.people.machine import planner
from supply.domain.planning import offers
from supply.domain.planning.drafting import draft_requisitions
from supply.domain.planning.inputs import observe
from supply.domain.planning.models import PlanRun, ReorderFlag
from supply.domain.planning.noticing import Notice
from supply.domain.planning.service import close_unsold, keep_flags, keep_notices
from supply.domain.planning.surveying import look_through
from supply.domain.transfers.noting import take_note
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# A run that has not come to its end by then has lost its process.
LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run, and whether it is new: then somebody has to carry it through."""

    run: PlanRun
    new: bool


def begin_run(session: Session, actor: Actor, branch_id: UUID) -> Begun:
    """Begin to plan the branch, noting what is on the way to it, or join the run that is under way."""
    require(actor, Permission.REQUISITION_REQUEST, branch_id)
    get_branch(session, actor, branch_id)
    take_note(ledger.lock(session, actor, branch_id))
    last = last_run(session, branch_id)
    if last is not None and is_running(last):
        return Begun(last, new=False)
    run = PlanRun(
        id=new_id(),
        branch_id=branch_id,
        started_at=clock.now(),
        started_by=actor.person_id,
        total=sum(map(len, offers.suppliers_items(session).values())),
        done=0,
        flagged=0,
    )
    session.add(run)
    session.flush()
    return Begun(run, new=True)


def is_running(run: PlanRun) -> bool:
    return run.finished_at is None and clock.now() - run.started_at < LONGEST


def last_run(session: Session, branch_id: UUID) -> PlanRun | None:
    """The branch's newest run, by night or by day."""
    query = select(PlanRun).where(PlanRun.branch_id == branch_id)
    return session.scalar(query.order_by(PlanRun.started_at.desc(), PlanRun.id.desc()).limit(1))


def get_run(session: Session, actor: Actor, run_id: UUID) -> PlanRun:
    """A run of one of the actor's branches. Raises NotFound."""
    run = session.get(PlanRun, run_id)
    if run is None or not actor.belongs_to(run.branch_id):
        raise NotFound("run_not_found", lazy("There is no such plan in your branches."))
    require(actor, Permission.STOCK_SEE, run.branch_id)
    return run


def rounds_of(session: Session, run_id: UUID) -> list[list[UUID]] | None:
    """The items to plan, in the rounds in which that is done; None where the run never came to be."""
    if session.get(PlanRun, run_id) is None:
        return None
    return list(offers.suppliers_items(session).values())


def plan_round(session: Session, run_id: UUID, items: Sequence[UUID]) -> list[Notice]:
    """Plan the items of one supplier and note how far the run is; what was found beside the flags."""
    run = session.get_one(PlanRun, run_id)
    seen = observe(session, session.get_one(Branch, run.branch_id), only=items)
    found = look_through(seen)
    keep_flags(session, seen, found)
    run.done = min(run.done + len(items), run.total)
    return found.notices


def end_run(session: Session, run_id: UUID, items: Sequence[UUID], found: Sequence[Notice]) -> None:
    """Keep the notices, hand in the requisitions, and say that it is done."""
    run = session.get_one(PlanRun, run_id)
    branch = session.get_one(Branch, run.branch_id)
    close_unsold(session, branch.id, set(items))
    keep_notices(session, branch.id, found)
    draft_requisitions(session, planner(session, branch.id), branch)
    open_now = select(func.count()).where(ReorderFlag.branch_id == branch.id, ReorderFlag.closed_at.is_(None))
    run.flagged = session.scalar(open_now) or 0
    run.done, run.finished_at = run.total, clock.now()
