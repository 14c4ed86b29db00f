"""Reads what readiness is worked out from beside the visits: shelves, orders, substitutes, terms.

A few statements, however many visits; writes nothing and weighs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, null, or_, select, union_all
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot
from supply.domain.ledger.standing import Standing
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, PurchaseOrderLine
from supply.domain.purchasing.orders import OPEN as OPEN_ORDERS
from supply.domain.readiness.covering import Coming, Pile
from supply.domain.readiness.fixing import Brewing, Elsewhere, Seller, Spare
from supply.domain.readiness.open_visits import begin_of, rows_of
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.ordering import days_to_order, lead_days
from supply.domain.transfers.models import Transfer, TransferParcel, TransferStatus
from supply.domain.transfers.picking import usable_on_arrival
from supply.domain.treatments.models import Substitute


def list_coming(
    session: Session, branch: Branch, item_ids: Collection[UUID], until: date, today: date
) -> dict[UUID, list[Coming]]:
    """What should be here by a day: open of orders, or on the way from other branches. One statement."""
    if not item_ids:
        return {}
    wanted = sorted(item_ids)
    query = union_all(_ordered(branch, wanted, until), _sent(branch, wanted, until, today))
    found: dict[UUID, list[Coming]] = defaultdict(list)
    for item_id, source_id, quantity, at, status, on in rows_of(session, query):
        day = on or clock.day_of(at, branch.timezone)
        unsure = day < today or status is OrderStatus.DRAFT
        found[item_id].append(Coming(source_id, quantity, day, unsure, transferred=on is not None))
    return found


def _ordered(branch: Branch, item_ids: Sequence[UUID], until: date) -> Any:
    return (
        select(
            PurchaseOrderLine.item_id,
            PurchaseOrder.id,
            PurchaseOrderLine.open,
            PurchaseOrder.expected_at,
            PurchaseOrder.status,
            cast(null(), Date),
        )
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(
            PurchaseOrder.branch_id == branch.id,
            PurchaseOrder.status.in_(OPEN_ORDERS),
            PurchaseOrder.expected_at < begin_of(until + timedelta(days=1), branch.timezone),
            PurchaseOrderLine.item_id.in_(item_ids),
            PurchaseOrderLine.open > 0,
        )
    )


def _sent(branch: Branch, item_ids: Sequence[UUID], until: date, today: date) -> Any:
    names = (TransferParcel.item_id, Transfer.id, TransferParcel.quantity)
    return (
        select(*names, null(), null(), Transfer.expected_on)
        .join(Transfer, Transfer.id == TransferParcel.transfer_id)
        .join(Lot, Lot.id == TransferParcel.lot_id)
        .where(
            usable_on_arrival(today),
            Transfer.to_branch_id == branch.id,
            Transfer.status == TransferStatus.DISPATCHED,
            Transfer.expected_on <= until,
            TransferParcel.item_id.in_(item_ids),
        )
    )


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


def list_brewing(session: Session, item_ids: Collection[UUID]) -> dict[UUID, Brewing]:
    """How those of the items are brewed that are brewed at all. One statement."""
    if not item_ids:
        return {}
    query = (
        select(BrewRecipe.item_id, BrewRecipe.yield_quantity, BrewRecipeLine.item_id, BrewRecipeLine.quantity)
        .join(BrewRecipeLine, BrewRecipeLine.recipe_id == BrewRecipe.id)
        .where(BrewRecipe.item_id.in_(sorted(item_ids)), BrewRecipe.active.is_(True))
        .order_by(BrewRecipe.item_id, BrewRecipeLine.position)
    )
    herbs: dict[tuple[UUID, int], list[tuple[UUID, int]]] = defaultdict(list)
    for item_id, yield_quantity, herb_id, quantity in rows_of(session, query):
        herbs[item_id, yield_quantity].append((herb_id, quantity))
    return {
        item_id: Brewing(yield_quantity, tuple(rows)) for (item_id, yield_quantity), rows in herbs.items()
    }


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
    suppliers, now = {}, clock.now()
    for terms, supplier in session.execute(query):
        suppliers[supplier.id] = supplier
        price = terms.price_minor if terms.currency == branch.currency else None
        wait = days_to_order(supplier, now, branch.timezone)
        arrives_on = today + timedelta(days=wait + lead_days(supplier, terms))
        found[terms.item_id].append(
            Seller(supplier.id, arrives_on, terms.pack_quantity, terms.minimum_packs, price)
        )
    return found, suppliers


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
