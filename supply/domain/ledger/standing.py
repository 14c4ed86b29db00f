"""What stands on the shelves of some items, lot by lot, and when it can be used: for whoever looks ahead.

Reads, promises nothing, posts nothing. The order is the one in which a step would take.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from supply.domain.ledger.allocate import At
from supply.domain.ledger.models import Holding, Lot, StockLevel
from supply.writing import ask_anew

# As allocate.order says it.
_IN_ORDER = (
    Holding.container_id.is_(None),
    Holding.expires_on.is_(None),
    Holding.expires_on,
    Lot.use_by_at.is_(None),
    Lot.use_by_at,
    Holding.lot_id,
    Holding.id,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """So much of a lot at one place, in base units, and what a lot of that size cost.

    `expires_on` is the last day of lot and container; from `use_by_at` on a prepared batch is expired.
    """

    branch_id: UUID
    item_id: UUID
    lot_id: UUID
    opened: bool
    expires_on: date | None
    use_by_at: datetime | None
    quarantined: bool
    quantity: int
    cost_minor: int | None
    cost_quantity: int | None
    currency: str | None
    # Of the item in the branch, beside every lot of it.
    reserved: int
    reorder_point: int | None

    def expired(self, at: At) -> bool:
        over = self.use_by_at is not None and self.use_by_at <= at.instant
        return over or (self.expires_on is not None and self.expires_on < at.day)


def list_standing(
    session: Session, branch_ids: Collection[UUID], item_ids: Collection[UUID]
) -> list[Standing]:
    """All that stands of the items in the branches, opened first, then first expired. One statement."""
    if not branch_ids or not item_ids:
        return []
    query = (
        select(
            Holding.branch_id,
            Holding.item_id,
            Holding.lot_id,
            Holding.container_id.is_not(None),
            Holding.expires_on,
            Lot.use_by_at,
            Lot.quarantined_at.is_not(None),
            Holding.quantity,
            Lot.cost_minor,
            Lot.cost_quantity,
            Lot.currency,
            func.coalesce(StockLevel.reserved, 0),
            StockLevel.reorder_point,
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .outerjoin(
            StockLevel,
            and_(StockLevel.branch_id == Holding.branch_id, StockLevel.item_id == Holding.item_id),
        )
        .where(
            Holding.branch_id.in_(sorted(branch_ids)),
            Holding.item_id.in_(sorted(item_ids)),
            Holding.quantity > 0,
        )
        .order_by(Holding.branch_id, Holding.item_id, *_IN_ORDER)
    )
    rows: Sequence[Any] = ask_anew(session, query).all()
    return [Standing(*row) for row in rows]
