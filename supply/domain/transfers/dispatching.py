"""Sending: out of named lots of the branch that has it, in one transaction of its one writer; recalling it.

Touches the sending branch alone. What the other one awaits from then on is noted in a transaction of its own
(noting).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger import service as ledger
from supply.domain.ledger.allocate import At
from supply.domain.ledger.models import MovementType
from supply.domain.ledger.moment import happened
from supply.domain.transfers.models import Transfer, TransferParcel, TransferStatus
from supply.domain.transfers.picking import Closed, Pick, closed_stock, propose
from supply.domain.transfers.service import SOURCE, changed, get_transfer, lock_transfer
from supply.errors import Conflict, Invalid
from supply.i18n import Text, lazy
from supply.permissions import Actor, Permission, require

_STAYS: dict[str, Text] = {
    "prepared": lazy("What was brewed stays in the branch that brewed it."),
    "quarantined": lazy("This lot is quarantined. It cannot be sent."),
    "expired": lazy("This lot has expired. Write it off instead."),
}


@dataclass(frozen=True, slots=True)
class Packing:
    """What can be packed: all that stands closed of what is wanted, and what would go if nobody chose."""

    transfer: Transfer
    stock: Sequence[Closed]
    picks: Sequence[Pick]
    at: At


def pack(session: Session, actor: Actor, transfer_id: UUID) -> Packing:
    """What can be packed, for the branch that has it."""
    transfer = get_transfer(session, actor, transfer_id)
    require(actor, Permission.TRANSFER_LOG, transfer.from_branch_id)
    now = clock.now()
    wanted = {line.item_id: line.wanted for line in transfer.lines}
    stock = closed_stock(session, transfer.from_branch_id, wanted)
    at = At(now, clock.day_of(now, transfer.from_branch.timezone))
    return Packing(transfer, stock, propose(stock, wanted, at)[0], at)


def dispatch_transfer(
    session: Session,
    actor: Actor,
    transfer_id: UUID,
    *,
    version: int,
    parcels: Sequence[Mapping[str, Any]] = (),
    happened_at: datetime | None = None,
    expected_on: date | None = None,
) -> Transfer:
    """Send what is asked for: it leaves the shelf at once. Only by the branch that has it.

    A parcel is {lot_id, location_id?, amount, unit}; without any the first to expire go, as much as wanted.
    Raises Conflict("stock_short", "lot_stays", "transfer_…"), Invalid naming the field, Stale.
    """
    transfer = get_transfer(session, actor, transfer_id)
    require(actor, Permission.TRANSFER_LOG, transfer.from_branch_id)
    writer = ledger.lock(session, actor, transfer.from_branch_id)
    lock_transfer(session, transfer, TransferStatus.REQUESTED, version)
    when = happened(happened_at)
    wanted = {line.item_id: line.wanted for line in transfer.lines}
    stock = closed_stock(session, writer.branch_id, wanted)
    picks = _told(session, writer, stock, parcels, when) if parcels else _first(writer, transfer, stock, when)
    transfer.parcels = [
        TransferParcel(
            position=transfer.sent + number,
            branch_id=writer.branch_id,
            item_id=pick.closed.lot.item_id,
            lot_id=pick.closed.lot.id,
            location_id=pick.closed.location.id,
            quantity=pick.quantity,
        )
        for number, pick in enumerate(picks, start=1)
    ]
    _post(writer, transfer, picks, when)
    transfer.sent += len(picks)
    transfer.status = TransferStatus.DISPATCHED
    transfer.dispatched_at, transfer.dispatched_by = when, actor.person_id
    transfer.expected_on = expected_on or clock.day_of(when, transfer.to_branch.timezone)
    transfer.noted_at = None
    told: dict[str, Sequence[Any]] = {
        "dispatched_at": [None, when],
        "expected_on": [None, transfer.expected_on],
    }
    own, before = writer.branch_id, TransferStatus.REQUESTED
    return changed(session, actor, transfer, "transfer.dispatch", own, before, told=told)


def _first(writer: ledger.Writer, transfer: Transfer, stock: Sequence[Closed], when: datetime) -> list[Pick]:
    wanted = {line.item_id: line.wanted for line in transfer.lines}
    picks, short = propose(stock, wanted, writer.at(when))
    if short:
        items = {line.item_id: line.item for line in transfer.lines}
        raise Conflict(
            "stock_short",
            lazy("There is not enough closed stock of it. Say which lots are sent, and how much."),
            details={
                "short": [
                    {
                        "item_id": str(item_id),
                        "code": items[item_id].code,
                        "name_en": items[item_id].name_en,
                        "name_vi": items[item_id].name_vi,
                        "needed": quantity_told(wanted[item_id], items[item_id]),
                        "available": quantity_told(wanted[item_id] - lacking, items[item_id]),
                        "short": quantity_told(lacking, items[item_id]),
                    }
                    for item_id, lacking in short.items()
                ]
            },
        )
    return picks


def _told(
    session: Session,
    writer: ledger.Writer,
    stock: Sequence[Closed],
    parcels: Sequence[Mapping[str, Any]],
    when: datetime,
) -> list[Pick]:
    items = catalog.items_by_id(session, {one.lot.item_id for one in stock})
    picks: list[Pick] = []
    for number, told in enumerate(parcels):
        path = f"parcels.{number}"
        closed = _named(stock, told, path)
        reason = closed.stays(writer.at(when))
        if reason:
            raise Conflict(
                "lot_stays", _STAYS[reason], field=f"{path}.lot_id", details={"lot_id": str(closed.lot.id)}
            )
        if any(closed is other.closed for other in picks):
            raise Invalid(
                "lot_twice", lazy("This lot is on the list twice. Add the two up."), field=f"{path}.lot_id"
            )
        item = items[closed.lot.item_id]
        quantity = catalog.base_quantity(item, told["amount"], told["unit"], field=f"{path}.amount")
        picks.append(Pick(closed, quantity))
    return picks


def _named(stock: Sequence[Closed], told: Mapping[str, Any], path: str) -> Closed:
    """The place that a parcel is taken from; without a location the lot's only one."""
    of_lot = [one for one in stock if one.lot.id == told["lot_id"]]
    if not of_lot:
        raise Invalid(
            "lot_unknown",
            lazy("No closed stock of such a lot stands here of what was asked for."),
            field=f"{path}.lot_id",
        )
    location_id = told.get("location_id")
    there = [one for one in of_lot if location_id in (None, one.location.id)]
    if len(there) != 1:
        words = (
            lazy("None of this lot stands there.")
            if location_id
            else lazy("This lot stands in several places. Say which.")
        )
        raise Invalid("location_required", words, field=f"{path}.location_id")
    return there[0]


