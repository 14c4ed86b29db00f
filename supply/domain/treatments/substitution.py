"""What may stand in for an item of a recipe line. Pure: no model, no database.

A substitute is offered only where the factor gives a whole number of base units, the guest may have it, and
the shelf holds enough of it at the visit's time. Each of the others says why it is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from supply.i18n import Text, lazy


class Refusal(StrEnum):
    """Why a substitute is not offered. What the guest must not have comes before what the shelf lacks."""

    FORBIDDEN = "forbidden"
    INEXACT = "inexact"
    SHORT = "short"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"
    RESERVED = "reserved"


class StandIn(Protocol):
    """One row of an item's substitutes: `numerator` base units of it stand in for `denominator`."""

    @property
    def substitute_id(self) -> UUID: ...
    @property
    def position(self) -> int: ...
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """What stands of an item, in base units. Of it `expired` will have expired at the visit's time,
    `quarantined` is blocked (and not counted as expired), `reserved` is promised to planned visits."""

    standing: int = 0
    expired: int = 0
    quarantined: int = 0
    reserved: int = 0

    @property
    def usable(self) -> int:
        return max(0, self.standing - self.expired - self.quarantined - self.reserved)


@dataclass(frozen=True, slots=True)
class Offer:
    """A substitute, weighed: offered where `refusal` is None. `quantity` is None where none is exact."""

    item_id: UUID
    position: int
    quantity: int | None
    available: int
    refusal: Refusal | None


def substitute_quantity(quantity: int, numerator: int, denominator: int) -> int | None:
    """The base units of the substitute that stand in for `quantity`, or None where they are not whole."""
    whole, rest = divmod(quantity * numerator, denominator)
    return None if rest or not whole else whole


def weigh_substitutes(
    quantity: int,
    substitutes: Iterable[StandIn],
    shelves: Mapping[UUID, Shelf],
    forbidden: Collection[UUID] = (),
) -> list[Offer]:
    """Every substitute of a line of `quantity` base units, in order of preference, offered or refused."""
    offers = []
    for row in sorted(substitutes, key=lambda row: row.position):
        shelf = shelves.get(row.substitute_id, Shelf())
        needed = substitute_quantity(quantity, row.numerator, row.denominator)
        refusal = Refusal.FORBIDDEN if row.substitute_id in forbidden else _refusal(needed, shelf)
        offers.append(Offer(row.substitute_id, row.position, needed, shelf.usable, refusal))
    return offers


def _refusal(needed: int | None, shelf: Shelf) -> Refusal | None:
    """The first thing that would have to be otherwise for the shelf to do."""
    if needed is None:
        return Refusal.INEXACT
    left = shelf.standing
    for taken, reason in (
        (0, Refusal.SHORT),
        (shelf.expired, Refusal.EXPIRED),
        (shelf.quarantined, Refusal.QUARANTINED),
        (shelf.reserved, Refusal.RESERVED),
    ):
        left -= taken
        if left < needed:
            return reason
    return None


REFUSAL_WORDS: dict[Refusal, Text] = {
    Refusal.FORBIDDEN: lazy("not for this guest"),
    Refusal.INEXACT: lazy("the factor gives no exact amount"),
    Refusal.SHORT: lazy("not enough in stock"),
    Refusal.EXPIRED: lazy("expired by then"),
    Refusal.QUARANTINED: lazy("in quarantine"),
    Refusal.RESERVED: lazy("promised to other visits"),
}
