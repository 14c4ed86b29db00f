"""Undoing a document: each quantity returns to where it came from, as movements of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger.facts import Reversed
from supply.domain.ledger.models import DEMANDED, Container, Lot, Movement, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.promising import change_reserved
from supply.domain.ledger.settling import overdrawn
from supply.domain.ledger.writer import Writer, load, place_of
from supply.errors import Conflict
from supply.i18n import lazy


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
    rows = _standing(writer, source_type, [source_id], lines)
    return _reverse(writer, rows, happened_at, reserved or {}, shorts)


def reverse_all(
    writer: Writer, source_type: str, source_ids: Collection[UUID], *, happened_at: datetime
) -> list[Reversed]:
    """Undo many documents of one type together. Raises as `reverse`, for all of them."""
    return _reverse(writer, _standing(writer, source_type, source_ids, None), happened_at, {}, ())


def _reverse(
    writer: Writer,
    rows: Sequence[Any],
    happened_at: datetime,
    reserved: Mapping[UUID, int],
    shorts: Sequence[tuple[UUID, datetime, int]],
) -> list[Reversed]:
    load(writer, {row.Movement.item_id for row in rows} | set(reserved), {row.Lot.id for row in rows})
    drafts = [_undoing(writer, row, happened_at) for row in rows]
    gone = overdrawn(drafts)
    if gone:
        raise _already_used(writer, gone)
    for row in rows:
        if row.Movement.type in DEMANDED:
            day = clock.day_of(row.Movement.happened_at, writer.timezone)
            writer.demand[row.Movement.item_id, day][0] += row.Movement.quantity
    for item_id, when, quantity in shorts:
        writer.demand[item_id, clock.day_of(when, writer.timezone)][1] -= quantity
    change_reserved(writer, reserved, +1)
    seqs = post(writer, drafts)
    return [
        Reversed(seq, row.Movement.seq, row.Movement.item_id, row.Movement.lot_id, draft.quantity)
        for seq, row, draft in zip(seqs, rows, drafts, strict=True)
    ]


def _standing(
    writer: Writer, source_type: str, source_ids: Collection[UUID], lines: Collection[int] | None
) -> list[Any]:
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
            Movement.source_id.in_(source_ids),
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
        movement.happened_at,
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
    items = catalog.items_by_id(writer.session, {draft.place.item_id for draft in gone})
    uses = [_told(movement, items[movement.item_id]) for movement in writer.session.scalars(query)]
    return Conflict(
        "already_used",
        lazy(
            "Part of it was used already. Undo these uses first, or correct the amount down to what was used."
        ),
        details={
            "uses": uses,
            "least": {
                str(draft.place.lot_id): quantity_told(-draft.place.quantity, items[draft.place.item_id])
                for draft in gone
            },
        },
    )


def _told(movement: Movement, item: Item) -> dict[str, Any]:
    """A use as a refusal lists it."""
    return {
        "seq": movement.seq,
        "item_id": str(movement.item_id),
        "lot_id": str(movement.lot_id),
        "type": movement.type.value,
        "source_type": movement.source_type,
        "source_id": str(movement.source_id),
        "quantity": quantity_told(-movement.quantity, item),
        "happened_at": movement.happened_at.isoformat(),
    }
