"""One day of one branch of the demo, and its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from supply.cli.demo.founding import House


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one branch; `left` counts the days up to the last one."""

    house: House
    day: date
    left: int
    rng: Random

    def at(self, hour: int, minute: int = 0, day: int = 0) -> datetime:
        local = datetime.combine(self.day + timedelta(days=day), time(hour, minute))
        return local.replace(tzinfo=ZoneInfo(self.house.timezone))
