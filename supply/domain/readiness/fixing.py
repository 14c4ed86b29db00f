"""What can be done about a shortfall, and which of it is cheapest. Pure: no model, no database, no clock.

What is here already comes first (brew it, use a substitute): then the step is amber. Else it is red, and
the cheapest of all that is left is named: another branch's surplus, or an order. What one visit was given the
next cannot have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import gcd
from uuid import UUID

from supply.domain.ledger.cost import sum_of
from supply.domain.readiness.covering import Cause, Need, Pile, PlannedVisit, take
from supply.domain.treatments.substitution import StandIn, substitute_quantity
from supply.quantity import pack_up


class Remedy(StrEnum):
    """What to do; of two that cost the same the earlier one here is named."""

    BREW = "brew"
    SUBSTITUTE = "substitute"
    TRANSFER = "transfer"
    ORDER = "order"


LOCAL = {Remedy.BREW: Cause.BREW, Remedy.SUBSTITUTE: Cause.SUBSTITUTE}
_RANK = {remedy: rank for rank, remedy in enumerate(Remedy)}


@dataclass(frozen=True, slots=True)
class Spare:
    """What is left of an item on one shelf. Of it `promised` is kept: for visits after these days, say."""

    piles: Sequence[Pile]
    promised: int = 0

    def usable(self, visit: PlannedVisit) -> int:
        return max(0, sum(pile.quantity for pile in self.piles if pile.usable(visit)) - self.promised)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The surplus of another branch."""

    branch_id: UUID
    spare: Spare


