"""Whom an item is ordered from: one preferred supplier and at most one second, for when the first cannot."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.suppliers.models import SupplierTerms
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

Place = Literal["preferred", "second"]


def hold_alone(session: Session, terms: SupplierTerms, place: str) -> None:
    """Nobody else sells the item in this place."""
    others = (SupplierTerms.item_id == terms.item_id, SupplierTerms.id != terms.id)
    session.execute(update(SupplierTerms).where(*others).values({place: False}))


def choose_suppliers(
    session: Session, actor: Actor, item_id: UUID, *, preferred_id: UUID, second_id: UUID | None = None
) -> None:
    """Say who is asked first for an item and who second. Raises Invalid by field, NotFound."""
    require(actor, Permission.CATALOG_MANAGE)
    item = catalog.get_item(session, item_id)
    query = select(SupplierTerms).where(SupplierTerms.item_id == item_id).with_for_update(of=SupplierTerms)
    sold = {
        terms.supplier_id: terms
        for terms in session.scalars(query.options(joinedload(SupplierTerms.supplier, innerjoin=True)))
    }
    for field, supplier_id in (("preferred_id", preferred_id), ("second_id", second_id)):
        if supplier_id is not None and supplier_id not in sold:
            raise Invalid("supplier_sells_not", lazy("This supplier does not sell the item."), field=field)
    if second_id == preferred_id:
        raise Invalid(
            "second_is_first", lazy("Choose somebody else as the second supplier."), field="second_id"
        )
    before = _places(sold)
    # All out of their places first: a supplier never holds both, not even for a moment.
    session.execute(
        update(SupplierTerms).where(SupplierTerms.item_id == item_id).values(preferred=False, second=False)
    )
    session.flush()
    sold[preferred_id].preferred, sold[preferred_id].second = True, False
    if second_id is not None:
        sold[second_id].preferred, sold[second_id].second = False, True
    session.flush()
    after = _places(sold)
    audit.record(
        session,
        actor,
        action="item.suppliers",
        entity="item",
        entity_id=item.id,
        changes={place: [before[place], after[place]] for place in before},
    )


def _places(sold: dict[UUID, SupplierTerms]) -> dict[str, str | None]:
    """The codes of who holds which place."""
    return {
        place: next((one.supplier.code for one in sold.values() if getattr(one, place)), None)
        for place in ("preferred", "second")
    }
