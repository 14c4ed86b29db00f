"""What a manager should know beside the flags: dead stock, late suppliers, changed use, orders that would
rot, lots that will expire before they are used. Pure: from what was seen and decided to plain findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from supply.domain.planning.inputs import LASTS, Seen
from supply.domain.planning.models import NoticeKind
from supply.domain.purchasing.lines import Line, Timing
from supply.domain.purchasing.outlook import Standing
from supply.domain.purchasing.policy import NOT_WORTH_THE_WASTE
from supply.quantity import UNITS

DEAD_DAYS = 60
# Losses below this part of what is there are not worth a word.
WORTH_A_WORD = 0.02


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding; quantities in the item's stock unit, money in minor units, days counted from today."""

    kind: NoticeKind
    item_id: UUID | None
    supplier_id: UUID | None
    numbers: dict[str, Any]


def item_notices(seen: Seen, line: Line, standing: Standing) -> Iterator[Notice]:
    """What there is to say of one item."""
    sold = seen.sold[line.supply]

    def notice(kind: NoticeKind, **numbers: Any) -> Notice:
        return Notice(kind, sold.item_id, None, {"unit": line.unit, **numbers})

    cost, on_hand = standing.supply["unit_cost"], line.stock.on_hand
    expiry = line.timing.first_expiry
    first = None if expiry is None else int(expiry) - seen.observation["today"] - 1
    dead = line.need.last_use is not None and line.need.last_use >= DEAD_DAYS
    if on_hand > 0 and dead:
        lasts = first is None or first > LASTS - DEAD_DAYS
        yield notice(
            NoticeKind.DEAD_STOCK,
            on_hand=on_hand,
            value_minor=round(on_hand * cost),
            days=line.need.last_use,
            first_expiry=None if lasts else first,
        )
    if line.need.level_before is not None:
        yield notice(NoticeKind.CHANGED_USE, before=line.need.level_before, now=line.need.level)
    if line.note == NOT_WORTH_THE_WASTE:
        yield notice(
            NoticeKind.MINIMUM_ROTS,
            minimum=standing.packs.minimum,
            spoiling_minor=round(line.spoiling),
            risk_minor=round(line.risk),
        )
    lost = standing.losses.by(standing.lifetime)
    if not dead and lost > WORTH_A_WORD * max(on_hand, 1e-9):
        yield notice(
            NoticeKind.WILL_EXPIRE, quantity=lost, value_minor=round(lost * cost), first_expiry=first
        )
    unknown = line.need.level == 0 and line.need.last_use is None and not line.need.booked
    if unknown and not sold.fixed:
        yield notice(NoticeKind.NO_ESTIMATE)


def inactive_notices(rows: Iterable[Any]) -> list[Notice]:
    """What planned visits need of items that are not in use any more; no plan looks at those."""
    return [
        Notice(
            NoticeKind.BOOKED_INACTIVE,
            item_id,
            None,
            {
                "unit": unit,
                "needed": int(needed) / UNITS[unit].factor,
                "visits": visits,
                "on_hand": int(on_hand) / UNITS[unit].factor,
            },
        )
        for item_id, unit, needed, visits, on_hand in rows
    ]


def late_notice(supplier_id: UUID, timing: Timing) -> Notice | None:
    """Whether the supplier's oldest open order is older than its deliveries usually take."""
    late = timing.oldest_open - timing.lead_usual
    if timing.oldest_open == 0 or late <= 1:
        return None
    numbers = {"days_late": late, "oldest_open": timing.oldest_open, "usual": timing.lead_usual}
    return Notice(NoticeKind.LATE_SUPPLIER, None, supplier_id, numbers)
