"""Whole packs, the supplier's minimum and what a shelf life can bear. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Packs:
    """How an item is sold: packs of so much, at least so much. The minimum is whole packs itself."""

    size: float
    minimum: float

    @classmethod
    def of(cls, size: float, minimum: float) -> Packs:
        return cls(size, max(1, math.ceil(minimum / size - TOLERANCE)) * size)

    def up(self, quantity: float) -> float:
        """The smallest order that holds so much; nothing for nothing."""
        if quantity <= 0:
            return 0.0
        return max(self.minimum, self.size * math.ceil(quantity / self.size - TOLERANCE))

    def down(self, quantity: float) -> float:
        """The whole packs in so much, whatever the minimum."""
        return self.size * max(math.floor(quantity / self.size + TOLERANCE), 0)

    def nearest(self, quantity: float) -> float:
        return self.size * max(math.floor(quantity / self.size + 0.5), 0)

    def count(self, quantity: float) -> int:
        return round(quantity / self.size)

    def allows(self, quantity: float) -> bool:
        return quantity >= self.minimum - TOLERANCE
