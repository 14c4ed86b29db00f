"""Where lots went by transfers: what they became in other branches, and what is on the way. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Holding, Lot
from supply.domain.transfers.models import Transfer, TransferArrival, TransferParcel


@dataclass(frozen=True, slots=True)
class CarriedLot:
    """A lot of another branch (or back in the first) that came of a lot; base units of it stand there."""

    lot: Lot
    item: Item
    branch: Branch
    standing: int


@dataclass(frozen=True, slots=True)
class Departure:
    """So much of a lot left its branch, base units; `became`: the lot that arrived, None while under way."""

    transfer: Transfer
    to_branch: Branch
    item: Item
    lot: Lot
    quantity: int
    became: UUID | None


def origins(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, UUID]]:
    """{lot: (the lot that it was sent from, its branch)}, one transfer back."""
    sent = select(Lot.id, Lot.origin_lot_id).where(Lot.id.in_(sorted(lot_ids))).subquery()
    query = select(sent.c.id, Lot.id, Lot.branch_id).join(Lot, Lot.id == sent.c.origin_lot_id)
    return {lot_id: (origin_id, branch_id) for lot_id, origin_id, branch_id in session.execute(query)}


def list_carried(session: Session, lot_ids: Collection[UUID]) -> list[CarriedLot]:
    """The lots in question with what stands of each, the earliest first."""
    if not lot_ids:
        return []
    standing = (
        select(func.coalesce(cast(func.sum(Holding.quantity), BigInteger), 0))
        .where(Holding.branch_id == Lot.branch_id, Holding.lot_id == Lot.id)
        .scalar_subquery()
    )
    query = (
        select(Lot, Item, Branch, standing)
        .join(Item, Item.id == Lot.item_id)
        .join(Branch, Branch.id == Lot.branch_id)
        .where(Lot.id.in_(sorted(lot_ids)))
        .order_by(Lot.id)
    )
    return [CarriedLot(*row) for row in session.execute(query)]


def departures(session: Session, lot_ids: Collection[UUID]) -> list[Departure]:
    """What left of the lots, the earliest first. One statement."""
    arrived = and_(
        TransferArrival.transfer_id == TransferParcel.transfer_id,
        TransferArrival.position == TransferParcel.position,
    )
    query = (
        select(Transfer, Branch, Item, Lot, TransferParcel.quantity, TransferArrival.lot_id)
        .join(TransferParcel, TransferParcel.transfer_id == Transfer.id)
        .outerjoin(TransferArrival, arrived)
        .join(Branch, Branch.id == Transfer.to_branch_id)
        .join(Lot, Lot.id == TransferParcel.lot_id)
        .join(Item, Item.id == TransferParcel.item_id)
        .where(TransferParcel.lot_id.in_(sorted(lot_ids)))
        .order_by(Transfer.id, TransferParcel.position)
    )
    return [Departure(*row) for row in session.execute(query)]
