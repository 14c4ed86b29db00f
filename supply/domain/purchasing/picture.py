"""Day by day, how an item's stock is likely to go if nothing more is ordered: the picture of a flag. Pure.

Use is what is expected of a usual day, first expired first out; orders under way come when they are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from supply.domain.purchasing.observation import AHEAD
from supply.domain.purchasing.outlook import Standing

DAYS = 28


class PictureDay(NamedTuple):
    """A day, counted from today (0), in stock units. `stock` is what is left in its evening.

    `expected` includes what is `booked`; `expired` is lost that morning.
    """

    day: int
    stock: float
    booked: float
    expected: float
    arrivals: float
    expired: float

    def numbers(self) -> dict[str, Any]:
        """Plain data, to the millionth of a unit."""
        # Most of it is nothing, and rounding is most of the work.
        return {name: told and round(told, 6) for name, told in zip(self._fields, self, strict=True)}


def day_by_day(standing: Standing, today: int, days: int = DAYS) -> list[PictureDay]:
    """The next days of an item; `today` is the day number of the observation."""
    supply, forecast = standing.supply, standing.forecast
    lots = sorted((expires - today, quantity) for expires, quantity in supply["lots"])
    _use(lots, supply["pending_usage"])
    arrivals = _arrivals(standing.due, today)
    picture = [PictureDay(0, _total(lots), 0.0, 0.0, 0.0, 0.0)]
    for day in range(1, min(days, AHEAD) + 1):
        expired = 0.0
        if lots and lots[0][0] <= day:
            expired = sum(quantity for gone, quantity in lots if gone <= day)
            lots = [(gone, quantity) for gone, quantity in lots if gone > day]
        arrived = arrivals.get(day, 0.0)
        if arrived:
            lots = sorted([*lots, (day + standing.life, arrived)])
        expected = forecast.expected[day] - forecast.expected[day - 1]
        _use(lots, expected)
        booked = forecast.booked[day] - forecast.booked[day - 1]
        picture.append(PictureDay(day, _total(lots), booked, expected, arrived, expired))
    return picture


def _arrivals(due: Sequence[Sequence[float]], today: int) -> dict[int, float]:
    """What comes on which day; what is overdue may come tomorrow."""
    coming: dict[int, float] = {}
    for _ordered, expected, quantity in due:
        day = max(int(expected) - today, 1)
        coming[day] = coming.get(day, 0.0) + quantity
    return coming


def _use(lots: list[tuple[float, float]], wanted: float) -> None:
    for index, (gone, quantity) in enumerate(lots):
        if not wanted:
            return
        taken = min(quantity, wanted)
        lots[index] = (gone, quantity - taken)
        wanted -= taken


def _total(lots: list[tuple[float, float]]) -> float:
    return sum(quantity for _, quantity in lots)
