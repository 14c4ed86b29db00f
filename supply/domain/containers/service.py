"""Opened containers: opening one, topping it up, taking it to another room.

A container holds one lot and no other: what is poured together cannot be told apart by a recall, nor by an
expiry. Weighing and finishing have rooms beside it, looking is in reading. Decides; the ledger posts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item, ItemUnit
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.ledger.allocate import At
from supply.domain.ledger.models import Container, Holding, Lot
from supply.domain.ledger.moment import happened
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def open_container(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    item_id: UUID | None = None,
    lot_id: UUID | None = None,
    amount: Decimal | None = None,
    unit: str | None = None,
    location_id: UUID | None = None,
    room_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> Container:
    """Open a bottle: its shorter life starts. Of an item alone the lot to be used first gives one unit.

    Without an amount it is one of the item's own unit, or the rest of the lot where that is less. Raises
    Conflict "stock_short", "nothing_to_open" or "lot_unusable" (expired, quarantined).
    """
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    if room_id is not None:
        branches.get_room(session, branch_id, room_id)
    if location_id is not None:
        branches.get_location(session, branch_id, location_id)
    at = At(when, clock.day_of(when, writer.timezone))
    lot, place = _to_open(session, branch_id, item_id, lot_id, location_id, at)
    item = catalog.get_item(session, lot.item_id)
    own = container_unit(item) if amount is None else _own_unit(item, unit)
    if amount is not None and unit is not None:
        quantity = catalog.base_quantity(item, amount, unit, field="amount")
    else:
        quantity = min(own.factor, place.quantity) if own else place.quantity
    container = Container(
        id=new_id(),
        branch_id=branch_id,
        lot_id=lot.id,
        room_id=room_id,
        opened_at=when,
        opened_by=actor.person_id,
        use_by_on=at.day + timedelta(days=item.opened_life_days) if item.opened_life_days else None,
        unit_code=own.code if own else None,
    )
    session.add(container)
    session.flush()
    ledger.pour(writer, lot, container, place.location_id, quantity, happened_at=when)
    return container


def container_unit(item: Item) -> ItemUnit | None:
    """The own unit in which an item is opened: one that has a tare first, then the smallest."""
    return min(item.units, key=lambda own: (own.tare_mg is None, own.factor, own.code), default=None)


def _own_unit(item: Item, code: str | None) -> ItemUnit | None:
    """The own unit of that code; of a common unit (500 ml) that which people open."""
    return next((own for own in item.units if own.code == code), None) or container_unit(item)


def _to_open(
    session: Session,
    branch_id: UUID,
    item_id: UUID | None,
    lot_id: UUID | None,
    location_id: UUID | None,
    at: At,
) -> tuple[Lot, Holding]:
    """The closed place that gives: of the lot named, else of the first to be used."""
    if lot_id is not None:
        item_id = ledger.get_lot(session, branch_id, lot_id).item_id
    elif item_id is None:
        raise Invalid("item_or_lot_required", lazy("Name an item or a lot."), field="item_id")
    catalog.get_item(session, item_id)
    closed = [
        row
        for row in reading.list_holdings(session, branch_id, item_id)
        if row.Holding.container_id is None
        and lot_id in (None, row.Lot.id)
        and location_id in (None, row.Holding.location_id)
    ]
    usable = [row for row in closed if not _unusable(row.Lot, row.Holding.expires_on, at)]
    if not closed:
        raise Conflict("nothing_to_open", lazy("Nothing closed of it stands on the shelf."))
    if not usable:
        raise unusable()
    first = usable[0]
    # Of a lot that is named, the place where most of it stands.
    if lot_id is not None:
        first = max(usable, key=lambda row: (row.Holding.quantity, row.Holding.id))
    return first.Lot, first.Holding


def _unusable(lot: Lot, expires_on: date | None, at: At) -> bool:
    over = lot.use_by_at is not None and lot.use_by_at <= at.instant
    return over or lot.quarantined_at is not None or (expires_on is not None and expires_on < at.day)


def unusable() -> Conflict:
    """The refusal to begin with what is expired or quarantined."""
    return Conflict("lot_unusable", lazy("This lot is expired or quarantined. Open another one."))


def top_up(
    session: Session,
    actor: Actor,
    container_id: UUID,
    *,
    branch_id: UUID,
    amount: Decimal,
    unit: str,
    lot_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> Container:
    """Pour more of the same lot into a container. It keeps the use-by of what was in it first.

    Raises Conflict "other_lot", "lot_unusable", "stock_short", "already_finished".
    """
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    container = get_in_use(session, branch_id, container_id)
    lot = ledger.get_lot(session, branch_id, container.lot_id)
    if lot_id is not None and ledger.get_lot(session, branch_id, lot_id).id != lot.id:
        raise Conflict(
            "other_lot",
            lazy(
                "Lots are not poured together: a recall could no longer tell them apart. "
                "Finish this one and open the other."
            ),
            field="lot_id",
            details={"lot_id": str(lot.id), "lot_number": lot.number},
        )
    if _unusable(lot, last_day(lot, container), At(when, clock.day_of(when, writer.timezone))):
        raise unusable()
    quantity = catalog.base_quantity(catalog.get_item(session, lot.item_id), amount, unit, field="amount")
    location_id = place_of_container(session, container)
    ledger.pour(writer, lot, container, location_id, quantity, happened_at=when)
    return container


def move_container(
    session: Session, actor: Actor, container_id: UUID, *, branch_id: UUID, room_id: UUID | None
) -> Container:
    """Say in which room a container stands now; None: in the storeroom. Stock does not move by it."""
    require(actor, Permission.CONTAINER_HANDLE, branch_id)
    ledger.lock(session, actor, branch_id)
    container = get_in_use(session, branch_id, container_id)
    room = branches.get_room(session, branch_id, room_id) if room_id is not None else None
    before = branches.get_room(session, branch_id, container.room_id) if container.room_id else None
    container.room_id = room_id
    session.flush()
    audit.record(
        session,
        actor,
        action="container.move",
        entity="container",
        entity_id=container.id,
        branch_id=branch_id,
        changes={"room": [before and before.name, room and room.name]},
    )
    return container


def get_container(session: Session, branch_id: UUID, container_id: UUID) -> Container:
    """A container of the branch. Raises NotFound."""
    query = select(Container).where(Container.id == container_id, Container.branch_id == branch_id)
    container = session.scalar(query)
    if container is None:
        raise NotFound("container_not_found", lazy("There is no such container in this branch."))
    return container


def get_in_use(session: Session, branch_id: UUID, container_id: UUID) -> Container:
    """A container that is not finished, as it is under the lock. Raises Conflict("already_finished")."""
    container = get_container(session, branch_id, container_id)
    session.refresh(container)
    if container.finished_at is not None:
        raise Conflict("already_finished", lazy("This container is finished already."))
    return container


def standing(session: Session, container: Container) -> list[Holding]:
    """Where the book holds something of a container: one place, as a rule."""
    query = select(Holding).where(
        Holding.branch_id == container.branch_id,
        Holding.container_id == container.id,
        Holding.quantity > 0,
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def place_of_container(session: Session, container: Container) -> UUID:
    """The storage location of a container, also of one that the book holds empty."""
    query = (
        select(Holding.location_id)
        .where(Holding.branch_id == container.branch_id, Holding.container_id == container.id)
        .order_by(Holding.quantity.desc(), Holding.id)
        .limit(1)
    )
    return session.scalars(query).one()


def last_day(lot: Lot, container: Container) -> date | None:
    """The last day of use: of the lot or, since it was opened, of the container, whichever is earlier."""
    days = [day for day in (lot.expires_on, container.use_by_on) if day is not None]
    return min(days) if days else None
