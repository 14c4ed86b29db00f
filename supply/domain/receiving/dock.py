"""What the dock must know to take a delivery in, read in one statement; each line turned into lot facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload

from supply.domain.branches.models import Location
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.purchasing.packs import base_quantity
from supply.domain.receiving.dating import Dating, dating
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.errors import Invalid
from supply.i18n import lazy

Telling = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dock:
    """The items with this supplier's terms, and where things go unless somebody says otherwise."""

    supplier_id: UUID
    items: dict[UUID, Item]
    terms: dict[UUID, SupplierTerms]
    location_id: UUID


@dataclass(frozen=True, slots=True)
class Arrived:
    """One line of a delivery as it counts: base units, lot facts, place."""

    item: Item
    quantity: int
    facts: ledger.LotFacts
    location_id: UUID
    cost_minor: int | None


def look_up(session: Session, branch_id: UUID, supplier_id: UUID, item_ids: Collection[UUID]) -> Dock:
    """Raises Invalid: no such item at all, no such supplier, or no place in the branch."""
    supplier = select(Supplier.id).where(Supplier.id == supplier_id, Supplier.active).scalar_subquery()
    first = (
        select(Location.id)
        .where(Location.branch_id == branch_id, Location.closed_at.is_(None))
        .order_by(Location.position, Location.name)
        .limit(1)
        .scalar_subquery()
    )
    sells = and_(SupplierTerms.item_id == Item.id, SupplierTerms.supplier_id == supplier_id)
    query = (
        select(Item, SupplierTerms, supplier.label("supplier_id"), first.label("location_id"))
        .outerjoin(SupplierTerms, sells)
        .where(Item.id.in_(item_ids))
        .options(joinedload(Item.units))
    )
    rows = session.execute(query).unique().all()
    if not rows:
        raise Invalid("item_not_found", lazy("There is no such item."), field="lines.0.item_id")
    if rows[0].supplier_id is None:
        raise Invalid(
            "supplier_not_found",
            lazy("There is no such supplier, or it no longer delivers."),
            field="supplier_id",
        )
    if rows[0].location_id is None:
        raise Invalid(
            "location_missing",
            lazy("This branch has no storage location yet. Add one first."),
            field="location_id",
        )
    return Dock(
        supplier_id,
        {row.Item.id: row.Item for row in rows},
        {row.Item.id: row.SupplierTerms for row in rows if row.SupplierTerms is not None},
        rows[0].location_id,
    )


def require_locations(session: Session, branch_id: UUID, named: Mapping[str, UUID]) -> None:
    """Every place named (by field) is an open one of the branch. Costs nothing where none is named."""
    if not named:
        return
    query = select(Location.id).where(
        Location.branch_id == branch_id, Location.id.in_(set(named.values())), Location.closed_at.is_(None)
    )
    known = set(session.scalars(query))
    for field, location_id in named.items():
        if location_id not in known:
            raise Invalid("location_unknown", lazy("There is no such place in this branch."), field=field)


def read_lines(
    writer: Writer,
    dock: Dock,
    lines: Mapping[str, Telling],
    location_id: UUID,
    arrived_on: date,
    expired: bool,
) -> list[Arrived]:
    """Every line as it counts. Raises Invalid with its field; `expired` lets expired lots in."""
    return [
        _arrived(writer, dock, line, field, line.get("location_id") or location_id, arrived_on, expired)
        for field, line in lines.items()
    ]


def _arrived(
    writer: Writer,
    dock: Dock,
    line: Telling,
    field: str,
    location_id: UUID,
    arrived_on: date,
    expired: bool,
) -> Arrived:
    item = dock.items.get(line["item_id"])
    if item is None:
        raise Invalid("item_not_found", lazy("There is no such item."), field=f"{field}.item_id")
    quantity = base_quantity(item, dock.terms.get(item.id), line["amount"], line["unit"], field=field)
    if quantity == 0:
        raise Invalid("quantity_zero", lazy("The amount must be more than zero."), field=f"{field}.amount")
    number = _lot_number(item, line.get("lot_number"), arrived_on, field)
    expires_on = _expiry(item, line.get("expires_on"), arrived_on, expired, field)
    cost = _cost(writer, dock, item, line.get("cost_minor"), quantity)
    facts = ledger.LotFacts(item.id, number, expires_on, dock.supplier_id, **cost)
    return Arrived(item, quantity, facts, location_id, line.get("cost_minor"))


def _lot_number(item: Item, told: str | None, arrived_on: date, field: str) -> str:
    if told:
        return told
    if item.lot_required:
        raise Invalid(
            "lot_number_missing",
            lazy("Write the lot number that is on the package."),
            field=f"{field}.lot_number",
        )
    # What bears no lot number can still be told apart by the day it came.
    return f"{arrived_on:%Y%m%d}"


def _expiry(item: Item, told: date | None, arrived_on: date, expired: bool, field: str) -> date | None:
    if told is None and item.expiry_required:
        raise Invalid(
            "expires_on_missing",
            lazy("Write the expiry date that is on the package."),
            field=f"{field}.expires_on",
        )
    if not expired and dating(told, arrived_on, item.shelf_life_days) is Dating.EXPIRED:
        raise Invalid(
            "lot_expired",
            lazy("This lot had expired when it came. Send it back, or say that you take it in all the same."),
            field=f"{field}.expires_on",
        )
    return told


def _cost(writer: Writer, dock: Dock, item: Item, told: int | None, quantity: int) -> dict[str, Any]:
    """What was paid for how much, reduced: the same price is the same lot. Untold: the terms' price."""
    if told is not None:
        share = gcd(told, quantity)
        return {
            "cost_minor": told // share,
            "cost_quantity": quantity // share,
            "currency": writer.currency,
        }
    terms = dock.terms.get(item.id)
    if terms is None:
        return {}
    share = gcd(terms.price_minor, terms.pack_quantity)
    return {
        "cost_minor": terms.price_minor // share,
        "cost_quantity": terms.pack_quantity // share,
        "currency": terms.currency,
    }
