"""What a branch can buy and from whom, as plain rows: the best terms of every item that somebody sells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import StockLevel
from supply.domain.planning.books import Only, narrowed
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.service import BEST_FIRST
from supply.quantity import UNITS


class Sold(NamedTuple):
    """An item as it is bought for the branch; `fixed`: somebody has set its levels by hand."""

    item_id: UUID
    stock_unit: str
    shelf_life_days: int | None
    pack_quantity: int
    price_minor: int
    minimum_packs: int
    own_lead_days: int | None
    fixed: bool
    supplier: Supplier

    @property
    def factor(self) -> int:
        """Base units in one stock unit."""
        return UNITS[self.stock_unit].factor

    @property
    def seller(self) -> str:
        """What the policy knows its supplier by: what takes longer than the rest comes by itself."""
        own = self.own_lead_days
        return str(self.supplier.id) if own is None else f"{self.supplier.id}+{own}"

    @property
    def lead_days(self) -> int:
        """What was stated for the item, else for the supplier."""
        return self.supplier.lead_time_days if self.own_lead_days is None else self.own_lead_days


def sold_items(session: Session, branch_id: UUID, only: Only) -> Iterator[Sold]:
    """What can be bought, of every supplier that sells it; the best terms of an item come first."""
    level = and_(StockLevel.item_id == Item.id, StockLevel.branch_id == branch_id)
    query = (
        select(
            Item.id,
            Item.stock_unit,
            Item.shelf_life_days,
            SupplierTerms.pack_quantity,
            SupplierTerms.price_minor,
            SupplierTerms.minimum_packs,
            SupplierTerms.lead_time_days,
            StockLevel.reorder_point.is_not(None),
            SupplierTerms.supplier_id,
        )
        .join(SupplierTerms, SupplierTerms.item_id == Item.id)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .outerjoin(StockLevel, level)
        .where(Supplier.active, Item.active)
        .order_by(SupplierTerms.item_id, *BEST_FIRST)
    )
    rows = session.execute(narrowed(query, Item.id, only)).all()
    # An object out of every row would cost more than all suppliers by themselves.
    suppliers = {supplier.id: supplier for supplier in session.scalars(select(Supplier))}
    for row in rows:
        yield Sold._make((*row[:-1], suppliers[row.supplier_id]))


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