def _post(writer: ledger.Writer, transfer: Transfer, picks: Sequence[Pick], when: datetime) -> None:
    legs = [
        ledger.Leg(
            MovementType.TRANSFER_OUT,
            pick.closed.lot,
            pick.closed.location.id,
            -pick.quantity,
            transfer.sent + number,
            path=f"parcels.{number - 1}.",
        )
        for number, pick in enumerate(picks, start=1)
    ]
    ledger.carry(writer, legs, source_type=SOURCE, source_id=transfer.id, happened_at=when)


def recall_transfer(
    session: Session,
    actor: Actor,
    transfer_id: UUID,
    *,
    version: int,
    never_left: bool = False,
    happened_at: datetime | None = None,
) -> Transfer:
    """Call back what has not been received: it stands where it stood, and the request waits again.

    `never_left`: it was written down by mistake, so its movements are undone. Otherwise it came back: a
    movement of its own time, which nobody saw who counted meanwhile.
    """
    transfer = get_transfer(session, actor, transfer_id)
    require(actor, Permission.TRANSFER_LOG, transfer.from_branch_id)
    writer = ledger.lock(session, actor, transfer.from_branch_id)
    lock_transfer(session, transfer, TransferStatus.DISPATCHED, version)
    when = happened(happened_at)
    if never_left:
        lines = [parcel.position for parcel in transfer.parcels]
        ledger.reverse(writer, SOURCE, transfer.id, happened_at=when, lines=lines)
    else:
        legs = _back(session, transfer)
        ledger.carry(writer, legs, source_type=SOURCE, source_id=transfer.id, happened_at=when)
    told = {name: [getattr(transfer, name), None] for name in ("dispatched_at", "expected_on")}
    transfer.parcels = []
    transfer.status = TransferStatus.REQUESTED
    transfer.dispatched_at = transfer.dispatched_by = transfer.expected_on = None
    transfer.noted_at = None
    own, before = writer.branch_id, TransferStatus.DISPATCHED
    return changed(session, actor, transfer, "transfer.call-back", own, before, told=told)


def _back(session: Session, transfer: Transfer) -> list[ledger.Leg]:
    """Each parcel to the place that it was taken from, or to the first where that is closed by now."""
    usual = branches.first_location(session, transfer.from_branch_id).id
    return [
        ledger.Leg(
            MovementType.TRANSFER_IN,
            parcel.lot,
            usual if parcel.location.closed_at else parcel.location_id,
            parcel.quantity,
            parcel.position,
        )
        for parcel in transfer.parcels
    ]
