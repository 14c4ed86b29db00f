"""Reads what readiness is worked out from: visits, shelves, orders, substitutes, terms.

A few statements, however many visits; writes nothing and weighs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Branch, Room
from supply.domain.catalog.models import Item
from supply.domain.ledger.standing import Standing
from supply.domain.people.models import Person
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, PurchaseOrderLine
from supply.domain.purchasing.orders import OPEN as OPEN_ORDERS
from supply.domain.readiness.covering import Coming, Pile
from supply.domain.readiness.fixing import Elsewhere, Seller, Spare
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.treatments.models import Procedure, Step, Substitute
from supply.domain.visits.models import StepStatus, Visit, VisitGuest, VisitLine, VisitStatus, VisitStep
from supply.domain.visits.steps import OPEN, UNDER_WAY
from supply.writing import ask


@dataclass(frozen=True, slots=True)
class Line:
    """So much of an item, for a guest or for the party (None)."""

    position: int
    item_id: UUID
    guest_position: int | None
    quantity: int


@dataclass(slots=True)
class OpenStep:
    """A step that waits to be done."""

    position: int
    name_en: str
    name_vi: str
    status: StepStatus
    acknowledged: Sequence[str]
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class OpenVisit:
    """A visit of the days in question with what people know it by, and its open steps."""

    id: UUID
    planned_at: datetime
    status: VisitStatus
    party_size: int
    booking_reference: str | None
    therapist_id: UUID | None
    procedure_id: UUID
    procedure: str
    name_en: str
    name_vi: str
    room: str | None
    therapist: str | None
    # Condition codes by guest, of the guests who have any.
    guests: dict[int, Sequence[str]] = field(default_factory=dict)
    steps: list[OpenStep] = field(default_factory=list)


def list_open_visits(session: Session, branch: Branch, first: date, last: date) -> list[OpenVisit]:
    """The visits of some days that have an open step, in the order of serving. Two statements."""
    chosen = _chosen(branch, first, last)
    query = (
        select(
            Visit.id,
            Visit.planned_at,
            Visit.status,
            Visit.party_size,
            Visit.booking_reference,
            Visit.therapist_id,
            Visit.procedure_id,
            Procedure.code,
            Procedure.name_en,
            Procedure.name_vi,
            Room.name,
            Person.name,
            VisitGuest.position,
            VisitGuest.conditions,
        )
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
        .outerjoin(VisitGuest, and_(VisitGuest.visit_id == Visit.id, Visit.has_conditions))
        .where(*chosen)
        .order_by(Visit.planned_at, Visit.id, VisitGuest.position)
    )
    visits: dict[UUID, OpenVisit] = {}
    for *facts, guest, conditions in _rows(session, query):
        visit = visits.setdefault(facts[0], OpenVisit(*facts))
        if conditions:
            visit.guests[guest] = conditions
    if visits:
        _add_steps(session, branch.id, chosen, visits)
    return [visit for visit in visits.values() if visit.steps]


def list_lines(session: Session, branch: Branch, day: date) -> Sequence[Any]:
    """The open steps of a day, a row for each of their lines (or one without). One statement."""
    query = (
        select(
            Visit.id.label("visit_id"),
            Visit.planned_at,
            Visit.has_conditions,
            VisitStep.position,
            VisitStep.acknowledged,
            VisitLine.position.label("line"),
            VisitLine.item_id,
            VisitLine.guest_position,
            VisitLine.quantity,
        )
        .join(VisitStep, VisitStep.visit_id == Visit.id)
        .outerjoin(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        .where(VisitStep.branch_id == branch.id, VisitStep.status.in_(OPEN), *_chosen(branch, day, day))
        .order_by(VisitStep.position, VisitLine.position)
    )
    return _rows(session, query)


def _chosen(branch: Branch, first: date, last: date) -> tuple[Any, ...]:
    return (
        Visit.branch_id == branch.id,
        Visit.planned_at >= _begin_of(first, branch.timezone),
        Visit.planned_at < _begin_of(last + timedelta(days=1), branch.timezone),
        Visit.status.in_(UNDER_WAY),
    )


def _begin_of(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def _rows(session: Session, query: Any) -> Sequence[Any]:
    """Rows of columns: past the ORM's session, which would cost as much again as the statement."""
    return ask(session, query, {}).all()


