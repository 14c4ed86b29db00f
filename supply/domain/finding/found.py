"""What a search finds: which kind of thing, what it is called, and what tells it from the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from supply.domain.catalog.models import Item


class Kind(StrEnum):
    ITEM = "item"
    LOT = "lot"
    VISIT = "visit"
    ORDER = "order"
    REQUISITION = "requisition"
    SUPPLIER = "supplier"
    PROCEDURE = "procedure"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing. `code` is its number, code, booking or login; the names are those of what it is about:
    a lot's item, a visit's procedure, an order's supplier, who asked for a requisition.

    `quantity` is what stands of an item or lot in the branch, in base units; None where it never was.
    """

    kind: Kind
    id: UUID
    code: str
    name_en: str
    name_vi: str
    item: Item | None = None
    quantity: int | None = None
    expires_on: date | None = None
    quarantined: bool = False
    at: datetime | None = None
    status: StrEnum | None = None
    # A visit's room and therapist.
    beside: tuple[str, ...] = ()
