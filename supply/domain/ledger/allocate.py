"""Which lots give what: first expired, first out, opened first. Pure.

Expired (at the instant of the use) and quarantined stock is never chosen; whoever really used such a lot
names it, and then it is taken and said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

_NEVER = datetime.max.replace(tzinfo=UTC)
EXPIRED = "expired-lot"
QUARANTINED = "quarantined-lot"


@dataclass(frozen=True, slots=True)
class At:
    """An instant, and the branch's day on which it falls."""

    instant: datetime
    day: date


@dataclass(slots=True)
class Place:
    """One holding as the allocation sees it; `quantity` falls as it gives. Base units."""

    id: UUID
    item_id: UUID
    lot_id: UUID
    location_id: UUID
    container_id: UUID | None
    expires_on: date | None
    quarantined: bool
    quantity: int
    # Of a prepared batch: the instant from which on it is expired.
    use_by_at: datetime | None = None
    # The instant of its last count.
    counted_at: datetime | None = None

    def expired(self, at: At) -> bool:
        over = self.use_by_at is not None and self.use_by_at <= at.instant
        return over or (self.expires_on is not None and self.expires_on < at.day)


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody says was really used; None leaves the choice open."""

    lot_id: UUID | None = None
    container_id: UUID | None = None
    location_id: UUID | None = None

    @property
    def says(self) -> bool:
        return self.lot_id is not None or self.container_id is not None

    def fits(self, place: Place) -> bool:
        return (
            (self.lot_id is None or place.lot_id == self.lot_id)
            and (self.container_id is None or place.container_id == self.container_id)
            and (self.location_id is None or place.location_id == self.location_id)
        )


def take(places: Iterable[Place], quantity: int, at: At, named: Named) -> tuple[list[tuple[Place, int]], int]:
    """Take `quantity` from places of one item: ([(place, taken)], what could not be had).

    The places are drawn down as a side effect, so that the next use of the same batch sees the rest.
    """
    taken: list[tuple[Place, int]] = []
    for place in sorted(_choosable(places, at, named), key=order):
        if quantity == 0:
            break
        part = min(place.quantity, quantity)
        place.quantity -= part
        quantity -= part
        taken.append((place, part))
    return taken, quantity


def order(place: Place) -> tuple[bool, date, datetime, UUID, UUID]:
    """Opened before closed, then the earlier end, then the older lot: always the same order."""
    return (
        place.container_id is None,
        place.expires_on or date.max,
        place.use_by_at or _NEVER,
        place.lot_id,
        place.id,
    )


def incident(places: Iterable[Place], at: At) -> str | None:
    """The rule that using these places at that time broke, if any."""
    for place in places:
        if place.quarantined:
            return QUARANTINED
        if place.expired(at):
            return EXPIRED
    return None


def _choosable(places: Iterable[Place], at: At, named: Named) -> list[Place]:
    standing = [place for place in places if place.quantity > 0 and named.fits(place)]
    if named.says:
        return standing
    return [place for place in standing if not place.quarantined and not place.expired(at)]
