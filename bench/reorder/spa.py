"""A herbal spa day by day: its visits, bookings, deliveries and the lives of its lots, whatever is ordered.

Everything follows from a scenario and a seed and nothing from the policy: two policies meet the same days.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from bench.reorder.scenarios import BLOCKED_STEP, ITEMS, PACKAGES, SCENARIOS, SUPPLIERS, Mix, Step

HORIZON = 60
TET_CLOSED = 6
TET_PEAK = 1.7
TET_NOISE = 0.15


class Visit(NamedTuple):
    """A party, booked and logged on some day; `factor` is how much more or less than the recipe it takes."""

    package: str
    size: int
    booked: int
    cancelled: bool
    logged: int
    misdated: bool
    factor: float


class Terms(NamedTuple):
    pack: float
    minimum: float
    life: tuple[int, int]


class Spa:
    """Day 0 is the first simulated one, a Monday; days before it are the recorded past."""

    def __init__(self, name: str, seed: int) -> None:
        self.scenario = SCENARIOS[name]
        self.days = self.scenario.days
        self.first_day = -self.scenario.history
        self.items = list(ITEMS)
        self.terms = {code: self._terms(code) for code in ITEMS}
        self.order_days = {
            code: self.scenario.order_days.get(code, supplier.order_days)
            for code, supplier in SUPPLIERS.items()
        }
        self.shortage_cost = {code: self._shortage_cost(code) for code in ITEMS}
        # The order of the draws below is part of what a seed means.
        tag = sum((place + 1) * ord(letter) for place, letter in enumerate(name))
        draw = np.random.default_rng([seed, tag])
        self.visits = self._draw_visits(draw)
        self.lead = {code: self._draw_leads(draw, code) for code in SUPPLIERS}
        self.past_deliveries = {code: self._draw_past_deliveries(draw, code) for code in SUPPLIERS}
        self.life = {
            code: [int(days) for days in draw.integers(low, high + 1, size=self.days + HORIZON)]
            for code, (_, _, (low, high)) in self.terms.items()
        }
        deviation = self.scenario.estimate_deviation
        means = self._means()
        self.estimate = {code: means[code] * math.exp(draw.normal(0, deviation)) for code in ITEMS}
        self.first_stock = {code: self._draw_first_stock(draw, code, means[code]) for code in ITEMS}
        self.events = self._draw_events(draw)

    # --- what is bought ------------------------------------------------------------------------------------

    def _terms(self, code: str) -> Terms:
        item, scenario = ITEMS[code], self.scenario
        pack = item.pack * scenario.pack_scale
        minimum = math.ceil(item.minimum * scenario.pack_scale / pack - 1e-9) * pack
        scale = scenario.life_scale if item.life[1] < 40 else 1.0
        low, high = item.life
        return Terms(pack, minimum, (max(4, round(low * scale)), max(5, round(high * scale))))

    def _shortage_cost(self, code: str) -> float:
        """The steps that one unit serves, at what a blocked one costs."""
        steps = used = 0.0
        for package, share in self.scenario.mix.items():
            for step in PACKAGES[package]:
                if code in step:
                    steps += share
                    used += share * step[code]
        return BLOCKED_STEP * steps / used

    # --- days ----------------------------------------------------------------------------------------------

    def is_open(self, day: int) -> bool:
        tet = self.scenario.tet
        resting = tet is not None and tet <= day < tet + TET_CLOSED
        return not resting and day % 7 not in self.scenario.closed_weekdays

    def takes_orders(self, supplier: str, day: int) -> bool:
        tet = self.scenario.tet
        resting = tet is not None and tet - 1 <= day < tet + TET_CLOSED
        return not resting and day % 7 in self.order_days[supplier]

    def mix(self, day: int) -> Mix:
        change = self.scenario.mix_break
        return change[1] if change and day >= change[0] else self.scenario.mix

    def steps(self, visit: Visit) -> list[Step]:
        return PACKAGES[visit.package]

    def _level(self, day: int) -> float:
        scenario, level = self.scenario, 1.0
        if scenario.growth:
            level *= 1 + scenario.growth * max(0, day) / scenario.days
        if scenario.level_break and day >= scenario.level_break[0]:
            level *= scenario.level_break[1]
        return level

    def _season(self, day: int) -> float:
        tet = self.scenario.tet
        if tet is None:
            return 1.0
        if tet - 16 <= day < tet:
            return TET_PEAK
        return 0.7 if tet + TET_CLOSED <= day < tet + TET_CLOSED + 12 else 1.0

    # --- visits --------------------------------------------------------------------------------------------

    def _draw_visits(self, draw: np.random.Generator) -> dict[int, list[Visit]]:
        week = np.array(self.scenario.week, float)
        week = week / week.mean()
        return {
            day: self._draw_day(draw, day, float(week[day % 7])) if self.is_open(day) else []
            for day in range(self.first_day, self.days + HORIZON)
        }

    def _draw_day(self, draw: np.random.Generator, day: int, weekday: float) -> list[Visit]:
        scenario = self.scenario
        guests = scenario.guests * weekday * self._level(day) * self._season(day)
        guests *= _noise(draw, scenario.noise)
        count = draw.poisson(guests / (1.75 + 8 * scenario.large_groups))
        mix = self.mix(day)
        shares = np.array(list(mix.values()))
        packages = draw.choice(len(mix), size=count, p=shares / shares.sum())
        chances = draw.random((count, 4))
        return [
            self._draw_visit(draw, day, list(mix)[packages[place]], chances[place]) for place in range(count)
        ]

    def _draw_visit(self, draw: np.random.Generator, day: int, package: str, chances: Any) -> Visit:
        scenario = self.scenario
        size = self._size(chances)
        ahead = 0
        if chances[2] >= scenario.walk_in or size >= 6:
            longer = 3 if size >= 6 else 1.5 if size >= 3 else 1
            ahead = 1 + int(draw.exponential(scenario.booked_ahead * longer))
        late, misdated = 0, False
        if scenario.late_log and draw.random() < scenario.late_log:
            late = int(draw.integers(1, 5))
            misdated = bool(draw.random() < 0.5)
        if scenario.unlogged and scenario.unlogged[0] <= day < scenario.unlogged[1]:
            late, misdated = scenario.unlogged[1] - day, True
        factor = _noise(draw, scenario.quantity_noise)
        cancelled = bool(ahead > 0 and chances[3] < scenario.cancelled)
        return Visit(package, size, day - min(ahead, 45), cancelled, day + late, misdated, factor)

    def _size(self, chances: Any) -> int:
        scenario = self.scenario
        if chances[0] < scenario.large_groups:
            return 6 + int(chances[1] * 9)
        if chances[0] < scenario.large_groups + scenario.groups:
            return 3 + int(chances[1] * 4)
        return 1 if chances[1] < 0.6 else 2

    # --- deliveries and lots -------------------------------------------------------------------------------

    def _draw_leads(self, draw: np.random.Generator, code: str) -> list[int]:
        """Days that an order of each day takes."""
        supplier, size = SUPPLIERS[code], self.days + 1
        usual = supplier.lead + draw.gamma(2.0, supplier.deviation / math.sqrt(2), size=size)
        usual -= supplier.deviation
        late = draw.random(size) < 0.05
        leads = np.rint(np.where(late, usual + supplier.deviation * 2.5, usual))
        return [self._disturbed(code, day, max(1, int(lead))) for day, lead in enumerate(leads)]

    def _disturbed(self, code: str, day: int, lead: int) -> int:
        scenario, arrives = self.scenario, day + lead
        if scenario.lead_shock and scenario.lead_shock[0] <= day < scenario.lead_shock[1]:
            arrives = day + round(lead * scenario.lead_shock[2])
        if scenario.tet is not None:
            rest, back = scenario.tet - 2, scenario.tet + TET_CLOSED + 2
            if rest <= arrives < back:
                arrives = back + (arrives - rest) % 3
        if (
            scenario.outage
            and scenario.outage[0] == code
            and scenario.outage[1] <= arrives < scenario.outage[2]
        ):
            arrives = scenario.outage[2] + day % 3
        return arrives - day

    def _draw_past_deliveries(self, draw: np.random.Generator, code: str) -> list[list[int]]:
        supplier, deliveries = SUPPLIERS[code], []
        for week in range(self.scenario.past_deliveries, 0, -1):
            usual = supplier.lead + draw.gamma(2.0, supplier.deviation / math.sqrt(2)) - supplier.deviation
            deliveries.append([-7 * week - max(1, round(usual)), -7 * week])
        return deliveries

    def _means(self) -> dict[str, float]:
        """What each item will need a day at the start."""
        scenario = self.scenario
        shown = scenario.guests * (1 - scenario.cancelled * (1 - scenario.walk_in)) * self._level(0)
        means = dict.fromkeys(ITEMS, 0.0)
        for package, share in scenario.mix.items():
            for step in PACKAGES[package]:
                for code, quantity in step.items():
                    means[code] += share * quantity * shown
        return means

    def _draw_first_stock(self, draw: np.random.Generator, code: str, mean: float) -> list[list[float]]:
        supplier, terms = SUPPLIERS[ITEMS[code].supplier], self.terms[code]
        chances = len(self.order_days[ITEMS[code].supplier])
        days = supplier.lead + 7 / chances + 4 + 1.5 * supplier.deviation
        quantity = max(terms.pack, round(mean * days / terms.pack) * terms.pack)
        low, high = terms.life
        return [[int(max(3, draw.integers(low // 2, high))), quantity]]

    def _draw_events(self, draw: np.random.Generator) -> list[dict[str, Any]]:
        """What the manager entered in the calendar: nearly right."""
        tet = self.scenario.tet
        if tet is None:
            return []
        guess = round(1 + (TET_PEAK - 1) * math.exp(draw.normal(0, TET_NOISE)), 2)
        back = tet + TET_CLOSED
        return [
            {"start": tet - 16, "end": tet - 1, "factor": guess},
            {"start": back, "end": back + 11, "factor": 0.75},
        ]

    def needs(self) -> dict[str, list[float]]:
        """What every simulated day will need, for who may know."""
        needs = {code: [0.0] * (self.days + HORIZON) for code in ITEMS}
        for day in range(self.days + HORIZON):
            for visit in self.visits[day]:
                if not visit.cancelled:
                    for step in self.steps(visit):
                        for code, quantity in step.items():
                            needs[code][day] += quantity * visit.size * visit.factor
        return needs


def _noise(draw: np.random.Generator, deviation: float) -> float:
    """A factor around 1, log-normal."""
    return math.exp(draw.normal(0, deviation) - deviation**2 / 2)
