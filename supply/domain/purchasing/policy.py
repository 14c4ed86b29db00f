"""When to order what, how much of it and why: the reorder policy. Pure arithmetic on an observation.

An order is placed when the money at risk until the next chance exceeds what a delivery saved is worth; then
every item of that supplier that has room joins it. The same observation gives the same answer; nothing is
remembered. What each rule is worth: docs/decisions/0011-reorder-policy.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from supply.domain.purchasing.history import Days, read_days
from supply.domain.purchasing.leadtime import Calendar, lead_times, slow_around
from supply.domain.purchasing.lines import Line, Need, Stock, Timing
from supply.domain.purchasing.observation import Observation
from supply.domain.purchasing.outlook import Chance, Standing, stand
from supply.domain.purchasing.rhythm import best_rhythm

# Waiting saves more than its share of a fee: storage, and where something spoils within a month also days of
# the next lot's life, so that less of it is left over.
WORTH_OF_WAITING = 1.5
WORTH_WHERE_FRESH = 2.5
FRESH_DAYS = 30
JOINING_SHARE = 0.15
# How much of what may be used before it expires is bought; more where the spread is the item's own, not the
# usual one, which is wide: what is left over costs less than a delivery for what ran out early.
CAP_QUANTILE = 0.8
KNOWN_CAP_QUANTILE = 0.9
NOT_WORTH_THE_WASTE = "not worth the waste"


def recommend(obs: Observation) -> dict[str, float]:
    """What to order this evening, in stock units and whole packs. Nothing is ordered that is not named."""
    return {code: line.quantity for code, line in plan(obs).items() if line.quantity > 0}


def plan(obs: Observation, *, all_suppliers: bool = False) -> dict[str, Line]:
    """One line for every item whose supplier takes orders today, with what was decided and why.

    `all_suppliers` looks at the others too, as they will stand at their next chance to order.
    """
    return {standing.code: line for line, standing in survey(obs, all_suppliers=all_suppliers)}


def survey(obs: Observation, *, all_suppliers: bool = False) -> Iterator[tuple[Line, Standing]]:
    """As `plan`, with how each item stands, for whoever draws it. A supplier at a time: a large branch's
    standings together would fill the memory."""
    days, slow = read_days(obs), slow_around(_deliveries(obs), obs["today"])
    codes: dict[str, list[str]] = {}
    for code, supply in obs["supplies"].items():
        if supply["active"]:
            codes.setdefault(supply["supplier"], []).append(code)
    for supplier, its_codes in codes.items():
        if all_suppliers or obs["suppliers"][supplier]["can_order"]:
            yield from _plan_supplier(obs, supplier, its_codes, days, slow=supplier in slow)


def _deliveries(obs: Observation) -> Mapping[str, Sequence[Sequence[int]]]:
    if "deliveries" in obs:
        return dict.fromkeys(obs["suppliers"], ()) | obs["deliveries"]
    return {code: supplier["lead_history"] for code, supplier in obs["suppliers"].items()}


def _plan_supplier(
    obs: Observation, code: str, supplies: Sequence[str], days: Days, *, slow: bool
) -> list[tuple[Line, Standing]]:
    supplier, today = obs["suppliers"][code], obs["today"]
    closed = tuple(sorted((first, last) for first, last in obs["supplier_closed"]))
    calendar = Calendar(today, obs["weekday"], frozenset(supplier["order_days"]), closed)
    ages = [today - int(order[0]) for supply in supplies for order in obs["supplies"][supply]["on_order"]]
    leads = lead_times(supplier, ages, slow=slow)
    chance = Chance.of(calendar, leads, supplier["order_fee"], today=supplier["can_order"])
    standings = [stand(obs, supply, chance, days) for supply in supplies]
    for standing in standings:
        standing.aim(chance.gap)
    rhythm = best_rhythm(standings, chance.gap, chance.fee)
    for standing in standings:
        standing.aim(rhythm)
    saving = chance.fee * chance.gap / rhythm
    fresh = any(standing.life < FRESH_DAYS for standing in standings)
    worth = WORTH_WHERE_FRESH if fresh else WORTH_OF_WAITING
    ordering = sum(standing.risk for standing in standings) > worth * saving
    return [(_decide(standing, chance, rhythm, saving, ordering), standing) for standing in standings]


def _decide(standing: Standing, chance: Chance, rhythm: int, saving: float, ordering: bool) -> Line:
    beyond = standing.protection + rhythm - chance.gap
    forecast = standing.forecast
    target = standing.reorder_point + forecast.use_between(standing.protection, beyond)
    room = target - (standing.stock - standing.losses.by(beyond))
    cap = _cap(standing)
    quantity, spoiling = (0.0, 0.0) if not ordering else _quantity(standing, room, rhythm, cap)
    refused = spoiling > standing.risk
    if refused:
        quantity = 0.0
    return Line(
        supply=standing.code,
        unit=standing.supply["unit"],
        quantity=quantity,
        packs=standing.packs.count(quantity),
        pack=standing.packs.size,
        flagged=standing.flagged,
        joins=quantity > 0 and not standing.flagged,
        waits=standing.flagged and not ordering,
        note=NOT_WORTH_THE_WASTE if refused else None,
        order_up_to=target,
        cap=cap,
        spoiling=spoiling,
        risk=standing.risk,
        saving=saving,
        stock=_stock(standing),
        need=_need(standing),
        timing=_timing(standing, chance, rhythm),
    )


def _cap(standing: Standing) -> float | None:
    """What can still be used before an order of today expires; None for what lasts."""
    if not standing.perishable:
        return None
    needs = standing.lifetime_needs()
    share = CAP_QUANTILE if needs.borrowed else KNOWN_CAP_QUANTILE
    return max(needs.quantile(share) - _usable(standing), 0.0)


def _usable(standing: Standing) -> float:
    return standing.stock - standing.losses.by(standing.lifetime)


def _quantity(standing: Standing, room: float, rhythm: int, cap: float | None) -> tuple[float, float]:
    """How much, and the money that would spoil where the minimum order is more than the shelf life bears."""
    packs, flagged = standing.packs, standing.flagged
    quantity = packs.nearest(room)
    if flagged:
        least = standing.reorder_point - standing.position
        quantity = max(packs.up(least), quantity, packs.minimum)
    elif not packs.allows(quantity) or quantity < JOINING_SHARE * standing.forecast.mean * rhythm:
        return 0.0, 0.0
    if cap is None or quantity <= cap:
        return quantity, 0.0
    # What is booked comes, whatever is left over of a pack: only what is expected beside it is cut.
    booked = standing.forecast.booked[standing.protection] - standing.position
    quantity = max(packs.down(cap), packs.up(booked))
    if packs.allows(quantity):
        return quantity, 0.0
    if not flagged:
        return 0.0, 0.0
    quantity = packs.minimum
    surplus = standing.lifetime_needs().surplus(_usable(standing) + quantity)
    return quantity, surplus * standing.supply["unit_cost"]


def _stock(standing: Standing) -> Stock:
    supply = standing.supply
    on_order = sum(order[2] for order in supply["on_order"])
    return Stock(
        on_hand=sum(lot[1] for lot in supply["lots"]),
        pending=supply["pending_usage"],
        on_order=on_order,
        overdue=on_order - sum(order[2] for order in standing.due),
        expiring=standing.losses.by(standing.protection),
        position=standing.position,
    )


def _need(standing: Standing) -> Need:
    forecast, until = standing.forecast, standing.protection
    return Need(
        expected=forecast.expected[until],
        booked=forecast.booked[until],
        safety=standing.reorder_point - forecast.expected[until],
        reorder_point=standing.reorder_point,
        service=standing.service,
        mean=forecast.mean,
        level=forecast.level,
        level_before=None if forecast.shift is None else forecast.shift.before,
        last_use=forecast.last_use,
    )


def _timing(standing: Standing, chance: Chance, rhythm: int) -> Timing:
    cover, leads = _cover(standing.position, standing.forecast.expected), chance.leads
    return Timing(
        chance=chance.first,
        next_chance=chance.after,
        protection=standing.protection,
        rhythm=rhythm,
        cover=cover,
        order_by=_order_by(cover, chance),
        lead_usual=leads.median,
        lead_worst=leads.worst,
        deliveries=leads.incidents,
        oldest_open=leads.oldest_open,
        first_expiry=min((lot[0] for lot in standing.supply["lots"]), default=None),
    )


def _cover(position: float, expected: Sequence[float]) -> int:
    """Whole days of expected use that the position lasts; the sums never fall."""
    return bisect_right(expected, position, 1) - 1


def _order_by(cover: int, chance: Chance) -> int:
    """The last chance whose usual delivery still comes in time; the first one where none does."""
    in_time = bisect_right(chance.usual, cover, 1, len(chance.calls) - 1)
    return chance.calls[in_time - 1]
