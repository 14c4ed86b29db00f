"""Posting: number, chain and write movements with every sum they change.

The only place that creates a movement; see writer for the lock it is done under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from supply.domain.ledger import chain
from supply.domain.ledger.allocate import Place
from supply.domain.ledger.models import (
    DemandDay,
    Holding,
    LedgerHead,
    Movement,
    MovementType,
    StockLevel,
)
from supply.domain.ledger.writer import Writer
from supply.writing import write_later


@dataclass(frozen=True, slots=True)
class Draft:
    """A movement before it has its number: so much into (positive) or out of (negative) a place."""

    type: MovementType
    place: Place
    quantity: int
    happened_at: datetime
    source_type: str
    source_id: UUID
    source_line: int | None = None
    reason: str | None = None
    reverses_seq: int | None = None


def post(writer: Writer, drafts: Sequence[Draft]) -> list[int]:
    """Number, chain and write movements with every sum they change. Returns their sequence numbers.

    The places of the drafts already hold their new quantities: whoever drafts draws down or puts in.
    """
    for draft in drafts:
        level = writer.levels[draft.place.item_id]
        level.on_hand += draft.quantity
        if draft.place.quarantined:
            level.quarantined += draft.quantity
        writer.changed.add(draft.place.item_id)
    if drafts:
        write_later(writer.session, Movement, [_movement(writer, draft) for draft in drafts])
        _save_places(writer, {draft.place.id: draft.place for draft in drafts})
        head = {"branch_id": writer.branch_id, "seq": writer.seq, "hash": writer.hash}
        write_later(writer.session, LedgerHead, [head], key=("branch_id",), update=True)
    save_levels(writer)
    save_demand(writer)
    return list(range(writer.seq - len(drafts) + 1, writer.seq + 1))


def _movement(writer: Writer, draft: Draft) -> dict[str, Any]:
    writer.seq += 1
    row = {
        "hash_version": chain.VERSION,
        "branch_id": writer.branch_id,
        "seq": writer.seq,
        "type": draft.type,
        "item_id": draft.place.item_id,
        "lot_id": draft.place.lot_id,
        "location_id": draft.place.location_id,
        "container_id": draft.place.container_id,
        "quantity": draft.quantity,
        "happened_at": draft.happened_at,
        "recorded_at": writer.recorded_at,
        "person_id": writer.actor.person_id,
        "reason": draft.reason,
        "source_type": draft.source_type,
        "source_id": draft.source_id,
        "source_line": draft.source_line,
        "reverses_seq": draft.reverses_seq,
    }
    writer.hash = row["hash"] = chain.next_hash(writer.hash, row)
    return row


def _save_places(writer: Writer, places: Mapping[UUID, Place]) -> None:
    rows = [
        {
            "id": place.id,
            "branch_id": writer.branch_id,
            "item_id": place.item_id,
            "lot_id": place.lot_id,
            "location_id": place.location_id,
            "container_id": place.container_id,
            "expires_on": place.expires_on,
            "quantity": place.quantity,
        }
        for place in places.values()
    ]
    write_later(writer.session, Holding, rows, key=("id",), replace=("quantity",))


def save_levels(writer: Writer) -> None:
    """Write the levels that changed, whole: the writer knows them while it holds the lock."""
    rows = [
        {
            "branch_id": writer.branch_id,
            "item_id": item_id,
            "on_hand": level.on_hand,
            "quarantined": level.quarantined,
            "reserved": level.reserved,
            "on_order": level.on_order,
            "policy_version": 1,
        }
        for item_id, level in ((item_id, writer.levels[item_id]) for item_id in sorted(writer.changed))
    ]
    sums = ("on_hand", "quarantined", "reserved", "on_order")
    write_later(writer.session, StockLevel, rows, key=("branch_id", "item_id"), replace=sums)
    writer.changed.clear()


def save_demand(writer: Writer) -> None:
    rows = [
        {"branch_id": writer.branch_id, "item_id": item_id, "day_on": day, "used": used, "short": short}
        for (item_id, day), (used, short) in sorted(writer.demand.items())
    ]
    write_later(
        writer.session, DemandDay, rows, key=("branch_id", "item_id", "day_on"), add=("used", "short")
    )
    writer.demand.clear()
