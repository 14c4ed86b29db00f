"""What a completion's lines are as cases: by how much the recipe was exceeded, by item and as a whole. Pure.

A case is an item of which the recipe wanted some, without a line that was short or broke a rule; its value is
(actual − standard) / standard. A completion's value is the mean of its items'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

ALL_ITEMS = UUID(int=0)
COUNTS = ("cases", "total", "squares", "standard", "actual", "shortfall", "incident", "unplanned")
Numbers = list[float]


class Line(Protocol):
    """A line of a completion; amounts in base units of its item."""

    item_id: UUID
    standard: int
    actual: int
    shortfall: int
    incident: str | None


def nothing() -> Numbers:
    return [0] * len(COUNTS)


def told_of(lines: Iterable[Line]) -> dict[UUID, Numbers]:
    """COUNTS by item, and under ALL_ITEMS of the completion as a whole (without amounts)."""
    by_item: dict[UUID, list[Line]] = defaultdict(list)
    for line in lines:
        by_item[line.item_id].append(line)
    told = {item_id: _of_item(some) for item_id, some in by_item.items()}
    if told:
        told[ALL_ITEMS] = _of_all(list(told.values()))
    return told


def _of_item(lines: Sequence[Line]) -> Numbers:
    standard, actual = sum(line.standard for line in lines), sum(line.actual for line in lines)
    short = any(line.shortfall > 0 for line in lines)
    incident = any(line.incident is not None for line in lines)
    unplanned = any(line.standard == 0 and line.actual > 0 for line in lines)
    apart = [int(short), int(incident), int(unplanned)]
    if standard <= 0 or short or incident:
        return [0, 0.0, 0.0, 0, 0, *apart]
    share = (actual - standard) / standard
    return [1, share, share * share, standard, actual, *apart]


def _of_all(items: Sequence[Numbers]) -> Numbers:
    shares = [one[1] for one in items if one[0]]
    apart = [int(any(one[place] for one in items)) for place in (5, 6, 7)]
    if not shares:
        return [0, 0.0, 0.0, 0, 0, *apart]
    share = sum(shares) / len(shares)
    return [1, share, share * share, 0, 0, *apart]
