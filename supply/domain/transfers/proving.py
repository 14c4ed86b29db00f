"""Proof of transfers and moves: what left is what arrived, what was lost and what is on the way; and what the
receiving branches' sums hold of it. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlalchemy.orm import Session, aliased, selectinload

from supply.domain.ledger.checking import Difference
from supply.domain.ledger.incoming_models import TransferIncoming
from supply.domain.ledger.models import Movement, MovementType
from supply.domain.transfers import moving, service
from supply.domain.transfers.models import (
    StockMove,
    Transfer,
    TransferParcel,
    TransferStatus,
)
from supply.domain.transfers.noting import on_the_way

Key = tuple[UUID, UUID, int | None, UUID, UUID | None, str]
"""Branch, document, line, lot, place (of a move), and why it moved: "carried", or how it was lost."""
Noted = dict[tuple[UUID, UUID], int]
"""Base units by item and lot."""
CARRIED = "carried"
_CARRYING = (MovementType.TRANSFER_OUT, MovementType.TRANSFER_IN)


def incoming(session: Session) -> dict[tuple[UUID, UUID], int]:
    """Per branch and item what the sums of what is on order hold of transfers."""
    query = select(
        TransferIncoming.branch_id,
        TransferIncoming.item_id,
        cast(func.sum(TransferIncoming.quantity), BigInteger),
    ).group_by(TransferIncoming.branch_id, TransferIncoming.item_id)
    return {(branch_id, item_id): quantity for branch_id, item_id, quantity in session.execute(query)}


def check_transfers(session: Session) -> Iterator[Difference]:
    """Every transfer, move or movement of one that does not agree with its counterpart."""
    transfers = session.scalars(
        select(Transfer)
        .options(selectinload(Transfer.parcels).joinedload(TransferParcel.arrival))
        .order_by(Transfer.id)
    ).all()
    told: Counter[Key] = Counter()
    noted = _noted(session)
    for transfer in transfers:
        yield from _check(transfer, noted.get(transfer.id, {}))
        told.update(_told(transfer))
    yield from _compare(told, _moved(session, service.SOURCE), "transfer")
    yield from _compare(_moves(session), _moved(session, moving.SOURCE), "move")


def _noted(session: Session) -> dict[UUID, Noted]:
    """By transfer, as the receiving branches have noted it."""
    noted: dict[UUID, Noted] = {}
    for row in session.scalars(select(TransferIncoming)):
        noted.setdefault(row.transfer_id, {})[row.item_id, row.lot_id] = row.quantity
    return noted


def _check(transfer: Transfer, noted: Noted) -> Iterator[Difference]:
    """What the rows of one transfer say of each other."""
    name, where = str(transfer.id), str(transfer.to_branch_id)
    received = transfer.status is TransferStatus.RECEIVED
    left = sum(parcel.quantity for parcel in transfer.parcels)
    if transfer.parcels and transfer.status not in (TransferStatus.DISPATCHED, TransferStatus.RECEIVED):
        yield Difference(where, "transfer", name, f"{transfer.status.value} with {left} gone", "nothing gone")
    for parcel in transfer.parcels:
        arrival = parcel.arrival
        at = f"{name} parcel {parcel.position}"
        if (arrival is not None) != received:
            yield Difference(where, "arrival of", at, str(arrival is not None), str(received))
        found = 0 if arrival is None else arrival.arrived + arrival.broken + arrival.missing
        if arrival is not None and found != parcel.quantity:
            yield Difference(where, "arrived and lost of", at, str(found), str(parcel.quantity))
    due = on_the_way(transfer)
    if transfer.noted_at is not None and noted != due:
        yield Difference(where, "noted of transfer", name, str(sum(noted.values())), str(due.total()))


def _told(transfer: Transfer) -> dict[Key, int]:
    """The movements that a transfer's rows stand for."""
    told: dict[Key, int] = {}
    for parcel in transfer.parcels:
        at = (transfer.id, parcel.position)
        told[parcel.branch_id, *at, parcel.lot_id, None, CARRIED] = -parcel.quantity
        arrival = parcel.arrival
        if arrival is None:
            continue
        for why, quantity in (
            (CARRIED, parcel.quantity),
            (MovementType.WASTE.value, -arrival.broken),
            (MovementType.ADJUSTMENT.value, -arrival.missing),
        ):
            told[arrival.branch_id, *at, arrival.lot_id, None, why] = quantity
    return told


def _moves(session: Session) -> Counter[Key]:
    told: Counter[Key] = Counter()
    for move in session.scalars(select(StockMove).where(StockMove.reversed_at.is_(None))):
        of = (move.branch_id, move.id, None, move.lot_id)
        told[*of, move.from_location_id, CARRIED] = -move.quantity
        told[*of, move.to_location_id, CARRIED] = move.quantity
    return told


def _moved(session: Session, source: str) -> Counter[Key]:
    """What the ledger says, with what was undone taken off."""
    undone = aliased(Movement)
    kind = func.coalesce(undone.type, Movement.type)
    key = (
        Movement.branch_id,
        Movement.source_id,
        Movement.source_line,
        Movement.lot_id,
        Movement.location_id,
        kind,
    )
    query = (
        select(*key, cast(func.sum(Movement.quantity), BigInteger))
        .outerjoin(undone, and_(undone.branch_id == Movement.branch_id, undone.seq == Movement.reverses_seq))
        .where(Movement.source_type == source)
        .group_by(*key)
    )
    moved: Counter[Key] = Counter()
    for branch_id, document, line, lot_id, location_id, type, quantity in session.execute(query):
        why = CARRIED if type in _CARRYING else type.value
        place = location_id if source == moving.SOURCE else None
        moved[branch_id, document, line, lot_id, place, why] += quantity
    return moved


def _compare(told: Mapping[Key, int], moved: Mapping[Key, int], what: str) -> Iterator[Difference]:
    for key in sorted(told.keys() | moved.keys(), key=str):
        branch_id, document, line, lot_id, _place, why = key
        stored, computed = told.get(key, 0), moved.get(key, 0)
        if stored != computed:
            name = f"{document} line {line} lot {lot_id}"
            yield Difference(str(branch_id), f"{why} of {what}", name, str(stored), str(computed))
