"""What is promised: reserved for planned visits, on order with suppliers. Sums beside the stock itself."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from supply.domain.ledger.posting import save_levels
from supply.domain.ledger.writer import Writer, load


def change_reserved(writer: Writer, amounts: Mapping[UUID, int], sign: int) -> None:
    """Note reservations on levels that are loaded; the next `post` writes them."""
    for item_id, quantity in amounts.items():
        if quantity:
            writer.levels[item_id].reserved += sign * quantity
            writer.changed.add(item_id)


def reserve(writer: Writer, amounts: Mapping[UUID, int]) -> None:
    """Reserve (positive) or release (negative) base units per item, for planned visits."""
    load(writer, amounts)
    change_reserved(writer, amounts, +1)
    save_levels(writer)


def change_on_order(writer: Writer, amounts: Mapping[UUID, int]) -> None:
    """Add to (positive) or take from (negative) what is on order, base units per item."""
    load(writer, amounts)
    note_on_order(writer, amounts)
    save_levels(writer)


def note_on_order(writer: Writer, amounts: Mapping[UUID, int]) -> None:
    for item_id, quantity in amounts.items():
        if quantity:
            writer.levels[item_id].on_order += quantity
            writer.changed.add(item_id)
