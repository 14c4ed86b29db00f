"""Pages of moving stock from one place of a branch to another, and of undoing that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.transfers import moving
from supply.domain.transfers.schemas import MoveStock
from supply.domain.waste.schemas import Reversal
from supply.fields import BaseSchema, Id
from supply.i18n import _
from supply.permissions import Actor, Permission, require
from supply.presenting import format_instant, format_quantity
from supply.web.frame import named
from supply.web.pages import Pages, query, render, say
from supply.web.session import current_branch
from supply.web.units import echo_unit, unit_options

bp = Pages("moves", __name__)


class MoveOf(BaseSchema):
    container_id = Id(load_default=None)


@bp.page("/stock/lots/<uuid:lot_id>/move", permission=Permission.TRANSFER_LOG)
def new_move(session: Session, actor: Actor, lot_id: UUID) -> str:
    """Of what is closed, or of the opened container that is named: that moves whole."""
    branch, container_id = current_branch(), query(MoveOf)["container_id"]
    require(actor, Permission.TRANSFER_LOG, branch.id)
    lot = ledger.get_lot(session, branch.id, lot_id)
    item = catalog.get_item(session, lot.item_id)
    rows = [
        row
        for row in reading.list_holdings(session, branch.id, lot.item_id)
        if row.Lot.id == lot.id and row.Holding.container_id == container_id
    ]
    there = {row.Location.id for row in rows}
    places = branches.list_locations(session, branch.id)
    return render(
        "transfers/move.html",
        lot=lot,
        item=item,
        schema=MoveStock,
        container_id=container_id or "",
        stands=[
            (str(row.Location.id), f"{row.Location.name} · {format_quantity(row.Holding.quantity, item)}")
            for row in rows
        ],
        # Where all of it stands it cannot be moved to.
        places=[(str(place.id), place.name) for place in places if len(there) > 1 or place.id not in there],
        units=unit_options(item),
        echo=echo_unit(item),
    )


@bp.action(
    "/stock/lots/<uuid:lot_id>/move",
    permission=Permission.TRANSFER_LOG,
    schema=MoveStock,
    back="moves.new_move",
)
def move_stock(
    session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID
) -> tuple[str, dict[str, Any]]:
    move = moving.move_stock(session, actor, **{**data, "lot_id": lot_id})
    say(_("Moved."))
    return "moves.show_move", {"move_id": move.id}


@bp.page("/stock/moves/<uuid:move_id>", permission=Permission.STOCK_SEE)
def show_move(session: Session, actor: Actor, move_id: UUID) -> str:
    move = moving.get_move(session, actor, move_id)
    lot = ledger.get_lot(session, move.branch_id, move.lot_id)
    item = catalog.get_item(session, move.item_id)
    names = {place.id: place.name for place in branches.list_locations(session, move.branch_id, closed=True)}
    facts = [
        (_("Item"), named(item)),
        (_("Amount"), format_quantity(move.quantity, item)),
        (_("From place"), names[move.from_location_id]),
        (_("To place"), names[move.to_location_id]),
        (_("When"), format_instant(move.happened_at, current_branch().timezone)),
    ]
    return render("transfers/moved.html", move=move, lot=lot, item=item, facts=facts)


@bp.action(
    "/stock/moves/<uuid:move_id>/reversal",
    permission=Permission.TRANSFER_LOG,
    schema=Reversal,
    back="moves.show_move",
)
def reverse_move(
    session: Session, actor: Actor, data: dict[str, Any], move_id: UUID
) -> tuple[str, dict[str, Any]]:
    moving.reverse_move(session, actor, move_id, **data)
    say(_("Undone: it stands where it stood."))
    return "moves.show_move", {"move_id": move_id}
