"""Recalling a supplier's lot in one action in all of one's branches, and lifting a recall. A manager's right.
Letting a single lot go, too, since only here is it known whether a recall holds it.

The branch at hand is blocked with the recall; every other one follows in a transaction of its own under its
own head (`settle`, called by supply/recalling.py), which may be done late or twice and comes out the same.
What comes later is blocked when it comes (ledger/recalling.py); what is on the way, when it arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches.models import Branch
from supply.domain.ledger import service as ledger
from supply.domain.ledger import shelf
from supply.domain.ledger.models import Lot, LotKind
from supply.domain.ledger.recall_models import Recall, RecallBranch
from supply.domain.ledger.recalling import RECALL, lots_named, same_number
from supply.domain.people.machine import planner
from supply.domain.reports.tracing import lots_holding
from supply.errors import Conflict, Forbidden, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, Role, require

_WHOLE = (joinedload(Recall.item), joinedload(Recall.opener), joinedload(Recall.lifter))


def open_recall(session: Session, actor: Actor, *, branch_id: UUID, lot_id: UUID, reason: str) -> Recall:
    """Recall what bears a lot's number, in every branch whose manager one is.

    Raises NotFound, Forbidden, Conflict("own_batch" | "already_recalled").
    """
    require(actor, Permission.RECALL_DECIDE, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    if lot.kind is LotKind.PREPARED:
        raise Conflict(
            "own_batch", lazy("This batch was brewed here. Quarantine it, or recall what it was brewed from.")
        )
    standing = find_open_recall(session, lot)
    if standing is not None:
        raise Conflict(
            "already_recalled",
            lazy("This lot number is recalled already."),
            details={"recall_id": str(standing.id)},
        )
    recall = Recall(
        id=new_id(),
        item_id=lot.item_id,
        number=lot.number,
        supplier_id=lot.supplier_id,
        reason=reason,
        opened_at=writer.recorded_at,
        opened_by=actor.person_id,
        branches=[RecallBranch(branch_id=one) for one in sorted(managed(actor) | {branch_id})],
    )
    session.add(recall)
    session.flush()
    _record(session, actor, recall, "open", {"number": [None, lot.number], "reason": [None, reason]})
    settle(session, branch_id)
    return get_recall(session, actor, recall.id)


def managed(actor: Actor) -> set[UUID]:
    """The branches whose manager somebody is: a manager's role is always held in one branch."""
    return {branch_id for role, branch_id in actor.grants if role is Role.MANAGER and branch_id is not None}


def lift_recall(session: Session, actor: Actor, recall_id: UUID, *, reason: str) -> Recall:
    """Let go what the recall blocked and no other one does. Takes the right in all of its branches.

    Raises NotFound, Forbidden, Conflict("recall_lifted").
    """
    recall = get_recall(session, actor, recall_id)
    if not all(actor.may(Permission.RECALL_DECIDE, one.branch_id) for one in recall.branches):
        raise Forbidden(
            "recall_of_others",
            lazy("This recall holds in branches that are not yours to manage. Ask who may."),
            details={"permission": Permission.RECALL_DECIDE.value},
        )
    locking = select(Recall).where(Recall.id == recall_id).with_for_update(of=Recall)
    recall = session.scalars(locking.execution_options(populate_existing=True)).one()
    if recall.lifted_at is not None:
        raise Conflict("recall_lifted", lazy("This recall is lifted already."))
    here = min(one.branch_id for one in recall.branches)
    recall.lifted_at = ledger.lock(session, actor, here).recorded_at
    recall.lifted_by, recall.lift_reason = actor.person_id, reason
    for one in recall.branches:
        one.settled_at = None
    session.flush()
    _record(session, actor, recall, "lift", {"lifted": [False, True], "reason": [None, reason]})
    settle(session, here)
    return get_recall(session, actor, recall_id)


def _record(session: Session, actor: Actor, recall: Recall, verb: str, changes: dict[str, list[Any]]) -> None:
    for one in recall.branches:
        audit.record(
            session,
            actor,
            action=f"recall.{verb}",
            entity=RECALL,
            entity_id=recall.id,
            branch_id=one.branch_id,
            changes=changes,
        )


def branches_to_settle(session: Session) -> list[UUID]:
    """The branches whose lots have still to follow a recall."""
    query = select(RecallBranch.branch_id).where(RecallBranch.settled_at.is_(None)).distinct()
    return sorted(session.scalars(query))


