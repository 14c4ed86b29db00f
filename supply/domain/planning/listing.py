"""What a branch should order, in one list: the plan's open flags, and what fell below a level set by hand.

An item stands in it once: where somebody has set its reorder point, the plan's word on it is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload

from supply import clock
from supply.domain.branches.service import get_branch
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger.models import StockLevel
from supply.domain.planning.advising import KINDS
from supply.domain.planning.models import PlanNotice, ReorderFlag
from supply.domain.purchasing.asking import terms_of
from supply.domain.purchasing.flags import Asked, Flag, asked_of, flag_of, offers_of
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.permissions import Actor, Permission, require

# Where a list by name goes on: the last row's sort key and item.
Place = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class ToOrder:
    """An item to order, by the plan's flag or by its levels: exactly one of `plan` and `level` is there."""

    item: Item
    today: date
    plan: ReorderFlag | None
    level: Flag | None
    supplier: Supplier | None
    terms: SupplierTerms | None
    asked: Asked | None

    @property
    def quantity(self) -> int:
        """What is to be ordered, in base units."""
        if self.plan is not None:
            return self.plan.wanted
        assert self.level is not None
        return self.level.suggestion.quantity

    @property
    def packs(self) -> int | None:
        """The whole packs that hold it; None without terms."""
        return None if self.terms is None else -(-self.quantity // self.terms.pack_quantity)

    @property
    def price_minor(self) -> int | None:
        return None if self.terms is None or self.packs is None else self.packs * self.terms.price_minor

    @property
    def asks_now(self) -> bool:
        """Whether it is to be ordered today and nobody has asked for it yet."""
        due = self.quantity > 0 if self.plan is None else self.plan.asks_on(self.today)
        return due and self.asked is None


def list_to_order(
    session: Session, actor: Actor, branch_id: UUID, *, limit: int, after: Place | None = None
) -> list[ToOrder]:
    """What the branch should order, by item name, from after a place in the list. Six statements, however
    long the ledger is."""
    require(actor, Permission.STOCK_SEE, branch_id)
    today = clock.today(get_branch(session, actor, branch_id).timezone)
    plans, low = _page(
        open_flags(session, branch_id, limit=limit, after=after),
        reading.list_low(session, branch_id, today, limit=limit, after=after),
        limit,
    )
    offers = offers_of(session, [row.item_id for row in low])
    asked = asked_of(session, branch_id, [row.item_id for row in low] + [flag.item_id for flag in plans])
    terms = terms_of(session, {flag.supplier_id for flag in plans}, [flag.item_id for flag in plans])
    found = [
        ToOrder(
            flag.item,
            today,
            flag,
            None,
            flag.supplier,
            terms.get((flag.supplier_id, flag.item_id)),
            asked.get(flag.item_id),
        )
        for flag in plans
    ]
    for row in low:
        offer = offers.get(row.item_id)
        flag = flag_of(row, offer, asked.get(row.item_id))
        supplier = None if offer is None else offer.supplier
        own_terms = None if offer is None else offer.terms
        found.append(ToOrder(flag.item, today, None, flag, supplier, own_terms, flag.asked))
    return sorted(found, key=lambda one: _place(one.item))


def _page(
    plans: Sequence[ReorderFlag], low: Sequence[Any], limit: int
) -> tuple[list[ReorderFlag], list[Any]]:
    """Of two lists by name what stands on the page that they share."""
    places = sorted([_place(one.item) for one in plans] + [_place(row.Item) for row in low])[:limit]
    if not places:
        return [], []
    return (
        [one for one in plans if _place(one.item) <= places[-1]],
        [row for row in low if _place(row.Item) <= places[-1]],
    )


def _place(item: Item) -> tuple[str, str]:
    return item.sort_key, str(item.id)


def open_flags(
    session: Session, branch_id: UUID, *, limit: int | None = None, after: Place | None = None
) -> Sequence[ReorderFlag]:
    """The plan's open flags of items whose levels nobody has set, by name, with item, supplier and who
    decided."""
    level = and_(StockLevel.branch_id == ReorderFlag.branch_id, StockLevel.item_id == ReorderFlag.item_id)
    query = (
        select(ReorderFlag)
        .options(
            contains_eager(ReorderFlag.item),
            joinedload(ReorderFlag.supplier),
            joinedload(ReorderFlag.decider),
        )
        .join(Item, Item.id == ReorderFlag.item_id)
        .outerjoin(StockLevel, level)
        .where(
            ReorderFlag.branch_id == branch_id,
            ReorderFlag.closed_at.is_(None),
            StockLevel.reorder_point.is_(None),
        )
        .order_by(Item.sort_key, Item.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Item.sort_key, Item.id) > after)
    return session.scalars(query).all()


def list_notices(session: Session, actor: Actor, branch_id: UUID) -> Sequence[PlanNotice]:
    """What the last plan found beside flags, with item and supplier; what costs most to overlook first."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(PlanNotice)
        .options(joinedload(PlanNotice.item), joinedload(PlanNotice.supplier))
        .where(PlanNotice.branch_id == branch_id)
    )
    return sorted(session.scalars(query), key=lambda notice: (KINDS.index(notice.kind), notice.id))
