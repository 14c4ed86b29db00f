"""The days of a branch as its items share them: open, unlogged, of which weekday, in which event. Pure.

A day without a record is not a day without use. Silent days are left out, and a bulk entry that ends their
run is spread over it; only a silence of more than a week is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import add, mul

from supply.domain.purchasing.observation import AHEAD, Event, Observation

WEEK = 7
PROFILE_DAYS = 112
PSEUDO_WEEKS = 2
BELIEVED_SILENCE = 7
BULK = 1.6


@dataclass(frozen=True, slots=True)
class Gap:
    """Silent days and the day that holds what was used on them, with the share of each."""

    days: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(slots=True)
class Days:
    """Index 0 is the oldest past day. `gate` turns what was logged into use on a usual day of that weekday:
    0 where nothing is known, otherwise 1 over the event's factor. `special`: some day's gate is not 1.
    `ahead_unbooked` is the share of a day's use that is not booked yet, where that is known."""

    weekdays: list[int]
    factors: list[float]
    known: list[bool]
    ahead_weekdays: list[int]
    ahead_factors: list[float]
    ahead_unbooked: list[float]
    special: bool = False
    gaps: list[Gap] = field(default_factory=list)
    profile: list[float] = field(default_factory=lambda: [1.0] * WEEK)
    gate: list[float] = field(default_factory=list)
    recent_counts: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.weekdays)

    def of_week(self, week: Sequence[float]) -> list[float]:
        """A value for every past day from those of the weekdays."""
        if not self.weekdays:
            return []
        first = self.weekdays[0]
        cycle = [*week[first:], *week[:first]]
        return (cycle * (self.count // WEEK + 1))[: self.count]

    def repaired(self, logged: Sequence[float]) -> list[float]:
        """What an item used on each day, its bulk entries spread over the days that they are of."""
        used = aligned(logged, self.count)
        for gap in self.gaps:
            total = sum(used[day] for day in gap.days)
            for day, share in zip(gap.days, gap.shares, strict=True):
                used[day] = total * share
        return used


def read_days(obs: Observation) -> Days:
    """The branch's days with gaps found, bulk entries spread and the week's profile learned."""
    count, today = len(obs["open_history"]), obs["today"]
    days = Days(
        weekdays=[(obs["weekday"] - back) % WEEK for back in range(count - 1, -1, -1)],
        factors=_factors(obs["events"], range(today - count + 1, today + 1)),
        known=[bool(is_open) for is_open in obs["open_history"]],
        ahead_weekdays=[(obs["weekday"] + ahead) % WEEK for ahead in range(1, AHEAD + 1)],
        ahead_factors=[
            factor * is_open
            for factor, is_open in zip(
                _factors(obs["events"], range(today + 1, today + AHEAD + 1)), obs["open_ahead"], strict=False
            )
        ],
        ahead_unbooked=[1 - share for share in (obs["booked_share"] or ())[1:]],
    )
    histories = [aligned(supply["history"], count) for supply in obs["supplies"].values()]
    activity = _activity(histories, days.known)
    silent = _silent(activity, days.known, obs.get("unlogged_history"))
    if silent:
        activity = _repair(days, histories, silent)
    _learn_profile(days, activity)
    days.gate = [known / factor for known, factor in zip(days.known, days.factors, strict=True)]
    days.special = any(gate != 1 for gate in days.gate)
    start = max(count - PROFILE_DAYS, 0)
    for weekday in range(WEEK):
        days.recent_counts.append(
            sum(k and w == weekday for k, w in zip(days.known[start:], days.weekdays[start:], strict=True))
        )
    return days


def aligned(logged: Sequence[float], count: int) -> list[float]:
    """The last `count` days; an item that is younger than the branch used nothing before."""
    kept = list(logged[-count:]) if count else []
    return [0.0] * (count - len(kept)) + kept


def _factors(events: Iterable[Event], days: range) -> list[float]:
    factors = [1.0] * len(days)
    for event in events:
        first, last = max(event["start"], days.start), min(event["end"], days.stop - 1)
        for day in range(first, last + 1):
            factors[day - days.start] *= event["factor"]
    return factors


def _activity(histories: Iterable[Sequence[float]], known: Sequence[bool]) -> list[float]:
    """How busy each day was: the mean over items of their use over their own mean."""
    total, items, open_days = [0.0] * len(known), 0, sum(known)
    for used in histories:
        mean = sum(compress(used, known)) / open_days if open_days else 0.0
        if mean > 0:
            scale = 1 / mean
            total = list(map(add, total, map(mul, used, repeat(scale))))
            items += 1
    return [amount / items for amount in total] if items else total


def _silent(
    activity: Sequence[float], is_open: Sequence[bool], unlogged: Sequence[int] | None
) -> list[tuple[list[int], int | None]]:
    """Runs of open days without a record, each with the first day after it that has one."""
    runs: list[tuple[list[int], int | None]] = []
    run: list[int] = []
    marked = None if unlogged is None else aligned(unlogged, len(activity))
    for day in compress(range(len(activity)), is_open):
        if activity[day] <= 0 if marked is None else marked[day]:
            run.append(day)
        elif run:
            runs.append((run, day))
            run = []
    if run:
        runs.append((run, None))
    return [(days, end) for days, end in runs if marked is not None or len(days) <= BELIEVED_SILENCE]


def _repair(
    days: Days, histories: Sequence[list[float]], silent: Sequence[tuple[list[int], int | None]]
) -> list[float]:
    """Spread what bulk entries hold, forget the other silent days; the activity of what is then known."""
    doubtful = {day for run, end in silent for day in (*run, *(() if end is None else (end,)))}
    trusted = [known and day not in doubtful for day, known in enumerate(days.known)]
    activity = _activity(histories, trusted)
    _learn_profile(days, activity, trusted)
    for run, end in silent:
        if end is not None and activity[end] > BULK:
            spread = (*run, end)
            weights = [days.profile[days.weekdays[day]] for day in spread]
            days.gaps.append(Gap(spread, tuple(weight / sum(weights) for weight in weights)))
        else:
            for day in run:
                days.known[day] = False
    return _activity([days.repaired(used) for used in histories], days.known)


def _learn_profile(days: Days, activity: Sequence[float], trusted: Sequence[bool] | None = None) -> None:
    """The week's shape: activity by weekday, steadied by two ordinary weeks."""
    totals, counts = [float(PSEUDO_WEEKS)] * WEEK, [PSEUDO_WEEKS] * WEEK
    known = days.known if trusted is None else trusted
    for day in compress(range(max(days.count - PROFILE_DAYS, 0), days.count), known[-PROFILE_DAYS:]):
        totals[days.weekdays[day]] += activity[day] / days.factors[day]
        counts[days.weekdays[day]] += 1
    days.profile = [total / count for total, count in zip(totals, counts, strict=True)]
