"""Which lots a transfer takes: the first to expire of what stands closed and may travel; which of what is on
the way will be of use. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Location
from supply.domain.ledger.allocate import At, Named, Place, take
from supply.domain.ledger.models import Holding, Lot, LotKind
from supply.domain.transfers.models import Transfer

ANY = Named()


def usable_on_arrival(today: date) -> ColumnElement[bool]:
    """Of lots and transfers on the way: what is not blocked, nor expired by now or when it should come."""
    lasts = and_(Lot.expires_on >= today, Lot.expires_on >= Transfer.expected_on)
    return and_(Lot.quarantine_reason.is_(None), or_(Lot.expires_on.is_(None), lasts))


@dataclass(frozen=True, slots=True)
class Closed:
    """What stands closed of a lot at a place."""

    lot: Lot
    location: Location
    holding_id: UUID
    quantity: int

    def stays(self, at: At) -> str:
        """Why it does not travel: "prepared", "quarantined", "expired"; empty where it may."""
        if self.lot.kind is LotKind.PREPARED:
            return "prepared"
        if self.lot.quarantined_at is not None:
            return "quarantined"
        return "expired" if self.place().expired(at) else ""

    def place(self) -> Place:
        """As allocation sees it, to be drawn down."""
        return Place(
            self.holding_id,
            self.lot.item_id,
            self.lot.id,
            self.location.id,
            None,
            self.lot.expires_on,
            self.lot.quarantined_at is not None,
            self.quantity,
            self.lot.use_by_at,
        )


def closed_stock(session: Session, branch_id: UUID, item_ids: Collection[UUID]) -> list[Closed]:
    """What stands closed of the items, in the order of use. One statement."""
    query = (
        select(Lot, Location, Holding.id, Holding.quantity)
        .join(Holding, Holding.lot_id == Lot.id)
        .join(Location, Location.id == Holding.location_id)
        .where(
            Holding.branch_id == branch_id,
            Holding.item_id.in_(sorted(item_ids)),
            Holding.quantity > 0,
            Holding.container_id.is_(None),
        )
        .order_by(Lot.expires_on.is_(None), Lot.expires_on, Lot.id, Holding.id)
    )
    rows = session.execute(query) if item_ids else ()
    return [Closed(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Pick:
    """So much of one lot at one place."""

    closed: Closed
    quantity: int


def propose(
    stock: Sequence[Closed], wanted: Mapping[UUID, int], at: At
) -> tuple[list[Pick], dict[UUID, int]]:
    """(what to take for what is wanted, what is short by item), base units."""
    fit = {one.holding_id: one for one in stock if not one.stays(at)}
    picks, short = [], {}
    for item_id, quantity in wanted.items():
        places = [one.place() for one in fit.values() if one.lot.item_id == item_id]
        taken, lacking = take(places, quantity, at, ANY)
        picks += [Pick(fit[place.id], part) for place, part in taken]
        if lacking:
            short[item_id] = lacking
    return picks, short
