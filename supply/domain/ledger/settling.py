"""What was found against what the book held, and how long that holds: a place is held to its last count.

A movement that comes later and tells of a time before the count was seen by who counted: it is written down,
and the same amount beside it the other way, so that the place stays at what was found and later net.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from supply.domain.ledger.facts import Found
from supply.domain.ledger.models import MovementType
from supply.domain.ledger.posting import Draft, post, save_places
from supply.domain.ledger.writer import Writer, load, place_of
from supply.errors import Conflict
from supply.i18n import lazy


def settle(writer: Writer, found: Sequence[Found], *, source_type: str, source_id: UUID) -> None:
    """Post each difference at the instant of its count, and hold each place to it; read in one statement.

    A place that was counted at a later instant keeps to that. Raises Conflict("count_contradicted") naming
    the lots of which more left since than was found.
    """
    load(writer, {one.lot.item_id for one in found}, {one.lot.id for one in found})
    drafts, counted = [], []
    for one in found:
        place = place_of(writer, one.lot.item_id, one.lot, one.location_id, one.container_id)
        if place.counted_at is not None and place.counted_at > one.counted_at:
            continue
        place.counted_at = one.counted_at
        place.quantity += one.difference
        counted.append(place)
        if one.difference:
            drafts.append(
                Draft(
                    MovementType.ADJUSTMENT,
                    place,
                    one.difference,
                    one.counted_at,
                    source_type,
                    source_id,
                    one.source_line,
                    one.reason,
                )
            )
    gone = {str(place.lot_id): None for place in counted if place.quantity < 0}
    if gone:
        raise Conflict(
            "count_contradicted",
            lazy("More of this lot was used since then than you found. Count again now."),
            details={"lot_id": next(iter(gone)), "lots": list(gone)},
        )
    post(writer, drafts, counted=True)
    save_places(writer, counted)


def overdrawn(drafts: Sequence[Draft]) -> list[Draft]:
    """Those whose place would fall below zero, once what a count has seen already is given back."""
    back: dict[UUID, int] = defaultdict(int)
    for draft in drafts:
        if draft.seen:
            back[draft.place.id] -= draft.quantity
    return [draft for draft in drafts if draft.place.quantity + back[draft.place.id] < 0]
