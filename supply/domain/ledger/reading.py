"""Looking at stock: levels, shelves, lots, what is low, what expires, use per day.

Nothing here scans the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Location
from supply.domain.catalog.models import Category, Item
from supply.domain.catalog.search import search_key
from supply.domain.ledger.incoming_models import TransferIncoming
from supply.domain.ledger.models import Container, DemandDay, Holding, Lot, StockLevel
from supply.ordering import Order, ordered

Rows = Sequence[Any]
# The numbers of a level by which its list may be sorted.
SORTED_BY = ("on_hand", "available", "on_order", "reorder_point", "par_level")
IN_HAND = StockLevel.on_hand - StockLevel.quarantined - StockLevel.reserved


def past_use(today: date) -> ColumnElement[bool]:
    """Whether a holding that is joined to its lot is expired: past its last day or, of today's, its hour.

    The day comes first, since ix_holding_expiring knows it: what is asked for its hour expires today.
    """
    return and_(
        Holding.expires_on.is_not(None),
        Holding.expires_on <= today,
        or_(Holding.expires_on < today, Lot.use_by_at <= clock.now()),
    )


def is_expired(holding: Holding, lot: Lot, today: date) -> bool:
    """As `past_use`, of rows that were read."""
    over = lot.use_by_at is not None and lot.use_by_at <= clock.now()
    return over or (holding.expires_on is not None and holding.expires_on < today)


def _expired(branch_id: UUID, today: date) -> Any:
    """Per item, what stands on the shelf past its use and is not quarantined anyway."""
    return (
        select(Holding.item_id, cast(func.sum(Holding.quantity), BigInteger).label("expired"))
        .join(Lot, Lot.id == Holding.lot_id)
        .where(
            Holding.branch_id == branch_id,
            Holding.quantity > 0,
            past_use(today),
            Lot.quarantined_at.is_(None),
        )
        .group_by(Holding.item_id)
        .subquery("expired")
    )


def spoilt(branch_id: UUID, today: date) -> Any:
    """Per item, what the sum on order holds of transfers that will be no use: blocked, or past its day by now
    or when it should arrive."""
    late = or_(Lot.expires_on < today, Lot.expires_on < TransferIncoming.expected_on)
    return (
        select(
            TransferIncoming.item_id,
            cast(func.sum(TransferIncoming.quantity), BigInteger).label("spoilt"),
        )
        .join(Lot, Lot.id == TransferIncoming.lot_id)
        .where(TransferIncoming.branch_id == branch_id, or_(Lot.quarantine_reason.is_not(None), late))
        .group_by(TransferIncoming.item_id)
        .subquery("spoilt")
    )


def _levels(branch_id: UUID, today: date) -> Select[Any]:
    """Rows with every number of an item's level; see `LEVEL_FIELDS`."""
    expired, no_use = _expired(branch_id, today), spoilt(branch_id, today)
    gone = func.coalesce(expired.c.expired, 0)
    available = IN_HAND - gone
    on_order = StockLevel.on_order - func.coalesce(no_use.c.spoilt, 0)
    projected = available + on_order
    return (
        select(
            Item,
            StockLevel.item_id,
            StockLevel.on_hand,
            StockLevel.quarantined,
            gone.label("expired"),
            StockLevel.reserved,
            available.label("available"),
            on_order.label("on_order"),
            projected.label("projected"),
            StockLevel.reorder_point,
            StockLevel.par_level,
            StockLevel.policy_version,
            case((and_(Item.active, projected <= StockLevel.reorder_point), True), else_=False).label(
                "flagged"
            ),
        )
        .join(Item, Item.id == StockLevel.item_id)
        .outerjoin(expired, expired.c.item_id == StockLevel.item_id)
        .outerjoin(no_use, no_use.c.item_id == StockLevel.item_id)
        .where(StockLevel.branch_id == branch_id)
    )


def list_levels(
    session: Session,
    branch_id: UUID,
    *,
    today: date,
    limit: int = 50,
    after: tuple[str, str] | None = None,
    search: str | None = None,
    category: Category | None = None,
    order: Order | None = None,
) -> Rows:
    """Levels by name: of items in use, and of hidden ones of which something stands. `after` is (sort key,
    item id) of the last row seen.

    An `order` is by name, on_hand, available, on_order, reorder_point or par_level.
    """
    seen = or_(Item.active, StockLevel.on_hand > 0)
    query = _levels(branch_id, today).where(seen).order_by(Item.sort_key, Item.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(Item.sort_key, Item.id) > (after[0], UUID(after[1])))
    if search:
        query = query.where(Item.search_key.contains(search_key(search), autoescape=True))
    if category is not None:
        query = query.where(Item.category == category)
    if order is not None:
        columns = {"name": Item.sort_key} | {name: query.selected_columns[name] for name in SORTED_BY}
        query = ordered(query, order, columns, Item.sort_key, Item.id)
    return session.execute(query).all()