def _add_steps(session: Session, branch_id: UUID, chosen: Any, visits: Mapping[UUID, OpenVisit]) -> None:
    query = (
        select(
            VisitStep.visit_id,
            VisitStep.position,
            Step.name_en,
            Step.name_vi,
            VisitStep.status,
            VisitStep.acknowledged,
            VisitLine.position,
            VisitLine.item_id,
            VisitLine.guest_position,
            VisitLine.quantity,
        )
        .join(Visit, Visit.id == VisitStep.visit_id)
        .join(Step, Step.id == VisitStep.step_id)
        .outerjoin(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        # The branch of the step too: it leads the index of what is open.
        .where(VisitStep.branch_id == branch_id, VisitStep.status.in_(OPEN), *chosen)
        .order_by(VisitStep.visit_id, VisitStep.position, VisitLine.position)
    )
    for visit_id, position, name_en, name_vi, status, acknowledged, *line in _rows(session, query):
        steps = visits[visit_id].steps
        if not steps or steps[-1].position != position:
            steps.append(OpenStep(position, name_en, name_vi, status, acknowledged or ()))
        # What was left out, or replaced by nothing, needs nothing.
        if line[3]:
            steps[-1].lines.append(Line(*line))


def list_coming(
    session: Session, branch: Branch, item_ids: Collection[UUID], until: date, today: date
) -> dict[UUID, list[Coming]]:
    """What is still open of orders that should be here by a day. One statement."""
    if not item_ids:
        return {}
    query = (
        select(
            PurchaseOrderLine.item_id,
            PurchaseOrder.id,
            PurchaseOrderLine.ordered - PurchaseOrderLine.received,
            PurchaseOrder.expected_at,
            PurchaseOrder.status,
        )
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(
            PurchaseOrder.branch_id == branch.id,
            PurchaseOrder.status.in_(OPEN_ORDERS),
            PurchaseOrder.expected_at < _begin_of(until + timedelta(days=1), branch.timezone),
            PurchaseOrderLine.item_id.in_(sorted(item_ids)),
            PurchaseOrderLine.ordered > PurchaseOrderLine.received,
        )
    )
    found: dict[UUID, list[Coming]] = defaultdict(list)
    for item_id, order_id, quantity, expected_at, status in _rows(session, query):
        day = clock.day_of(expected_at, branch.timezone)
        unsure = day < today or status is OrderStatus.DRAFT
        found[item_id].append(Coming(order_id, quantity, day, unsure))
    return found


@dataclass(frozen=True, slots=True)
class Goods:
    """The items in question, and for each what may stand in for it, most wanted first."""

    items: dict[UUID, Item]
    substitutes: dict[UUID, list[Substitute]]


def read_goods(session: Session, item_ids: Collection[UUID]) -> Goods:
    """The items and the substitutes in use of each of them. One statement."""
    if not item_ids:
        return Goods({}, {})
    wanted = sorted(item_ids)
    query = (
        select(Item, Substitute)
        .outerjoin(Substitute, (Substitute.substitute_id == Item.id) & Substitute.item_id.in_(wanted))
        .where(or_(Item.id.in_(wanted), Substitute.item_id.is_not(None)))
        .order_by(Substitute.item_id, Substitute.position)
    )
    goods = Goods({}, defaultdict(list))
    rows: Sequence[Any] = session.execute(query).all()
    for item, row in rows:
        goods.items[item.id] = item
        if row is not None and item.active:
            goods.substitutes[row.item_id].append(row)
    return goods


def list_sellers(
    session: Session, branch: Branch, item_ids: Collection[UUID], today: date
) -> tuple[dict[UUID, list[Seller]], dict[UUID, Supplier]]:
    """Who sells the items and when it would be here, and the suppliers by id. One statement."""
    if not item_ids:
        return {}, {}
    query = (
        select(SupplierTerms, Supplier)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .where(SupplierTerms.item_id.in_(sorted(item_ids)), Supplier.active.is_(True))
        .order_by(Supplier.code)
    )
    found: dict[UUID, list[Seller]] = defaultdict(list)
    suppliers = {}
    for terms, supplier in session.execute(query):
        suppliers[supplier.id] = supplier
        price = terms.price_minor if terms.currency == branch.currency else None
        arrives_on = arrival(today, supplier.order_days, supplier.lead_time_days)
        found[terms.item_id].append(
            Seller(supplier.id, arrives_on, terms.pack_quantity, terms.minimum_packs, price)
        )
    return found, suppliers


def arrival(today: date, order_days: int, lead_time_days: int) -> date:
    """When an order made now is here: sent on the next day on which orders are taken (bit 0 is Monday)."""
    wait = next(ahead for ahead in range(7) if order_days >> (today.weekday() + ahead) % 7 & 1)
    return today + timedelta(days=wait + lead_time_days)


def piles_of(standing: Iterable[Standing], currency: str) -> dict[UUID, list[Pile]]:
    """The shelf of one branch by item, in the order of use. Quarantined stock is no stock."""
    piles: dict[UUID, list[Pile]] = defaultdict(list)
    for row in standing:
        if not row.quarantined:
            known = row.currency == currency
            piles[row.item_id].append(
                Pile(
                    row.quantity,
                    row.expires_on,
                    row.use_by_at,
                    row.cost_minor if known else None,
                    row.cost_quantity if known else None,
                )
            )
    return piles


def surplus_of(
    standing: Iterable[Standing], branches: Sequence[Branch], currency: str
) -> dict[UUID, list[Elsewhere]]:
    """What other branches have above their own reservations and reorder points, by item, branches by code."""
    rows: dict[UUID, list[Standing]] = defaultdict(list)
    for one in standing:
        rows[one.branch_id].append(one)
    found: dict[UUID, list[Elsewhere]] = defaultdict(list)
    for branch in branches:
        own = rows.get(branch.id, [])
        kept = {row.item_id: row.reserved + (row.reorder_point or 0) for row in own}
        for item_id, piles in piles_of(own, currency).items():
            found[item_id].append(Elsewhere(branch.id, Spare(piles, kept[item_id])))
    return found
