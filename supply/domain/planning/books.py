"""What the books say to the plan, read with a fixed number of statements however many items there are.

Reads demand per day, shelves, orders, visits and lots; never the ledger. Returns plain rows, decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import DemandDay, Holding, Lot, LotKind, StockLevel
from supply.domain.planning.herbs import Brew
from supply.domain.planning.models import CalendarEntry, ItemEstimate
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine
from supply.domain.purchasing.orders import OPEN
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.service import BEST_FIRST
from supply.domain.visits.models import StepStatus, Visit, VisitLine, VisitStatus, VisitStep

HISTORY_DAYS = 182
BOOKING_DAYS = 84
LIFE_DAYS = 365
LEADS = 24
Only = Sequence[UUID] | None


def sold_items(session: Session, branch_id: UUID, only: Only) -> Sequence[Any]:
    """(Item, SupplierTerms, Supplier, StockLevel | None) of what can be bought; the best terms come first."""
    level = and_(StockLevel.item_id == Item.id, StockLevel.branch_id == branch_id)
    query = (
        select(Item, SupplierTerms, Supplier, StockLevel)
        .join(SupplierTerms, SupplierTerms.item_id == Item.id)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .outerjoin(StockLevel, level)
        .where(Supplier.active, Item.active)
        .order_by(SupplierTerms.item_id, *BEST_FIRST)
    )
    return session.execute(_only(query, Item.id, only)).all()


def suppliers_items(session: Session) -> dict[UUID, list[UUID]]:
    """The items that can be bought by the supplier that each is bought from: what is planned together."""
    query = (
        select(SupplierTerms.item_id, SupplierTerms.supplier_id)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .join(Item, Item.id == SupplierTerms.item_id)
        .where(Supplier.active, Item.active)
        .order_by(SupplierTerms.item_id, *BEST_FIRST)
    )
    best: dict[UUID, UUID] = {}
    for item_id, supplier_id in session.execute(query):
        best.setdefault(item_id, supplier_id)
    together: dict[UUID, list[UUID]] = defaultdict(list)
    for item_id, supplier_id in best.items():
        together[supplier_id].append(item_id)
    return dict(together)


def demand(session: Session, branch_id: UUID, since: date, only: Only) -> dict[UUID, list[tuple[int, int]]]:
    """By item its (days after `since`, used + short) of the days with demand, by the day it was performed.

    Half a year of every item passes here, so an item is one row, its days one text of "2026-11-22 1500,…".
    """
    used = cast(DemandDay.used + DemandDay.short, String)
    days = func.aggregate_strings(cast(DemandDay.day_on, String) + " " + used, ",")
    query = (
        select(DemandDay.item_id, days)
        .where(DemandDay.branch_id == branch_id, DemandDay.day_on >= since)
        .group_by(DemandDay.item_id)
    )
    after = _DaysAfter(since)
    return {
        item_id: [(after[told[:10]], int(told[11:])) for told in text.split(",")]
        for item_id, text in session.execute(_only(query, DemandDay.item_id, only))
    }


class _DaysAfter(dict[str, int]):
    """How many days after a first one a day lies, by its text; each is worked out once."""

    def __init__(self, first: date) -> None:
        super().__init__()
        self.first = first

    def __missing__(self, day: str) -> int:
        self[day] = (date.fromisoformat(day) - self.first).days
        return self[day]


def shelf(session: Session, branch_id: UUID, only: Only) -> Sequence[Any]:
    """(item_id, last day | None, quantity) of what stands and is not quarantined."""
    query = (
        select(Holding.item_id, Holding.expires_on, func.sum(Holding.quantity))
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == branch_id, Holding.quantity > 0, Lot.quarantined_at.is_(None))
        .group_by(Holding.item_id, Holding.expires_on)
    )
    return session.execute(_only(query, Holding.item_id, only)).all()


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
    return session.execute(_only(query, PurchaseOrderLine.item_id, only)).all()


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
        .where(PurchaseOrder.branch_id == branch_id, PurchaseOrder.arrived_at.is_not(None))
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


def lot_lives(session: Session, branch_id: UUID, since: datetime, only: Only) -> Sequence[Any]:
    """(item_id, created_at, expires_on) of the suppliers' lots of a while that bear a last day."""
    query = select(Lot.item_id, Lot.created_at, Lot.expires_on).where(
        Lot.branch_id == branch_id,
        Lot.kind == LotKind.SUPPLIER,
        Lot.expires_on.is_not(None),
        Lot.created_at >= since,
    )
    return session.execute(_only(query, Lot.item_id, only)).all()


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
    return session.execute(_only(query, VisitLine.item_id, only)).all()


def first_day(session: Session, branch_id: UUID, since: date) -> date | None:
    """The first day since then on which the branch used anything."""
    query = select(func.min(DemandDay.day_on)).where(
        DemandDay.branch_id == branch_id, DemandDay.day_on >= since
    )
    return session.scalar(query)


def estimates(session: Session, branch_id: UUID, only: Only) -> Sequence[Any]:
    """(item_id, base units a day) that a manager expects of items without a history."""
    query = select(ItemEstimate.item_id, ItemEstimate.daily).where(ItemEstimate.branch_id == branch_id)
    return session.execute(_only(query, ItemEstimate.item_id, only)).all()


def siblings(session: Session, item_id: UUID) -> list[UUID]:
    """The items that are bought where this one is: they share its deliveries and are planned together."""
    best = (
        select(SupplierTerms.supplier_id)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .where(SupplierTerms.item_id == item_id, Supplier.active)
        .order_by(*BEST_FIRST)
        .limit(1)
        .scalar_subquery()
    )
    return list(session.scalars(select(SupplierTerms.item_id).where(SupplierTerms.supplier_id == best)))


def since_day(today: date, days: int = HISTORY_DAYS) -> date:
    """The first of so many days of which `today` is the last."""
    return today - timedelta(days=days - 1)


def _only(query: Any, column: Any, only: Only) -> Any:
    return query if only is None else query.where(column.in_(only))
