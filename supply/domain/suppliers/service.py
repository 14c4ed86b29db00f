"""Suppliers and their terms. Owns who sells what, in which packs, at what price.

Refuses to own orders (purchasing) and stock (ledger). At most one supplier per item is preferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from supply.alphabet import sort_key
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.catalog.search import search_key, search_words
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.places import hold_alone
from supply.domain.suppliers.prices import keep_price
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.ordering import Order, ordered
from supply.permissions import Actor, Permission, require
from supply.quantity import MINOR_DIGITS

# Who is asked first; Supplier must be joined.
BEST_FIRST = (SupplierTerms.preferred.desc(), SupplierTerms.second.desc(), Supplier.code)
_FACTS = (
    "code",
    "name",
    "language",
    "email",
    "phone",
    "order_days",
    "cutoff_minute",
    "lead_time_days",
    "order_fee_minor",
    "active",
)
_TERMS = (
    "pack_name",
    "pack_quantity",
    "minimum_packs",
    "price_minor",
    "currency",
    "supplier_code",
    "preferred",
    "second",
    "lead_time_days",
)


def get_supplier(session: Session, supplier_id: UUID) -> Supplier:
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier_not_found", lazy("There is no such supplier."))
    return supplier


def find_supplier_by_code(session: Session, code: str) -> Supplier | None:
    return session.scalar(select(Supplier).where(Supplier.code == code))


def suppliers_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Supplier]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: row for row in session.scalars(select(Supplier).where(Supplier.id.in_(wanted)))}


def list_suppliers(
    session: Session,
    *,
    search: str = "",
    active: bool | None = True,
    limit: int = 50,
    after: tuple[str, UUID] | None = None,
    order: Order | None = None,
) -> list[Supplier]:
    """Suppliers by code; `after` is the (code, id) of the last one seen.

    An `order` is by name or lead_time.
    """
    query = select(Supplier)
    for pattern in search_words(search):
        query = query.where(Supplier.search_key.like(pattern, escape="\\"))
    if active is not None:
        query = query.where(Supplier.active.is_(active))
    if after is not None:
        query = query.where(tuple_(Supplier.code, Supplier.id) > after)
    query = query.order_by(Supplier.code, Supplier.id)
    if order is not None:
        columns = {"name": Supplier.sort_key, "lead_time": Supplier.lead_time_days}
        query = ordered(query, order, columns, Supplier.code, Supplier.id)
    return list(session.scalars(query.limit(limit)))


def create_supplier(session: Session, actor: Actor, **facts: Any) -> Supplier:
    """Add a supplier: code, name, language, email, phone, order_days (bit 0 is Monday), cutoff_minute,
    lead_time_days, order_fee_minor."""
    require(actor, Permission.CATALOG_MANAGE)
    _code_free(session, facts["code"])
    supplier = Supplier(id=new_id())
    _apply(supplier, facts)
    session.add(supplier)
    session.flush()
    changes = _differences({}, _told(supplier, _FACTS))
    _record(session, actor, "supplier.create", supplier.id, changes)
    return supplier


def update_supplier(
    session: Session, actor: Actor, supplier_id: UUID, *, version: int, **facts: Any
) -> Supplier:
    """Replace a supplier's facts; active=False hides it from new orders and keeps its history."""
    require(actor, Permission.CATALOG_MANAGE)
    supplier = session.get(Supplier, supplier_id, with_for_update=True, populate_existing=True)
    if supplier is None:
        return get_supplier(session, supplier_id)
    if supplier.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this supplier meanwhile. Look at it again, then repeat your change."),
            details={"version": supplier.version},
        )
    if facts["code"] != supplier.code:
        _code_free(session, facts["code"])
    before = _told(supplier, _FACTS)
    _apply(supplier, facts)
    session.flush()
    _record(session, actor, "supplier.update", supplier.id, _differences(before, _told(supplier, _FACTS)))
    return supplier


def list_terms(session: Session, supplier_id: UUID) -> list[SupplierTerms]:
    """What a supplier sells, with the items and their units, in the items' order."""
    query = (
        select(SupplierTerms)
        .join(SupplierTerms.item)
        .options(contains_eager(SupplierTerms.item).selectinload(Item.units))
        .where(SupplierTerms.supplier_id == supplier_id)
        .order_by(Item.sort_key, Item.id)
    )
    return list(session.scalars(query))


def terms_of_item(session: Session, item_id: UUID) -> list[SupplierTerms]:
    """Who sells an item, with supplier and item: the preferred, the second, then by code."""
    query = (
        select(SupplierTerms)
        .join(SupplierTerms.supplier)
        .options(contains_eager(SupplierTerms.supplier))
        .options(joinedload(SupplierTerms.item).selectinload(Item.units))
        .where(SupplierTerms.item_id == item_id)
        .order_by(*BEST_FIRST)
    )
    return list(session.scalars(query))


