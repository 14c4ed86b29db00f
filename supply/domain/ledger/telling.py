"""What people tell in their units, turned into base units before shelf acts on it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.ledger import shelf
from supply.domain.ledger.models import StockLevel
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
