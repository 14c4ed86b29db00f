"""What stands past its use: it comes up by itself, lot by lot, until it is thrown away or stands elsewhere.

Read from what stands, never posted (decision 0002): right at midnight. What was brewed is a leftover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.ledger.cost import cost_of
from supply.domain.ledger.models import Lot, LotKind
from supply.domain.waste.models import WasteEntry, WasteReason
from supply.domain.waste.service import Part, throw_away
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

MOST = 1_000


@dataclass(frozen=True, slots=True)
class ExpiredLot:
    """What is expired of a lot, in base units, since when and where. Of one that was opened, what is open."""

    lot: Lot
    item: Item
    quantity: int
    expired_on: date
    places: Sequence[str]

    @property
    def cost_minor(self) -> int | None:
        """At lot cost; None where nobody knows it."""
        return cost_of(self.quantity, self.lot.cost_minor, self.lot.cost_quantity)


def list_expired(session: Session, actor: Actor, branch_id: UUID) -> list[ExpiredLot]:
    """The lots of which something expired stands, each once, the longest expired first."""
    require(actor, Permission.STOCK_SEE, branch_id)
    today = clock.today(branches.get_branch(session, actor, branch_id).timezone)
    standing: dict[UUID, list[Any]] = {}
    for row in reading.list_expiring(session, branch_id, today, MOST):
        if row.Lot.kind is not LotKind.PREPARED and reading.is_expired(row.Holding, row.Lot, today):
            standing.setdefault(row.Lot.id, []).append(row)
    return [_together(rows) for rows in standing.values()]


def _together(rows: Sequence[Any]) -> ExpiredLot:
    return ExpiredLot(
        rows[0].Lot,
        rows[0].Item,
        sum(row.Holding.quantity for row in rows),
        rows[0].Holding.expires_on,
        list(dict.fromkeys(row.Location.name for row in rows)),
    )


def write_off(session: Session, actor: Actor, lot_id: UUID) -> WasteEntry:
    """Throw away all that is expired of a lot, in one entry. Raises NotFound, Conflict("nothing_expired")."""
    lot = session.get(Lot, lot_id)
    if lot is None or not actor.belongs_to(lot.branch_id):
        raise NotFound("lot_not_found", lazy("There is no such lot."))
    require(actor, Permission.WASTE_LOG, lot.branch_id)
    writer = ledger.lock(session, actor, lot.branch_id)
    parts = [
        Part(row.Holding.quantity, row.Location.id, row.Holding.container_id)
        for row in reading.list_holdings(session, lot.branch_id, lot.item_id)
        if row.Lot.id == lot.id and reading.is_expired(row.Holding, row.Lot, writer.today)
    ]
    if not parts:
        raise Conflict("nothing_expired", lazy("Nothing of this lot stands here that has expired."))
    return throw_away(writer, lot, parts, WasteReason.EXPIRED, writer.recorded_at)