def find_terms(session: Session, supplier_id: UUID, item_id: UUID) -> SupplierTerms | None:
    query = (
        select(SupplierTerms)
        .options(joinedload(SupplierTerms.supplier), joinedload(SupplierTerms.item).selectinload(Item.units))
        .where(SupplierTerms.supplier_id == supplier_id, SupplierTerms.item_id == item_id)
    )
    return session.scalar(query)


def get_terms(session: Session, supplier_id: UUID, item_id: UUID) -> SupplierTerms:
    terms = find_terms(session, supplier_id, item_id)
    if terms is None:
        raise NotFound("terms_not_found", lazy("This supplier has no terms for this item."))
    return terms


def preferred_terms(session: Session, item_ids: Iterable[UUID]) -> dict[UUID, SupplierTerms]:
    """For each item the best terms: the preferred supplier's, the second's, else the first by code."""
    wanted = sorted(set(item_ids))
    if not wanted:
        return {}
    query = (
        select(SupplierTerms)
        .join(Supplier, Supplier.id == SupplierTerms.supplier_id)
        .where(SupplierTerms.item_id.in_(wanted), Supplier.active.is_(True))
        .order_by(*BEST_FIRST)
    )
    chosen: dict[UUID, SupplierTerms] = {}
    for terms in session.scalars(query):
        chosen.setdefault(terms.item_id, terms)
    return chosen


def set_terms(
    session: Session,
    actor: Actor,
    supplier_id: UUID,
    item_id: UUID,
    *,
    pack_name: str,
    amount: Decimal,
    unit: str,
    price_minor: int,
    currency: str = "VND",
    minimum_packs: int = 1,
    supplier_code: str | None = None,
    preferred: bool = False,
    second: bool = False,
    lead_time_days: int | None = None,
) -> SupplierTerms:
    """How a supplier sells an item: a pack holds `amount` of `unit`. Who sells it first is preferred.

    A price that is new goes into the history. Raises Invalid by field.
    """
    require(actor, Permission.CATALOG_MANAGE)
    get_supplier(session, supplier_id)
    item = catalog.get_item(session, item_id)
    if currency not in MINOR_DIGITS:
        known = ", ".join(MINOR_DIGITS)
        raise Invalid(
            "currency_unknown",
            lazy("Choose one of these currencies: %(list)s.", list=known),
            field="currency",
        )
    others = terms_of_item(session, item_id)
    terms = next((row for row in others if row.supplier_id == supplier_id), None)
    before = _told(terms, _TERMS) if terms else {}
    if terms is None:
        terms = SupplierTerms(id=new_id(), supplier_id=supplier_id, item_id=item_id)
    terms.pack_name, terms.minimum_packs = pack_name, minimum_packs
    terms.pack_quantity = catalog.base_quantity(item, amount, unit, field="amount")
    terms.price_minor, terms.currency, terms.supplier_code = price_minor, currency, supplier_code
    terms.lead_time_days = lead_time_days
    terms.preferred = preferred or not others
    terms.second = second and not terms.preferred
    for place in ("preferred", "second"):
        if getattr(terms, place):
            hold_alone(session, terms, place)
    session.add(terms)
    session.flush()
    changes = _differences(before, _told(terms, _TERMS))
    _record(
        session,
        actor,
        "supplier.terms",
        supplier_id,
        {"item": [None, item.code], "currency": [terms.currency] * 2, **changes},
    )
    if changes.keys() & {"price_minor", "currency", "pack_quantity"}:
        keep_price(session, terms, person_id=actor.person_id)
    set_committed_value(terms, "item", item)
    return terms


def remove_terms(session: Session, actor: Actor, supplier_id: UUID, item_id: UUID) -> None:
    """The supplier no longer sells the item. Orders already made keep their own prices and packs."""
    require(actor, Permission.CATALOG_MANAGE)
    terms = get_terms(session, supplier_id, item_id)
    told = {name: [value, None] for name, value in _told(terms, _TERMS).items()}
    session.delete(terms)
    session.flush()
    _record(session, actor, "supplier.terms-removed", supplier_id, {"item": [str(item_id), None], **told})


def _code_free(session: Session, code: str) -> None:
    if find_supplier_by_code(session, code) is not None:
        raise Conflict(
            "code_taken", lazy("Another supplier bears this code. Choose a different one."), field="code"
        )


def _apply(supplier: Supplier, facts: Mapping[str, Any]) -> None:
    for name in _FACTS:
        if name in facts:
            setattr(supplier, name, facts[name])
    supplier.search_key = search_key(supplier.code, supplier.name)[:200]
    supplier.sort_key = sort_key(supplier.name)


def _told(row: Supplier | SupplierTerms, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def _record(
    session: Session, actor: Actor, action: str, supplier_id: UUID, changes: dict[str, list[Any]]
) -> None:
    audit.record(session, actor, action=action, entity="supplier", entity_id=supplier_id, changes=changes)
