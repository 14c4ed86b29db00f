"""What was used before the book began: it belongs into demand and reports, and moves nothing that stands.

Whoever wrote down the opening stock did not see it any more. So each use is posted on its own day together
with as much that had been there to be used, on one lot of the item that never holds anything afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from supply import clock
from supply.domain.ledger.facts import LotFacts, Reversed, Use
from supply.domain.ledger.models import LotKind, MovementType
from supply.domain.ledger.posting import Draft, post
from supply.domain.ledger.putting import obtain_lots
from supply.domain.ledger.undoing import reverse
from supply.domain.ledger.writer import Writer, load, place_of

NUMBER = "before"
# Source and reason of what had been there: reports count it as opening stock.
HAD_BEEN, OPENING = "past-stock", "opening"


def note_past_use(writer: Writer, uses: Sequence[Use], location_id: UUID) -> list[int]:
    """Post what was used, on the days on which it was; every balance stays. Two numbers for each use."""
    wanted = sorted({use.item_id for use in uses})
    facts = [LotFacts(item_id, NUMBER, None, kind=LotKind.OPENING) for item_id in wanted]
    lots = dict(zip(wanted, obtain_lots(writer, facts), strict=True))
    load(writer, wanted, {lot.id for lot in lots.values()})
    drafts = []
    for use in uses:
        place = place_of(writer, use.item_id, lots[use.item_id], location_id)
        when, document, line = use.happened_at, use.source_id, use.source_line
        writer.demand[use.item_id, clock.day_of(when, writer.timezone)][0] += use.quantity
        # What comes in stands first, so that no running sum falls below zero.
        drafts += [
            Draft(MovementType.ADJUSTMENT, place, use.quantity, when, HAD_BEEN, document, line, OPENING),
            Draft(MovementType.USAGE, place, -use.quantity, when, use.source_type, document, line),
        ]
    return post(writer, drafts)


def forget_past_use(
    writer: Writer, source_type: str, source_id: UUID, lines: Collection[int], *, happened_at: datetime
) -> list[Reversed]:
    """Take back what note_past_use posted of a document's lines: the uses, then what had been there."""
    undone = reverse(writer, source_type, source_id, lines=lines, happened_at=happened_at)
    reverse(writer, HAD_BEEN, source_id, lines=lines, happened_at=happened_at)
    return undone
