"""Moving within a branch: from one storage location to another, both movements in one transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Container, Holding, Lot, MovementType
from supply.domain.ledger.moment import happened
from supply.domain.transfers.models import StockMove
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

SOURCE = "move"


def move_stock(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lot_id: UUID,
    to_location_id: UUID,
    from_location_id: UUID | None = None,
    container_id: UUID | None = None,
    amount: Decimal | None = None,
    unit: str | None = None,
    happened_at: datetime | None = None,
) -> StockMove:
    """Move so much of a lot to another place, all of it without an amount. An opened container moves whole.

    Raises Invalid naming the field, NotFound, Conflict("stock_short").
    """
    require(actor, Permission.TRANSFER_LOG, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    container = None if container_id is None else _container(session, lot, container_id)
    from_id, standing = _stands(session, lot, container_id, from_location_id)
    quantity = _quantity(session, lot, standing, container, amount, unit)
    _require_other(session, branch_id, from_id, to_location_id)
    move = StockMove(
        id=new_id(),
        branch_id=branch_id,
        item_id=lot.item_id,
        lot_id=lot.id,
        container_id=container_id,
        from_location_id=from_id,
        to_location_id=to_location_id,
        quantity=quantity,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=actor.person_id,
    )
    legs = [
        ledger.Leg(MovementType.TRANSFER_OUT, lot, from_id, -quantity, container=container),
        ledger.Leg(MovementType.TRANSFER_IN, lot, to_location_id, quantity, container=container),
    ]
    ledger.carry(writer, legs, source_type=SOURCE, source_id=move.id, happened_at=when)
    session.add(move)
    session.flush()
    return move


def _container(session: Session, lot: Lot, container_id: UUID) -> Container:
    container = session.get(Container, container_id)
    if container is None or container.lot_id != lot.id or container.finished_at is not None:
        raise Invalid(
            "container_unknown", lazy("There is no such container of this lot."), field="container_id"
        )
    return container


def _stands(
    session: Session, lot: Lot, container_id: UUID | None, location_id: UUID | None
) -> tuple[UUID, int]:
    """(place, base units) where it stands; without a place named the only one."""
    query = select(Holding.location_id, Holding.quantity).where(
        Holding.branch_id == lot.branch_id,
        Holding.lot_id == lot.id,
        Holding.container_id == container_id if container_id else Holding.container_id.is_(None),
        Holding.quantity > 0,
    )
    if location_id is not None:
        query = query.where(Holding.location_id == location_id)
    places = session.execute(query).all()
    if len(places) > 1:
        raise Invalid(
            "location_required",
            lazy("This lot stands in several places. Say which."),
            field="from_location_id",
        )
    if not places:
        raise Invalid("nothing_there", lazy("None of this lot stands there."), field="from_location_id")
    return places[0].location_id, places[0].quantity


def _quantity(
    session: Session,
    lot: Lot,
    standing: int,
    container: Container | None,
    amount: Decimal | None,
    unit: str | None,
) -> int:
    if amount is None:
        return standing
    item = catalog.get_item(session, lot.item_id)
    quantity = catalog.base_quantity(item, amount, unit or item.stock_unit, field="amount")
    if container is not None and quantity != standing:
        raise Invalid("container_whole", lazy("An opened container moves whole."), field="amount")
    return quantity


def _require_other(session: Session, branch_id: UUID, from_id: UUID, to_id: UUID) -> None:
    if all(place.id != to_id for place in branches.list_locations(session, branch_id)):
        raise Invalid(
            "location_unknown",
            lazy("There is no such storage location in this branch."),
            field="to_location_id",
        )
    if from_id == to_id:
        raise Invalid("same_location", lazy("It stands there already."), field="to_location_id")


def reverse_move(
    session: Session, actor: Actor, move_id: UUID, *, happened_at: datetime | None = None
) -> StockMove:
    """It stands again where it stood. Raises Conflict("already_reversed"), Conflict("already_used")."""
    move = get_move(session, actor, move_id)
    require(actor, Permission.TRANSFER_LOG, move.branch_id)
    writer = ledger.lock(session, actor, move.branch_id)
    session.refresh(move)
    if move.reversed_at is not None:
        raise Conflict("already_reversed", lazy("This move was undone already."))
    ledger.reverse(writer, SOURCE, move.id, happened_at=happened(happened_at))
    move.reversed_at = writer.recorded_at
    session.flush()
    return move


def get_move(session: Session, actor: Actor, move_id: UUID) -> StockMove:
    """A move of one of the person's branches. Raises NotFound."""
    move = session.get(StockMove, move_id)
    if move is None or not actor.belongs_to(move.branch_id):
        raise NotFound("move_not_found", lazy("There is no such move."))
    require(actor, Permission.STOCK_SEE, move.branch_id)
    return move
