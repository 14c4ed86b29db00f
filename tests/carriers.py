"""Transfers for tests: the storekeeper of the main branch sends, the outsider in the other one receives."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.announcing import announce
from supply.database import read_snapshot, write_transaction
from supply.domain.ledger.models import Lot, StockLevel
from supply.domain.reports.checking import check_books
from supply.domain.transfers import arriving, dispatching, service
from supply.domain.transfers.models import Transfer
from tests.cast import Cast

KG = 1_000_000


def ask(cast: Cast, *wanted: tuple[UUID, str]) -> UUID:
    """The other branch asks the main one for kilograms of items."""
    lines = [{"item_id": item_id, "amount": Decimal(amount), "unit": "kg"} for item_id, amount in wanted]

    def work(session: Session) -> UUID:
        branches = {"from_branch_id": cast.branch_id, "to_branch_id": cast.other_branch_id}
        return service.request_transfer(session, cast.outsider, lines=lines, **branches).id

    return write_transaction(work)


def version_of(transfer_id: UUID) -> int:
    return read_snapshot(lambda session: session.get_one(Transfer, transfer_id).version)


def send(cast: Cast, transfer_id: UUID, *parcels: tuple[UUID, str], note: bool = True) -> Transfer:
    """Dispatch it (of named lots, in kilograms); `note` also does the second leg."""
    told = [{"lot_id": lot_id, "amount": Decimal(amount), "unit": "kg"} for lot_id, amount in parcels]
    version = version_of(transfer_id)
    sent = write_transaction(
        lambda session: dispatching.dispatch_transfer(
            session, cast.storekeeper, transfer_id, version=version, parcels=told
        )
    )
    if note:
        announce()
    return sent


def recall(cast: Cast, transfer_id: UUID, *, never_left: bool = False) -> None:
    version = version_of(transfer_id)
    write_transaction(
        lambda session: dispatching.recall_transfer(
            session, cast.storekeeper, transfer_id, version=version, never_left=never_left
        )
    )
    announce()


def take_in(cast: Cast, transfer_id: UUID, lines: Sequence[dict[str, Any]] = ()) -> Transfer:
    version = version_of(transfer_id)
    return write_transaction(
        lambda session: arriving.receive_transfer(
            session, cast.outsider, transfer_id, version=version, lines=lines
        )
    )


def take_back(cast: Cast, transfer_id: UUID) -> None:
    version = version_of(transfer_id)
    write_transaction(
        partial(arriving.reverse_receipt, actor=cast.outsider, transfer_id=transfer_id, version=version)
    )


def found(position: int, amount: str, **more: Any) -> dict[str, Any]:
    """A line of a receipt, in kilograms."""
    return {"position": position, "amount": Decimal(amount), "unit": "kg"} | more


def levels(branch_id: UUID, item_id: UUID) -> tuple[int, int]:
    """(on hand, on order) of an item in a branch."""

    def look(session: Session) -> tuple[int, int]:
        level = session.get(StockLevel, (branch_id, item_id))
        return (level.on_hand, level.on_order) if level else (0, 0)

    return read_snapshot(look)


def lots_of(session: Session, branch_id: UUID, item_id: UUID) -> list[Lot]:
    query = session.query(Lot).filter(Lot.branch_id == branch_id, Lot.item_id == item_id)
    return query.order_by(Lot.id).all()


def disagreements() -> list[str]:
    """What `flask supply check` would say."""
    return read_snapshot(lambda session: [str(one) for one in check_books(session)])
