"""Taking in what another branch sent: lots of its own that remember where they came from, and what was lost.

All that left comes in, and what is broken or missing goes out again in the same posting. Touches the
receiving branch alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger import shelf
from supply.domain.ledger.cost import cost_of
from supply.domain.ledger.models import Lot, MovementType
from supply.domain.ledger.moment import LEEWAY, happened
from supply.domain.transfers import noting
from supply.domain.transfers.models import (
    BrokenReason,
    MissingReason,
    Transfer,
    TransferArrival,
    TransferParcel,
    TransferStatus,
)
from supply.domain.transfers.service import SOURCE, changed, get_transfer, lock_transfer
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

Telling = Mapping[str, Any]
NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Found:
    """A parcel as it was found, base units: arrived + broken + missing is what left."""

    parcel: TransferParcel
    location_id: UUID
    arrived: int
    broken: int = 0
    broken_reason: BrokenReason | None = None
    missing: int = 0
    missing_reason: MissingReason | None = None


def receive_transfer(
    session: Session,
    actor: Actor,
    transfer_id: UUID,
    *,
    version: int,
    lines: Sequence[Telling] = (),
    location_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> Transfer:
    """Take in what came. Parcels that no line names came whole. Only by the branch that it was sent to.

    A line is {position, amount, unit, broken?, broken_reason?, missing_reason?, location_id?}: `amount` is
    good, what is left over is missing. Raises Invalid naming the field, Conflict("transfer_…"), Stale.
    """
    transfer = get_transfer(session, actor, transfer_id)
    require(actor, Permission.TRANSFER_LOG, transfer.to_branch_id)
    writer = ledger.lock(session, actor, transfer.to_branch_id)
    lock_transfer(session, transfer, TransferStatus.DISPATCHED, version)
    when = happened(happened_at)
    assert transfer.dispatched_at is not None
    if when < transfer.dispatched_at - LEEWAY:
        raise Invalid("received_before_sent", lazy("It was sent later than that."), field="happened_at")
    found = _found(session, writer, transfer, lines, location_id)
    lots = ledger.obtain_lots(writer, [_facts(one.parcel.lot) for one in found])
    for one, lot in zip(found, lots, strict=True):
        origin = one.parcel.lot
        if origin.quarantined_at is not None and lot.quarantined_at is None:
            shelf.block(writer, lot, origin.quarantine_reason or "recall")
    session.add_all([_arrival(writer, one, lot) for one, lot in zip(found, lots, strict=True)])
    legs = [leg for one, lot in zip(found, lots, strict=True) for leg in _legs(one, lot)]
    awaited = noting.take_off(session, transfer.id)
    ledger.carry(writer, legs, source_type=SOURCE, source_id=transfer.id, happened_at=when, on_order=awaited)
    transfer.status, transfer.noted_at = TransferStatus.RECEIVED, writer.recorded_at
    transfer.received_at, transfer.received_by = when, actor.person_id
    own, before = writer.branch_id, TransferStatus.DISPATCHED
    return changed(
        session, actor, transfer, "transfer.receive", own, before, told={"received_at": [None, when]}
    )


def _found(
    session: Session,
    writer: ledger.Writer,
    transfer: Transfer,
    lines: Sequence[Telling],
    location_id: UUID | None,
) -> list[_Found]:
    places = [place.id for place in branches.list_locations(session, writer.branch_id)]
    known = {parcel.position: parcel for parcel in transfer.parcels}
    usual = _place(places, location_id, "location_id")
    items = catalog.items_by_id(session, [parcel.item_id for parcel in transfer.parcels])
    found: dict[int, _Found] = {}
    for number, line in enumerate(lines):
        path, position = f"lines.{number}", line["position"]
        if position not in known or position in found:
            raise Invalid(
                "parcel_unknown", lazy("Name each parcel of this transfer once."), field=f"{path}.position"
            )
        place = _place(places, line.get("location_id") or usual, f"{path}.location_id")
        parcel = known[position]
        found[position] = _weighed(parcel, items[parcel.item_id], line, place, path)
    return [
        found.get(position) or _Found(parcel, usual, parcel.quantity) for position, parcel in known.items()
    ]


def _place(places: Sequence[UUID], location_id: UUID | None, field: str) -> UUID:
    if location_id is None and places:
        return places[0]
    if location_id not in places or location_id is None:
        raise Invalid(
            "location_unknown", lazy("There is no such storage location in this branch."), field=field
        )
    return location_id


def _weighed(parcel: TransferParcel, item: Item, line: Telling, location_id: UUID, path: str) -> _Found:
    """What a line says of its parcel. What is neither good nor broken is missing, and wants its reason."""
    arrived, broken = (
        catalog.base_quantity(item, line.get(name) or NONE, line["unit"], field=f"{path}.{name}")
        for name in ("amount", "broken")
    )
    missing = parcel.quantity - arrived - broken
    if missing < 0:
        raise Invalid(
            "more_than_sent",
            lazy("That is more than was sent. Receive what was sent, then adjust the lot."),
            field=f"{path}.amount",
        )
    for name, lost in (("broken_reason", broken), ("missing_reason", missing)):
        if lost and line.get(name) is None:
            raise Invalid("loss_reason_missing", lazy("Say what became of the rest."), field=f"{path}.{name}")
    return _Found(
        parcel,
        location_id,
        arrived,
        broken,
        line.get("broken_reason") if broken else None,
        missing,
        line.get("missing_reason") if missing else None,
    )


def _facts(origin: Lot) -> ledger.LotFacts:
    """What is written on the lot that came, and where it came from."""
    return ledger.LotFacts(
        origin.item_id,
        origin.number,
        origin.expires_on,
        origin.supplier_id,
        origin.kind,
        origin.cost_minor,
        origin.cost_quantity,
        origin.currency,
        origin.use_by_at,
        origin.id,
    )


def _arrival(writer: ledger.Writer, one: _Found, lot: Lot) -> TransferArrival:
    lost = one.broken + one.missing
    return TransferArrival(
        transfer_id=one.parcel.transfer_id,
        position=one.parcel.position,
        branch_id=writer.branch_id,
        item_id=lot.item_id,
        lot_id=lot.id,
        location_id=one.location_id,
        arrived=one.arrived,
        broken=one.broken,
        broken_reason=one.broken_reason,
        missing=one.missing,
        missing_reason=one.missing_reason,
        loss_minor=cost_of(lost, lot.cost_minor, lot.cost_quantity),
    )


def _legs(one: _Found, lot: Lot) -> list[ledger.Leg]:
    place, position = one.location_id, one.parcel.position
    legs = [ledger.Leg(MovementType.TRANSFER_IN, lot, place, one.parcel.quantity, position)]
    for type, lost, reason in (
        (MovementType.WASTE, one.broken, one.broken_reason),
        (MovementType.ADJUSTMENT, one.missing, one.missing_reason),
    ):
        if reason is not None:
            legs.append(ledger.Leg(type, lot, place, -lost, position, reason.value))
    return legs


def reverse_receipt(
    session: Session,
    actor: Actor,
    transfer_id: UUID,
    *,
    version: int,
    happened_at: datetime | None = None,
) -> Transfer:
    """It was not received after all, or wrongly: it is on the way again.

    Raises Conflict("already_used") with the uses where some of it is gone.
    """
    transfer = get_transfer(session, actor, transfer_id)
    require(actor, Permission.TRANSFER_LOG, transfer.to_branch_id)
    writer = ledger.lock(session, actor, transfer.to_branch_id)
    lock_transfer(session, transfer, TransferStatus.RECEIVED, version)
    ledger.reverse(writer, SOURCE, transfer.id, happened_at=happened(happened_at))
    session.execute(delete(TransferArrival).where(TransferArrival.transfer_id == transfer.id))
    told = {"received_at": [transfer.received_at, None]}
    transfer.status = TransferStatus.DISPATCHED
    transfer.received_at = transfer.received_by = None
    transfer.noted_at = None
    session.flush()
    noting.take_note(writer)
    own, before = writer.branch_id, TransferStatus.RECEIVED
    return changed(session, actor, transfer, "transfer.undo-receipt", own, before, told=told)
