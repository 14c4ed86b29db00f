"""The history of suppliers' prices: kept whenever one is set or shown by a delivery, never changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog.models import Item
from supply.domain.suppliers.models import SupplierPrice, SupplierTerms
from supply.permissions import Actor


def list_prices(
    session: Session, supplier_id: UUID, item_id: UUID, *, limit: int = 100
) -> list[SupplierPrice]:
    """What the supplier's pack of the item cost, newest first, with item and person."""
    query = (
        select(SupplierPrice)
        .options(joinedload(SupplierPrice.item), joinedload(SupplierPrice.person))
        .where(SupplierPrice.item_id == item_id, SupplierPrice.supplier_id == supplier_id)
        .order_by(SupplierPrice.since_at.desc(), SupplierPrice.id.desc())
    )
    return list(session.scalars(query.limit(limit)))


def keep_price(
    session: Session, terms: SupplierTerms, *, person_id: UUID, delivery_id: UUID | None = None
) -> None:
    """Write down that the terms' price holds from now on."""
    session.add(
        SupplierPrice(
            id=new_id(),
            supplier_id=terms.supplier_id,
            item_id=terms.item_id,
            since_at=clock.now(),
            price_minor=terms.price_minor,
            currency=terms.currency,
            pack_quantity=terms.pack_quantity,
            pack_name=terms.pack_name,
            delivery_id=delivery_id,
            person_id=person_id,
        )
    )
    session.flush()


def learn_price(
    session: Session, actor: Actor, item: Item, terms: SupplierTerms, price_minor: int, delivery_id: UUID
) -> None:
    """A delivery showed what a pack costs now. For whoever has been let through; audited."""
    before, terms.price_minor = terms.price_minor, price_minor
    keep_price(session, terms, person_id=actor.person_id, delivery_id=delivery_id)
    audit.record(
        session,
        actor,
        action="supplier.price",
        entity="supplier",
        entity_id=terms.supplier_id,
        changes={
            "item": [None, item.code],
            "currency": [terms.currency] * 2,
            "price_minor": [before, price_minor],
        },
    )
