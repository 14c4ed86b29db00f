"""Reorder by a point and a par level that somebody set: for items without a history. No model, no clock.

All amounts are integers in base units. What looks ahead is policy.py; it never moves these levels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from supply.quantity import pack_up


@dataclass(frozen=True, slots=True)
class Position:
    """Where an item stands in a branch today, and the policy beside it."""

    on_hand: int
    quarantined: int
    expired: int
    reserved: int
    on_order: int
    reorder_point: int | None = None
    par_level: int | None = None

    @property
    def available(self) -> int:
        return self.on_hand - self.quarantined - self.expired - self.reserved

    @property
    def projected(self) -> int:
        return self.available + self.on_order


@dataclass(frozen=True, slots=True)
class Terms:
    """How a supplier sells the item: so much in a pack, at least so many packs."""

    pack_quantity: int
    minimum_packs: int = 1


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to do about a position: `missing` is par − projected, `quantity` the same in whole packs."""

    flagged: bool
    missing: int
    quantity: int
    packs: int | None


def decide(position: Position, terms: Terms | None = None) -> Suggestion:
    """Flag at or below the reorder point; suggest what fills up to par, in packs, at least the minimum.

    An item without a policy is never flagged. Without terms the suggestion is the bare difference.
    """
    if position.reorder_point is None or position.par_level is None:
        return Suggestion(flagged=False, missing=0, quantity=0, packs=None)
    missing = max(position.par_level - position.projected, 0)
    flagged = position.projected <= position.reorder_point
    if terms is None or missing == 0:
        return Suggestion(flagged, missing, missing, None if terms is None else 0)
    quantity = max(pack_up(missing, terms.pack_quantity), terms.minimum_packs * terms.pack_quantity)
    return Suggestion(flagged, missing, quantity, quantity // terms.pack_quantity)


def arithmetic(position: Position, suggestion: Suggestion) -> dict[str, int | None]:
    """The numbers behind a decision as plain data, to be kept beside it."""
    return {
        **asdict(position),
        "available": position.available,
        "projected": position.projected,
        "suggested": suggestion.quantity,
        "packs": suggestion.packs,
    }
