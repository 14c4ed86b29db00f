"""What the book held at an instant: what stands now, less what moved after it. Never scans the ledger.

A movement belongs to the time at which it happened, however late it was recorded; an undoing belongs to the
time of what it undoes, since it says that this never was.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from supply.domain.ledger.models import Holding, Movement
from supply.domain.ledger.moment import LEEWAY

PlaceKey = tuple[UUID, UUID, UUID | None]
"""Lot, location, container."""
_SLACK = LEEWAY + timedelta(seconds=1)


def last_before(session: Session, branch_id: UUID, instant: datetime) -> int:
    """The number up to which no movement can have happened after an instant; 0 where there is none.

    Costs what was recorded since then.
    """
    query = select(Movement.seq).where(
        Movement.branch_id == branch_id, Movement.recorded_at < instant - _SLACK
    )
    return session.scalar(query.order_by(Movement.seq.desc()).limit(1)) or 0


def moved_after(place: Any, instant: Any, since: Any) -> ScalarSelect[int]:
    """What moved into (positive) or out of a place after an instant, base units, as part of a statement.

    `place` is whatever has branch_id, lot_id, location_id and container_id; `since` is what `last_before`
    says of the instant; each may be a column. Reads the lot's movements with higher numbers.
    """
    undone = aliased(Movement)
    return (
        select(func.coalesce(cast(func.sum(Movement.quantity), BigInteger), 0))
        .outerjoin(undone, and_(undone.branch_id == Movement.branch_id, undone.seq == Movement.reverses_seq))
        .where(
            Movement.branch_id == place.branch_id,
            Movement.lot_id == place.lot_id,
            Movement.seq > since,
            Movement.location_id == place.location_id,
            Movement.container_id.is_not_distinct_from(place.container_id),
            func.coalesce(undone.happened_at, Movement.happened_at) > instant,
        )
        .correlate(place)
        .scalar_subquery()
    )


def moves_after(
    session: Session, branch_id: UUID, instant: datetime, *which: ColumnElement[bool]
) -> list[Any]:
    """Which of these movements came after an instant, as they happened: (happened_at, quantity)."""
    undone = aliased(Movement)
    when = func.coalesce(undone.happened_at, Movement.happened_at)
    query = (
        select(when.label("happened_at"), Movement.quantity)
        .outerjoin(undone, and_(undone.branch_id == Movement.branch_id, undone.seq == Movement.reverses_seq))
        .where(
            Movement.branch_id == branch_id,
            Movement.seq > last_before(session, branch_id, instant),
            when > instant,
            *which,
        )
        .order_by(when, Movement.seq)
    )
    return list(session.execute(query))


def book_at(
    session: Session, branch_id: UUID, item_id: UUID, instant: datetime, lot_ids: Collection[UUID] = ()
) -> dict[PlaceKey, int]:
    """What the book held of an item at an instant: every place that stands, stood then, or is of the lots."""
    since = last_before(session, branch_id, instant)
    moved = select(Movement.lot_id).where(
        Movement.branch_id == branch_id, Movement.item_id == item_id, Movement.seq > since
    )
    lots = {*lot_ids, *session.scalars(moved.distinct())}
    query = select(
        Holding.lot_id,
        Holding.location_id,
        Holding.container_id,
        Holding.quantity - moved_after(Holding, instant, since),
    ).where(
        Holding.branch_id == branch_id,
        Holding.item_id == item_id,
        or_(Holding.quantity > 0, Holding.lot_id.in_(sorted(lots))),
    )
    return {(lot, place, container): held for lot, place, container, held in session.execute(query)}
