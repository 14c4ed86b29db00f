"""A lot that somebody found and the list does not have: it gets a line, and its count with it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot
from supply.domain.ledger.moment import happened
from supply.domain.stocktake.doubt import Why
from supply.domain.stocktake.labels import lot_on_label
from supply.domain.stocktake.models import Stocktake, StocktakeItem, StocktakeLine
from supply.domain.stocktake.opening import MOST_LINES
from supply.domain.stocktake.progress import note_hand, take_part, write_in_branch
from supply.domain.stocktake.service import location_among, open_locations
from supply.domain.stocktake.tallying import write_tally
from supply.errors import Conflict, Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission


def add_found(
    session: Session,
    actor: Actor,
    stocktake_id: UUID,
    *,
    item_id: UUID,
    amount: Decimal,
    unit: str,
    lot_id: UUID | None = None,
    number: str | None = None,
    expires_on: date | None = None,
    location_id: UUID | None = None,
    counted_at: datetime | None = None,
) -> StocktakeLine:
    """Count a lot that is not on the list: one by its id, or by what is written on it, known or not.

    Raises Invalid naming the field, Conflict("line_exists") naming the line where it is on the list.
    """
    writer = write_in_branch(session, actor, stocktake_id, Permission.COUNT_LOG)
    stocktake = take_part(session, actor, stocktake_id)
    item = catalog.items_by_id(session, [item_id]).get(item_id)
    if item is None:
        raise Invalid("item_unknown", lazy("There is no such item."), field="item_id")
    counted = catalog.base_quantity(item, amount, unit)
    when = happened(counted_at, field="counted_at")
    place = location_among(open_locations(session, stocktake.branch_id), location_id, "location_id")
    if lot_id is None:
        lot = lot_on_label(writer, item, {"number": number, "expires_on": expires_on}, when)
    else:
        lot = _lot_of(session, stocktake, item, lot_id)
    line = _new_line(session, stocktake, lot, place)
    session.add(line)
    session.flush()
    write_tally(session, actor, line, counted, when)
    note_hand(session, actor, stocktake)
    session.flush()
    return line


def _lot_of(session: Session, stocktake: Stocktake, item: Item, lot_id: UUID) -> Lot:
    query = select(Lot).where(Lot.id == lot_id, Lot.branch_id == stocktake.branch_id, Lot.item_id == item.id)
    lot = session.scalar(query)
    if lot is None:
        raise Invalid("lot_unknown", lazy("There is no such lot of this item here."), field="lot_id")
    return lot


def _new_line(session: Session, stocktake: Stocktake, lot: Lot, location_id: UUID) -> StocktakeLine:
    own = select(StocktakeLine).where(StocktakeLine.stocktake_id == stocktake.id)
    there = session.scalar(
        own.where(
            StocktakeLine.lot_id == lot.id,
            StocktakeLine.location_id == location_id,
            StocktakeLine.container_id.is_(None),
        )
    )
    if there is not None:
        raise Conflict(
            "line_exists",
            lazy("This lot is on the list already. Count it there."),
            details={"line_id": str(there.id)},
        )
    last = session.scalar(
        select(func.max(StocktakeLine.position)).where(StocktakeLine.stocktake_id == stocktake.id)
    )
    if (last or 0) >= MOST_LINES:
        raise Conflict(
            "too_much_at_once", lazy("That is too much for one stocktake. Count it in several parts.")
        )
    if session.get(StocktakeItem, (stocktake.id, lot.item_id)) is None:
        session.add(
            StocktakeItem(stocktake_id=stocktake.id, item_id=lot.item_id, reasons=[[Why.CHOSEN.value, 0]])
        )
    return StocktakeLine(
        stocktake_id=stocktake.id,
        branch_id=stocktake.branch_id,
        position=(last or 0) + 1,
        item_id=lot.item_id,
        lot_id=lot.id,
        location_id=location_id,
        found=True,
    )
