"""What an item will need: its level, its week, what is booked, and how wrong such forecasts were. Pure.

The possible needs of a stretch of days are the expectation moved by every error seen over stretches as long,
not by an assumed distribution. What is booked already narrows them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, chain, compress, repeat
from operator import add, mul, sub, truediv

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
# Lengths in days, each with how often it counts. How likely each is follows from how many needs it has, too.
Stretches = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Needs:
    """Possible needs of a stretch of days, rising. `borrowed`: too few errors of its own were known."""

    values: list[float]
    borrowed: bool = False

    def quantile(self, share: float) -> float:
        """Interpolated between the two neighbours."""
        place = share * (len(self.values) - 1)
        low = int(place)
        high = min(low + 1, len(self.values) - 1)
        return self.values[low] + (place - low) * (self.values[high] - self.values[low])

    def missing(self, stock: float) -> float:
        """What is missing with so much stock, over all of them together."""
        if self.values[-1] <= stock:
            return 0.0
        above = self.values[bisect_right(self.values, stock) :]
        return sum(above) - stock * len(above)

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
class Past:
    """What was used, and what a level of one would have been, as sums over the first so many past days; both
    and the level known at the start of each day that an error is measured from. `fresh` tells those whose
    level says something about today's; None: all of them."""

    used: list[float]
    base: list[float]
    first: int
    used_before: list[float]
    base_before: list[float]
    levels: list[float]
    fresh: list[bool] | None

    @classmethod
    def of(cls, logged: Sequence[float], base: Sequence[float], levels: list[float], most: float) -> Past:
        """Errors made at a level above `most` are stale."""
        first = max(FIRST_ERROR, len(levels) - ERROR_DAYS)
        used, base, starts = _sums(logged), _sums(base), slice(first, None, ERROR_STEP)
        known = levels[starts]
        fresh = None if max(known, default=0.0) <= most else [level <= most for level in known]
        return cls(used, base, first, used[starts], base[starts], known, fresh)

    def errors(self, days: int) -> list[float]:
        """Actual over forecast for past stretches of as many days, each with the level known at its start.

        Stale ones are left out while there are enough others. Of no days there are none: what comes on
        the day that it was ordered waits for nothing.
        """
        if days == 0:
            return []
        errors = self._measured(days, self.fresh)
        if self.fresh is not None and len(errors) < FRESH_ERRORS:
            errors = self._measured(days, None)
        return errors

    def _measured(self, days: int, chosen: Sequence[bool] | None) -> list[float]:
        """Column by column: this is most of what a plan computes."""
        end = slice(self.first + days, None, ERROR_STEP)
        actual: Iterable[float] = map(sub, self.used[end], self.used_before)
        forecasts: Iterable[float] = map(mul, self.levels, map(sub, self.base[end], self.base_before))
        if chosen is not None:
            actual, forecasts = compress(actual, chosen), compress(forecasts, chosen)
        return _ratios(list(actual), list(forecasts))


def _ratios(actual: Sequence[float], forecasts: Sequence[float]) -> list[float]:
    """Of what there was a forecast of."""
    try:
        return list(map(truediv, actual, forecasts))
    except ZeroDivisionError:
        return [used / forecast for used, forecast in zip(actual, forecasts, strict=True) if forecast > 0]


@dataclass(slots=True)
class Forecast:
    """`expected`, `booked` and `open_need` are sums over the first so many days ahead; index 0 is none."""

    level: float
    shift: Shift | None
    last_use: int | None
    expected: list[float]
    booked: list[float]
    open_need: list[float]
    _past: Past
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
            known = self._needs[days] = self._possible(days)
        return known

    def shortage(self, stretches: Stretches, stock: float) -> float:
        """What is missing on average with so much stock."""
        amount, cases = 0.0, 0
        for days, times in stretches:
            needs = self.needs(days)
            amount += times * needs.missing(stock)
            cases += times * len(needs.values)
        return amount / cases

    def pooled(self, stretches: Stretches) -> Needs:
        """The needs of all the stretches together."""
        return Needs(
            sorted(chain.from_iterable(self.needs(days).values * times for days, times in stretches))
        )

    def _possible(self, days: int) -> Needs:
        expected, booked = self.expected[days], self.booked[days]
        # What is booked narrows the spread: only the rest varies as forecasts did.
        varying = math.sqrt(expected * self.open_need[days])
        firm = expected - varying
        errors = self._past.errors(days)
        borrowed = len(errors) < ERRORS_WANTED
        while len(errors) < ERRORS_WANTED:
            errors += USUAL_ERRORS
        values = [firm + error * varying for error in sorted(errors)]
        return Needs(values if values[0] >= booked else [max(booked, value) for value in values], borrowed)


def forecast(obs: Observation, supply: SupplySeen, days: Days) -> Forecast:
    """Learn from an item's past, then look ahead."""
    if not (any(supply["history"]) or any(supply["bookings"]) or supply["prior_daily"] > 0):
        return _nothing()
    logged = days.repaired(supply["history"])
    # Use as it would have been without the event; nothing where nothing is known.
    plain = list(map(mul, logged, days.gate)) if days.special else logged
    week = _week(plain, days)
    level, levels = _levels(plain, week, supply["prior_daily"], days)
    shift = _shift(plain, week, level, days)
    if shift is not None:
        level = shift.now
    base = days.of_week(week)
    if days.special:
        logged = list(map(mul, logged, days.known))
        base = list(map(mul, map(mul, base, days.factors), days.known))
    expected, booked, open_need = _ahead(obs, supply, level, week, days)
    return Forecast(
        level=level,
        shift=shift,
        last_use=next((back for back, used in enumerate(reversed(logged)) if used > 0), None),
        expected=expected,
        booked=booked,
        open_need=open_need,
        _past=Past.of(logged, base, levels, STALE * level),
    )


def _nothing() -> Forecast:
    """What there is to say of an item that nobody has used, booked or expects to use, at once."""
    none = [0.0] * (AHEAD + 1)
    return Forecast(0.0, None, None, none, none, none, Past.of((), (), [], 0.0))


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
    use = [level * share for share in week]
    usual = map(mul, [use[weekday] for weekday in days.ahead_weekdays], days.ahead_factors)
    if not any(supply["bookings"]):
        open_need = _sums(usual if obs["booked_share"] is None else map(mul, usual, days.ahead_unbooked))
        return open_need, [0.0] * (AHEAD + 1), open_need
    booked = list(map(mul, supply["bookings"], repeat(obs["show_rate"])))
    if obs["booked_share"] is None:
        open_need = [rest if rest > 0 else 0.0 for rest in map(sub, usual, booked)]
    else:
        open_need = list(map(mul, usual, days.ahead_unbooked))
    return _sums(map(add, booked, open_need)), _sums(booked), _sums(open_need)


def _sums(values: Iterable[float]) -> list[float]:
    return list(accumulate(values, initial=0.0))
