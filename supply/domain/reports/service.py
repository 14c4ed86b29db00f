"""What waits in a branch today: flags, expiries, tasks, approvals, orders, visits. Looks; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Room
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.people.models import Person
from supply.domain.planning.listing import open_flags
from supply.domain.purchasing.models import PurchaseOrder, Requisition, RequisitionStatus
from supply.domain.purchasing.orders import OPEN
from supply.domain.readiness.counting import count_not_ready
from supply.domain.stocktake.models import Stocktake, StocktakeStatus
from supply.domain.suppliers.models import Supplier
from supply.domain.tasks.models import Task, TaskKind
from supply.domain.transfers.models import Transfer, TransferStatus
from supply.domain.treatments.models import Procedure, Step
from supply.domain.visits.models import StepStatus, Visit, VisitStatus, VisitStep
from supply.permissions import Actor, Permission, require

EXPIRING_DAYS = 7
SUBMITTED = "requisition"
COUNTED = "stocktake"
TO_SEND, TO_RECEIVE = "transfer-to-send", "transfer-to-receive"


@dataclass(frozen=True, slots=True)
class VisitToday:
    """A visit of the day and how far it is."""

    visit: Visit
    procedure: Procedure
    room_name: str | None
    therapist_name: str | None
    steps: int
    done: int
    next_step: Step | None
    next_position: int | None
    started: bool


@dataclass(frozen=True, slots=True)
class Today:
    """What a person finds on coming to work. Rows are those of ledger.reading and of the models."""

    day: date
    to_order: Sequence[Item]
    expiring: Sequence[Any]
    expired: Sequence[Any]
    count_tasks: int
    incidents: int
    requisitions_waiting: int
    stocktakes_waiting: int
    transfers_to_send: int
    transfers_to_receive: int
    visits_not_ready: int
    orders_expected: Sequence[Any]
    visits: Sequence[VisitToday]
    my_visits: Sequence[VisitToday]


def today_of(session: Session, actor: Actor, branch_id: UUID) -> Today:
    """The branch's day. `orders_expected` rows are (PurchaseOrder, Supplier), the latest promises last.

    What is to be ordered is told to whoever may request it, what is on its way to whoever may take it in.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    branch = branches.get_branch(session, actor, branch_id)
    day = clock.today(branch.timezone)
    standing = reading.list_expiring(session, branch_id, day + timedelta(days=EXPIRING_DAYS))
    waiting = _waiting(session, branch_id)
    visits = list_visits_of_day(session, branch_id, day, branch.timezone)
    return Today(
        day=day,
        to_order=_to_order(session, branch_id, day)
        if actor.may(Permission.REQUISITION_REQUEST, branch_id)
        else [],
        expiring=[row for row in standing if not reading.is_expired(row.Holding, row.Lot, day)],
        expired=[row for row in standing if reading.is_expired(row.Holding, row.Lot, day)],
        count_tasks=waiting.get(TaskKind.COUNT.value, 0),
        incidents=waiting.get(TaskKind.INCIDENT.value, 0),
        requisitions_waiting=waiting[SUBMITTED],
        stocktakes_waiting=waiting[COUNTED],
        transfers_to_send=waiting[TO_SEND],
        transfers_to_receive=waiting[TO_RECEIVE],
        visits_not_ready=count_not_ready(session, actor, branch_id),
        orders_expected=_orders_expected(session, branch_id)
        if actor.may(Permission.DELIVERY_LOG, branch_id)
        else [],
        visits=visits,
        my_visits=[entry for entry in visits if entry.visit.therapist_id == actor.person_id],
    )


def _to_order(session: Session, branch_id: UUID, day: date) -> list[Item]:
    """The items of the Reorder page, in its order."""
    low = [row.Item for row in reading.list_low(session, branch_id, day)]
    flagged = [flag.item for flag in open_flags(session, branch_id)]
    return sorted(low + flagged, key=lambda item: (item.sort_key, str(item.id)))


def _waiting(session: Session, branch_id: UUID) -> dict[str, int]:
    """What waits to be decided or done: open tasks by kind, requisitions, transfers. One statement."""
    tasks = (
        select(cast(Task.kind, String).label("kind"), func.count())
        .where(Task.branch_id == branch_id, Task.closed_at.is_(None))
        .group_by(Task.kind)
    )
    submitted = select(literal(SUBMITTED), func.count()).where(
        Requisition.branch_id == branch_id, Requisition.status == RequisitionStatus.SUBMITTED
    )
    counted = select(literal(COUNTED), func.count()).where(
        Stocktake.branch_id == branch_id, Stocktake.status == StocktakeStatus.SUBMITTED
    )
    to_send = select(literal(TO_SEND), func.count()).where(
        Transfer.from_branch_id == branch_id, Transfer.status == TransferStatus.REQUESTED
    )
    to_receive = select(literal(TO_RECEIVE), func.count()).where(
        Transfer.to_branch_id == branch_id, Transfer.status == TransferStatus.DISPATCHED
    )
    told = union_all(tasks, submitted, counted, to_send, to_receive)
    return {kind: count for kind, count in session.execute(told)}


def _orders_expected(session: Session, branch_id: UUID) -> Sequence[Any]:
    query = (
        select(PurchaseOrder, Supplier)
        .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .where(PurchaseOrder.branch_id == branch_id, PurchaseOrder.status.in_(OPEN))
        .order_by(PurchaseOrder.expected_at, PurchaseOrder.id)
        .limit(20)
    )
    return session.execute(query).all()


def list_visits_of_day(
    session: Session, branch_id: UUID, day: date, timezone: str, limit: int = 100
) -> list[VisitToday]:
    """Visits planned for a day, in the order of the clock, each with its next step. Two statements."""
    begins, ends = clock.span_of(day, timezone)
    query = (
        select(Visit, Procedure, Room.name.label("room_name"), Person.name.label("therapist_name"))
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
        .where(
            Visit.branch_id == branch_id,
            Visit.planned_at >= begins,
            Visit.planned_at < ends,
            Visit.status != VisitStatus.CANCELLED,
        )
        .order_by(Visit.planned_at, Visit.id)
        .limit(limit)
    )
    rows = session.execute(query).all()
    steps = _steps_of(session, [row.Visit.id for row in rows])
    return [_visit_today(row, steps.get(row.Visit.id, [])) for row in rows]


def _steps_of(session: Session, visit_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    query = (
        select(VisitStep.visit_id, VisitStep.position, VisitStep.status, Step)
        .join(Step, Step.id == VisitStep.step_id)
        .where(VisitStep.visit_id.in_(visit_ids))
        .order_by(VisitStep.visit_id, VisitStep.position)
    )
    steps: dict[UUID, list[Any]] = {}
    for row in session.execute(query):
        steps.setdefault(row.visit_id, []).append(row)
    return steps


def _visit_today(row: Any, steps: Sequence[Any]) -> VisitToday:
    waiting = [step for step in steps if step.status in (StepStatus.PLANNED, StepStatus.STARTED)]
    if row.Visit.status in (VisitStatus.BROKEN_OFF, VisitStatus.FINISHED):
        waiting = []
    following = waiting[0] if waiting else None
    return VisitToday(
        visit=row.Visit,
        procedure=row.Procedure,
        room_name=row.room_name,
        therapist_name=row.therapist_name,
        steps=len(steps),
        done=len([step for step in steps if step.status is StepStatus.COMPLETED]),
        next_step=following.Step if following else None,
        next_position=following.position if following else None,
        started=bool(following and following.status is StepStatus.STARTED),
    )
