"""Opening a stocktake: which items, and from them the list of places to look at; and giving one up.

The list holds what stands, and of an item of which nothing stands the lot that was there last: it is where
somebody would look. Nothing of what the book expects is on it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.branches.models import Location
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Holding, Lot
from supply.domain.stocktake.doubt import Why
from supply.domain.stocktake.models import (
    OPEN_STATUSES,
    Stocktake,
    StocktakeItem,
    StocktakeKind,
    StocktakeLine,
    StocktakeStatus,
)
from supply.domain.stocktake.progress import note_status, take_up
from supply.domain.stocktake.suggesting import doubts_of
from supply.errors import Conflict, Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# Movements name their line in a small number.
MOST_LINES = 32_000


def open_stocktake(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    kind: StocktakeKind,
    item_ids: Sequence[UUID] = (),
    note: str | None = None,
) -> Stocktake:
    """Begin to count: everything that stands or was short, or the items named.

    Raises Invalid("items_missing" | "item_unknown"), Conflict("already_counting") naming the stocktake in
    which an item is counted already, Conflict("nothing_to_count").
    """
    require(actor, Permission.COUNT_LOG, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    reasons = _reasons(session, actor, branch_id, kind, item_ids)
    _require_free(session, branch_id, reasons)
    stocktake = Stocktake(
        id=new_id(),
        branch_id=branch_id,
        number=_next_number(session, branch_id),
        kind=kind,
        note=note,
        opened_at=writer.recorded_at,
        opened_by=actor.person_id,
    )
    session.add(stocktake)
    session.flush()
    rows = [
        {"stocktake_id": stocktake.id, "item_id": item_id, "reasons": why} for item_id, why in reasons.items()
    ]
    session.execute(insert(StocktakeItem), rows)
    _list_places(session, stocktake, reasons)
    note_status(session, actor, stocktake, "stocktake.open", None)
    return stocktake


def _reasons(
    session: Session, actor: Actor, branch_id: UUID, kind: StocktakeKind, item_ids: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """The items to count, each with the codes and figures of why."""
    doubts = {
        one.item_id: [[why.value, figure] for why, figure in one.reasons]
        for one in doubts_of(session, actor, branch_id)
    }
    if kind is StocktakeKind.FULL:
        if item_ids:
            raise Invalid("items_named", lazy("A full stocktake counts everything."), field="item_ids")
        standing = select(Holding.item_id).where(Holding.branch_id == branch_id, Holding.quantity > 0)
        chosen = {*session.scalars(standing.distinct()), *doubts}
        if not chosen:
            raise Conflict("nothing_to_count", lazy("Nothing stands here: there is nothing to count."))
        return {item_id: doubts.get(item_id) or [[Why.FULL.value, 0]] for item_id in sorted(chosen)}
    if not item_ids:
        raise Invalid("items_missing", lazy("Choose what is to be counted."), field="item_ids")
    known = catalog.items_by_id(session, item_ids)
    for index, item_id in enumerate(item_ids):
        if item_id not in known:
            raise Invalid("item_unknown", lazy("There is no such item."), field=f"item_ids.{index}")
    return {item_id: doubts.get(item_id) or [[Why.CHOSEN.value, 0]] for item_id in item_ids}


def _require_free(session: Session, branch_id: UUID, item_ids: Collection[UUID]) -> None:
    """An item is in one open stocktake at a time: who counts it would not know which count holds."""
    query = (
        select(Stocktake, Item)
        .join(StocktakeItem, StocktakeItem.stocktake_id == Stocktake.id)
        .join(Item, Item.id == StocktakeItem.item_id)
        .where(Stocktake.branch_id == branch_id, Stocktake.status.in_(OPEN_STATUSES))
        .order_by(Stocktake.number, Item.code)
    )
    taken = [row for row in session.execute(query) if row.Item.id in item_ids]
    if taken:
        raise Conflict(
            "already_counting",
            lazy(
                "Stocktake %(number)s counts some of this already. Finish it first.",
                number=taken[0][0].number,
            ),
            details={
                "stocktake_id": str(taken[0].Stocktake.id),
                "items": [{"item_id": str(row.Item.id), "code": row.Item.code} for row in taken],
            },
        )


def _next_number(session: Session, branch_id: UUID) -> int:
    last = session.scalar(select(func.max(Stocktake.number)).where(Stocktake.branch_id == branch_id))
    return (last or 0) + 1


def _list_places(session: Session, stocktake: Stocktake, item_ids: Collection[UUID]) -> None:
    rows = session.execute(_places(stocktake.branch_id)).all()
    standing = [row for row in rows if row.item_id in item_ids]
    gone = set(item_ids) - {row.item_id for row in standing}
    if gone:
        standing += session.execute(_last_places(stocktake.branch_id, gone)).all()
        standing.sort(key=lambda row: (row.position, row.name, row.sort_key, row.number))
    if len(standing) > MOST_LINES:
        raise Conflict(
            "too_much_at_once", lazy("That is too much for one stocktake. Count it in several parts.")
        )
    lines = [
        {
            "id": new_id(),
            "stocktake_id": stocktake.id,
            "branch_id": stocktake.branch_id,
            "position": position,
            "item_id": row.item_id,
            "lot_id": row.lot_id,
            "location_id": row.location_id,
            "container_id": row.container_id,
            "found": False,
            "version": 1,
        }
        for position, row in enumerate(standing, 1)
    ]
    if lines:
        session.execute(insert(StocktakeLine), lines)


def _columns() -> Any:
    return (
        select(
            Holding.item_id,
            Holding.lot_id,
            Holding.location_id,
            Holding.container_id,
            Location.position,
            Location.name,
            Item.sort_key,
            Lot.number,
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .join(Location, Location.id == Holding.location_id)
        .join(Item, Item.id == Holding.item_id)
    )


def _places(branch_id: UUID) -> Any:
    """All that stands, shelf by shelf; of an item what is open first, then by last day."""
    query = _columns().where(Holding.branch_id == branch_id, Holding.quantity > 0)
    return query.order_by(
        Location.position,
        Location.name,
        Item.sort_key,
        Holding.container_id.is_(None),
        Holding.expires_on.is_(None),
        Holding.expires_on,
        Holding.id,
    )


def _last_places(branch_id: UUID, item_ids: Collection[UUID]) -> Any:
    """Of each item the place, closed, in which its newest lot stood."""
    newest = func.row_number().over(
        partition_by=Holding.item_id, order_by=(Holding.lot_id.desc(), Holding.id.desc())
    )
    ranked = (
        select(Holding.id, newest.label("rank"))
        .join(Location, Location.id == Holding.location_id)
        .where(
            Holding.branch_id == branch_id,
            Holding.item_id.in_(sorted(item_ids)),
            Holding.container_id.is_(None),
            Location.closed_at.is_(None),
        )
        .subquery()
    )
    return _columns().join(ranked, ranked.c.id == Holding.id).where(ranked.c.rank == 1)


def cancel_stocktake(
    session: Session, actor: Actor, stocktake_id: UUID, *, version: int, reason: str
) -> Stocktake:
    """Give it up: nothing is posted, what was counted stays on record. Raises Conflict, Stale."""
    writer, stocktake = take_up(session, actor, stocktake_id, Permission.COUNT_LOG, version, *OPEN_STATUSES)
    before = stocktake.status
    stocktake.status = StocktakeStatus.CANCELLED
    stocktake.cancelled_at, stocktake.cancel_reason = writer.recorded_at, reason
    session.flush()
    note_status(session, actor, stocktake, "stocktake.cancel", before, reason)
    return stocktake
