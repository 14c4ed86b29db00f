"""From a brew recipe to a batch: exact scaling, the most that herbs allow, cost, what covers a need. Pure.

All quantities are base units. Nothing is rounded: what does not come out whole is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import gcd

from supply.errors import Invalid
from supply.i18n import lazy

# What a cost may need of a database's integer; beyond it the nearest fraction that fits is kept.
_FITTING = 2**53


def scaled(quantities: Sequence[int], yield_quantity: int, wanted: int, *, field: str) -> list[int]:
    """What each herb must be for `wanted` instead of the yield. Raises Invalid("batch_inexact")."""
    if any(quantity * wanted % yield_quantity for quantity in quantities):
        raise Invalid(
            "batch_inexact",
            lazy("The herbs for this amount would not come out exactly. Choose a rounder amount."),
            field=field,
        )
    return [quantity * wanted // yield_quantity for quantity in quantities]


def most(yield_quantity: int, herbs: Iterable[tuple[int, int]]) -> int:
    """The most that can be brewed exactly of (needed for the yield, at hand) of each herb."""
    herbs = list(herbs)
    if not herbs:
        return 0
    parts = gcd(yield_quantity, *(needed for needed, _at_hand in herbs))
    steps = min(max(at_hand, 0) // (needed // parts) for needed, at_hand in herbs)
    return steps * (yield_quantity // parts)


def batches_for(missing: int, yield_quantity: int) -> int:
    """How many whole batches make up for what is missing."""
    return -(-max(missing, 0) // yield_quantity)


def cost_share(
    parts: Iterable[tuple[int, int | None, int | None]], made: int
) -> tuple[int, int] | tuple[None, None]:
    """(minor units, base units) that a batch costs, of parts (quantity, cost_minor, cost_quantity).

    Exact, in lowest terms. Unknown where the cost of any part is.
    """
    total = Fraction(0)
    for quantity, paid, size in parts:
        if paid is None or size is None:
            return None, None
        total += Fraction(quantity * paid, size)
    each = total / made
    if max(each.numerator, each.denominator) > _FITTING:
        each = each.limit_denominator(_FITTING // max(1, int(each) + 1))
    return each.numerator, each.denominator


@dataclass(slots=True)
class Standing:
    """What is left of a batch and until when it may be used."""

    until: datetime | None
    quantity: int


def missing(needs: Iterable[tuple[datetime, int]], standing: Iterable[Standing]) -> list[int]:
    """What each need (when, how much) lacks, in the order given, which is that of time.

    Each takes of what is usable then, the earliest end first; the standing amounts are drawn down.
    """
    shelf = sorted(standing, key=lambda one: (one.until is None, one.until or 0))
    lacks = []
    for when, quantity in needs:
        for one in shelf:
            if one.until is None or one.until > when:
                part = min(one.quantity, quantity)
                one.quantity -= part
                quantity -= part
        lacks.append(quantity)
    return lacks
