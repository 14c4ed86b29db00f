"""What an item will need: its level, its week, what is booked, and how wrong such forecasts were. Pure.

The possible needs of a stretch of days are the expectation moved by every error seen over stretches as long,
not by an assumed distribution. What is booked already narrows them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, chain
from operator import mul

from supply.domain.purchasing.history import PROFILE_DAYS, WEEK, Days
from supply.domain.purchasing.observation import AHEAD, Observation, SupplySeen

SMOOTHING = 0.035
ESTIMATE_DAYS = 10
SITE_WEEKS = 8
ERROR_DAYS = 140
ERROR_STEP = 3
FIRST_ERROR = 14
ERRORS_WANTED = 24
# Errors made when the level was so much higher say nothing, once there are a few others.
STALE = 1.4
FRESH_ERRORS = 8
# How wrong a forecast is before its own errors are known: actual over expected.
USUAL_ERRORS = (0.55, 0.7, 0.8, 0.9, 0.95, 1.0, 1.0, 1.05, 1.1, 1.2, 1.35, 1.6)
SHIFT_KNOWN_DAYS = 42
SHIFT_DAYS = 14
SHIFT_SHARE = 0.4
SHIFT_DEVIATIONS = 3.5
MEAN_DAYS = 28


@dataclass(frozen=True, slots=True)
class Needs:
    """Possible needs of a stretch of days, rising. All answers are means over them."""

    values: list[float]

    def quantile(self, share: float) -> float:
        """Interpolated between the two neighbours."""
        place = share * (len(self.values) - 1)
        low = int(place)
        high = min(low + 1, len(self.values) - 1)
        return self.values[low] + (place - low) * (self.values[high] - self.values[low])

    def shortage(self, stock: float) -> float:
        """What is missing on average with so much stock."""
        first = bisect_right(self.values, stock)
        above = self.values[first:]
        return (sum(above) - stock * len(above)) / len(self.values)

    def surplus(self, stock: float) -> float:
        """What is left on average of so much stock."""
        below = self.values[: bisect_left(self.values, stock)]
        return (stock * len(below) - sum(below)) / len(self.values)


@dataclass(frozen=True, slots=True)
class Shift:
    """Use that has moved for good: the level as smoothed and that of the last two weeks."""

    before: float
    now: float


@dataclass(slots=True)
class Forecast:
    """`expected`, `booked` and `open_need` are sums over the first so many days ahead; index 0 is none."""

    level: float
    shift: Shift | None
    last_use: int | None
    expected: list[float]
    booked: list[float]
    open_need: list[float]
    _used: list[float]
    _base: list[float]
    _levels: list[float]
    _needs: dict[int, Needs] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """Expected use of a day over the next four weeks."""
        return self.expected[MEAN_DAYS] / MEAN_DAYS

    def use_between(self, first: int, last: int) -> float:
        """Expected use of the days after `first` up to `last`, both at most the horizon."""
        return self.expected[min(last, AHEAD)] - self.expected[min(first, AHEAD)]

    def needs(self, days: int) -> Needs:
        """The possible needs of the next so many days."""
        days = max(0, min(days, AHEAD))
        known = self._needs.get(days)
        if known is None:
            expected, booked = self.expected[days], self.booked[days]
            # What is booked narrows the spread: only the rest varies as forecasts did.
            varying = math.sqrt(expected * self.open_need[days])
            firm = expected - varying
            values = [firm + error * varying for error in sorted(self._errors(days))]
            if values[0] < booked:
                values = [max(booked, value) for value in values]
            known = self._needs[days] = Needs(values)
        return known

    def _errors(self, days: int) -> list[float]:
        """Actual over forecast for past stretches of as many days, each with the level known at its start."""
        start = max(FIRST_ERROR, len(self._levels) - ERROR_DAYS)
        used, base = self._used, self._base
        forecasts = zip(
            used[start + days :: ERROR_STEP],
            used[start::ERROR_STEP],
            base[start + days :: ERROR_STEP],
            base[start::ERROR_STEP],
            self._levels[start::ERROR_STEP],
            strict=False,
        )
        errors = [
            ((used_to - used_from) / forecast, level)
            for used_to, used_from, base_to, base_from, level in forecasts
            if (forecast := level * (base_to - base_from)) > 0
        ]
        most = STALE * self.level
        fresh = [error for error, level in errors if level <= most]
        if len(fresh) < FRESH_ERRORS:
            fresh = [error for error, _ in errors]
        while len(fresh) < ERRORS_WANTED:
            fresh.extend(USUAL_ERRORS)
        return fresh


def pooled(needs: Sequence[Needs]) -> Needs:
    """Needs of stretches of different lengths, each as likely as its values are many."""
    return Needs(sorted(chain.from_iterable(need.values for need in needs)))


def shortage(needs: Sequence[Needs], stock: float) -> float:
    """That of the pooled needs, without pooling them."""
    missing = {id(need): need.shortage(stock) * len(need.values) for need in needs}
    return sum(missing[id(need)] for need in needs) / sum(len(need.values) for need in needs)


def forecast(obs: Observation, supply: SupplySeen, days: Days) -> Forecast:
    """Learn from an item's past, then look ahead."""
    logged = days.repaired(supply["history"])
    # Use as it would have been without the event; nothing where nothing is known.
    plain = list(map(mul, logged, days.gate))
    week = _week(plain, days)
    level, levels = _levels(plain, week, supply["prior_daily"], days)
    shift = _shift(plain, week, level, days)
    if shift is not None:
        level = shift.now
    base = list(map(mul, days.of_week(week), days.factors))
    if not all(days.known):
        logged = list(map(mul, logged, days.known))
        base = list(map(mul, base, days.known))
    expected, booked, open_need = _ahead(obs, supply, level, week, days)
    return Forecast(
        level=level,
        shift=shift,
        last_use=next((back for back, used in enumerate(reversed(logged)) if used > 0), None),
        expected=expected,
        booked=booked,
        open_need=open_need,
        _used=[0.0, *accumulate(logged)],
        _base=[0.0, *accumulate(base)],
        _levels=levels,
    )


