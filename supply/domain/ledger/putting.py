"""Putting on the shelf: lots by what is written on them, receipts, corrections of a place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, make_transient_to_detached

from supply.database import new_id
from supply.domain.ledger.facts import Change, LotFacts, Receipt
from supply.domain.ledger.models import Lot, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.promising import note_on_order
from supply.domain.ledger.recalling import RECALL, held_back
from supply.domain.ledger.settling import overdrawn
from supply.domain.ledger.writer import Writer, load, load_numbered, place_of
from supply.errors import Conflict, Invalid
from supply.i18n import lazy


def obtain_lots(writer: Writer, facts: Sequence[LotFacts]) -> list[Lot]:
    """The lots with these facts, in order: those that exist, and new ones written in one statement.

    A new one that an open recall names is quarantined from the beginning.
    """
    standing = load_numbered(writer, {fact.item_id for fact in facts}, {fact.number for fact in facts})
    lots = {_facts_of(lot): lot for lot in standing}
    new: dict[LotFacts, dict[str, Any]] = {}
    for fact in facts:
        if fact not in lots and fact not in new:
            row = {name: getattr(fact, name) for name in LotFacts.__slots__}
            row |= {"id": new_id(), "branch_id": writer.branch_id, "created_at": writer.recorded_at}
            new[fact] = row | {"quarantined_at": None, "quarantine_reason": None}
    if new:
        for fact in held_back(writer, new):
            new[fact] |= {"quarantined_at": writer.recorded_at, "quarantine_reason": RECALL}
        writer.session.execute(insert(Lot), list(new.values()))
    lots |= {fact: _written(writer.session, row) for fact, row in new.items()}
    writer.read_lots |= {row["id"] for row in new.values()}
    return [lots[fact] for fact in facts]


def _written(session: Session, row: Mapping[str, Any]) -> Lot:
    """A lot as if it had been read: its row is written, nobody needs to ask for it again."""
    lot = Lot(**row)
    make_transient_to_detached(lot)
    session.add(lot)
    return lot


def _facts_of(lot: Lot) -> LotFacts:
    return LotFacts(**{name: getattr(lot, name) for name in LotFacts.__slots__})


def receive(
    writer: Writer,
    receipts: Sequence[Receipt],
    lots: Sequence[Lot],
    *,
    type: MovementType = MovementType.RECEIPT,
    on_order: Mapping[UUID, int] | None = None,
) -> list[int]:
    """Put what came in on the shelf. `lots` are those of obtain_lots, one per receipt, in order.

    `on_order` changes what is still to come (base units by item) in the same writing.
    """
    awaited = on_order or {}
    load(writer, {receipt.item_id for receipt in receipts} | awaited.keys(), {lot.id for lot in lots})
    note_on_order(writer, awaited)
    drafts = []
    for receipt, lot in zip(receipts, lots, strict=True):
        place = place_of(writer, receipt.item_id, lot, receipt.location_id)
        place.quantity += receipt.quantity
        drafts.append(
            Draft(
                type,
                place,
                receipt.quantity,
                receipt.happened_at,
                receipt.source_type,
                receipt.source_id,
                receipt.source_line,
                receipt.reason,
            )
        )
    return post(writer, drafts)


def adjust(
    writer: Writer,
    item_id: UUID,
    changes: Sequence[Change],
    *,
    source_type: str,
    source_id: UUID,
    happened_at: datetime,
    type: MovementType = MovementType.ADJUSTMENT,
) -> list[int]:
    """Correct places of one item. Raises Conflict("stock_short") where a place would fall below zero."""
    lot_ids = {change.lot_id for change in changes}
    load(writer, {item_id}, lot_ids)
    lots = _lots_of(writer, item_id, lot_ids)
    drafts = []
    for change in changes:
        place = place_of(writer, item_id, lots[change.lot_id], change.location_id, change.container_id)
        place.quantity += change.delta
        drafts.append(
            Draft(
                type,
                place,
                change.delta,
                happened_at,
                source_type,
                source_id,
                change.source_line,
                change.reason,
            )
        )
    for draft in overdrawn(drafts):
        raise Conflict(
            "stock_short",
            lazy("The book holds less than that there. Count the lot instead."),
            details={"lot_id": str(draft.place.lot_id), "available": draft.place.quantity - draft.quantity},
        )
    return post(writer, [draft for draft in drafts if draft.quantity])


def _lots_of(writer: Writer, item_id: UUID, lot_ids: Collection[UUID]) -> dict[UUID, Lot]:
    query = select(Lot).where(Lot.branch_id == writer.branch_id, Lot.item_id == item_id, Lot.id.in_(lot_ids))
    lots = {lot.id: lot for lot in writer.session.scalars(query)}
    if set(lot_ids) - lots.keys():
        raise Invalid("lot_unknown", lazy("There is no such lot of this item in the branch."), field="lot_id")
    return lots
