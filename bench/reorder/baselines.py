"""The rules of other products and of the textbook: static levels, averages, velocity, (s,S)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

Seen = Mapping[str, Any]
LASTING = 40


def gap_days(order_days: list[int], weekday: int) -> int:
    """Days from a weekday to the next order day: 1 to 7."""
    return min((day - weekday - 1) % 7 + 1 for day in order_days)


def longest_gap(order_days: list[int]) -> int:
    return max(gap_days(order_days, day) for day in order_days)


def position(supply: Seen) -> float:
    """On hand and on order: kinder than the rules that look at the shelf alone."""
    return sum(lot[1] for lot in supply["lots"]) + sum(order[2] for order in supply["on_order"])


def packed(quantity: float, supply: Seen) -> float:
    if quantity <= 0:
        return 0.0
    return max(supply["moq"], math.ceil(quantity / supply["pack"] - 1e-9) * supply["pack"])


def fill_up(obs: Seen, levels: Callable[[str, Seen, Seen], tuple[float, float]]) -> dict[str, float]:
    """Where the position is at or below the first level, order up to the second."""
    wanted = {}
    for code, supply in obs["supplies"].items():
        supplier = obs["suppliers"][supply["supplier"]]
        low, high = levels(code, supply, supplier)
        has = position(supply)
        if supplier["can_order"] and has <= low:
            wanted[code] = packed(high - has, supply)
    return wanted


@dataclass
class StaticLevels:
    """A minimum and a maximum that a manager set once, from a first estimate: Grocy, InvenTree, Phorest."""

    buffer: float = 4.0
    cover: float = 14.0
    levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __call__(self, obs: Seen) -> dict[str, float]:
        return fill_up(obs, self._levels)

    def _levels(self, code: str, supply: Seen, supplier: Seen) -> tuple[float, float]:
        if code not in self.levels:
            daily = supply["prior_daily"]
            low = daily * (supplier["lead_stated"] + longest_gap(supplier["order_days"]) + self.buffer)
            high = low + daily * self.cover
            if supply["shelf_life"] < LASTING:
                high = min(high, max(low + daily, daily * supply["shelf_life"] * 0.9))
            self.levels[code] = low, high
        return self.levels[code]


@dataclass
class AverageLevel:
    """ERPNext and Odoo with diligence: a level from ninety days' average, refreshed every thirty days."""

    safety: float = 5.0
    cover: float = 14.0
    levels: dict[str, tuple[int, float, float]] = field(default_factory=dict)

    def __call__(self, obs: Seen) -> dict[str, float]:
        wanted = {}
        for code, supply in obs["supplies"].items():
            supplier = obs["suppliers"][supply["supplier"]]
            if code not in self.levels or obs["today"] - self.levels[code][0] >= 30:
                self.levels[code] = (obs["today"], *self._learn(supply, supplier))
            _, level, fixed = self.levels[code]
            has = position(supply)
            if supplier["can_order"] and has <= level:
                wanted[code] = packed(max(fixed, level - has), supply)
        return wanted

    def _learn(self, supply: Seen, supplier: Seen) -> tuple[float, float]:
        recent = supply["history"][-90:]
        daily = fmean(recent) if len(recent) >= 21 else supply["prior_daily"]
        life = supply["shelf_life"]
        cover = self.cover if life >= LASTING else max(1.0, min(self.cover, life * 0.5))
        days = supplier["lead_stated"] + longest_gap(supplier["order_days"]) + self.safety
        return daily * days, daily * cover


def velocity(obs: Seen, window: int = 90, safety: float = 5.0, cover: float = 10.0) -> dict[str, float]:
    """A flat average or what is booked, whichever is more, over lead time, gap and safety: Zenoti, Katana."""
    wanted = {}
    for code, supply in obs["supplies"].items():
        supplier = obs["suppliers"][supply["supplier"]]
        recent = supply["history"][-window:]
        daily = fmean(recent) if len(recent) >= 7 else supply["prior_daily"]
        days = round(supplier["lead_stated"] + gap_days(supplier["order_days"], obs["weekday"]) + safety)
        need = max(daily * days, sum(supply["bookings"][:days]))
        life = supply["shelf_life"]
        further = cover if life >= LASTING else max(1.0, min(cover, life - days))
        has = position(supply)
        if supplier["can_order"] and has < need:
            wanted[code] = packed(need + daily * further - has, supply)
    return wanted


def textbook(obs: Seen, z: float = 1.96, window: int = 56, spread: float = 0.5) -> dict[str, float]:
    """(s,S) with a normal safety stock for varying lead times and an economic order quantity."""

    def levels(_code: str, supply: Seen, supplier: Seen) -> tuple[float, float]:
        recent = supply["history"][-window:]
        daily, deviation = supply["prior_daily"], supply["prior_daily"] * spread * 1.5
        if len(recent) >= 14:
            daily, deviation = fmean(recent), stdev(recent)
        leads = [arrived - ordered for ordered, arrived in supplier["lead_history"][-12:]]
        lead, lead_deviation = supplier["lead_stated"], 0.3 * supplier["lead_stated"]
        if len(leads) >= 3:
            lead, lead_deviation = fmean(leads), stdev(leads)
        days = lead + gap_days(supplier["order_days"], obs["weekday"])
        low = daily * days + z * math.sqrt(days * deviation**2 + daily**2 * lead_deviation**2)
        holding = obs["holding_rate"] / 365 * supply["unit_cost"]
        quantity = math.sqrt(2 * supplier["order_fee"] * daily / holding) if daily > 0 else 0.0
        life = supply["shelf_life"]
        if life < 100:
            quantity = min(quantity, max(0.0, daily * life * 0.9 - low), daily * life * 0.6) or daily
        return low, low + min(quantity, daily * 60)

    return fill_up(obs, levels)
