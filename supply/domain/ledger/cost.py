"""What stock is worth at lot cost. Exact until the end, rounded half up only there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import floor


def cost_of(quantity: int, cost_minor: int | None, cost_quantity: int | None) -> int | None:
    """The minor units that `quantity` base units of a lot cost; None where the lot's cost is not known."""
    if cost_minor is None or cost_quantity is None:
        return None
    return sum_of([(quantity, cost_minor, cost_quantity)])


def sum_of(parts: Iterable[tuple[int, int | None, int | None]]) -> int:
    """What parts (quantity, cost_minor, cost_quantity) are worth together; unknown costs count 0."""
    total = sum(
        (Fraction(quantity * paid, size) for quantity, paid, size in parts if paid is not None and size),
        Fraction(0),
    )
    whole = floor(abs(total) + Fraction(1, 2))
    return whole if total >= 0 else -whole
