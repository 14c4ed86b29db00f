"""Carrying: exact amounts of exact lots out of and into exact places, for transfers and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from supply.domain.catalog import service as catalog
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger.models import Container, Lot, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.promising import note_on_order
from supply.domain.ledger.settling import overdrawn
from supply.domain.ledger.writer import Writer, load, place_of
from supply.errors import Conflict
from supply.i18n import lazy


@dataclass(frozen=True, slots=True)
class Leg:
    """So much of a lot into (positive) or out of (negative) one place, base units.

    Without a container: of what is closed there. `path` leads to the line in the input that told of it.
    """

    type: MovementType
    lot: Lot
    location_id: UUID
    quantity: int
    source_line: int | None = None
    reason: str | None = None
    container: Container | None = None
    path: str = ""


def carry(
    writer: Writer,
    legs: Sequence[Leg],
    *,
    source_type: str,
    source_id: UUID,
    happened_at: datetime,
    on_order: Mapping[UUID, int] | None = None,
) -> list[int]:
    """Post the legs in their order; `on_order` changes what is still to come (by item) in the same writing.

    The caller vouches that the lots are the branch's. Raises Conflict("stock_short") naming the lot that does
    not stand there in that amount.
    """
    awaited = on_order or {}
    load(writer, {leg.lot.item_id for leg in legs} | awaited.keys(), {leg.lot.id for leg in legs})
    note_on_order(writer, awaited)
    drafts = []
    for leg in legs:
        container = leg.container
        place = place_of(
            writer,
            leg.lot.item_id,
            leg.lot,
            leg.location_id,
            container.id if container else None,
            container.use_by_on if container else None,
        )
        place.quantity += leg.quantity
        drafts.append(
            Draft(
                leg.type,
                place,
                leg.quantity,
                happened_at,
                source_type,
                source_id,
                leg.source_line,
                leg.reason,
            )
        )
    for draft in overdrawn(drafts):
        raise _too_little(writer, legs[drafts.index(draft)], draft.place.quantity - draft.quantity)
    return post(writer, drafts)


def _too_little(writer: Writer, leg: Leg, standing: int) -> Conflict:
    item = catalog.get_item(writer.session, leg.lot.item_id)
    return Conflict(
        "stock_short",
        lazy("There is less than that of lot %(number)s at this place.", number=leg.lot.number),
        field=f"{leg.path}amount",
        details={
            "lot_id": str(leg.lot.id),
            "location_id": str(leg.location_id),
            "available": quantity_told(standing, item),
        },
    )
