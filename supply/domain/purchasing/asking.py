"""What people ask for, line by line, turned into requisition lines with the arithmetic kept beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger.service import Writer
from supply.domain.purchasing import par
from supply.domain.purchasing.flags import Offer, offers_of, positions_of
from supply.domain.purchasing.models import Requisition, RequisitionLine
from supply.domain.purchasing.packs import base_quantity
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.errors import Invalid
from supply.i18n import lazy

Asking = Mapping[str, Any]
# Where a line's arithmetic keeps what the plan said.
PLAN = "plan"


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line as it will be kept: base units, and the supplier if one is known."""

    item: Item
    supplier_id: UUID | None
    quantity: int
    arithmetic: dict[str, Any]


def read_lines(session: Session, writer: Writer, lines: Sequence[Asking]) -> list[AskedLine]:
    """Resolve lines {item_id, amount?, unit?, supplier_id?, plan?}; without an amount take the suggestion.

    `plan` is what the plan said of the item, as `Line.numbers` tells it, and is kept beside the arithmetic.
    Raises Invalid naming the field of the line that cannot be meant.
    """
    item_ids = [line["item_id"] for line in lines]
    items = catalog.items_by_id(session, item_ids)
    _require_items(lines, items)
    named = {line["supplier_id"] for line in lines if line.get("supplier_id")}
    _require_suppliers(session, lines, named)
    preferred = offers_of(session, item_ids)
    named_terms = terms_of(session, named, item_ids)
    positions = positions_of(session, writer.branch_id, item_ids, writer.today)
    asked = []
    for index, line in enumerate(lines):
        item = items[line["item_id"]]
        supplier_id, terms = _source(line, preferred.get(item.id), named_terms)
        pack = None if terms is None else par.Terms(terms.pack_quantity, terms.minimum_packs)
        suggestion = par.decide(positions[item.id], pack)
        quantity = _quantity(item, terms, line, suggestion.quantity, f"lines.{index}")
        numbers: dict[str, Any] = dict(par.arithmetic(positions[item.id], suggestion))
        if line.get("plan"):
            numbers[PLAN] = line["plan"]
        asked.append(AskedLine(item, supplier_id, quantity, numbers))
    return asked


def _source(
    line: Asking, preferred: Offer | None, named: Mapping[tuple[UUID, UUID], SupplierTerms]
) -> tuple[UUID | None, SupplierTerms | None]:
    if line.get("supplier_id"):
        return line["supplier_id"], named.get((line["supplier_id"], line["item_id"]))
    return (None, None) if preferred is None else (preferred.supplier.id, preferred.terms)


def _quantity(item: Item, terms: SupplierTerms | None, line: Asking, suggested: int, field: str) -> int:
    amount: Decimal | None = line.get("amount")
    if amount is not None:
        return base_quantity(item, terms, amount, line.get("unit") or item.stock_unit, field=field)
    if suggested == 0:
        raise Invalid(
            "amount_missing",
            lazy("Nothing is suggested for this item. Say how much to order."),
            field=f"{field}.amount",
        )
    return suggested


def _require_items(lines: Sequence[Asking], items: Mapping[UUID, Item]) -> None:
    seen: set[UUID] = set()
    for index, line in enumerate(lines):
        field = f"lines.{index}.item_id"
        item = items.get(line["item_id"])
        if item is None:
            raise Invalid("item_not_found", lazy("There is no such item."), field=field)
        if not item.active:
            raise Invalid("item_inactive", lazy("This item is no longer used."), field=field)
        if item.id in seen:
            raise Invalid("item_twice", lazy("This item stands on another line already."), field=field)
        seen.add(item.id)


def _require_suppliers(session: Session, lines: Sequence[Asking], named: set[UUID]) -> None:
    if not named:
        return
    query = select(Supplier.id).where(Supplier.id.in_(named), Supplier.active)
    known = set(session.scalars(query))
    for index, line in enumerate(lines):
        if line.get("supplier_id") and line["supplier_id"] not in known:
            raise Invalid(
                "supplier_not_found",
                lazy("There is no such supplier, or it no longer delivers."),
                field=f"lines.{index}.supplier_id",
            )


def terms_of(
    session: Session, supplier_ids: set[UUID], item_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], SupplierTerms]:
    """How suppliers sell items, by (supplier, item)."""
    if not supplier_ids:
        return {}
    query = select(SupplierTerms).where(
        SupplierTerms.supplier_id.in_(supplier_ids), SupplierTerms.item_id.in_(item_ids)
    )
    return {(terms.supplier_id, terms.item_id): terms for terms in session.scalars(query)}


def price_of(lines: Iterable[tuple[int, SupplierTerms | None]]) -> int | None:
    """What (base units, terms) cost together in whole packs; None where somebody's price is not known."""
    total = 0
    for quantity, terms in lines:
        if terms is None:
            return None
        total += -(-quantity // terms.pack_quantity) * terms.price_minor
    return total


def write_lines(requisition: Requisition, asked: Sequence[AskedLine]) -> None:
    """Make the requisition hold exactly these lines; a line whose item stays is changed in place.

    What the plan said of it stays too: whoever changes an amount decides on the same numbers.
    """
    kept = {line.item_id: line for line in requisition.lines}
    lines = []
    for position, ask in enumerate(asked, start=1):
        line = kept.get(ask.item.id) or RequisitionLine(item_id=ask.item.id, item=ask.item)
        line.position = position
        line.supplier_id = ask.supplier_id
        line.quantity = ask.quantity
        said = (line.arithmetic or {}).get(PLAN)
        line.arithmetic = {**({PLAN: said} if said else {}), **ask.arithmetic}
        lines.append(line)
    requisition.lines = lines
