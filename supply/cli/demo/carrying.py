"""What goes between the two branches at the end of the story, and what is moved within one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo.founding import House
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger.allocate import At
from supply.domain.transfers import arriving, dispatching, moving, noting, service
from supply.domain.transfers.models import BrokenReason, Transfer
from supply.domain.transfers.picking import closed_stock
from supply.quantity import UNITS, from_base

T = TypeVar("T")
Writing = Callable[[Callable[[Session], T]], T]
# So many natural steps of an item are asked for; who gives has at least so many times as much.
STEPS, ENOUGH = 4, 4
BROKEN = Decimal("0.25")


def carry(writing: Writing[Any], house: House, other: House) -> None:
    """Of each kind there is one: received, on the way there and here, to be sent by either."""
    one, two, three, *_rest = writing(partial(_plenty, house=house))
    four, five, *_rest = writing(partial(_plenty, house=other))
    hour = timedelta(hours=1)
    with clock.standing_at(clock.now() - 3 * hour):
        came = writing(partial(_ask, house=other, other=house, item_id=one))
        going = writing(partial(_ask, house=other, other=house, item_id=two))
        coming = writing(partial(_ask, house=house, other=other, item_id=four))
    sent = writing(partial(_send, house=house, transfer=came, ago=2 * hour))
    writing(partial(_receive, house=other, transfer=sent, ago=hour))
    writing(partial(_send, house=house, transfer=going, ago=hour))
    writing(partial(_send, house=other, transfer=coming, ago=hour))
    for branch in (house, other):
        writing(partial(noting.note_incoming, branch_id=branch.branch_id))
    writing(partial(_ask, house=other, other=house, item_id=three))
    writing(partial(_ask, house=house, other=other, item_id=five))
    writing(partial(_move, house=house, item_id=two))


def _plenty(session: Session, house: House) -> list[UUID]:
    """What stands closed in plenty and may travel, by code."""
    items = catalog.list_items(session, limit=200)
    now = clock.now()
    at = At(now, clock.day_of(now, house.timezone))
    there: dict[UUID, int] = {}
    for one in closed_stock(session, house.branch_id, [item.id for item in items]):
        if not one.stays(at):
            there[one.lot.item_id] = there.get(one.lot.item_id, 0) + one.quantity
    enough = [item for item in items if there.get(item.id, 0) >= ENOUGH * STEPS * item.natural_step]
    return [item.id for item in sorted(enough, key=lambda item: item.code)]


def _ask(session: Session, house: House, other: House, item_id: UUID) -> Transfer:
    item = catalog.get_item(session, item_id)
    amount = from_base(STEPS * item.natural_step, UNITS[item.stock_unit].factor)
    return service.request_transfer(
        session,
        house.storekeeper,
        from_branch_id=other.branch_id,
        to_branch_id=house.branch_id,
        lines=[{"item_id": item_id, "amount": amount, "unit": item.stock_unit}],
    )


def _send(session: Session, house: House, transfer: Transfer, ago: timedelta) -> Transfer:
    return dispatching.dispatch_transfer(
        session, house.storekeeper, transfer.id, version=transfer.version, happened_at=clock.now() - ago
    )


def _receive(session: Session, house: House, transfer: Transfer, ago: timedelta) -> None:
    """A quarter of each parcel is broken."""
    lines = []
    for parcel in transfer.parcels:
        item = catalog.get_item(session, parcel.item_id)
        amount = from_base(parcel.quantity, UNITS[item.stock_unit].factor)
        told = {"position": parcel.position, "unit": item.stock_unit, "broken_reason": BrokenReason.DAMAGED}
        lines.append(told | {"amount": amount * (1 - BROKEN), "broken": amount * BROKEN})
    arriving.receive_transfer(
        session,
        house.storekeeper,
        transfer.id,
        version=transfer.version,
        lines=lines,
        happened_at=clock.now() - ago,
    )


def _move(session: Session, house: House, item_id: UUID) -> None:
    """A step's worth goes to where it is used."""
    item = catalog.get_item(session, item_id)
    first, second = branches.list_locations(session, house.branch_id)[:2]
    stock = [one for one in closed_stock(session, house.branch_id, [item_id]) if one.location.id == first.id]
    moving.move_stock(
        session,
        house.storekeeper,
        branch_id=house.branch_id,
        lot_id=stock[-1].lot.id,
        from_location_id=first.id,
        to_location_id=second.id,
        amount=from_base(item.natural_step, UNITS[item.stock_unit].factor),
        unit=item.stock_unit,
    )