def get_level(session: Session, branch_id: UUID, item_id: UUID, today: date) -> Row[Any] | None:
    """The level of one item, or None where the branch never had it."""
    return session.execute(_levels(branch_id, today).where(StockLevel.item_id == item_id)).first()


def available_of(
    session: Session, branch_id: UUID, item_ids: Collection[UUID], today: date
) -> dict[UUID, int]:
    """What is available of items; those that the branch never had are left out. One statement."""
    if not item_ids:
        return {}
    rows = session.execute(_levels(branch_id, today).where(StockLevel.item_id.in_(sorted(item_ids))))
    return {row.item_id: int(row.available) for row in rows}


def list_low(
    session: Session,
    branch_id: UUID,
    today: date,
    *,
    limit: int | None = None,
    after: tuple[str, UUID] | None = None,
) -> Rows:
    """Levels at or below their reorder point by name: low by themselves, or made so by a change of day."""
    low = select(StockLevel.item_id).where(
        StockLevel.branch_id == branch_id, IN_HAND + StockLevel.on_order <= StockLevel.reorder_point
    )
    expired, no_use = _expired(branch_id, today), spoilt(branch_id, today)
    candidates = union(low, select(expired.c.item_id), select(no_use.c.item_id)).subquery()
    query = _levels(branch_id, today).where(StockLevel.item_id.in_(select(candidates.c.item_id)), Item.active)
    if after is not None:
        query = query.where(tuple_(Item.sort_key, Item.id) > after)
    rows = session.execute(query.order_by(Item.sort_key, Item.id)).all()
    return [row for row in rows if row.flagged][:limit]


def list_holdings(session: Session, branch_id: UUID, item_id: UUID) -> Rows:
    """What stands of an item, in the order in which it would be used: (Holding, Lot, Location, Container)."""
    query = (
        select(Holding, Lot, Location, Container)
        .join(Lot, Lot.id == Holding.lot_id)
        .join(Location, Location.id == Holding.location_id)
        .outerjoin(Container, Container.id == Holding.container_id)
        .where(Holding.branch_id == branch_id, Holding.item_id == item_id, Holding.quantity > 0)
        .order_by(
            Holding.container_id.is_(None),
            Holding.expires_on.is_(None),
            Holding.expires_on,
            Lot.use_by_at.is_(None),
            Lot.use_by_at,
            Holding.lot_id,
            Holding.id,
        )
    )
    return session.execute(query).all()


def list_expiring(session: Session, branch_id: UUID, until: date, limit: int = 200) -> Rows:
    """What stands with a last day up to `until`, earliest first: (Holding, Lot, Item, Location)."""
    query = (
        select(Holding, Lot, Item, Location)
        .join(Lot, Lot.id == Holding.lot_id)
        .join(Item, Item.id == Holding.item_id)
        .join(Location, Location.id == Holding.location_id)
        .where(
            Holding.branch_id == branch_id,
            Holding.quantity > 0,
            Holding.expires_on.is_not(None),
            Holding.expires_on <= until,
        )
        .order_by(Holding.expires_on, Lot.use_by_at.is_(None), Lot.use_by_at, Holding.id)
        .limit(limit)
    )
    return session.execute(query).all()


def list_lots(
    session: Session,
    branch_id: UUID,
    *which: ColumnElement[bool],
    item_id: UUID | None = None,
    limit: int,
    before: UUID | None = None,
    order: Order | None = None,
) -> Rows:
    """Lots newest first with what stands of each: (Lot, Item, standing).

    `which` narrows them, of Lot and Item; an `order` is by number, item, expires or came.
    """
    standing = (
        select(func.coalesce(cast(func.sum(Holding.quantity), BigInteger), 0))
        .where(Holding.branch_id == branch_id, Holding.lot_id == Lot.id)
        .scalar_subquery()
    )
    query = (
        select(Lot, Item, standing.label("standing"))
        .join(Item, Item.id == Lot.item_id)
        .where(Lot.branch_id == branch_id, *which)
        .order_by(Lot.id.desc())
        .limit(limit)
    )
    if item_id is not None:
        query = query.where(Lot.item_id == item_id)
    if before is not None:
        query = query.where(Lot.id < before)
    if order is not None:
        columns = {"number": func.lower(Lot.number), "item": Item.sort_key}
        columns |= {"expires": Lot.expires_on, "came": Lot.created_at}
        query = ordered(query, order, columns, Lot.id.desc())
    return session.execute(query).all()


def daily_use(session: Session, branch_id: UUID, item_id: UUID, since: date) -> Rows:
    """Used and short per performed day, oldest first: (day_on, used, short). Days without use have no row."""
    query = (
        select(DemandDay.day_on, DemandDay.used, DemandDay.short)
        .where(
            DemandDay.branch_id == branch_id,
            DemandDay.item_id == item_id,
            DemandDay.day_on >= since,
            or_(DemandDay.used != 0, DemandDay.short != 0),
        )
        .order_by(DemandDay.day_on)
    )
    return session.execute(query).all()
