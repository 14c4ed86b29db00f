"""The second leg of a dispatch: the receiving branch's sum of what is on order follows what is on the way.

A transaction of the receiving branch alone. It writes the difference between what is on the way and what the
sum holds of it (`transfer_incoming`), so it may be done late, twice, or after a crash: it comes out the same.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, selectinload

from supply.domain.ledger import service as ledger
from supply.domain.ledger.incoming_models import TransferIncoming
from supply.domain.people.machine import planner
from supply.domain.transfers.models import Transfer, TransferStatus


def branches_to_note(session: Session) -> list[UUID]:
    """The branches whose sums have still to follow; hardly ever more than one."""
    query = select(Transfer.to_branch_id).where(Transfer.noted_at.is_(None)).distinct()
    return sorted(session.scalars(query))


def note_incoming(session: Session, branch_id: UUID) -> int:
    """Let a branch's sums follow; how many transfers that took. Nobody's act: the books do it."""
    return take_note(ledger.lock(session, planner(session, branch_id), branch_id))


def take_note(writer: ledger.Writer) -> int:
    """As `note_incoming`, for whoever has locked the branch."""
    session = writer.session
    query = (
        select(Transfer)
        .where(Transfer.to_branch_id == writer.branch_id, Transfer.noted_at.is_(None))
        .options(selectinload(Transfer.parcels))
        .order_by(Transfer.id)
        .with_for_update(of=Transfer)
    )
    waiting = session.scalars(query.execution_options(populate_existing=True)).all()
    change: Counter[UUID] = Counter()
    for transfer in waiting:
        change.update(take_off(session, transfer.id))
        due = on_the_way(transfer)
        for (item_id, _lot_id), quantity in due.items():
            change[item_id] += quantity
        _keep(session, transfer, due)
        transfer.noted_at = writer.recorded_at
    ledger.change_on_order(writer, {item_id: quantity for item_id, quantity in change.items() if quantity})
    session.flush()
    return len(waiting)


def on_the_way(transfer: Transfer) -> Counter[tuple[UUID, UUID]]:
    """Base units by item and lot that have left and not arrived."""
    due: Counter[tuple[UUID, UUID]] = Counter()
    if transfer.status is TransferStatus.DISPATCHED:
        for parcel in transfer.parcels:
            due[parcel.item_id, parcel.lot_id] += parcel.quantity
    return due


def take_off(session: Session, transfer_id: UUID) -> Counter[UUID]:
    """Forget what the sum holds of a transfer; the change that makes of it, base units by item."""
    of_it = TransferIncoming.transfer_id == transfer_id
    held = session.execute(select(TransferIncoming.item_id, TransferIncoming.quantity).where(of_it))
    change: Counter[UUID] = Counter()
    for item_id, quantity in held:
        change[item_id] -= quantity
    if change:
        session.execute(delete(TransferIncoming).where(of_it))
    return change


def _keep(session: Session, transfer: Transfer, due: Counter[tuple[UUID, UUID]]) -> None:
    rows = [
        {
            "transfer_id": transfer.id,
            "lot_id": lot_id,
            "item_id": item_id,
            "branch_id": transfer.to_branch_id,
            "expected_on": transfer.expected_on,
            "quantity": quantity,
        }
        for (item_id, lot_id), quantity in due.items()
    ]
    if rows:
        session.execute(insert(TransferIncoming), rows)
