"""What may stand in for an item, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.treatments import substitutes
from supply.domain.treatments.schemas import SaveSubstitutes, SubstitutesOut
from supply.permissions import Actor, Permission

blp = ApiBlueprint("substitutes", description="What may stand in for an item that is missing or forbidden.")
_ROW = {
    "substitute_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c01",
    "amount": "1",
    "unit": "g",
    "for_amount": "2",
    "for_unit": "ml",
}


@blp.get(
    "/items/<uuid:item_id>/substitutes",
    permission=Permission.STOCK_SEE,
    out=SubstitutesOut,
    etag=True,
    summary="List an item's substitutes",
    description="Most wanted first: `quantity` of the substitute stands in for `stands_in_for` of the item, "
    "in this proportion. The ETag is the version of the item.",
)
def get_substitutes(session: Session, actor: Actor, item_id: UUID) -> Any:
    return substitutes.list_substitutes(session, item_id)


@blp.put(
    "/items/<uuid:item_id>/substitutes",
    permission=Permission.CATALOG_MANAGE,
    body=SaveSubstitutes,
    out=SubstitutesOut,
    etag=True,
    versioned=True,
    summary="Set an item's substitutes",
    description="Replaces all of them, in order of preference. The two amounts may be of different "
    "dimensions (1 g for 2 ml). A substitute is offered only where its amount comes out exact.",
    example={"substitutes": [_ROW]},
)
def save_substitutes(
    session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int
) -> Any:
    return substitutes.save_substitutes(session, actor, item_id, version=version, **data)