def _week(plain: Sequence[float], days: Days) -> list[float]:
    """The item's week, drawn to the branch's as long as little is known of it."""
    recent = plain[-PROFILE_DAYS:]
    total, count = sum(recent), sum(days.recent_counts)
    if total <= 0:
        return days.profile
    mean = total / count
    offset = max(days.count - PROFILE_DAYS, 0)
    week = list(days.profile)
    for place in range(min(WEEK, len(recent))):
        weekday = days.weekdays[offset + place]
        ratios = sum(recent[place::WEEK]) / mean
        known = days.recent_counts[weekday]
        week[weekday] = (ratios + SITE_WEEKS * days.profile[weekday]) / (known + SITE_WEEKS)
    return week


def _levels(
    plain: Sequence[float], week: Sequence[float], estimate: float, days: Days
) -> tuple[float, list[float]]:
    """Today's level and the one known at the start of every past day."""
    level, levels = estimate, []
    usual = days.of_week([1 / weekday for weekday in week])
    rates = _rates(tuple(days.known), ESTIMATE_DAYS if estimate > 0 else 0)
    for used, rate in zip(map(mul, plain, usual), rates, strict=True):
        levels.append(level)
        level += rate * (used - level)
    return level, levels


@lru_cache(maxsize=8)
def _rates(known: tuple[bool, ...], head_start: int) -> list[float]:
    """How much each day moves the level: less and less, nothing where it is not known."""
    seen = accumulate(known, initial=head_start)
    next(seen)
    return [
        max(1 / count, SMOOTHING) if is_known else 0.0 for count, is_known in zip(seen, known, strict=True)
    ]


def _shift(plain: Sequence[float], week: Sequence[float], level: float, days: Days) -> Shift | None:
    """Whether the last two weeks differ from the level by more than chance."""
    if sum(days.known) < SHIFT_KNOWN_DAYS:
        return None
    recent: list[float] = []
    for day in range(days.count - 1, -1, -1):
        if days.known[day]:
            recent.append(plain[day] / week[days.weekdays[day]])
            if len(recent) == SHIFT_DAYS:
                break
    mean = sum(recent) / SHIFT_DAYS
    difference = abs(mean - level)
    if mean <= 0 or difference <= SHIFT_SHARE * level:
        return None
    deviation = math.sqrt(sum((used - mean) ** 2 for used in recent) / (SHIFT_DAYS - 1))
    if difference <= SHIFT_DEVIATIONS * deviation / math.sqrt(SHIFT_DAYS):
        return None
    return Shift(level, mean)


def _ahead(
    obs: Observation, supply: SupplySeen, level: float, week: Sequence[float], days: Days
) -> tuple[list[float], list[float], list[float]]:
    """Running sums of expected, booked and not yet booked use."""
    show, shares = obs["show_rate"], obs["booked_share"]
    usual = [
        level * week[weekday] * factor
        for weekday, factor in zip(days.ahead_weekdays, days.ahead_factors, strict=True)
    ]
    booked = [need * show for need in supply["bookings"]]
    if shares is None:
        open_need = [max(use - need, 0.0) for use, need in zip(usual, booked, strict=True)]
    else:
        open_need = [use * (1 - share) for use, share in zip(usual, shares[1:], strict=False)]
    expected = [need + rest for need, rest in zip(booked, open_need, strict=True)]
    return [0.0, *accumulate(expected)], [0.0, *accumulate(booked)], [0.0, *accumulate(open_need)]
