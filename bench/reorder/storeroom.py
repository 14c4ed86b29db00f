"""The storeroom of a simulated spa under a policy: deliveries, use, expiry, logging, the evening's orders.

A policy is a callable that takes the observation of supply/domain/purchasing/observation.py and returns
{item: quantity}. What is no whole number of packs, or too few, is rounded up and counted as a violation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.reorder.scenarios import BLOCKED_STEP, HOLDING_RATE, ITEMS, SUPPLIERS
from bench.reorder.spa import HORIZON, Spa, Visit

HISTORY = 182
MEMORY = 0.97
Policy = Callable[[Any], dict[str, float]]
Amounts = dict[str, float]


@dataclass(slots=True)
class Order:
    ordered: int
    arrives: int
    expected: int
    quantity: float


class Performed(NamedTuple):
    """A visit that took place and what it used and needed, until somebody logs it."""

    logged: int
    day: int
    misdated: bool
    used: Amounts
    needed: Amounts


@dataclass(frozen=True, slots=True)
class Score:
    """What a policy cost; `total` is what policies are compared by."""

    fill: float
    days_out: int
    waste_share: float
    stock: float
    orders_a_month: float
    fees: float
    holding: float
    blocked: float
    waste: float
    violations: int

    @property
    def total(self) -> float:
        return self.fees + self.holding + self.blocked + self.waste


@dataclass(slots=True)
class Tally:
    served: int = 0
    blocked: int = 0
    days_out: int = 0
    orders: int = 0
    violations: int = 0
    fees: float = 0.0
    stock_value: float = 0.0
    wasted: float = 0.0
    bought: float = 0.0


@dataclass(slots=True)
class Curve:
    """How early guests book and how many turn up, remembered for about a month."""

    ahead: list[float] = field(default_factory=lambda: [0.0] * (HORIZON + 1))
    served: float = 0.0
    booked: float = 0.0
    shown: float = 0.0

    def learn(self, day: int, visits: list[Visit]) -> None:
        self.ahead = [seen * MEMORY for seen in self.ahead]
        self.served, self.booked, self.shown = (
            seen * MEMORY for seen in (self.served, self.booked, self.shown)
        )
        for visit in visits:
            days = day - visit.booked
            if days > 0:
                self.booked += visit.size
                self.shown += 0 if visit.cancelled else visit.size
            if not visit.cancelled:
                self.served += visit.size
                for ahead in range(min(days, HORIZON) + 1 if days > 0 else 0):
                    self.ahead[ahead] += visit.size


class Storeroom:
    """One run. `told` keeps the observation that the policy is given; `lots` are [expiry, quantity]."""

    def __init__(self, spa: Spa) -> None:
        self.spa = spa
        self.lots = {code: [list(lot) for lot in lots] for code, lots in spa.first_stock.items()}
        self.orders: dict[str, list[Order]] = {code: [] for code in ITEMS}
        self.deliveries = {code: list(pairs) for code, pairs in spa.past_deliveries.items()}
        self.history = {code: [0.0] * spa.scenario.history for code in ITEMS}
        self.open = [int(spa.is_open(day)) for day in range(spa.first_day, 0)]
        self.bookings = {code: [0.0] * (spa.days + 2 * HORIZON) for code in ITEMS}
        self.unlogged: list[Performed] = []
        self.curve, self.tally = Curve(), Tally()
        self._booked_on: dict[int, list[tuple[int, Visit]]] = defaultdict(list)
        for day, visits in spa.visits.items():
            for visit in visits:
                self._booked_on[max(visit.booked, spa.first_day)].append((day, visit))
        self._read_past()

    def _read_past(self) -> None:
        for day in range(self.spa.first_day, 0):
            visits = self.spa.visits[day]
            for visit in visits:
                if not visit.cancelled:
                    self._record(day, self._amounts(visit, visit.size * visit.factor))
            self.curve.learn(day, visits)
            self._book(day, from_day=0)

    def _record(self, day: int, needed: Amounts) -> None:
        for code, amount in needed.items():
            self.history[code][day - self.spa.first_day] += amount

    def _amounts(self, visit: Visit, guests: float) -> Amounts:
        amounts: Amounts = defaultdict(float)
        for step in self.spa.steps(visit):
            for code, quantity in step.items():
                amounts[code] += quantity * guests
        return amounts

    def _book(self, day: int, from_day: int) -> None:
        for visit_day, visit in self._booked_on.get(day, ()):
            if visit_day >= from_day:
                for code, amount in self._amounts(visit, visit.size).items():
                    self.bookings[code][visit_day] += amount

    # --- a day ---------------------------------------------------------------------------------------------

    def live(self, day: int) -> None:
        """Morning to evening, before anything is ordered."""
        self._receive(day)
        self._expire(day)
        self._serve(day)
        self._log(day)
        self.curve.learn(day, self.spa.visits[day])
        self._book(day, from_day=day + 1)
        self.tally.stock_value += sum(
            ITEMS[code].cost * quantity for code, lots in self.lots.items() for _, quantity in lots
        )

    def _receive(self, day: int) -> None:
        for code, orders in self.orders.items():
            arrived = [order for order in orders if order.arrives <= day]
            for order in arrived:
                pair = [order.ordered, day]
                if pair not in self.deliveries[ITEMS[code].supplier]:
                    self.deliveries[ITEMS[code].supplier].append(pair)
                self.lots[code].append([day + self.spa.life[code][order.ordered], order.quantity])
                self.tally.bought += order.quantity * ITEMS[code].cost
            if arrived:
                self.orders[code] = [order for order in orders if order.arrives > day]
                self.lots[code].sort()

    def _expire(self, day: int) -> None:
        for code, lots in self.lots.items():
            while lots and lots[0][0] <= day:
                self.tally.wasted += lots.pop(0)[1] * ITEMS[code].cost

    def _serve(self, day: int) -> None:
        visits = [visit for visit in self.spa.visits[day] if not visit.cancelled]
        left = {code: sum(quantity for _, quantity in lots) for code, lots in self.lots.items()}
        used: Amounts = defaultdict(float)
        blocked_before = self.tally.blocked
        for visit in visits:
            performed = self._perform(day, visit, left)
            self.unlogged.append(performed)
            for code, amount in performed.used.items():
                used[code] += amount
        self.tally.days_out += self.tally.blocked > blocked_before
        for code, amount in used.items():
            _take(self.lots[code], amount)

    def _perform(self, day: int, visit: Visit, left: Amounts) -> Performed:
        """Serve as many guests of each step as there is stock for."""
        used: Amounts = defaultdict(float)
        for step in self.spa.steps(visit):
            enough = [int((left[code] + 1e-9) / (quantity * visit.factor)) for code, quantity in step.items()]
            guests = min([visit.size, *enough])
            self.tally.served += guests
            self.tally.blocked += visit.size - guests
            for code, quantity in step.items():
                left[code] -= quantity * visit.factor * guests
                used[code] += quantity * visit.factor * guests
        needed = self._amounts(visit, visit.size * visit.factor)
        return Performed(visit.logged, day, visit.misdated, used, needed)

    def _log(self, day: int) -> None:
        for history in self.history.values():
            history.append(0.0)
        self.open.append(int(self.spa.is_open(day)))
        waiting = []
        for performed in self.unlogged:
            if performed.logged <= day:
                self._record(day if performed.misdated else performed.day, performed.needed)
            else:
                waiting.append(performed)
        self.unlogged = waiting

    # --- the evening ---------------------------------------------------------------------------------------

    def order(self, day: int, wanted: dict[str, float]) -> None:
        """Place orders with the suppliers that take them today."""
        fees = set()
        for code, quantity in wanted.items():
            supplier = ITEMS[code].supplier
            if quantity <= 1e-9 or not self.spa.takes_orders(supplier, day):
                continue
            rounded = whole_packs(self.spa, code, quantity)
            self.tally.violations += abs(rounded - quantity) > 1e-6
            expected = day + round(SUPPLIERS[supplier].lead)
            arrives = day + self.spa.lead[supplier][day]
            self.orders[code].append(Order(day, arrives, expected, rounded))
            fees.add(supplier)
        self.tally.orders += len(fees)
        self.tally.fees += sum(SUPPLIERS[supplier].fee for supplier in fees)

    def observe(self, day: int) -> dict[str, Any]:
        spa, curve = self.spa, self.curve
        tet = spa.scenario.tet
        resting = tet is not None and tet - day <= HORIZON
        return {
            "today": day,
            "weekday": day % 7,
            "holding_rate": HOLDING_RATE,
            "show_rate": curve.shown / curve.booked if curve.booked > 20 else 0.92,
            "booked_share": [seen / curve.served for seen in curve.ahead] if curve.served > 20 else None,
            "open_history": self.open[-HISTORY:],
            "open_ahead": [int(spa.is_open(ahead)) for ahead in range(day + 1, day + 1 + HORIZON)],
            "events": [event for event in spa.events if event["start"] - day <= HORIZON],
            "supplier_closed": [[tet - 2, tet + 7]] if tet is not None and resting else [],
            "suppliers": {code: self._supplier(code, day) for code in SUPPLIERS},
            "supplies": self._supplies(day),
        }

    def _supplier(self, code: str, day: int) -> dict[str, Any]:
        return {
            "order_days": list(self.spa.order_days[code]),
            "can_order": self.spa.takes_orders(code, day),
            "lead_stated": SUPPLIERS[code].lead,
            "lead_history": self.deliveries[code][-24:],
            "order_fee": SUPPLIERS[code].fee,
        }

    def _supplies(self, day: int) -> dict[str, Any]:
        used: Amounts = defaultdict(float)
        needed: Amounts = defaultdict(float)
        for performed in self.unlogged:
            for code, amount in performed.used.items():
                used[code] += amount
            for code, amount in performed.needed.items():
                needed[code] += amount
        return {
            code: {
                "unit": item.unit,
                "supplier": item.supplier,
                "unit_cost": item.cost,
                "pack": self.spa.terms[code].pack,
                "moq": self.spa.terms[code].minimum,
                "shelf_life": self.spa.terms[code].life[0],
                "shelf_life_max": self.spa.terms[code].life[1],
                "shortage_cost": self.spa.shortage_cost[code],
                "prior_daily": self.spa.estimate[code],
                "active": True,
                "history": self.history[code][-HISTORY:],
                "lots": self._booked_lots(code, used[code], day),
                "on_order": [[order.ordered, order.expected, order.quantity] for order in self.orders[code]],
                "bookings": self.bookings[code][day + 1 : day + 1 + HORIZON],
                # Of what nobody has logged, the booked visits are known.
                "pending_usage": needed[code] * (1 - self.spa.scenario.walk_in),
            }
            for code, item in ITEMS.items()
        }

    def _booked_lots(self, code: str, unlogged: float, day: int) -> list[list[float]]:
        """The book is higher than the shelf by what was used and not yet logged."""
        lots = [list(lot) for lot in self.lots[code]]
        if unlogged > 1e-9:
            if lots:
                lots[0][1] += unlogged
            else:
                lots = [[day + 3, unlogged]]
        return lots

    def score(self) -> Score:
        tally = self.tally
        return Score(
            fill=tally.served / max(1, tally.served + tally.blocked),
            days_out=tally.days_out,
            waste_share=tally.wasted / (tally.bought or 1e-9),
            stock=tally.stock_value / self.spa.days,
            orders_a_month=tally.orders / (self.spa.days / 30.4),
            fees=tally.fees,
            holding=tally.stock_value * HOLDING_RATE / 365,
            blocked=tally.blocked * BLOCKED_STEP,
            waste=tally.wasted,
            violations=tally.violations,
        )


def _take(lots: list[list[float]], amount: float) -> None:
    """First expired, first out."""
    while amount > 1e-12 and lots:
        if lots[0][1] <= amount + 1e-12:
            amount -= lots.pop(0)[1]
        else:
            lots[0][1] -= amount
            return


def whole_packs(spa: Spa, code: str, quantity: float) -> float:
    """What can be ordered to have so much."""
    terms = spa.terms[code]
    return max(terms.minimum, math.ceil(quantity / terms.pack - 1e-6) * terms.pack)


def simulate(spa: Spa, policy: Policy) -> Score:
    """The whole run. A policy with `sees_the_shelf` is told what really stands there as well."""
    storeroom = Storeroom(spa)
    for day in range(spa.days):
        storeroom.live(day)
        if any(spa.takes_orders(supplier, day) for supplier in SUPPLIERS):
            observation = storeroom.observe(day)
            if getattr(policy, "sees_the_shelf", False):
                observation["true_lots"] = storeroom.lots
            storeroom.order(day, policy(observation) or {})
    return storeroom.score()
