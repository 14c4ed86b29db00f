"""Writing off what is left of a batch past its hour: one decision, recorded as waste with its reason."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.preparation.service import get_batch
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteEntry, WasteReason
from supply.errors import Conflict
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def write_off(session: Session, actor: Actor, batch_id: UUID) -> WasteEntry:
    """Throw away all that is left of an expired batch. Raises Conflict("still_usable"), ("nothing_left")."""
    batch = get_batch(session, actor, batch_id)
    require(actor, Permission.WASTE_LOG, batch.branch_id)
    writer = ledger.lock(session, actor, batch.branch_id)
    rows = reading.list_holdings(session, batch.branch_id, batch.item_id)
    mine = [row for row in rows if row.Lot.id == batch.lot_id]
    if not mine:
        raise Conflict("nothing_left", lazy("Nothing is left of this batch."))
    if not reading.is_expired(mine[0].Holding, mine[0].Lot, writer.today):
        raise Conflict(
            "still_usable", lazy("This batch may still be used. Write off an amount of it as waste instead.")
        )
    item = catalog.get_item(session, batch.item_id)
    amount, unit = catalog.stock_amount(item, sum(row.Holding.quantity for row in mine))
    return waste.log_waste(
        session,
        actor,
        branch_id=batch.branch_id,
        lot_id=batch.lot_id,
        amount=amount,
        unit=unit,
        reason=WasteReason.EXPIRED,
    )
