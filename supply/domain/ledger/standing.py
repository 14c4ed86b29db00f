"""What stands on the shelves of some items, lot by lot, and when it can be used: for whoever looks ahead.

Reads, promises nothing, posts nothing. The order is the one in which a step would take.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.ledger.models import Holding, Lot, StockLevel


@dataclass(frozen=True, slots=True)
class Standing:
    """So much of a lot at one place, in base units. `expires_on` is the last day of lot and container."""

    branch_id: UUID
    item_id: UUID
    lot_id: UUID
    opened: bool
    expires_on: date | None
    quarantined: bool
    quantity: int

    def usable_on(self, day: date) -> bool:
        return not self.quarantined and not self.expired_on(day)

    def expired_on(self, day: date) -> bool:
        return self.expires_on is not None and self.expires_on < day


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
            Lot.quarantined_at.is_not(None),
            Holding.quantity,
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .where(
            Holding.branch_id.in_(sorted(branch_ids)),
            Holding.item_id.in_(sorted(item_ids)),
            Holding.quantity > 0,
        )
        .order_by(
            Holding.branch_id,
            Holding.item_id,
            Holding.container_id.is_(None),
            Holding.expires_on.is_(None),
            Holding.expires_on,
            Holding.lot_id,
            Holding.id,
        )
    )
    return [Standing(*row) for row in session.execute(query)]


def reserved_amounts(
    session: Session, branch_ids: Collection[UUID], item_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """What planned visits have reserved, base units by (branch, item). One statement."""
    if not branch_ids or not item_ids:
        return {}
    query = select(StockLevel.branch_id, StockLevel.item_id, StockLevel.reserved).where(
        StockLevel.branch_id.in_(sorted(branch_ids)), StockLevel.item_id.in_(sorted(item_ids))
    )
    return {(branch_id, item_id): reserved for branch_id, item_id, reserved in session.execute(query)}
