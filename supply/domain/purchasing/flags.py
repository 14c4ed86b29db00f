"""Reorder flags: what is at or below its reorder point today, with the arithmetic. Reads only.

A flag is never stored. It follows from balances, dates and policy, so it is right at midnight by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger.models import Holding, Lot, StockLevel
from supply.domain.purchasing import par
from supply.domain.purchasing.models import Requisition, RequisitionLine, RequisitionStatus
from supply.domain.purchasing.par import Position, Suggestion
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.service import BEST_FIRST
from supply.i18n import Text, lazy
from supply.permissions import Actor, Permission, require

PENDING = (RequisitionStatus.DRAFT, RequisitionStatus.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Offer:
    """Whom an item is bought from by default, and how they sell it."""

    terms: SupplierTerms
    supplier: Supplier

    @property
    def sold_as(self) -> par.Terms:
        return par.Terms(self.terms.pack_quantity, self.terms.minimum_packs)


@dataclass(frozen=True, slots=True)
class Asked:
    """The requisition on which an item stands already."""

    requisition_id: UUID
    number: int
    status: RequisitionStatus


@dataclass(frozen=True, slots=True)
class Flag:
    """An item to reorder: where it stands, what is suggested, from whom, and whether it is asked for."""

    item: Item
    position: Position
    suggestion: Suggestion
    offer: Offer | None
    asked: Asked | None

    @property
    def price_minor(self) -> int | None:
        """What the suggested packs cost; None without terms."""
        packs = self.suggestion.packs
        return None if self.offer is None or packs is None else packs * self.offer.terms.price_minor


def list_flags(session: Session, actor: Actor, branch_id: UUID, today: date | None = None) -> list[Flag]:
    """The branch's flags of a day (its own today if none is given), by item name."""
    require(actor, Permission.STOCK_SEE, branch_id)
    day = today or clock.today(branches.get_branch(session, actor, branch_id).timezone)
    return flags_on(session, branch_id, day)


def flags_on(session: Session, branch_id: UUID, day: date) -> list[Flag]:
    """The flags of a day, for whoever has been let through already."""
    rows = reading.list_low(session, branch_id, day)
    if not rows:
        return []
    item_ids = [row.item_id for row in rows]
    offers = offers_of(session, item_ids)
    asked = asked_of(session, branch_id, item_ids)
    return [flag_of(row, offers.get(row.item_id), asked.get(row.item_id)) for row in rows]


def flag_of(row: Any, offer: Offer | None, asked: Asked | None) -> Flag:
    """The flag of a row of reading.list_low."""
    position = Position(
        row.on_hand,
        row.quarantined,
        row.expired,
        row.reserved,
        row.on_order,
        row.reorder_point,
        row.par_level,
    )
    return Flag(
        row.Item, position, par.decide(position, None if offer is None else offer.sold_as), offer, asked
    )


def offers_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, Offer]:
    """As suppliers.preferred_terms, with the supplier beside the terms, in the same one statement."""
    query = (
        select(SupplierTerms, Supplier)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .where(SupplierTerms.item_id.in_(item_ids), Supplier.active)
        .order_by(*BEST_FIRST)
    )
    best: dict[UUID, Offer] = {}
    for terms, supplier in session.execute(query):
        best.setdefault(terms.item_id, Offer(terms, supplier))
    return best


def asked_of(session: Session, branch_id: UUID, item_ids: Collection[UUID]) -> dict[UUID, Asked]:
    """The requisitions of the branch on which items wait for a decision."""
    query = (
        select(RequisitionLine.item_id, Requisition.id, Requisition.number, Requisition.status)
        .join(Requisition, Requisition.id == RequisitionLine.requisition_id)
        .where(
            Requisition.branch_id == branch_id,
            Requisition.status.in_(PENDING),
            RequisitionLine.item_id.in_(item_ids),
        )
        .order_by(Requisition.id)
    )
    return {row.item_id: Asked(row.id, row.number, row.status) for row in session.execute(query)}


def positions_of(
    session: Session, branch_id: UUID, item_ids: Collection[UUID], today: date
) -> Mapping[UUID, Position]:
    """Where items stand in the branch on a day; an item that was never there stands at zero."""
    expired = (
        select(Holding.item_id, cast(func.sum(Holding.quantity), BigInteger).label("quantity"))
        .join(Lot, and_(Lot.id == Holding.lot_id, Lot.quarantined_at.is_(None)))
        .where(
            Holding.branch_id == branch_id,
            Holding.item_id.in_(item_ids),
            Holding.quantity > 0,
            reading.past_use(today),
        )
        .group_by(Holding.item_id)
        .subquery()
    )
    no_use = reading.spoilt(branch_id, today)
    query = (
        select(
            StockLevel,
            func.coalesce(expired.c.quantity, 0).label("expired"),
            func.coalesce(no_use.c.spoilt, 0).label("spoilt"),
        )
        .outerjoin(expired, expired.c.item_id == StockLevel.item_id)
        .outerjoin(no_use, no_use.c.item_id == StockLevel.item_id)
        .where(StockLevel.branch_id == branch_id, StockLevel.item_id.in_(item_ids))
    )
    found = {
        level.item_id: Position(
            level.on_hand,
            level.quarantined,
            gone,
            level.reserved,
            level.on_order - no_use_of_it,
            level.reorder_point,
            level.par_level,
        )
        for level, gone, no_use_of_it in session.execute(query.execution_options(populate_existing=True))
    }
    return {item_id: found.get(item_id, Position(0, 0, 0, 0, 0)) for item_id in item_ids}


def sentence(position: Position, suggestion: Suggestion, show: Callable[[int], str]) -> Text:
    """The flag in one sentence; `show` writes base units as people read them."""
    assert position.reorder_point is not None
    assert position.par_level is not None
    values = {
        "available": show(position.available),
        "on_order": show(position.on_order),
        "reorder_point": show(position.reorder_point),
        "par_level": show(position.par_level),
        "quantity": show(suggestion.quantity),
    }
    if suggestion.packs:
        return lazy(
            "%(available)s available and %(on_order)s on order is at or below the reorder point of "
            "%(reorder_point)s: order %(quantity)s (packs: %(packs)s) to fill up to %(par_level)s.",
            packs=suggestion.packs,
            **values,
        )
    return lazy(
        "%(available)s available and %(on_order)s on order is at or below the reorder point of "
        "%(reorder_point)s: order %(quantity)s to fill up to %(par_level)s.",
        **values,
    )
