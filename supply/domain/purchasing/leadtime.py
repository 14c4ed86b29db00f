"""When an order would arrive: the lead times a supplier may have, its order days and its closures. Pure.

What was stated counts until deliveries say otherwise, the latest deliveries count twice, and an order that is
late now says more about the next one than all that came in time. Roads, weather and holidays hold up several
suppliers at once: one that delivers rarely is believed to be slow when the others have become so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supply.domain.purchasing.history import WEEK
from supply.domain.purchasing.observation import AHEAD, SupplierSeen

INCIDENTS = 12
LATEST_TWICE = 3
SAME_INCIDENT_DAYS = 3
# A stated lead time and what is usual around it.
STATED_SPREAD = (1.0, 1.3, 0.85, 1.15, 1.0, 1.6)
LATE_POINT = 0.8
TAIL = 2
GIVEN_UP = 1.5
# Other suppliers are slow when what came in a fortnight, a few deliveries at least, took so much longer than
# before; then an order may take so many times as long as usual, which counts as much as two deliveries.
LATELY = 14
FEW = 3
SLOW = 1.4
SLOW_TAIL = 2.5
SLOW_TIMES = 2


@dataclass(frozen=True, slots=True)
class Leads:
    """Lead times in days, rising; some count more than once."""

    days: list[int]
    median: int
    incidents: int
    oldest_open: int

    @property
    def worst(self) -> int:
        return self.days[-1]

    def given_up(self, age: int) -> bool:
        """Whether an order of so many days is too late to count on; never of a supplier hardly known."""
        return self.incidents >= len(STATED_SPREAD) and age > GIVEN_UP * self.median


def middle(days: Sequence[int]) -> int:
    """The upper one of the two in the middle, since a day too late costs more than a day too early."""
    return sorted(days)[len(days) // 2]


@dataclass(frozen=True, slots=True)
class Pace:
    """The deliveries of the last fortnight: how many, the days they took, and took before. They add up."""

    count: int = 0
    took: int = 0
    usual: float = 0.0

    @classmethod
    def of(cls, deliveries: Sequence[Sequence[int]], today: int) -> Pace:
        """Of one supplier; none where too little came before to tell what is usual."""
        latest = [_days_taken(*pair) for pair in deliveries if pair[1] >= today - LATELY]
        before = [_days_taken(*pair) for pair in deliveries if pair[1] < today - LATELY]
        if len(before) < FEW:
            return cls()
        return cls(len(latest), sum(latest), len(latest) * sum(before) / len(before))


def slow_around(deliveries: Mapping[str, Sequence[Sequence[int]]], today: int) -> frozenset[str]:
    """The suppliers that bring too little to show a slowness which the others show."""
    paces = {code: Pace.of(pairs, today) for code, pairs in deliveries.items()}
    count, took = sum(pace.count for pace in paces.values()), sum(pace.took for pace in paces.values())
    usual = sum(pace.usual for pace in paces.values())
    return frozenset(
        code
        for code, own in paces.items()
        if own.count < FEW <= count - own.count and took - own.took > SLOW * (usual - own.usual)
    )


def lead_times(supplier: SupplierSeen, open_ages: Sequence[int], *, slow: bool = False) -> Leads:
    """What the next order may take; `open_ages` are the days that open orders have been under way, `slow`
    whether the other suppliers have become slow."""
    seen = _incidents(supplier["lead_history"])[-INCIDENTS:]
    stated = [
        max(1, math.floor(supplier["lead_stated"] * part + 0.5))
        for part in STATED_SPREAD[: max(0, len(STATED_SPREAD) - len(seen))]
    ]
    days = sorted(seen + seen[-LATEST_TWICE:] + stated)
    oldest = max(open_ages, default=0)
    usual = middle(days)
    if oldest > max(_late_point(days), usual):
        days += [oldest + 1, math.ceil(oldest + usual / 4)] * 2
    usual = middle(days)
    days += [TAIL * usual, *[math.ceil(SLOW_TAIL * usual)] * (SLOW_TIMES if slow else 0)]
    return Leads(sorted(days), middle(days), len(seen), oldest)


def _days_taken(ordered: int, arrived: int) -> int:
    """What had come before it was noted as ordered took no day."""
    return max(arrived - ordered, 0)


def _incidents(deliveries: Sequence[Sequence[int]]) -> list[int]:
    """Lead times, deliveries that one cause held up together counted once, with the longest."""
    leads: list[int] = []
    last_arrival: int | None = None
    for ordered, arrived in deliveries:
        lead = _days_taken(ordered, arrived)
        together = (
            last_arrival is not None
            and arrived - last_arrival <= SAME_INCIDENT_DAYS
            and ordered < last_arrival
        )
        if together:
            leads[-1] = max(leads[-1], lead)
        else:
            leads.append(lead)
        last_arrival = arrived
    return leads


def _late_point(days: Sequence[int]) -> float:
    place = LATE_POINT * (len(days) - 1)
    low = int(place)
    high = min(low + 1, len(days) - 1)
    return days[low] + (place - low) * (days[high] - days[low])


@dataclass(frozen=True, slots=True)
class Calendar:
    """A supplier's order days and every supplier's closures, seen from today."""

    today: int
    weekday: int
    order_days: frozenset[int]
    closed: tuple[tuple[int, int], ...]

    def takes_orders(self, ahead: int) -> bool:
        day = self.today + ahead
        weekday = (self.weekday + ahead) % WEEK
        return weekday in self.order_days and not any(first <= day <= last for first, last in self.closed)

    def next_chance(self, after: int = 0) -> int:
        """Days from today to the first chance to order that lies later than `after`."""
        return next((days for days in range(after + 1, AHEAD) if self.takes_orders(days)), AHEAD)

    def chances(self, first: int) -> list[int]:
        """Every chance from `first`, which is one, to the horizon, which counts as the last."""
        days = [first]
        while days[-1] < AHEAD:
            days.append(self.next_chance(days[-1]))
        return days

    def arrival(self, ordered: int, lead: float) -> int:
        """Days from today until what is ordered in `ordered` days is here; nothing arrives while closed."""
        day = self.today + ordered + math.ceil(lead)
        for first, last in self.closed:
            if first <= day <= last:
                day = last + 1
        return day - self.today
