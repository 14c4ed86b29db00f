"""What the policy says of an item, with every number that decided it: plain data to be kept and shown. Pure.

Quantities are in the item's stock unit, days are counted from today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stock:
    """`position` is what counts: on hand less unlogged use, on order without what is `overdue` for too long,
    less what expires before it is used."""

    on_hand: float
    pending: float
    on_order: float
    expiring: float
    position: float
    overdue: float = 0.0


@dataclass(frozen=True, slots=True)
class Need:
    """Until an order of the next chance is here: expected, thereof booked, and the safety on top of it.

    `service` is the share of cases that the reorder point is enough for. `level` is the use of a usual open
    day, `level_before` what it was if it has moved, `mean` that of a calendar day of the next four weeks,
    `last_use` the days since the item was last used (None: never, as far as the history goes).
    """

    expected: float
    booked: float
    safety: float
    reorder_point: float
    service: float
    mean: float
    level: float
    level_before: float | None
    last_use: int | None


@dataclass(frozen=True, slots=True)
class Timing:
    """`chance` is the order day this is about (0: today) and `next_chance` the one that waiting is for, whose
    order is usually here in `protection` days. `cover` is how long the position lasts, `order_by` the last
    chance whose delivery still comes in time, `oldest_open` the age of the supplier's oldest open order."""

    chance: int
    next_chance: int
    protection: int
    rhythm: int
    cover: int
    order_by: int
    lead_usual: int
    lead_worst: int
    deliveries: int
    oldest_open: int
    first_expiry: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One item, decided. `cap` is what its shelf life bears (None if it lasts) and `spoiling` the money that
    the minimum order would spoil beyond it; `risk` is the money in shortages that an order now prevents and
    `saving` what waiting would save in deliveries."""

    supply: str
    unit: str
    quantity: float
    packs: int
    pack: float
    flagged: bool
    joins: bool
    waits: bool
    note: str | None
    order_up_to: float
    cap: float | None
    spoiling: float
    risk: float
    saving: float
    stock: Stock
    need: Need
    timing: Timing

    def numbers(self) -> dict[str, Any]:
        """Plain data, as it was when this was decided."""
        parts = {name: _plain(getattr(self, name)) for name in ("stock", "need", "timing")}
        return {**_plain(self), **parts}

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Line:
        """What `numbers` told, read back."""
        parts = {
            "stock": Stock(**numbers["stock"]),
            "need": Need(**numbers["need"]),
            "timing": Timing(**numbers["timing"]),
        }
        return cls(**{**numbers, **parts})


def _plain(part: Line | Stock | Need | Timing) -> dict[str, Any]:
    """As dataclasses.asdict, without its copies: a plan tells this of every flag."""
    return {name: getattr(part, name) for name in part.__slots__}
