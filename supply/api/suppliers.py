"""Suppliers and their terms over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import leafed, placed, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.purchasing.comparing import compare_suppliers
from supply.domain.purchasing.punctuality import lead_records
from supply.domain.purchasing.supplier_schemas import ComparedOut, InBranch, LeadTimesOut
from supply.domain.suppliers import prices
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.places import choose_suppliers
from supply.domain.suppliers.schemas import (
    ChooseSuppliers,
    ListSuppliers,
    PriceOut,
    SupplierOut,
    TermsOut,
    WriteSupplier,
    WriteTerms,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint("suppliers", description="Suppliers and the terms on which they sell.")
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE
MOST_PRICES = 500
_SUPPLIER = {
    "code": "dao-herbs",
    "name": "Dao Herbs",
    "email": "orders@example.com",
    "order_days": ["monday", "thursday"],
    "order_cutoff": "14:30",
    "lead_time_days": 2,
}


@blp.get(
    "/suppliers",
    permission=_SEE,
    query=ListSuppliers,
    page_of=SupplierOut,
    summary="List suppliers",
    description="By code. Every word of `search` must occur in the code or the name, whatever its marks.",
)
def list_suppliers(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    limit, after = query.pop("limit"), placed(query.pop("cursor"))
    found = suppliers.list_suppliers(session, limit=limit + 1, after=after, **query)
    return leafed(found, limit, lambda row: (row.code, row.id))


@blp.post(
    "/suppliers",
    permission=_MANAGE,
    body=WriteSupplier,
    out=SupplierOut,
    status=201,
    etag=True,
    summary="Add a supplier",
    description="Then say what they sell (terms).",
    example=_SUPPLIER,
    conflicts=("code_taken",),
)
def create_supplier(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return suppliers.create_supplier(session, actor, **data)


@blp.get(
    "/suppliers/<uuid:supplier_id>",
    permission=_SEE,
    out=SupplierOut,
    etag=True,
    summary="Get a supplier",
    description="One supplier.",
)
def get_supplier(session: Session, actor: Actor, supplier_id: UUID) -> Any:
    return suppliers.get_supplier(session, supplier_id)


@blp.put(
    "/suppliers/<uuid:supplier_id>",
    permission=_MANAGE,
    body=WriteSupplier,
    out=SupplierOut,
    etag=True,
    versioned=True,
    summary="Change a supplier",
    description="Replaces all facts; active=false hides the supplier from new orders.",
    example=_SUPPLIER,
    conflicts=("code_taken",),
)
def update_supplier(
    session: Session, actor: Actor, data: dict[str, Any], supplier_id: UUID, version: int
) -> Any:
    return suppliers.update_supplier(session, actor, supplier_id, version=version, **data)


@blp.get(
    "/suppliers/<uuid:supplier_id>/terms",
    permission=_SEE,
    page_of=TermsOut,
    summary="List a supplier's terms",
    description="What the supplier sells, in the items' order.",
)
def list_supplier_terms(session: Session, actor: Actor, query: dict[str, Any], supplier_id: UUID) -> Any:
    suppliers.get_supplier(session, supplier_id)
    rows = suppliers.list_terms(session, supplier_id)
    return sliced(rows, query, lambda row: (row.item.sort_key, row.item_id))


@blp.get(
    "/items/<uuid:item_id>/terms",
    permission=_SEE,
    page_of=TermsOut,
    summary="List who sells an item",
    description="The terms of every supplier for one item; at most one is preferred.",
)
def list_item_terms(session: Session, actor: Actor, query: dict[str, Any], item_id: UUID) -> Any:
    catalog.get_item(session, item_id)
    rows = suppliers.terms_of_item(session, item_id)
    return sliced(rows, query, lambda row: (row.supplier.code, row.supplier_id))


@blp.put(
    "/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>",
    permission=_MANAGE,
    body=WriteTerms,
    out=TermsOut,
    summary="Set terms",
    description="One pack holds `amount` of `unit` and costs `price_minor` in minor units of the currency. "
    "Who is first to sell an item is preferred.",
    example={"pack_name": "bag of 1 kg", "amount": "1", "unit": "kg", "price_minor": 125000},
)
def set_terms(session: Session, actor: Actor, data: dict[str, Any], supplier_id: UUID, item_id: UUID) -> Any:
    return suppliers.set_terms(session, actor, supplier_id, item_id, **data)


@blp.delete(
    "/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>",
    permission=_MANAGE,
    summary="Remove terms",
    description="The supplier no longer sells the item; orders already made keep packs and prices.",
)
def remove_terms(session: Session, actor: Actor, supplier_id: UUID, item_id: UUID) -> None:
    suppliers.remove_terms(session, actor, supplier_id, item_id)


@blp.get(
    "/suppliers/<uuid:supplier_id>/terms/<uuid:item_id>/prices",
    permission=_SEE,
    page_of=PriceOut,
    summary="List a price's history",
    description="What the supplier's pack of the item cost from when on, the oldest first.",
)
def list_prices(
    session: Session, actor: Actor, query: dict[str, Any], supplier_id: UUID, item_id: UUID
) -> Any:
    suppliers.get_supplier(session, supplier_id)
    catalog.get_item(session, item_id)
    rows = prices.list_prices(session, supplier_id, item_id, limit=MOST_PRICES)
    return sliced(rows, query, lambda row: (row.since_at.isoformat(), row.id))


@blp.get(
    "/suppliers/<uuid:supplier_id>/lead-times",
    permission=_SEE,
    query=InBranch,
    out=LeadTimesOut,
    summary="Get a supplier's lead times",
    description="Learned from the latest orders of a branch: how many, median and worst days from order "
    "to arrival, and how many were on time. What the supplier states is in its facts.",
)
def get_lead_times(session: Session, actor: Actor, query: dict[str, Any], supplier_id: UUID) -> Any:
    suppliers.get_supplier(session, supplier_id)
    return lead_records(session, actor, query["branch_id"], [supplier_id])[supplier_id]


@blp.get(
    "/items/<uuid:item_id>/supplier-comparison",
    permission=_SEE,
    query=InBranch,
    page_of=ComparedOut,
    summary="Compare an item's suppliers",
    description="Side by side: the price of a stock unit, pack, minimum, delivery fee, lead time stated and "
    "learned. The preferred first, then the second choice, then by code.",
)
def compare_item_suppliers(session: Session, actor: Actor, query: dict[str, Any], item_id: UUID) -> Any:
    catalog.get_item(session, item_id)
    rows = list(enumerate(compare_suppliers(session, actor, query["branch_id"], item_id)))
    found, more = sliced(rows, query, lambda row: (f"{row[0]:06}", row[1].supplier.id))
    return [compared for _place, compared in found], more


@blp.put(
    "/items/<uuid:item_id>/supplier-choice",
    permission=_MANAGE,
    body=ChooseSuppliers,
    summary="Choose an item's suppliers",
    description="Who is asked first, and who second when the first no longer delivers. Both sell the item "
    "already (422 `supplier_sells_not`).",
    example={
        "preferred_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d04",
        "second_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8d05",
    },
)
def choose_item_suppliers(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID) -> None:
    choose_suppliers(session, actor, item_id, **data)