@dataclass(frozen=True, slots=True)
class Brewing:
    """How an item is brewed: a yield of so much takes so much of each herb."""

    yield_quantity: int
    herbs: tuple[tuple[UUID, int], ...]

    @property
    def step(self) -> int:
        """The least amount that comes out exactly; every batch is a multiple of it."""
        return self.yield_quantity // gcd(self.yield_quantity, *(needed for _herb, needed in self.herbs))

    def takes(self, quantity: int) -> list[tuple[UUID, int]]:
        return [(herb, needed * quantity // self.yield_quantity) for herb, needed in self.herbs]


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells an item, in which packs, and when it would be here if it were ordered now."""

    supplier_id: UUID
    arrives_on: date
    pack_quantity: int
    minimum_packs: int = 1
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do: `quantity` of `item_id`, which covers so much of what is short."""

    remedy: Remedy
    item_id: UUID
    quantity: int
    covers: int
    complete: bool
    in_time: bool = True
    cost_minor: int | None = None
    branch_id: UUID | None = None
    supplier_id: UUID | None = None
    arrives_on: date | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """All that could help, by item. Its piles are drawn down as fixes are chosen."""

    substitutes: Mapping[UUID, Sequence[StandIn]] = field(default_factory=dict)
    spare: Mapping[UUID, Spare] = field(default_factory=dict)
    brewing: Mapping[UUID, Brewing] = field(default_factory=dict)
    elsewhere: Mapping[UUID, Sequence[Elsewhere]] = field(default_factory=dict)
    sellers: Mapping[UUID, Sequence[Seller]] = field(default_factory=dict)


def find_fixes(visit: PlannedVisit, need: Need, short: int, means: Means) -> tuple[Fix, ...]:
    """All that could be done, first what to choose: here, in time, complete, cheapest; unknown costs last."""
    found = [
        *_brew(visit, need, short, means),
        *_substitute(visit, need, short, means),
        *_transfer(visit, need, short, means),
        *_order(visit, need, short, means),
    ]
    return tuple(sorted(found, key=_preference))


def _preference(fix: Fix) -> tuple[object, ...]:
    here = fix.remedy in LOCAL and fix.complete
    cost = (fix.cost_minor is None, fix.cost_minor or 0)
    ties = (_RANK[fix.remedy], fix.arrives_on or date.min, str(fix.branch_id or fix.supplier_id or ""))
    return (not here, not fix.in_time, not fix.complete, *cost, *ties)


def _brew(visit: PlannedVisit, need: Need, short: int, means: Means) -> list[Fix]:
    """As much as is short, or as the herbs that nobody needs allow; nothing that its guests must not have."""
    brewing = means.brewing.get(need.item_id)
    if brewing is None or not brewing.herbs:
        return []
    if need.item_id in need.forbidden and any(herb in need.forbidden for herb, _needed in brewing.herbs):
        return []
    steps = -(-short // brewing.step)
    for herb, needed in brewing.takes(brewing.step):
        spare = means.spare.get(herb)
        steps = min(steps, spare.usable(visit) // needed if spare else 0)
    quantity = steps * brewing.step
    if not quantity:
        return []
    worth = [_worth(means.spare[herb], needed, visit) for herb, needed in brewing.takes(quantity)]
    cost = None if None in worth else sum(part or 0 for part in worth)
    covers = min(quantity, short)
    return [Fix(Remedy.BREW, need.item_id, quantity, covers, covers == short, cost_minor=cost)]


def _substitute(visit: PlannedVisit, need: Need, short: int, means: Means) -> list[Fix]:
    """Only what replaces all that is short, exactly: nobody mixes two scents to save a drop."""
    fixes = []
    for row in sorted(means.substitutes.get(need.item_id, ()), key=lambda row: row.position):
        quantity = substitute_quantity(short, row.numerator, row.denominator)
        spare = means.spare.get(row.substitute_id)
        if quantity is None or spare is None or row.substitute_id in need.forbidden:
            continue
        if spare.usable(visit) >= quantity:
            cost = _worth(spare, quantity, visit)
            fixes.append(Fix(Remedy.SUBSTITUTE, row.substitute_id, quantity, short, True, cost_minor=cost))
    # The order of preference is the manager's: a later one is not taken because it is cheaper.
    return fixes[:1]


def _transfer(visit: PlannedVisit, need: Need, short: int, means: Means) -> list[Fix]:
    fixes = []
    for other in means.elsewhere.get(need.item_id, ()):
        part = min(short, other.spare.usable(visit))
        if part:
            cost = _worth(other.spare, part, visit)
            fixes.append(
                Fix(
                    Remedy.TRANSFER,
                    need.item_id,
                    part,
                    part,
                    part == short,
                    cost_minor=cost,
                    branch_id=other.branch_id,
                )
            )
    return fixes


def _order(visit: PlannedVisit, need: Need, short: int, means: Means) -> list[Fix]:
    """From whoever would be here first; of those the cheapest for what is short."""
    offers = []
    for seller in means.sellers.get(need.item_id, ()):
        quantity = max(pack_up(short, seller.pack_quantity), seller.minimum_packs * seller.pack_quantity)
        price = seller.price_minor
        cost = None if price is None else quantity // seller.pack_quantity * price
        offers.append(
            Fix(
                Remedy.ORDER,
                need.item_id,
                quantity,
                short,
                True,
                in_time=seller.arrives_on <= visit.day,
                cost_minor=cost,
                supplier_id=seller.supplier_id,
                arrives_on=seller.arrives_on,
            )
        )
    return sorted(offers, key=lambda fix: (fix.arrives_on or date.max, *_preference(fix)))[:1]


def spend(visit: PlannedVisit, need: Need, fix: Fix, means: Means) -> None:
    """Take what a chosen fix needs: it is no longer there for the next."""
    if fix.remedy is Remedy.BREW:
        for herb, needed in means.brewing[need.item_id].takes(fix.quantity):
            take(means.spare[herb].piles, needed, visit)
    elif fix.remedy is Remedy.SUBSTITUTE:
        take(means.spare[fix.item_id].piles, fix.quantity, visit)
    elif fix.remedy is Remedy.TRANSFER:
        others = means.elsewhere[need.item_id]
        spare = next(one.spare for one in others if one.branch_id == fix.branch_id)
        take(spare.piles, fix.quantity, visit)


def _worth(spare: Spare, quantity: int, visit: PlannedVisit) -> int | None:
    """What so much of it cost; None where some of that is not known."""
    parts = []
    for pile in spare.piles:
        if quantity and pile.quantity and pile.usable(visit):
            part = min(pile.quantity, quantity)
            quantity -= part
            parts.append((part, pile.cost_minor, pile.cost_quantity))
    return _cost(parts)


def _cost(parts: Sequence[tuple[int, int | None, int | None]]) -> int | None:
    known = all(minor is not None and size is not None for _part, minor, size in parts)
    return sum_of(parts) if known else None
