"""Stock over the API: levels, policy, lots, quarantine, movements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.api.cursors import identified, numbered, placed
from supply.api.endpoint import ApiBlueprint
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.search import search_key
from supply.domain.finding import lots
from supply.domain.ledger import browsing, reading, shelf, telling
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Lot
from supply.domain.ledger.schemas import (
    BranchQuery,
    LevelView,
    ListLots,
    ListMovements,
    ListStockLevels,
    LotOut,
    MovementOut,
    QuarantineLot,
    ReleaseLot,
    SetStockPolicy,
    StockLevelDetailOut,
    StockLevelOut,
    holding_views,
    lot_view,
    movement_view,
)
from supply.domain.recalls import service as recalls
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

blp = ApiBlueprint("stock", description="Stock: what is there, where, of which lot, and what happened to it.")

_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@blp.get(
    "/stock-levels",
    permission=Permission.STOCK_SEE,
    query=ListStockLevels,
    page_of=StockLevelOut,
    summary="List stock levels",
    description="Every item that the branch has or had, by name. `flagged=true` lists what is to be "
    "reordered, at the cost of the flags. Right at midnight when lots expire.",
)
def list_stock_levels(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[LevelView], tuple[str, UUID] | None]:
    branch_id: UUID = query["branch_id"]
    require(actor, Permission.STOCK_SEE, branch_id)
    today = clock.today(branches.get_branch(session, actor, branch_id).timezone)
    limit, after = query["limit"], placed(query["cursor"])
    if query.get("flagged"):
        low = [row for row in reading.list_low(session, branch_id, today) if _fits(row, query)]
        keys = [(row.Item.sort_key, row.Item.id) for row in low]
        begin = next((index for index, key in enumerate(keys) if after is None or key > after), len(low))
        rows = low[begin : begin + limit + 1]
    else:
        rows = list(
            reading.list_levels(
                session,
                branch_id,
                today=today,
                limit=limit + 1,
                after=after and (after[0], str(after[1])),
                search=query.get("search"),
                category=query.get("category"),
            )
        )
    more = (rows[limit - 1].Item.sort_key, rows[limit - 1].Item.id) if len(rows) > limit else None
    return [LevelView(row) for row in rows[:limit]], more


def _fits(row: Any, query: dict[str, Any]) -> bool:
    return (query.get("category") in (None, row.Item.category)) and (
        not query.get("search") or search_key(query["search"]) in row.Item.search_key
    )


@blp.get(
    "/items/<uuid:item_id>/stock-level",
    permission=Permission.STOCK_SEE,
    query=BranchQuery,
    out=StockLevelDetailOut,
    etag=True,
    summary="Get an item's stock level",
    description="The item's numbers in one branch, with every place where it stands, in the order in which "
    "it would be used. The ETag is the version of its reorder policy.",
)
def get_stock_level(session: Session, actor: Actor, query: dict[str, Any], item_id: UUID) -> Any:
    return _detail(session, actor, query["branch_id"], item_id)


def _detail(session: Session, actor: Actor, branch_id: UUID, item_id: UUID) -> Any:
    require(actor, Permission.STOCK_SEE, branch_id)
    today = clock.today(branches.get_branch(session, actor, branch_id).timezone)
    row = reading.get_level(session, branch_id, item_id, today)
    if row is None:
        raise NotFound("stock_level_not_found", lazy("This branch never had any of this item."))
    level = LevelView(row)
    level.holdings = holding_views(reading.list_holdings(session, branch_id, item_id), row.Item, today)
    return level


@blp.put(
    "/items/<uuid:item_id>/stock-policy",
    permission=Permission.CATALOG_MANAGE,
    body=SetStockPolicy,
    out=StockLevelDetailOut,
    versioned=True,
    etag=True,
    summary="Set an item's reorder point and par level",
    description="At or below the reorder point (available + on order) the item is flagged; it is ordered up "
    'to the par level. Both null: no longer watched. If-Match is the ETag of the stock level; "1" where '
    "the branch never had the item.",
    example={"branch_id": _BRANCH, "reorder_point": "2", "par_level": "5", "unit": "kg"},
)
def set_stock_policy(
    session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int
) -> Any:
    telling.set_policy(session, actor, item_id=item_id, version=version, **data)
    session.flush()
    return _detail(session, actor, data["branch_id"], item_id)


@blp.get(
    "/movements",
    permission=Permission.STOCK_SEE,
    query=ListMovements,
    page_of=MovementOut,
    summary="List movements",
    description="Of a branch, an item or a lot, the last recorded first; of one type; recorded, or happened, "
    "from day to day. The branch's by days of happening come in that order, the latest first. "
    "Costs the page, whatever the length of the ledger: a type is looked for in ten thousand movements at a "
    "time, so that a page may hold few, or none, and still have a cursor. A movement never changes.",
)
def list_movements(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[int] | None]:
    branch_id: UUID = query["branch_id"]
    require(actor, Permission.STOCK_SEE, branch_id)
    narrowed = _narrowed(session, actor, query)
    found = browsing.list_movements(
        session,
        branch_id,
        narrowed,
        past=numbered(query["cursor"]),
        limit=query["limit"],
        by_happening=narrowed.by_happening,
    )
    items = catalog.items_by_id(session, (row.Movement.item_id for row in found.rows))
    more = None if found.following is None else (found.following,)
    return [movement_view(row, items[row.Movement.item_id]) for row in found.rows], more


def _narrowed(session: Session, actor: Actor, query: dict[str, Any]) -> browsing.Narrowed:
    """Raises NotFound for a lot that the branch does not have."""
    branch_id, item_id, lot_id = query["branch_id"], query.get("item_id"), query.get("lot_id")
    if lot_id is not None:
        ledger.get_lot(session, branch_id, lot_id)
    elif item_id is not None:
        catalog.get_item(session, item_id)
    zone = branches.get_branch(session, actor, branch_id).timezone
    return browsing.Narrowed(
        item_ids=[item_id] if item_id and not lot_id else None,
        lot_id=lot_id,
        type=query.get("type"),
        recorded_from=clock.begin_of(query.get("from_day"), zone),
        recorded_before=clock.end_of(query.get("until_day"), zone),
        happened_from=clock.begin_of(query.get("happened_from"), zone),
        happened_before=clock.end_of(query.get("happened_until"), zone),
    )


@blp.get(
    "/lots",
    permission=Permission.STOCK_SEE,
    query=ListLots,
    page_of=LotOut,
    summary="List lots",
    description="Lots of a branch, or of one item in it, the newest first, with what stands of each.",
)
def list_lots(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    branch_id: UUID = query["branch_id"]
    require(actor, Permission.STOCK_SEE, branch_id)
    limit, before = query["limit"], identified(query["cursor"])
    wanted = [lots.named(query["search"])] if query.get("search") else []
    rows = reading.list_lots(
        session, branch_id, *wanted, item_id=query.get("item_id"), limit=limit + 1, before=before
    )
    more = (rows[limit - 1].Lot.id,) if len(rows) > limit else None
    return [lot_view(row.Lot, row.Item, int(row.standing)) for row in rows[:limit]], more


@blp.get(
    "/lots/<uuid:lot_id>",
    permission=Permission.STOCK_SEE,
    out=LotOut,
    summary="Get a lot",
    description="Number, expiry, cost, what stands of it, and whether it is quarantined.",
)
def get_lot(session: Session, actor: Actor, lot_id: UUID) -> dict[str, Any]:
    return _lot_view(session, _own_lot(session, actor, lot_id))


def _own_lot(session: Session, actor: Actor, lot_id: UUID) -> Lot:
    lot = session.get(Lot, lot_id)
    if lot is None or not actor.belongs_to(lot.branch_id):
        raise NotFound("lot_not_found", lazy("There is no such lot."))
    require(actor, Permission.STOCK_SEE, lot.branch_id)
    return lot


def _lot_view(session: Session, lot: Lot) -> dict[str, Any]:
    rows = reading.list_holdings(session, lot.branch_id, lot.item_id)
    standing = sum(row.Holding.quantity for row in rows if row.Lot.id == lot.id)
    return lot_view(lot, catalog.get_item(session, lot.item_id), standing)


@blp.post(
    "/lots/<uuid:lot_id>/quarantine",
    permission=Permission.WASTE_LOG,
    body=QuarantineLot,
    out=LotOut,
    status=201,
    summary="Quarantine a lot",
    description="No step will choose it, and it no longer counts as available. Reasons: recall, damaged, "
    "suspect, short-dated, other.",
    example={"branch_id": _BRANCH, "reason": "recall"},
    conflicts=("already_quarantined",),
)
def quarantine_lot(session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID) -> dict[str, Any]:
    return _lot_view(session, shelf.quarantine_lot(session, actor, lot_id=lot_id, **data))


@blp.post(
    "/lots/<uuid:lot_id>/release",
    permission=Permission.COUNT_APPROVE,
    body=ReleaseLot,
    out=LotOut,
    status=201,
    summary="Release a lot from quarantine",
    description="A manager's decision, with its reason. The lot may be used again. A lot that an open recall "
    "reaches stays blocked until the recall is lifted.",
    example={"branch_id": _BRANCH, "reason": "The supplier's analysis came back clean."},
    conflicts=("not_quarantined", "recalled"),
)
def release_lot(session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID) -> dict[str, Any]:
    return _lot_view(session, recalls.release_lot(session, actor, lot_id=lot_id, **data))
