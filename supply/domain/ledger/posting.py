"""Posting: number, chain and write movements with every sum they change.

The only place that creates a movement; see writer for the lock it is done under. A place that was counted is
held to what was found: see settling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from supply.domain.outbox.models import Event
from supply.domain.outbox.telling import Fact, listen, tell
from supply.writing import write_later

# Source and reason of what is posted beside a movement that a count has seen already.
SEEN = "count-saw-it"
# As many movements stand in one message to a webhook.
TOLD_AT_ONCE = 200


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
    # When what it undoes happened.
    undone_at: datetime | None = None

    @property
    def told_of(self) -> datetime:
        """The time that it changes the history of."""
        return self.undone_at or self.happened_at

    @property
    def seen(self) -> bool:
        """Whether who counted its place saw the shelf as it left it."""
        counted_at = self.place.counted_at
        return counted_at is not None and self.told_of <= counted_at


def post(writer: Writer, drafts: Sequence[Draft], *, counted: bool = False) -> list[int]:
    """Number, chain and write movements with every sum they change. Returns their sequence numbers.

    The places of the drafts already hold their new quantities: whoever drafts draws down or puts in. What a
    count of the place has seen already is posted together with its opposite, and the place stays as it was;
    `counted` says that the drafts are what a count found.
    """
    wanted = drafts
    drafts = drafts if counted else _with_opposites(drafts)
    for draft in drafts:
        level = writer.levels[draft.place.item_id]
        level.on_hand += draft.quantity
        if draft.place.quarantined:
            level.quarantined += draft.quantity
        writer.changed.add(draft.place.item_id)
    if drafts:
        write_later(writer.session, Movement, [_movement(writer, draft) for draft in drafts])
        save_places(writer, [draft.place for draft in drafts])
        head = {"branch_id": writer.branch_id, "seq": writer.seq, "hash": writer.hash}
        write_later(writer.session, LedgerHead, [head], key=("branch_id",), update=True)
    save_levels(writer)
    save_demand(writer)
    _announce(writer, len(drafts))
    first = writer.seq - len(drafts) + 1
    if len(drafts) == len(wanted):
        return list(range(first, writer.seq + 1))
    own = {id(draft) for draft in wanted}
    return [seq for seq, draft in enumerate(drafts, first) if id(draft) in own]


def _with_opposites(drafts: Sequence[Draft]) -> Sequence[Draft]:
    if not any(draft.seen for draft in drafts):
        return drafts
    told: list[Draft] = []
    for draft in drafts:
        if not draft.seen:
            told.append(draft)
            continue
        draft.place.quantity -= draft.quantity
        # What comes in stands first, so that no running sum falls below zero.
        pair = (draft, _opposite(draft))
        told += pair if draft.quantity > 0 else pair[::-1]
    return told


def _opposite(draft: Draft) -> Draft:
    return replace(
        draft,
        type=MovementType.ADJUSTMENT,
        quantity=-draft.quantity,
        happened_at=draft.told_of,
        source_type=SEEN,
        reason=SEEN,
        reverses_seq=None,
    )


def _announce(writer: Writer, count: int) -> None:
    """Whoever listens is told the numbers; what they mean is read when the message goes out."""
    if not listen(writer.listeners, Event.MOVEMENT_POSTED):
        return
    last = writer.seq
    facts: list[Fact] = [
        (None, {"first_seq": first, "last_seq": min(first + TOLD_AT_ONCE - 1, last)})
        for first in range(last - count + 1, last + 1, TOLD_AT_ONCE)
    ]
    listeners, now = writer.listeners, writer.recorded_at
    tell(writer.session, listeners, Event.MOVEMENT_POSTED, writer.branch_id, facts, at=now)


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


def save_places(writer: Writer, places: Iterable[Place]) -> None:
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
            "counted_at": place.counted_at,
        }
        for place in {place.id: place for place in places}.values()
    ]
    write_later(writer.session, Holding, rows, key=("id",), replace=("quantity", "counted_at"))


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
