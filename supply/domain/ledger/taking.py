"""Taking from the shelf: which lots give, what is short, which rule was broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from supply.domain.branches.models import Location
from supply.domain.catalog import service as catalog
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger.allocate import Named, Place, incident, take
from supply.domain.ledger.facts import Deducted, Taken, Use
from supply.domain.ledger.models import DEMANDED, Container, Lot, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.promising import change_reserved
from supply.domain.ledger.writer import Writer, load
from supply.errors import Conflict, Invalid
from supply.i18n import Text, lazy


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
    _require_known(writer, uses)
    drafts: list[Draft] = []
    parts: list[tuple[Use, int, int, int, str | None]] = []
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
        raise _short(writer.session, parts)
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


def _short(session: Session, parts: Sequence[Any]) -> Conflict:
    """Each short item. Of it there is what can be given for this: of the lot that is named, at that time."""
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
                    "needed": quantity_told(needed[item_id], item),
                    "available": quantity_told(needed[item_id] - missing[item_id], item),
                    "short": quantity_told(missing[item_id], item),
                }
                for item_id, item in items.items()
            ]
        },
    )


def _require_known(writer: Writer, uses: Sequence[Use]) -> None:
    """What is named may be used up (that is a shortfall), but it must exist here and be of that item.

    Asks nothing where all that is named stands on the shelf.
    """
    if all(use.lot_id is use.container_id is use.location_id is None for use in uses):
        return
    standing = writer.places.values()
    lots = {(use.lot_id, use.item_id) for use in uses if use.lot_id is not None}
    lots -= {(place.lot_id, place.item_id) for place in standing}
    if lots:
        query = select(Lot.id, Lot.item_id).where(Lot.branch_id == writer.branch_id)
        lots -= _found(writer, query.where(tuple_(Lot.id, Lot.item_id).in_(sorted(lots))))
    containers = {(use.container_id, use.item_id) for use in uses if use.container_id is not None}
    containers -= {(place.container_id, place.item_id) for place in standing}
    if containers:
        query = select(Container.id, Lot.item_id).join(Lot, Lot.id == Container.lot_id)
        query = query.where(Container.branch_id == writer.branch_id)
        containers -= _found(writer, query.where(tuple_(Container.id, Lot.item_id).in_(sorted(containers))))
    places = {use.location_id for use in uses if use.location_id is not None}
    places -= {place.location_id for place in standing}
    if places:
        own = select(Location.id).where(Location.branch_id == writer.branch_id, Location.id.in_(places))
        places -= set(writer.session.scalars(own))
    for use in uses:
        if (use.lot_id, use.item_id) in lots:
            raise _unknown(use, "lot", lazy("There is no such lot of this item in the branch."))
        if (use.container_id, use.item_id) in containers:
            raise _unknown(use, "container", lazy("There is no such container of this item in the branch."))
        if use.location_id in places:
            raise _unknown(use, "location", lazy("There is no such place in this branch."))


def _found(writer: Writer, query: Select[UUID, UUID]) -> set[tuple[UUID, UUID]]:
    return {(one, item_id) for one, item_id in writer.session.execute(query)}


def _unknown(use: Use, kind: str, words: Text) -> Invalid:
    return Invalid(f"{kind}_unknown", words, field=f"{use.path}{kind}_id")