def settle(session: Session, branch_id: UUID) -> int:
    """Let a branch's lots follow its recalls: blocked while one is open, let go once it is lifted.

    The deed is that of who opened or lifted it. How many recalls that took.
    """
    query = (
        select(Recall, RecallBranch)
        .join(RecallBranch, RecallBranch.recall_id == Recall.id)
        .where(RecallBranch.branch_id == branch_id, RecallBranch.settled_at.is_(None))
        .order_by(Recall.id)
    )
    # The head comes first: whoever else settles this branch has it, and leaves nothing to do.
    ledger.lock(session, planner(session, branch_id), branch_id)
    waiting = session.execute(query.execution_options(populate_existing=True)).all()
    for recall, branch in waiting:
        writer = ledger.lock(session, Actor(recall.lifted_by or recall.opened_by, ""), branch_id)
        if recall.lifted_at is None:
            for lot in _reach(session, recall, branch_id):
                if lot.quarantined_at is None:
                    shelf.block(writer, lot, RECALL)
        else:
            _let_go(session, writer, recall)
        branch.settled_at = writer.recorded_at
    if waiting:
        session.flush()
        # Under the head like all that a recall does in a branch: what comes in reads it with the same lock.
        open_here = _in_branch(branch_id).exists()
        session.execute(update(Branch).where(Branch.id == branch_id).values(recalling=open_here))
    return len(waiting)


def _in_branch(branch_id: UUID) -> Select[Recall]:
    """The open recalls that hold in a branch."""
    query = select(Recall).join(RecallBranch, RecallBranch.recall_id == Recall.id)
    return query.where(RecallBranch.branch_id == branch_id, Recall.lifted_at.is_(None))


def _let_go(session: Session, writer: ledger.Writer, recall: Recall) -> None:
    held = _held(session, writer.branch_id)
    for lot in _reach(session, recall, writer.branch_id):
        if lot.quarantine_reason == RECALL and lot.id not in held:
            shelf.unblock(writer, lot, recall.lift_reason or RECALL)


def _held(session: Session, branch_id: UUID) -> dict[UUID, Recall]:
    """The branch's lots that an open recall reaches, each with one that does."""
    recalls = session.scalars(_in_branch(branch_id).order_by(Recall.id)).all()
    return {lot.id: recall for recall in recalls for lot in _reach(session, recall, branch_id)}


def release_lot(session: Session, actor: Actor, *, branch_id: UUID, lot_id: UUID, reason: str) -> Lot:
    """Unblock one lot. A manager's decision. Raises Conflict("not_quarantined"), and Conflict("recalled")
    while an open recall reaches it, whatever else it was blocked for.
    """
    require(actor, Permission.COUNT_APPROVE, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    recall = _held(session, branch_id).get(lot_id) if writer.recalling else None
    if recall is not None:
        raise Conflict(
            "recalled",
            lazy("An open recall holds this lot. It is free again when the recall is lifted."),
            details={"recall_id": str(recall.id)},
        )
    return shelf.release_lot(session, actor, branch_id=branch_id, lot_id=lot_id, reason=reason)


def _reach(session: Session, recall: Recall, branch_id: UUID) -> Sequence[Lot]:
    """The branch's lots of the number, and the batches there that were brewed of them."""
    named = lots_named(session, recall.item_id, recall.number, recall.supplier_id, [branch_id])
    if not named:
        return ()
    holding = lots_holding(session, named)
    query = select(Lot).where(Lot.id.in_(sorted(holding)), Lot.branch_id == branch_id)
    return session.scalars(query.order_by(Lot.id).execution_options(populate_existing=True)).all()


def get_recall(session: Session, actor: Actor, recall_id: UUID) -> Recall:
    """One that holds or held in some branch of the actor's. Raises NotFound."""
    branches = joinedload(Recall.branches).joinedload(RecallBranch.branch)
    query = select(Recall).where(Recall.id == recall_id).options(*_WHOLE, branches)
    recall = session.scalars(query.execution_options(populate_existing=True)).unique().first()
    if recall is None or not any(actor.belongs_to(one.branch_id) for one in recall.branches):
        raise NotFound("recall_not_found", lazy("There is no such recall in your branches."))
    require(actor, Permission.STOCK_SEE)
    return recall


def list_recalls(session: Session, actor: Actor, branch_id: UUID) -> Sequence[Recall]:
    """Recalls that hold or held in a branch, open ones first, then the newest."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(Recall)
        .join(RecallBranch, RecallBranch.recall_id == Recall.id)
        .where(RecallBranch.branch_id == branch_id)
        .options(*_WHOLE, selectinload(Recall.branches))
        .order_by(Recall.lifted_at.is_not(None), Recall.id.desc())
    )
    return session.scalars(query).all()


def find_open_recall(session: Session, lot: Lot) -> Recall | None:
    """The open recall in its branch that names a lot, or that holds a batch for what it was brewed of."""
    if lot.kind is LotKind.PREPARED:
        return _held(session, lot.branch_id).get(lot.id) if lot.quarantine_reason == RECALL else None
    query = _in_branch(lot.branch_id).where(
        Recall.item_id == lot.item_id, same_number(Recall.number, lot.number)
    )
    if lot.supplier_id is not None:
        query = query.where(Recall.supplier_id.is_(None) | (Recall.supplier_id == lot.supplier_id))
    return session.scalars(query.order_by(Recall.id).limit(1)).first()
