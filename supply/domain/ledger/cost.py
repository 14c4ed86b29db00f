"""What stock is worth at lot cost. Exact until the end, rounded half up only there. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor


def cost_of(quantity: int, cost_minor: int | None, cost_quantity: int | None) -> int | None:
    """The minor units that `quantity` base units of a lot cost; None where the lot's cost is not known."""
    if cost_minor is None or cost_quantity is None:
        return None
    # As `rounded`, in whole numbers: a stocktake asks this of ten thousand lines.
    whole = (2 * abs(quantity) * cost_minor + cost_quantity) // (2 * cost_quantity)
    return whole if quantity >= 0 else -whole


def sum_of(parts: Iterable[tuple[int, int | None, int | None]]) -> int:
    """What parts (quantity, cost_minor, cost_quantity) are worth together; unknown costs count 0."""
    by_size: dict[int, int] = defaultdict(int)
    for quantity, paid, size in parts:
        if paid is not None and size:
            by_size[size] += quantity * paid
    return rounded(sum((Fraction(paid, size) for size, paid in by_size.items()), Fraction(0)))


def rounded(worth: Fraction) -> int:
    """Whole minor units, half away from zero."""
    whole = floor(abs(worth) + Fraction(1, 2))
    return whole if worth >= 0 else -whole


def shared_out(parts: Sequence[Fraction], whole: int | None = None) -> list[int]:
    """Parts in whole minor units that add up to the whole, each less than one unit from what it is.

    The whole is their rounded sum, unless it is told: it must be less than one unit from their sum. What
    rounding down leaves goes to the parts that lost most by it, the first of equal ones.
    """
    told = [floor(part) for part in parts]
    left = (rounded(sum(parts, Fraction(0))) if whole is None else whole) - sum(told)
    lost = sorted(range(len(parts)), key=lambda place: told[place] - parts[place])
    for place in lost[:left]:
        told[place] += 1
    return told
