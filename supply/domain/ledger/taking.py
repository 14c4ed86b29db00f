"""Taking from the shelf: which lots give, what is short, which rule was broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.ledger.allocate import Named, Place, incident, take
from supply.domain.ledger.facts import Deducted, Taken, Use
from supply.domain.ledger.models import DEMANDED, Lot, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.promising import change_reserved
from supply.domain.ledger.writer import Writer, load
from supply.errors import Conflict, Invalid
from supply.i18n import lazy


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
        at = writer.at(use.happened_at)
        named = Named(use.lot_id, use.container_id, use.location_id)
        taken, short = take(writer.of_item(use.item_id), use.quantity, at, named)
        broken = incident([place for place, _quantity in taken], at)
        parts.append((use, len(drafts), len(taken), short, broken))
        drafts += [_draft_of(use, type, place, quantity) for place, quantity in taken]
        if type in DEMANDED:
            demand = writer.demand[use.item_id, at.day]
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
        if not place.quarantined and not place.expired(writer.now)
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
