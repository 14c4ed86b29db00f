"""The door of the ledger: lock, then deduct, receive, adjust, reverse, reserve; each has a room beside it.

Everything that changes stock calls `lock` first. Whether the person may is decided by the capability that
calls; the ledger decides whether the stock allows it.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.ledger import chain
from supply.domain.ledger.facts import Change, Deducted, LotFacts, Receipt, Reversed, Taken, Use
from supply.domain.ledger.models import LedgerHead, Lot
from supply.domain.ledger.promising import change_on_order, reserve
from supply.domain.ledger.putting import adjust, obtain_lots, receive
from supply.domain.ledger.taking import deduct
from supply.domain.ledger.undoing import reverse
from supply.domain.ledger.writer import Level, Writer, load, lock
from supply.errors import NotFound
from supply.i18n import lazy

__all__ = [
    "Change",
    "Deducted",
    "LotFacts",
    "Receipt",
    "Reversed",
    "Taken",
    "Use",
    "Writer",
    "adjust",
    "chain",
    "change_on_order",
    "deduct",
    "lock",
    "obtain_lots",
    "receive",
    "reserve",
    "reverse",
]


def open_ledger(session: Session, branch_id: UUID) -> None:
    """Give a new branch its empty ledger."""
    session.add(LedgerHead(branch_id=branch_id, seq=0, hash=chain.GENESIS))
    session.flush()


def level_of(writer: Writer, item_id: UUID) -> Level:
    """An item's sums as the writer knows them now."""
    load(writer, {item_id})
    return writer.levels[item_id]


def get_lot(session: Session, branch_id: UUID, lot_id: UUID) -> Lot:
    """A lot of the branch. Raises NotFound."""
    lot = session.scalar(select(Lot).where(Lot.id == lot_id, Lot.branch_id == branch_id))
    if lot is None:
        raise NotFound("lot_not_found", lazy("There is no such lot in this branch."))
    return lot
