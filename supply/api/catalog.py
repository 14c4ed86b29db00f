"""Items over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import leafed, placed
from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.catalog.schemas import ItemOut, ListItems, WriteActive, WriteItem
from supply.domain.preparation import starter
from supply.domain.preparation.schemas import StarterOut
from supply.permissions import Actor, Permission

blp = ApiBlueprint("items", description="The catalogue: items, their names in both languages, their units.")
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE
_GINGER = {
    "code": "ginger",
    "name_en": "Ginger",
    "name_vi": "Gừng",
    "category": "root",
    "dimension": "mass",
    "stock_unit": "kg",
    "usage_unit": "g",
    "natural_step": "20",
    "shelf_life_days": 30,
    "units": [
        {
            "code": "crate-5kg",
            "name_en": "crate of 5 kg",
            "name_vi": "thùng 5 kg",
            "amount": "5",
            "unit": "kg",
        }
    ],
}


@blp.get(
    "/items",
    permission=_SEE,
    query=ListItems,
    page_of=ItemOut,
    summary="List items",
    description="In Vietnamese alphabetical order. Every word of `search` must occur in the code or a name, "
    "whatever its marks: `gung` finds Gừng.",
)
def list_items(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    limit, after = query.pop("limit"), placed(query.pop("cursor"))
    found = catalog.list_items(session, limit=limit + 1, after=after, **query)
    return leafed(found, limit, lambda item: (item.sort_key, item.id))


@blp.post(
    "/items",
    permission=_MANAGE,
    body=WriteItem,
    out=ItemOut,
    status=201,
    etag=True,
    summary="Add an item",
    description="Its dimension is fixed from then on. Own units hold an exact amount of a common unit.",
    example=_GINGER,
    conflicts=("code_taken",),
)
def create_item(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return catalog.create_item(session, actor, **data)


@blp.get(
    "/items/<uuid:item_id>",
    permission=_SEE,
    out=ItemOut,
    etag=True,
    summary="Get an item",
    description="`assumed` is true until a manager has confirmed what the starter catalogue guessed.",
)
def get_item(session: Session, actor: Actor, item_id: UUID) -> Any:
    return catalog.get_item(session, item_id)


@blp.put(
    "/items/<uuid:item_id>",
    permission=_MANAGE,
    body=WriteItem,
    out=ItemOut,
    etag=True,
    versioned=True,
    summary="Change an item",
    description="Replaces all its facts and units. The dimension must be the present one.",
    example=_GINGER,
    conflicts=("code_taken",),
)
def update_item(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int) -> Any:
    return catalog.update_item(session, actor, item_id, version=version, **data)


@blp.put(
    "/items/<uuid:item_id>/activity",
    permission=_MANAGE,
    body=WriteActive,
    out=ItemOut,
    etag=True,
    versioned=True,
    summary="Hide an item or use it again",
    description="A hidden item is not offered for new work; what is on the shelf can be used up.",
    example={"active": False},
)
def set_item_active(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int) -> Any:
    return catalog.set_item_active(session, actor, item_id, version=version, **data)


@blp.put(
    "/items/<uuid:item_id>/confirmation",
    permission=_MANAGE,
    out=ItemOut,
    etag=True,
    versioned=True,
    summary="Confirm an item",
    description="A manager stands by an item that the starter catalogue assumed.",
)
def confirm_item(session: Session, actor: Actor, item_id: UUID, version: int) -> Any:
    return catalog.confirm_item(session, actor, item_id, version=version)


@blp.post(
    "/starter-catalogue",
    permission=_MANAGE,
    out=StarterOut,
    summary="Load the starter catalogue",
    description="The items, the six-step back massage, packages, conditions with their safety rules, "
    "substitutes and brew recipes of a herbal spa. What bears one of its codes already stays as it is, "
    "so that loading again adds only what is missing. Its quantities are assumptions until they are "
    "confirmed.",
)
def load_starter(session: Session, actor: Actor) -> Any:
    added = starter.load(session, actor)
    return {kind.replace(" ", "_"): count for kind, count in added.items()}
