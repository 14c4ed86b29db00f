"""Everything that waits for a manager of a branch: to decide, to send, to chase, to know of. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.outbox.models import OutboundMail, Webhook
from supply.domain.people.models import Person
from supply.domain.purchasing.asking import price_of, terms_of
from supply.domain.purchasing.models import (
    OrderStatus,
    PurchaseOrder,
    PurchaseOrderLine,
    Requisition,
    RequisitionApproval,
    RequisitionLine,
    RequisitionStatus,
)
from supply.domain.purchasing.orders import OPEN
from supply.domain.purchasing.rules import second_approval_of
from supply.domain.purchasing.service import editors_of
from supply.domain.stocktake.models import Stocktake, StocktakeHand, StocktakeStatus
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.waste.expired import ExpiredLot, list_expired
from supply.permissions import Actor, Permission, require

MOST = 100


@dataclass(frozen=True, slots=True)
class ToDecide:
    """A submitted requisition; `price_minor` None: a price is not known. `own`: not for this person."""

    requisition: Requisition
    price_minor: int | None
    own: bool
    approved_by: Sequence[str]
    needs_second: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, each kind with the longest waiting first."""

    to_decide: Sequence[ToDecide]
    # Stocktakes above the limit: (Stocktake, opened_by_name, own), own ones somebody else approves.
    counts: Sequence[Any]
    to_send: Sequence[PurchaseOrder]
    late: Sequence[PurchaseOrder]
    stuck_mail: Sequence[OutboundMail]
    # Webhooks that are not reached, or paused by themselves for it.
    stuck_hooks: Sequence[Webhook]
    # Lots that are past their use and stand there.
    expired: Sequence[ExpiredLot]
    # Open tasks of what went against a rule, as tasks.list_open tells them.
    incidents: Sequence[Any]

    @property
    def count(self) -> int:
        mine = sum(not one.own for one in (*self.to_decide, *self.counts))
        stuck = len(self.stuck_mail) + len(self.stuck_hooks)
        known = len(self.expired) + len(self.incidents)
        return mine + len(self.to_send) + len(self.late) + stuck + known


def inbox_of(session: Session, actor: Actor, branch_id: UUID) -> Inbox:
    """The branch's inbox as this manager sees it. A fixed number of statements."""
    require(actor, Permission.REQUISITION_DECIDE, branch_id)
    branch = branches.get_branch(session, actor, branch_id)
    today = clock.today(branch.timezone)
    orders = _orders(session, branch_id)
    return Inbox(
        to_decide=_to_decide(session, actor, branch_id),
        counts=_counts(session, actor, branch_id),
        to_send=[order for order in orders if order.status is OrderStatus.DRAFT],
        late=[
            order
            for order in orders
            if order.status is not OrderStatus.DRAFT
            and clock.day_of(order.expected_at, branch.timezone) < today
        ],
        stuck_mail=_stuck_mail(session, branch_id),
        stuck_hooks=_stuck_hooks(session, branch_id),
        expired=list_expired(session, actor, branch_id)[:MOST],
        incidents=tasks.list_open(session, actor, branch_id, kind=TaskKind.INCIDENT, limit=MOST),
    )


def _counts(session: Session, actor: Actor, branch_id: UUID) -> Sequence[Any]:
    own = (
        select(StocktakeHand)
        .where(StocktakeHand.stocktake_id == Stocktake.id, StocktakeHand.person_id == actor.person_id)
        .exists()
    )
    query = (
        select(Stocktake, Person.name.label("opened_by_name"), own.label("own"))
        .join(Person, Person.id == Stocktake.opened_by)
        .where(Stocktake.branch_id == branch_id, Stocktake.status == StocktakeStatus.SUBMITTED)
        .order_by(Stocktake.submitted_at, Stocktake.id)
    )
    return session.execute(query.limit(MOST)).all()


def _orders(session: Session, branch_id: UUID) -> Sequence[PurchaseOrder]:
    query = (
        select(PurchaseOrder)
        .options(
            joinedload(PurchaseOrder.supplier),
            joinedload(PurchaseOrder.lines).joinedload(PurchaseOrderLine.item),
        )
        .where(PurchaseOrder.branch_id == branch_id, PurchaseOrder.status.in_(OPEN))
        .order_by(PurchaseOrder.expected_at, PurchaseOrder.id)
    )
    return session.scalars(query.limit(MOST)).unique().all()


def _stuck_mail(session: Session, branch_id: UUID) -> Sequence[OutboundMail]:
    """Mail that was given up, or that has failed and still waits."""
    query = select(OutboundMail).where(
        OutboundMail.branch_id == branch_id,
        OutboundMail.sent_at.is_(None),
        OutboundMail.last_error.is_not(None),
    )
    return session.scalars(query.order_by(OutboundMail.queued_at).limit(MOST)).all()


def _stuck_hooks(session: Session, branch_id: UUID) -> Sequence[Webhook]:
    query = select(Webhook).where(
        Webhook.branches.any(Branch.id == branch_id),
        Webhook.ended_at.is_(None),
        Webhook.failing_since.is_not(None),
    )
    return session.scalars(query.order_by(Webhook.failing_since).limit(MOST)).all()


def _to_decide(session: Session, actor: Actor, branch_id: UUID) -> list[ToDecide]:
    query = (
        select(Requisition, second_approval_of(branch_id).label("limit"))
        .options(
            selectinload(Requisition.lines).joinedload(RequisitionLine.item),
            joinedload(Requisition.editors),
            joinedload(Requisition.approvals).joinedload(RequisitionApproval.person),
            joinedload(Requisition.requester),
        )
        .where(Requisition.branch_id == branch_id, Requisition.status == RequisitionStatus.SUBMITTED)
        .order_by(Requisition.submitted_at, Requisition.id)
    )
    found = session.execute(query.limit(MOST)).unique().all()
    lines = [line for requisition, _limit in found for line in requisition.lines]
    suppliers = {line.supplier_id for line in lines if line.supplier_id is not None}
    terms = terms_of(session, suppliers, [line.item_id for line in lines])
    waiting = []
    for requisition, limit in found:
        price = price_of(
            (line.quantity, terms.get((line.supplier_id, line.item_id)) if line.supplier_id else None)
            for line in requisition.lines
        )
        hands = editors_of(requisition) | {approval.person_id for approval in requisition.approvals}
        waiting.append(
            ToDecide(
                requisition,
                price,
                actor.person_id in hands,
                [approval.person.name for approval in requisition.approvals],
                limit is not None and (price is None or price > limit),
            )
        )
    return waiting
