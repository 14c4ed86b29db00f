"""What the ledger is told and what it answers: plain values, no rows. Quantities in base units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from supply.domain.ledger.models import Lot, LotKind


@dataclass(frozen=True, slots=True)
class Use:
    """So much of an item was used or thrown away, by one line of a document. Base units.

    `path` leads to the line in the input that told of it, for a refusal to name its field.
    """

    item_id: UUID
    quantity: int
    source_type: str
    source_id: UUID
    source_line: int | None
    happened_at: datetime
    lot_id: UUID | None = None
    container_id: UUID | None = None
    location_id: UUID | None = None
    reason: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    lot_id: UUID
    location_id: UUID
    container_id: UUID | None
    quantity: int
    seq: int


@dataclass(frozen=True, slots=True)
class Deducted:
    """What a use took, what it could not have, and the rule that it broke, if any."""

    use: Use
    taken: tuple[Taken, ...]
    short: int
    incident: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """So much of a lot came in at a location. Base units."""

    item_id: UUID
    lot_id: UUID
    location_id: UUID
    quantity: int
    source_type: str
    source_id: UUID
    source_line: int | None
    happened_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What is written on a lot. The same facts are the same lot."""

    item_id: UUID
    number: str
    expires_on: date | None
    supplier_id: UUID | None = None
    kind: LotKind = LotKind.SUPPLIER
    cost_minor: int | None = None
    cost_quantity: int | None = None
    currency: str | None = None
    use_by_at: datetime | None = None
    origin_lot_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A correction of one place by `delta` base units."""

    lot_id: UUID
    location_id: UUID
    container_id: UUID | None
    delta: int
    reason: str
    source_line: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody found at a place at an instant, beside what the book held there then. Base units."""

    lot: Lot
    location_id: UUID
    container_id: UUID | None
    counted: int
    expected: int
    counted_at: datetime
    reason: str
    source_line: int

    @property
    def place(self) -> tuple[UUID, UUID, UUID | None]:
        """As ledger.instants names it: lot, location, container."""
        return (self.lot.id, self.location_id, self.container_id)

    @property
    def difference(self) -> int:
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Reversed:
    seq: int
    reverses_seq: int
    item_id: UUID
    lot_id: UUID
    quantity: int
