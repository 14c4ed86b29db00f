"""What will expire before it is used, first expired first out. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from supply.domain.purchasing.observation import AHEAD


@dataclass(frozen=True, slots=True)
class Batch:
    """An amount that can be used from the day it is `here` up to the day before it is `gone`, from today."""

    here: int
    gone: float
    quantity: float


@dataclass(frozen=True, slots=True)
class Losses:
    """What expires by when: `sums[n]` is lost by the n-th of the rising `days`."""

    days: list[float]
    sums: list[float]

    def by(self, day: int) -> float:
        """What has expired by the morning of the day so many days from today."""
        return self.sums[bisect_right(self.days, min(day, AHEAD))]


def losses(batches: Iterable[Batch], expected: Sequence[float]) -> Losses:
    """Use batches as expected day by day; `expected` are running sums.

    A batch never helps one that expires before it, so each is settled in the order of expiry.
    """
    days, lost = [], [0.0]
    rest: list[float] | None = None
    used = 0.0
    for batch in sorted(batches, key=lambda batch: batch.gone):
        if batch.gone > AHEAD:
            break
        last = _last_day(batch.gone)
        if rest is None and batch.here <= 0:
            # Nothing had to be waited for so far: what is used are the first days.
            taken = min(batch.quantity, max(expected[last] - used, 0.0))
            used += taken
        else:
            if rest is None:
                rest = _rest(expected, used)
            taken = _take(rest, max(batch.here, 1), last, batch.quantity)
        days.append(batch.gone)
        lost.append(batch.quantity - taken)
    return Losses(days, list(accumulate(lost)))


def _last_day(gone: float) -> int:
    return max(math.ceil(gone) - 1, 0)


def _rest(expected: Sequence[float], used: float) -> list[float]:
    """The use of each day that the first `used` units do not meet."""
    return [
        max(expected[day] - max(expected[day - 1], used), 0.0) if day else 0.0 for day in range(len(expected))
    ]


def _take(rest: list[float], first: int, last: int, quantity: float) -> float:
    taken = 0.0
    for day in range(first, last + 1):
        part = min(rest[day], quantity - taken)
        rest[day] -= part
        taken += part
    return taken
