"""The door of the ledger: lock, then deduct, receive, pour, carry, adjust, settle, reverse; rooms beside it.

Everything that changes stock calls `lock` first. Whether the person may is decided by the capability that
calls; the ledger decides whether the stock allows it.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger import chain
from supply.domain.ledger.before import forget_past_use, note_past_use
from supply.domain.ledger.carrying import Leg, carry
from supply.domain.ledger.facts import Change, Deducted, Found, LotFacts, Receipt, Reversed, Taken, Use
from supply.domain.ledger.models import Holding, LedgerHead, Lot
from supply.domain.ledger.pouring import pour
from supply.domain.ledger.promising import change_on_order, reserve
from supply.domain.ledger.putting import adjust, obtain_lots, receive
from supply.domain.ledger.settling import settle
from supply.domain.ledger.taking import deduct
from supply.domain.ledger.undoing import reverse, reverse_all
from supply.domain.ledger.writer import Level, Writer, load, lock
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

__all__ = [
    "Change",
    "Deducted",
    "Found",
    "Leg",
    "LotFacts",
    "Receipt",
    "Reversed",
    "Taken",
    "Use",
    "Writer",
    "adjust",
    "carry",
    "chain",
    "change_on_order",
    "deduct",
    "forget_past_use",
    "keep_clock",
    "keep_place",
    "lock",
    "note_past_use",
    "obtain_lots",
    "pour",
    "receive",
    "reserve",
    "reverse",
    "reverse_all",
    "settle",
]


def open_ledger(session: Session, branch_id: UUID) -> None:
    """Give a new branch its empty ledger."""
    session.add(LedgerHead(branch_id=branch_id, seq=0, hash=chain.GENESIS))
    session.flush()


def keep_clock(session: Session, actor: Actor, branch_id: UUID, *, timezone: str) -> None:
    """Hold a branch's time zone once something is posted: every day that was counted since is a day of it.

    Whoever changes a branch calls it first, in the same transaction. Raises Conflict("timezone_settled").
    """
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    writer = lock(session, actor, branch_id)
    if writer.seq and timezone != writer.timezone:
        raise Conflict(
            "timezone_settled",
            lazy("Stock has been posted here already, so the time zone stays: its days are counted in it."),
            field="timezone",
        )


def keep_place(session: Session, actor: Actor, branch_id: UUID, location_id: UUID, *, closed: bool) -> None:
    """Hold a storage location open while something stands there: nobody would look for it in a closed one.

    Whoever closes one calls it first, in the same transaction. Raises Conflict("location_in_use") naming
    what stands there, item by item.
    """
    require(actor, Permission.BRANCH_MANAGE, branch_id)
    if not closed or branches.get_location(session, branch_id, location_id).closed_at is not None:
        return
    lock(session, actor, branch_id)
    there = (Holding.branch_id == branch_id, Holding.location_id == location_id, Holding.quantity > 0)
    standing = select(Item, func.sum(Holding.quantity)).join(Item, Item.id == Holding.item_id).where(*there)
    rows = session.execute(standing.group_by(Item.id).order_by(Item.code)).all()
    if rows:
        raise Conflict(
            "location_in_use",
            lazy("Something still stands here. Use it up, write it off or count it elsewhere first."),
            details={
                "stock": [
                    {
                        "item_id": str(item.id),
                        "code": item.code,
                        "name_en": item.name_en,
                        "name_vi": item.name_vi,
                        "quantity": quantity_told(int(quantity), item),
                    }
                    for item, quantity in rows
                ]
            },
        )


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
