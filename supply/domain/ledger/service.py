"""The door of the ledger: deduct, receive, adjust, reverse, reserve. See posting for how it is written.

Everything that changes stock calls `lock` first. Whether the person may is decided by the capability that
calls; the ledger decides whether the stock allows it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, select, tuple_
from sqlalchemy.orm import Session, aliased, make_transient_to_detached

from supply import clock
from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.ledger import chain
from supply.domain.ledger.allocate import Named, Place, incident, take
from supply.domain.ledger.models import Container, LedgerHead, Lot, LotKind, Movement, MovementType
from supply.domain.ledger.posting import (
    Draft,
    Level,
    Writer,
    load,
    load_numbered,
    lock,
    place_of,
    post,
    save_levels,
)
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy

__all__ = ["Writer", "lock"]


@dataclass(frozen=True, slots=True)
class Use:
    """So much of an item was used or thrown away, by one line of a document. Base units."""

    item_id: UUID
    quantity: int
    source_type: str
    source_id: UUID
    source_line: int | None
    happened_at: datetime
    lot_id: UUID | None = None
    container_id: UUID | None = None
    location_id: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    lot_id: UUID
    location_id: UUID
    container_id: UUID | None
    quantity: int
    seq: int


@dataclass(frozen=True, slots=True)
class Deducted:
    """What a use took, what it could not have, and the rule that it broke, if any."""

    use: Use
    taken: tuple[Taken, ...]
    short: int
    incident: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """So much of a lot came in at a location. Base units."""

    item_id: UUID
    lot_id: UUID
    location_id: UUID
    quantity: int
    source_type: str
    source_id: UUID
    source_line: int | None
    happened_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What is written on a lot. The same facts are the same lot."""

    item_id: UUID
    number: str
    expires_on: date | None
    supplier_id: UUID | None = None
    kind: LotKind = LotKind.SUPPLIER
    cost_minor: int | None = None
    cost_quantity: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Reversed:
    seq: int
    reverses_seq: int
    item_id: UUID
    lot_id: UUID
    quantity: int


def open_ledger(session: Session, branch_id: UUID) -> None:
    """Give a new branch its empty ledger."""
    session.add(LedgerHead(branch_id=branch_id, seq=0, hash=chain.GENESIS))
    session.flush()


def deduct(
    writer: Writer,
    uses: Sequence[Use],
    *,
    type: MovementType = MovementType.USAGE,
    consent: bool = False,
    released: Mapping[UUID, int] | None = None,
) -> list[Deducted]:
    """Take what was used from the lots, first expired first out, opened first. One answer per use, in order.

    `released` gives back reservations (base units by item) in the same writing. Raises
    Conflict("stock_short") naming every short item unless `consent`; then the rest is `short`.
    """
    load(writer, {use.item_id for use in uses} | set(released or ()))
    _require_known_lots(writer, uses)
    drafts: list[Draft] = []
    parts: list[tuple[Use, int, int, int, str | None]] = []
    before = {item_id: _usable(writer, item_id) for item_id in {use.item_id for use in uses}}
    for use in uses:
        day = clock.day_of(use.happened_at, writer.timezone)
        named = Named(use.lot_id, use.container_id, use.location_id)
        taken, short = take(writer.of_item(use.item_id), use.quantity, day, named)
        broken = incident([place for place, _quantity in taken], day)
        parts.append((use, len(drafts), len(taken), short, broken))
        drafts += [_draft_of(use, type, place, quantity) for place, quantity in taken]
        if type is MovementType.USAGE:
            demand = writer.demand[use.item_id, day]
            demand[0] += use.quantity - short
            demand[1] += short
    if not consent and any(short for *_rest, short, _broken in parts):
        raise _short(writer.session, parts, before)
    change_reserved(writer, released or {}, -1)
    seqs = post(writer, drafts)
    return [
        Deducted(use, _taken(drafts[first : first + count], seqs[first : first + count]), short, broken)
        for use, first, count, short, broken in parts
    ]


def _draft_of(use: Use, type: MovementType, place: Place, quantity: int) -> Draft:
    return Draft(
        type, place, -quantity, use.happened_at, use.source_type, use.source_id, use.source_line, use.reason
    )


def _taken(drafts: Sequence[Draft], seqs: Sequence[int]) -> tuple[Taken, ...]:
    return tuple(
        Taken(draft.place.lot_id, draft.place.location_id, draft.place.container_id, -draft.quantity, seq)
        for draft, seq in zip(drafts, seqs, strict=True)
    )


