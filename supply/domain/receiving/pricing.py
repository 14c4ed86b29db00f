"""What a pack cost beside what was agreed: pure. Money in minor units, rounded half up once, at the end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class LinePrice:
    """Per pack: what it cost now, what was agreed, and the difference in percent (one decimal)."""

    now_minor: int
    agreed_minor: int

    @property
    def moved(self) -> bool:
        return self.now_minor != self.agreed_minor

    @property
    def difference_percent(self) -> Decimal | None:
        """None where nothing was to be paid."""
        if self.agreed_minor == 0:
            return None
        change = Decimal(100 * (self.now_minor - self.agreed_minor)) / self.agreed_minor
        return change.quantize(Decimal("0.1"), ROUND_HALF_UP)


def line_price(
    cost_minor: int | None, quantity: int, agreed_minor: int, pack_quantity: int
) -> LinePrice | None:
    """What a pack cost where `quantity` cost `cost_minor`; None where nobody said what it cost."""
    return (
        None if cost_minor is None else LinePrice(per_pack(cost_minor, quantity, pack_quantity), agreed_minor)
    )


def per_pack(cost_minor: int, quantity: int, pack_quantity: int) -> int:
    """What a pack costs where `quantity` cost `cost_minor`."""
    return int(Fraction(cost_minor * pack_quantity, quantity) + Fraction(1, 2))
