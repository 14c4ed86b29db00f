"""What the books say to the plan, read with a fixed number of statements however many items there are.

Reads demand per day, shelves, orders, visits and lots; never the ledger. Returns plain rows, decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import DemandDay, Holding, Lot, StockLevel
from supply.domain.planning.herbs import Brew
from supply.domain.planning.models import CalendarEntry, ItemEstimate
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine
from supply.domain.purchasing.orders import OPEN
from supply.domain.transfers.models import Transfer, TransferParcel, TransferStatus
from supply.domain.transfers.picking import usable_on_arrival
from supply.domain.visits.models import StepStatus, Visit, VisitLine, VisitStatus, VisitStep

HISTORY_DAYS = 182
BOOKING_DAYS = 84
LIFE_DAYS = 365
LEADS = 24
Only = Sequence[UUID] | None


def shelf(session: Session, branch_id: UUID, only: Only) -> Sequence[Any]:
    """(item_id, last day | None, quantity) of what stands and is not quarantined."""
    query = (
        select(Holding.item_id, Holding.expires_on, func.sum(Holding.quantity))
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == branch_id, Holding.quantity > 0, Lot.quarantined_at.is_(None))
        .group_by(Holding.item_id, Holding.expires_on)
    )
    return session.execute(narrowed(query, Holding.item_id, only)).all()


def open_orders(session: Session, branch_id: UUID, only: Only) -> Sequence[Any]:
    """(item_id, ordered or approved at, expected at, open base units) of every open order line."""
    left = PurchaseOrderLine.open
    query = (
        select(
            PurchaseOrderLine.item_id,
            func.coalesce(PurchaseOrder.ordered_at, PurchaseOrder.approved_at),
            PurchaseOrder.expected_at,
            left,
        )
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(PurchaseOrder.branch_id == branch_id, PurchaseOrder.status.in_(OPEN), left > 0)
    )
    return session.execute(narrowed(query, PurchaseOrderLine.item_id, only)).all()


def on_the_way(session: Session, branch_id: UUID, today: date, only: Only) -> Sequence[Any]:
    """(item_id, expected on, base units) of what other branches sent, has not arrived and can be used."""
    query = (
        select(TransferParcel.item_id, Transfer.expected_on, TransferParcel.quantity)
        .join(Transfer, Transfer.id == TransferParcel.transfer_id)
        .join(Lot, Lot.id == TransferParcel.lot_id)
        .where(
            usable_on_arrival(today),
            Transfer.to_branch_id == branch_id,
            Transfer.status == TransferStatus.DISPATCHED,
        )
    )
    return session.execute(narrowed(query, TransferParcel.item_id, only)).all()


def open_needs(session: Session, branch_id: UUID, until: datetime, only: Only) -> Sequence[Any]:
    """(item_id, planned_at, base units) of every visit step that is not done, the past ones too.

    Of what is brewed also where only herbs are looked at: it is made from them.
    """
    query = (
        select(VisitLine.item_id, Visit.planned_at, func.sum(VisitLine.quantity))
        .join(VisitStep, VisitStep.id == VisitLine.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            VisitStep.branch_id == branch_id,
            VisitStep.status.in_((StepStatus.PLANNED, StepStatus.STARTED)),
            Visit.planned_at < until,
        )
        .group_by(VisitLine.item_id, Visit.planned_at)
    )
    if only is not None:
        brewed = select(BrewRecipe.item_id).where(BrewRecipe.active.is_(True))
        query = query.where(or_(VisitLine.item_id.in_(only), VisitLine.item_id.in_(brewed)))
    return session.execute(query).all()


def inactive_needs(session: Session, branch_id: UUID, since: datetime) -> Sequence[Any]:
    """(item_id, stock unit, base units, visits, on hand) of what planned visits need of inactive items."""
    on_hand = select(StockLevel.on_hand).where(
        StockLevel.branch_id == branch_id, StockLevel.item_id == VisitLine.item_id
    )
    query = (
        select(
            VisitLine.item_id,
            Item.stock_unit,
            func.sum(VisitLine.quantity),
            func.count(Visit.id.distinct()),
            func.coalesce(on_hand.scalar_subquery(), 0),
        )
        .join(Item, Item.id == VisitLine.item_id)
        .join(VisitStep, VisitStep.id == VisitLine.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            VisitStep.branch_id == branch_id,
            VisitStep.status == StepStatus.PLANNED,
            Visit.planned_at >= since,
            Item.active.is_(False),
        )
        .group_by(VisitLine.item_id, Item.stock_unit)
        .order_by(VisitLine.item_id)
    )
    return session.execute(query).all()


def brews(session: Session, branch_id: UUID, now: datetime) -> dict[UUID, Brew]:
    """How each item is brewed that is brewed, and how much of it stands that is still good."""
    good = (
        select(func.coalesce(func.sum(Holding.quantity), 0))
        .join(Lot, Lot.id == Holding.lot_id)
        .where(
            Holding.branch_id == branch_id,
            Holding.item_id == BrewRecipe.item_id,
            Holding.quantity > 0,
            Lot.quarantined_at.is_(None),
            or_(Lot.use_by_at.is_(None), Lot.use_by_at > now),
        )
        .scalar_subquery()
    )
    query = (
        select(
            BrewRecipe.item_id,
            BrewRecipe.yield_quantity,
            good,
            BrewRecipeLine.item_id,
            BrewRecipeLine.quantity,
        )
        .join(BrewRecipeLine, BrewRecipeLine.recipe_id == BrewRecipe.id)
        .where(BrewRecipe.active.is_(True))
        .order_by(BrewRecipe.item_id, BrewRecipeLine.position)
    )
    found: dict[UUID, Brew] = {}
    for item_id, size, standing, herb_id, quantity in session.execute(query):
        known = found.get(item_id, Brew(size, int(standing), ()))
        found[item_id] = replace(known, herbs=(*known.herbs, (herb_id, quantity)))
    return found


def visits_since(session: Session, branch_id: UUID, since: datetime, until: datetime) -> Sequence[Any]:
    """(planned_at, recorded_at, party_size, status) of the visits of a while."""
    query = select(Visit.planned_at, Visit.recorded_at, Visit.party_size, Visit.status).where(
        Visit.branch_id == branch_id, Visit.planned_at >= since, Visit.planned_at < until
    )
    return session.execute(query).all()


def lead_history(session: Session, branch_id: UUID) -> Sequence[Any]:
    """(supplier_id, ordered_at, arrived_at), oldest first, of the orders of which something has come."""
    rank = func.row_number().over(
        partition_by=PurchaseOrder.supplier_id, order_by=PurchaseOrder.arrived_at.desc()
    )
    recent = (
        select(
            PurchaseOrder.supplier_id,
            PurchaseOrder.ordered_at,
            PurchaseOrder.arrived_at,
            rank.label("rank"),
        )
        .where(
            PurchaseOrder.branch_id == branch_id,
            PurchaseOrder.arrived_at.is_not(None),
        )
        .subquery()
    )
    query = select(recent.c.supplier_id, recent.c.ordered_at, recent.c.arrived_at)
    return session.execute(query.where(recent.c.rank <= LEADS).order_by(recent.c.arrived_at)).all()


def item_leads(session: Session, branch_id: UUID, item_ids: Sequence[UUID]) -> Sequence[Any]:
    """(item_id, ordered_at, arrived_at), oldest first, of the orders of items that have a lead time of their
    own. No statement where there are none."""
    if not item_ids:
        return []
    query = (
        select(PurchaseOrderLine.item_id, PurchaseOrder.ordered_at, PurchaseOrder.arrived_at)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(
            PurchaseOrder.branch_id == branch_id,
            PurchaseOrder.arrived_at.is_not(None),
            PurchaseOrderLine.item_id.in_(item_ids),
            PurchaseOrderLine.received > 0,
        )
        .order_by(PurchaseOrder.arrived_at.desc())
    )
    return session.execute(query.limit(LEADS * len(item_ids))).all()[::-1]


def calendar(session: Session, branch_id: UUID, since: date) -> Sequence[CalendarEntry]:
    """The entries that reach into the days looked at."""
    query = select(CalendarEntry).where(CalendarEntry.branch_id == branch_id, CalendarEntry.last_on >= since)
    return session.scalars(query.order_by(CalendarEntry.first_on, CalendarEntry.id)).all()


def portions(session: Session, branch_id: UUID, since: datetime, only: Only) -> Sequence[Any]:
    """(item_id, base units, guests) over the visit lines of a while: what one guest takes of an item."""
    guests = case((VisitLine.guest_position.is_(None), Visit.party_size), else_=1)
    query = (
        select(VisitLine.item_id, func.sum(VisitLine.quantity), func.sum(guests))
        .join(VisitStep, VisitStep.id == VisitLine.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            Visit.branch_id == branch_id,
            Visit.planned_at >= since,
            Visit.status != VisitStatus.CANCELLED,
        )
        .group_by(VisitLine.item_id)
    )
    return session.execute(narrowed(query, VisitLine.item_id, only)).all()


def first_day(session: Session, branch_id: UUID, since: date) -> date | None:
    """The first day since then on which the branch used anything."""
    query = select(func.min(DemandDay.day_on)).where(
        DemandDay.branch_id == branch_id, DemandDay.day_on >= since
    )
    return session.scalar(query)


def estimates(session: Session, branch_id: UUID, only: Only) -> Sequence[Any]:
    """(item_id, base units a day) that a manager expects of items without a history."""
    query = select(ItemEstimate.item_id, ItemEstimate.daily).where(ItemEstimate.branch_id == branch_id)
    return session.execute(narrowed(query, ItemEstimate.item_id, only)).all()


def since_day(today: date, days: int = HISTORY_DAYS) -> date:
    """The first of so many days of which `today` is the last."""
    return today - timedelta(days=days - 1)


def narrowed(query: Any, column: Any, only: Only) -> Any:
    return query if only is None else query.where(column.in_(only))
