"""How often to order from a supplier: the delivery fee against storage and what would spoil. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from supply.domain.purchasing.outlook import Standing

# Every number of days up to a fortnight, then whole weeks.
RHYTHMS = (*range(1, 15), 21, 28, 35, 42, 49, 56, 60)


def best_rhythm(standings: Sequence[Standing], gap: int, fee: float) -> int:
    """The days between orders, never fewer than between two chances, whose cost per day is least."""
    choices = [days for days in RHYTHMS if days >= gap] or [gap]
    storage = sum(standing.holding * standing.forecast.mean for standing in standings) / 2
    perishable = [(standing, standing.lifetime_needs()) for standing in standings if standing.perishable]

    def daily_cost(days: int) -> float:
        spoiled = 0.0
        for standing, needs in perishable:
            stocked = standing.reorder_point + standing.forecast.mean * (days - gap)
            spoiled += standing.supply["unit_cost"] * needs.surplus(stocked)
        return (fee + spoiled) / days + storage * days

    best: int = min(choices, key=daily_cost)
    return best
