"""One pass over what the policy says of a branch: which items are flagged, and what else is to be said. Pure.

Keeps what is written and lets go of the rest: of ten thousand items a few hundred are flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from supply.domain.planning.inputs import Seen
from supply.domain.planning.noticing import Notice, item_notices, late_notice
from supply.domain.planning.offers import Sold
from supply.domain.purchasing import policy
from supply.domain.purchasing.lines import Line
from supply.domain.purchasing.picture import day_by_day


class Flagged(NamedTuple):
    """An item that is to be ordered or looked at, with its days ahead as plain data."""

    sold: Sold
    line: Line
    days: list[dict[str, Any]]


@dataclass(slots=True)
class Findings:
    """`items` are all that were looked at."""

    items: set[UUID] = field(default_factory=set)
    flagged: dict[UUID, Flagged] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


def look_through(seen: Seen) -> Findings:
    """What the policy says now. An item whose levels were set by hand is not the plan's to flag."""
    found, late = Findings(), dict[UUID, Notice]()
    for line, standing in policy.survey(seen.observation, all_suppliers=True):
        sold = seen.sold[line.supply]
        found.items.add(sold.item_id)
        if not sold.fixed and (line.flagged or line.quantity > 0):
            days = [day.numbers() for day in day_by_day(standing, seen.observation["today"])]
            found.flagged[sold.item_id] = Flagged(sold, line, days)
        found.notices += item_notices(seen, line, standing)
        notice = late_notice(sold.supplier.id, line.timing)
        if notice is not None:
            late.setdefault(sold.supplier.id, notice)
    found.notices += late.values()
    return found
