"""Where one item stands before an order: what it may need, what it has, what that risks. Pure.

What follows from the supplier's chances is computed once; what depends on the rhythm of its orders follows
when the rhythm is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from supply.domain.purchasing.expiring import Batch, Losses, losses
from supply.domain.purchasing.forecast import Forecast, Needs, Stretches, forecast
from supply.domain.purchasing.history import Days
from supply.domain.purchasing.leadtime import Calendar, Leads, middle
from supply.domain.purchasing.observation import AHEAD, Observation, SupplySeen
from supply.domain.purchasing.packing import Packs

PERISHABLE_DAYS = 120
LIFE_POINT = 0.1
SERVICE = (0.90, 0.995)


@dataclass(frozen=True, slots=True)
class Chance:
    """A supplier's next chance to order (`first` days ahead, 0 is today) and the one `after` it.

    `soonest` and `later` are the days until an order of either may be here, one for each lead time. `calls`
    are all its chances up to the horizon, `usual` when the usual delivery of each is here.
    """

    calendar: Calendar
    leads: Leads
    first: int
    after: int
    fee: float
    soonest: list[int]
    later: list[int]
    arrives: int
    calls: list[int]
    usual: list[int]
    _within: dict[int, tuple[Stretches, Stretches, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, calendar: Calendar, leads: Leads, fee: float, *, today: bool) -> Chance:
        first = 0 if today else calendar.next_chance()
        after = calendar.next_chance(first)
        soonest = [calendar.arrival(first, lead) for lead in leads.days]
        later = [calendar.arrival(after, lead) for lead in leads.days]
        calls = calendar.chances(first)
        usual = [calendar.arrival(call, leads.median) for call in calls]
        return cls(calendar, leads, first, after, fee, soonest, later, middle(soonest), calls, usual)

    def within(self, longest: int) -> tuple[Stretches, Stretches, int]:
        """`later` and `soonest` of an item that does not last longer, and the middle of `later`; worked out
        once for all of a kind."""
        known = self._within.get(longest)
        if known is None:
            later, soonest = ([min(days, longest) for days in all_] for all_ in (self.later, self.soonest))
            known = self._within[longest] = _counted(later), _counted(soonest), middle(later)
        return known

    def due(self, orders: list[list[float]]) -> list[list[float]]:
        """Of open orders those that are not far too late."""
        today = self.calendar.today
        return [order for order in orders if not self.leads.given_up(today - int(order[0]))]

    @property
    def gap(self) -> int:
        """Days that waiting costs."""
        return self.after - self.first


@dataclass(slots=True)
class Standing:
    """One item of a supplier. `stock` is what is or will be here, less what was used and not yet logged;
    `position` what counts of it, without what expires before the chance after this one is here.

    `due` are the open orders that are counted on: what lasts is not left to an order that is far too late.
    `risk` is what waiting for that chance costs in shortages that an order now would prevent.
    """

    code: str
    supply: SupplySeen
    forecast: Forecast
    packs: Packs
    life: float
    lifetime: int
    protection: int
    waiting: Needs
    losses: Losses
    due: list[list[float]]
    stock: float
    position: float
    risk: float
    holding: float
    service: float = 0.0
    reorder_point: float = 0.0

    @property
    def perishable(self) -> bool:
        return self.life < PERISHABLE_DAYS

    @property
    def flagged(self) -> bool:
        return self.position < self.reorder_point - 1e-9

    def lifetime_needs(self) -> Needs:
        """What may be used until an order of today expires."""
        return self.forecast.needs(self.lifetime)

    def aim(self, rhythm: int) -> None:
        """Set the service level for orders every `rhythm` days, and the reorder point that gives it.

        A unit too many costs its share of spoiling and its storage, a unit too few the steps it blocks.
        """
        over = self.supply["unit_cost"] * min(1.0, self.protection / self.life) + self.holding * rhythm
        under = self.supply["shortage_cost"]
        least, most = SERVICE
        self.service = min(max(under / (under + over), least), most) if under > 0 else least
        self.reorder_point = self.waiting.quantile(self.service)


def stand(obs: Observation, code: str, chance: Chance, days: Days) -> Standing:
    """Read an item of the supplier whose chance it is."""
    supply = obs["supplies"][code]
    seen = forecast(obs, supply, days)
    life = supply["shelf_life"] + LIFE_POINT * (supply["shelf_life_max"] - supply["shelf_life"])
    lifetime = int(chance.arrives + life)
    longest = min(AHEAD, lifetime) if life < PERISHABLE_DAYS else AHEAD
    later, soonest, protection = chance.within(longest)
    due = supply["on_order"] if life < PERISHABLE_DAYS else chance.due(supply["on_order"])
    stock = _stock(supply, due)
    lost = losses(_batches(supply, due, chance, life), seen.expected)
    position = stock - lost.by(protection)
    missing = seen.shortage(later, position)
    avoidable = missing - seen.shortage(soonest, position) if missing > 0 else 0.0
    return Standing(
        code=code,
        supply=supply,
        forecast=seen,
        packs=Packs.of(supply["pack"], supply["moq"]),
        life=life,
        lifetime=lifetime,
        protection=protection,
        waiting=seen.pooled(later),
        losses=lost,
        due=due,
        stock=stock,
        position=position,
        risk=supply["shortage_cost"] * max(avoidable, 0.0),
        holding=supply["unit_cost"] * obs["holding_rate"] / 365,
    )


def _counted(days: Iterable[int]) -> Stretches:
    return sorted(Counter(days).items())


def _stock(supply: SupplySeen, due: Sequence[Sequence[float]]) -> float:
    shelf = sum(quantity for _, quantity in supply["lots"])
    return shelf - supply["pending_usage"] + sum(order[2] for order in due)


def _batches(
    supply: SupplySeen, due: Sequence[Sequence[float]], chance: Chance, life: float
) -> Iterator[Batch]:
    """The shelf less what is unlogged, first expired first, and what is under way.

    An order that is overdue arrives in a quarter of the usual time, as far as anybody knows.
    """
    today, pending = chance.calendar.today, supply["pending_usage"]
    for expires, quantity in sorted(supply["lots"]):
        used = min(quantity, pending)
        pending -= used
        yield Batch(0, expires - today, quantity - used)
    usual = chance.leads.median
    for ordered, _, quantity in due:
        left = int(ordered) + usual - today
        here = chance.calendar.arrival(0, left if left > 0 else max(1, round(usual / 4)))
        yield Batch(here, here + life, quantity)
