"""Pouring: from the closed stock of a lot into an opened container of it. Nothing leaves the book."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from supply.domain.ledger.models import Container, Lot, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.writer import Writer, load, place_of
from supply.errors import Conflict
from supply.i18n import lazy

SOURCE = "container"


def pour(
    writer: Writer, lot: Lot, container: Container, location_id: UUID, quantity: int, *, happened_at: datetime
) -> None:
    """Move base units of a lot into its container, at the place where both stand.

    Raises Conflict("stock_short") where less than that is closed there.
    """
    load(writer, {lot.item_id}, {lot.id})
    closed = place_of(writer, lot.item_id, lot, location_id)
    opened = place_of(writer, lot.item_id, lot, location_id, container.id, container.use_by_on)
    if closed.quantity < quantity:
        raise Conflict(
            "stock_short",
            lazy("There is less than that of this lot on the shelf."),
            details={"available": closed.quantity},
        )
    closed.quantity -= quantity
    opened.quantity += quantity
    facts: dict[str, Any] = {
        "happened_at": happened_at,
        "source_type": SOURCE,
        "source_id": container.id,
    }
    post(
        writer,
        [
            Draft(MovementType.TRANSFER_OUT, closed, -quantity, **facts),
            Draft(MovementType.TRANSFER_IN, opened, quantity, **facts),
        ],
    )