def _usable(writer: Writer, item_id: UUID) -> int:
    return sum(
        place.quantity
        for place in writer.of_item(item_id)
        if not place.quarantined and not place.expired(writer.today)
    )


def _short(session: Session, parts: Sequence[Any], before: Mapping[UUID, int]) -> Conflict:
    needed: dict[UUID, int] = {}
    missing: dict[UUID, int] = {}
    for use, _first, _count, short, _broken in parts:
        needed[use.item_id] = needed.get(use.item_id, 0) + use.quantity
        missing[use.item_id] = missing.get(use.item_id, 0) + short
    items = catalog.items_by_id(session, [item_id for item_id, short in missing.items() if short])
    return Conflict(
        "stock_short",
        lazy("There is not enough in stock. Record it anyway to note the shortfall and have it counted."),
        details={
            "short": [
                {
                    "item_id": str(item_id),
                    "code": item.code,
                    "name_en": item.name_en,
                    "name_vi": item.name_vi,
                    "dimension": item.dimension.value,
                    "needed": needed[item_id],
                    "available": before[item_id],
                    "short": missing[item_id],
                }
                for item_id, item in items.items()
            ]
        },
    )


def _require_known_lots(writer: Writer, uses: Sequence[Use]) -> None:
    """A named lot may be used up (that is a shortfall), but it must exist here and be of that item."""
    standing = {(place.lot_id, place.item_id) for place in writer.places.values()}
    asked = {(use.lot_id, use.item_id) for use in uses if use.lot_id is not None} - standing
    if asked:
        query = select(Lot.id, Lot.item_id).where(
            Lot.branch_id == writer.branch_id, tuple_(Lot.id, Lot.item_id).in_(sorted(asked))
        )
        known = {(lot_id, item_id) for lot_id, item_id in writer.session.execute(query)}
        if asked - known:
            raise Invalid(
                "lot_unknown", lazy("There is no such lot of this item in the branch."), field="lot_id"
            )


def obtain_lots(writer: Writer, facts: Sequence[LotFacts]) -> list[Lot]:
    """The lots with these facts, in order: those that exist, and new ones written in one statement."""
    standing = load_numbered(writer, {fact.item_id for fact in facts}, {fact.number for fact in facts})
    lots = {_facts_of(lot): lot for lot in standing}
    new: dict[LotFacts, dict[str, Any]] = {}
    for fact in facts:
        if fact not in lots and fact not in new:
            row = {name: getattr(fact, name) for name in LotFacts.__slots__}
            row |= {"id": new_id(), "branch_id": writer.branch_id, "created_at": writer.recorded_at}
            new[fact] = row | {"quarantined_at": None, "quarantine_reason": None}
    if new:
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
    load(writer, {receipt.item_id for receipt in receipts}, {lot.id for lot in lots})
    _note_on_order(writer, on_order or {})
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


@dataclass(frozen=True, slots=True)
class Change:
    """A correction of one place by `delta` base units."""

    lot_id: UUID
    location_id: UUID
    container_id: UUID | None
    delta: int
    reason: str
    source_line: int | None = None


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
        if place.quantity < 0:
            raise Conflict(
                "stock_short",
                lazy("The book holds less than that there. Count the lot instead."),
                details={"lot_id": str(change.lot_id), "available": place.quantity - change.delta},
            )
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
    return post(writer, [draft for draft in drafts if draft.quantity])


def _lots_of(writer: Writer, item_id: UUID, lot_ids: Collection[UUID]) -> dict[UUID, Lot]:
    query = select(Lot).where(Lot.branch_id == writer.branch_id, Lot.item_id == item_id, Lot.id.in_(lot_ids))
    lots = {lot.id: lot for lot in writer.session.scalars(query)}
    if set(lot_ids) - lots.keys():
        raise Invalid("lot_unknown", lazy("There is no such lot of this item in the branch."), field="lot_id")
    return lots


