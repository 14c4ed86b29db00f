"""What people tell in their units, turned into base units and places before shelf acts on it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import service as ledger
from supply.domain.ledger import shelf
from supply.domain.ledger.models import Container, Holding, StockLevel
from supply.domain.ledger.moment import happened
from supply.permissions import Actor, Permission, require


def set_policy(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    item_id: UUID,
    reorder_point: Decimal | None,
    par_level: Decimal | None,
    unit: str,
    version: int,
) -> StockLevel:
    """shelf.set_policy with amounts in a unit of the item; None for both leaves the item unwatched."""
    require(actor, Permission.CATALOG_MANAGE, branch_id)
    item = catalog.get_item(session, item_id)
    catalog.unit_factor(item, unit)
    told = {"reorder_point": reorder_point, "par_level": par_level}
    bases = {
        name: None if amount is None else catalog.base_quantity(item, amount, unit, field=name)
        for name, amount in told.items()
    }
    return shelf.set_policy(session, actor, branch_id=branch_id, item_id=item_id, version=version, **bases)


def open_container(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lot_id: UUID,
    amount: Decimal,
    unit: str,
    location_id: UUID | None = None,
    room_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> Container:
    """shelf.open_container; without a location it is taken where most of the lot stands."""
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    lot = ledger.get_lot(session, branch_id, lot_id)
    quantity = catalog.base_quantity(catalog.get_item(session, lot.item_id), amount, unit, field="amount")
    if location_id is not None:
        branches.get_location(session, branch_id, location_id)
    return shelf.open_container(
        session,
        actor,
        branch_id=branch_id,
        lot_id=lot_id,
        location_id=location_id or _fullest(session, branch_id, lot_id),
        quantity=quantity,
        room_id=room_id,
        happened_at=when,
    )


def _fullest(session: Session, branch_id: UUID, lot_id: UUID) -> UUID:
    query = (
        select(Holding.location_id)
        .where(Holding.branch_id == branch_id, Holding.lot_id == lot_id, Holding.container_id.is_(None))
        .order_by(Holding.quantity.desc(), Holding.id)
        .limit(1)
    )
    return session.scalar(query) or branches.first_location(session, branch_id).id
