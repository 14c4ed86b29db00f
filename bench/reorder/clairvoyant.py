"""The bound: a plan that knows demand, lead times and the lives of lots (Wagner and Whitin, per supplier)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any

from bench.reorder.scenarios import HOLDING_RATE, ITEMS, SUPPLIERS
from bench.reorder.spa import Spa
from bench.reorder.storeroom import whole_packs

# An order covers at most so many days, and the plan looks at so many chances for it.
LONGEST = 75
CHANCES = 70


class Clairvoyant:
    """Made for one spa. Its plan says, for a supplier and a day, from when until when an order is to last."""

    sees_the_shelf = True

    def __init__(self, spa: Spa) -> None:
        self.spa = spa
        self.needs = spa.needs()
        self.sums = {code: [0.0, *accumulate(needs)] for code, needs in self.needs.items()}
        self.moments = {
            code: [0.0, *accumulate(day * need for day, need in enumerate(needs))]
            for code, needs in self.needs.items()
        }
        self.plan: dict[tuple[str, int], tuple[int, int]] = {}
        for supplier in SUPPLIERS:
            self._plan(supplier)

    def _chances(self, supplier: str) -> list[tuple[int, int]]:
        """(ordered, arrives), without those that a later order overtakes: it is fresher."""
        kept, earliest = [], math.inf
        for day in reversed(range(self.spa.days)):
            arrives = day + self.spa.lead[supplier][day]
            if self.spa.takes_orders(supplier, day) and arrives < earliest:
                earliest = arrives
                kept.append((day, arrives))
        return [chance for chance in reversed(kept) if chance[1] < self.spa.days]

    def _cost(self, codes: list[str], chance: tuple[int, int], until: int) -> float:
        """Storage of what is used in time, and the shortage after it has expired."""
        ordered, arrives = chance
        cost = 0.0
        for code in codes:
            sums, moments = self.sums[code], self.moments[code]
            expires = arrives + self.spa.life[code][ordered]
            last = min(until, expires)
            if last > arrives:
                used = sums[last] - sums[arrives]
                days = moments[last] - moments[arrives] - arrives * used
                cost += ITEMS[code].cost * HOLDING_RATE / 365 * days
            if until > expires:
                cost += self.spa.shortage_cost[code] * (sums[until] - sums[max(expires, arrives)])
        return cost

    def _first_cost(self, codes: list[str], until: int) -> float:
        """What is short before the first order arrives."""
        cost = 0.0
        for code in codes:
            lots, sums = self.spa.first_stock[code], self.sums[code]
            used = min(sum(lot[1] for lot in lots), sums[min(until, int(lots[0][0]))])
            cost += self.spa.shortage_cost[code] * (sums[until] - used)
        return cost

    def _plan(self, supplier: str) -> None:
        codes = [code for code, item in ITEMS.items() if item.supplier == supplier]
        chances, fee = self._chances(supplier), SUPPLIERS[supplier].fee
        best = [self._first_cost(codes, arrives) for _, arrives in chances]
        before: list[int | None] = [None] * len(chances)
        for place, (_, arrives) in enumerate(chances):
            for earlier in range(max(0, place - CHANCES), place):
                if arrives - chances[earlier][1] > LONGEST:
                    continue
                cost = best[earlier] + fee + self._cost(codes, chances[earlier], arrives)
                if cost < best[place]:
                    best[place], before[place] = cost, earlier
        self._follow(supplier, chances, codes, best, before)

    def _follow(
        self,
        supplier: str,
        chances: list[tuple[int, int]],
        codes: list[str],
        best: list[float],
        before: list[int | None],
    ) -> None:
        """From the best last order back to the first."""
        fee, end = SUPPLIERS[supplier].fee, self.spa.days
        place: int | None = min(
            range(len(chances)), key=lambda last: best[last] + fee + self._cost(codes, chances[last], end)
        )
        taken = []
        while place is not None:
            taken.append(chances[place])
            place = before[place]
        taken.reverse()
        for (ordered, arrives), (_, until) in pairwise([*taken, (end, end)]):
            self.plan[supplier, ordered] = arrives, until

    def __call__(self, obs: Mapping[str, Any]) -> dict[str, float]:
        wanted = {}
        for code, supply in obs["supplies"].items():
            planned = self.plan.get((supply["supplier"], obs["today"]))
            if planned is not None:
                short = self._short(code, obs, *planned)
                if short > 1e-9:
                    wanted[code] = whole_packs(self.spa, code, short)
        return wanted

    def _short(self, code: str, obs: Mapping[str, Any], arrives: int, until: int) -> float:
        """What will be missing while an order of today can be used, after all that is here or under way."""
        today, life = obs["today"], self.spa.life[code]
        lead = self.spa.lead[ITEMS[code].supplier]
        lots = [[expires, quantity, today] for expires, quantity in obs["true_lots"][code]]
        for ordered, _, quantity in obs["supplies"][code]["on_order"]:
            here = ordered + lead[ordered]
            lots.append([here + life[ordered], quantity, here])
        lots.sort()
        missing = 0.0
        for day in range(today + 1, until):
            need = self.needs[code][day]
            for lot in lots:
                if lot[2] <= day < lot[0] and need > 1e-12:
                    taken = min(lot[1], need)
                    lot[1] -= taken
                    need -= taken
            if need > 1e-9 and arrives <= day < arrives + life[today]:
                missing += need
        return missing