def reverse(
    writer: Writer,
    source_type: str,
    source_id: UUID,
    *,
    happened_at: datetime,
    lines: Collection[int] | None = None,
    reserved: Mapping[UUID, int] | None = None,
    shorts: Sequence[tuple[UUID, datetime, int]] = (),
) -> list[Reversed]:
    """Undo what a document posted and nobody undid yet: each quantity returns to where it came from.

    `reserved` is reserved again and `shorts` (item, when, base units) leave the demand in the same writing.
    Raises Conflict("already_used") with the uses where something received is gone. A document that posted
    nothing (a step without supplies) reverses to an empty list.
    """
    rows = _standing(writer, source_type, source_id, lines)
    load(writer, {row.Movement.item_id for row in rows} | set(reserved or ()), {row.Lot.id for row in rows})
    drafts = [_undoing(writer, row, happened_at) for row in rows]
    gone = [draft for draft in drafts if draft.place.quantity < 0]
    if gone:
        raise _already_used(writer, gone)
    for row in rows:
        if row.Movement.type is MovementType.USAGE:
            day = clock.day_of(row.Movement.happened_at, writer.timezone)
            writer.demand[row.Movement.item_id, day][0] += row.Movement.quantity
    for item_id, when, quantity in shorts:
        writer.demand[item_id, clock.day_of(when, writer.timezone)][1] -= quantity
    change_reserved(writer, reserved or {}, +1)
    seqs = post(writer, drafts)
    return [
        Reversed(seq, row.Movement.seq, row.Movement.item_id, row.Movement.lot_id, draft.quantity)
        for seq, row, draft in zip(seqs, rows, drafts, strict=True)
    ]


def _standing(writer: Writer, source_type: str, source_id: UUID, lines: Collection[int] | None) -> list[Any]:
    undoing = aliased(Movement)
    query = (
        select(Movement, Lot, Container)
        .join(Lot, Lot.id == Movement.lot_id)
        .outerjoin(Container, Container.id == Movement.container_id)
        .outerjoin(
            undoing, and_(undoing.branch_id == Movement.branch_id, undoing.reverses_seq == Movement.seq)
        )
        .where(
            Movement.branch_id == writer.branch_id,
            Movement.source_id == source_id,
            Movement.source_type == source_type,
            Movement.type != MovementType.REVERSAL,
            undoing.seq.is_(None),
        )
        .order_by(Movement.seq)
    )
    if lines is not None:
        query = query.where(Movement.source_line.in_(lines))
    return list(writer.session.execute(query))


def _undoing(writer: Writer, row: Any, happened_at: datetime) -> Draft:
    movement: Movement = row.Movement
    in_use = row.Container is not None and row.Container.finished_at is None
    # What came from a container that is finished by now returns to its lot on the shelf.
    container = row.Container if in_use else None
    place = place_of(
        writer,
        movement.item_id,
        row.Lot,
        movement.location_id,
        container and container.id,
        container and container.use_by_on,
    )
    place.quantity -= movement.quantity
    return Draft(
        MovementType.REVERSAL,
        place,
        -movement.quantity,
        happened_at,
        movement.source_type,
        movement.source_id,
        movement.source_line,
        movement.reason,
        movement.seq,
    )


def _already_used(writer: Writer, gone: Sequence[Draft]) -> Conflict:
    undoing = aliased(Movement)
    query = (
        select(Movement)
        .outerjoin(
            undoing, and_(undoing.branch_id == Movement.branch_id, undoing.reverses_seq == Movement.seq)
        )
        .where(
            Movement.branch_id == writer.branch_id,
            Movement.lot_id.in_([draft.place.lot_id for draft in gone]),
            Movement.quantity < 0,
            Movement.type != MovementType.REVERSAL,
            undoing.seq.is_(None),
        )
        .order_by(Movement.seq)
        .limit(200)
    )
    uses = [
        {
            "seq": movement.seq,
            "item_id": str(movement.item_id),
            "lot_id": str(movement.lot_id),
            "type": movement.type.value,
            "source_type": movement.source_type,
            "source_id": str(movement.source_id),
            "quantity": -movement.quantity,
            "happened_at": movement.happened_at.isoformat(),
        }
        for movement in writer.session.scalars(query)
    ]
    return Conflict(
        "already_used",
        lazy(
            "Part of it was used already. Undo these uses first, or correct the amount down to what was used."
        ),
        details={
            "uses": uses,
            "least": {str(draft.place.lot_id): -draft.place.quantity for draft in gone},
        },
    )


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
    _note_on_order(writer, amounts)
    save_levels(writer)


def _note_on_order(writer: Writer, amounts: Mapping[UUID, int]) -> None:
    for item_id, quantity in amounts.items():
        if quantity:
            writer.levels[item_id].on_order += quantity
            writer.changed.add(item_id)


def level_of(writer: Writer, item_id: UUID) -> Level:
    """An item's sums as the writer knows them now."""
    load(writer, {item_id})
    return writer.levels[item_id]


def get_lot(session: Session, branch_id: UUID, lot_id: UUID) -> Lot:
    """A lot of the branch. Raises NotFound."""
    lot = session.scalar(select(Lot).where(Lot.id == lot_id, Lot.branch_id == branch_id))
    if lot is None:
        raise NotFound("lot_not_found", lazy("There is no such lot in this branch."))
    return lot
