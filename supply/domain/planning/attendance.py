"""How a branch's guests book and come, and which days nobody has logged. Pure: plain rows in, shares out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from supply import clock
from supply.domain.purchasing.observation import AHEAD
from supply.domain.visits.models import VisitStatus

# Fewer guests than this say nothing about a habit.
FEWEST_GUESTS = 30
HABIT_DAYS = 84
_CAME = (VisitStatus.FINISHED, VisitStatus.BROKEN_OFF, VisitStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Habits:
    """`show_rate`: the share of booked guests that come. `booked_share[h]`: of those who came, the share that
    was booked h or more days ahead; None while too few have come to tell."""

    show_rate: float
    booked_share: list[float] | None


def habits(visits: Iterable[Any], timezone: str, today: date) -> Habits:
    """From rows (planned_at, recorded_at, party_size, status) of past days."""
    came: Counter[int] = Counter()
    missing = 0
    first = today - timedelta(days=HABIT_DAYS)
    for planned_at, recorded_at, guests, status in visits:
        if clock.day_of(planned_at, timezone) < first:
            continue
        if status in _CAME:
            came[_ahead(planned_at, recorded_at, timezone)] += guests
        elif status is VisitStatus.CANCELLED:
            missing += guests
    total = came.total()
    if total < FEWEST_GUESTS:
        return Habits(1.0, None)
    shares, left = [], total
    for ahead in range(AHEAD + 1):
        shares.append(left / total)
        left -= came[ahead]
    return Habits(total / (total + missing), shares)


def _ahead(planned_at: datetime, recorded_at: datetime, timezone: str) -> int:
    """How many days before its day a visit was known; what was entered afterwards was not booked at all."""
    days = (clock.day_of(planned_at, timezone) - clock.day_of(recorded_at, timezone)).days
    return min(max(days, 0), AHEAD)


def unlogged(visits: Iterable[Sequence[Any]], timezone: str, since: date, count: int) -> list[int]:
    """1 for each day (oldest first) that had visits of which nothing was logged, else 0.

    A day without visits is a real zero; a day whose visits all still wait is one that nobody has logged.
    """
    waiting, logged = set(), set()
    for planned_at, _recorded_at, _guests, status in visits:
        day = (clock.day_of(planned_at, timezone) - since).days
        if status is VisitStatus.PLANNED:
            waiting.add(day)
        elif status is not VisitStatus.CANCELLED:
            logged.add(day)
    return [int(day in waiting and day not in logged) for day in range(count)]
