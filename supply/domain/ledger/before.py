"""What was used before the book began: it belongs into demand and reports, and moves nothing that stands.

Whoever wrote down the opening stock had seen all of it. So it is posted as what a count has seen is posted
(see settling): each use on its own day, with its opposite, on one lot of the item that never holds anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from supply import clock
from supply.domain.ledger.facts import LotFacts, Use
from supply.domain.ledger.models import LotKind, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.putting import obtain_lots
from supply.domain.ledger.writer import Writer, load, place_of

NUMBER = "before"


def note_past_use(writer: Writer, uses: Sequence[Use], location_id: UUID) -> list[int]:
    """Post what was used, on the days on which it was; every balance stays. One number for each use."""
    wanted = sorted({use.item_id for use in uses})
    facts = [LotFacts(item_id, NUMBER, None, kind=LotKind.OPENING) for item_id in wanted]
    lots = dict(zip(wanted, obtain_lots(writer, facts), strict=True))
    load(writer, wanted, {lot.id for lot in lots.values()})
    drafts = []
    for use in uses:
        place = place_of(writer, use.item_id, lots[use.item_id], location_id)
        place.counted_at = writer.recorded_at
        place.quantity -= use.quantity
        day = clock.day_of(use.happened_at, writer.timezone)
        writer.demand[use.item_id, day][0] += use.quantity
        drafts.append(
            Draft(
                MovementType.USAGE,
                place,
                -use.quantity,
                use.happened_at,
                use.source_type,
                use.source_id,
                use.source_line,
                use.reason,
            )
        )
    return post(writer, drafts)
