"""From a weight to what is left in a container. Pure and exact until the one rounding at the end.

A weighing is a measurement: what it gives is rounded, half up, to the item's base unit (1 mg, 1 µl) and
nowhere before. It is not rounded to the natural step: that would post differences which nobody measured.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from supply.quantity import Dimension

UL_PER_L = 1_000_000
# What fits into a bottle beyond what its label says, and what a scale may be off.
OVERFILL = Fraction(11, 10)


def remainder(
    gross_mg: int, tare_mg: int, dimension: Dimension, density_mg_per_l: int | None = None
) -> Fraction | None:
    """What a container holds by its weight, in base units; None for what cannot be weighed.

    Mass is gross minus tare. A volume is that divided by its density. Pieces have no weight of their own.
    """
    net = Fraction(gross_mg - tare_mg)
    if dimension is Dimension.MASS:
        return net
    if dimension is Dimension.VOLUME and density_mg_per_l:
        return net * UL_PER_L / density_mg_per_l
    return None


def measured(left: Fraction) -> int:
    """A remainder in whole base units, half up: the one rounding."""
    return floor(left + Fraction(1, 2))


def too_full(left: Fraction, filled: int) -> bool:
    """Whether more is left than was ever put in: then the tare or the container is another one."""
    return left > filled * OVERFILL
