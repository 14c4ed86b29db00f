"""Walking a shelf with a list: the next line, the one before, how far this shelf is. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, and_, case, func, select
from sqlalchemy.orm import Session

from supply.domain.ledger.models import Lot
from supply.domain.stocktake.models import StocktakeLine


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a line stands in its location: the `number`-th `of` so many, of which `waiting` wait."""

    number: int
    of: int
    waiting: int
    previous_id: UUID | None
    next_id: UUID | None


_WAITING = (StocktakeLine.counted.is_(None), StocktakeLine.skipped_at.is_(None))


def walk_from(session: Session, line: StocktakeLine) -> Walk:
    """Where a line stands on its shelf. One statement."""
    before, after = StocktakeLine.position < line.position, StocktakeLine.position > line.position
    previous = _of_shelf(line, StocktakeLine.id, before).order_by(StocktakeLine.position.desc())
    following = _of_shelf(line, StocktakeLine.id, after).order_by(StocktakeLine.position)
    row = session.execute(
        select(
            _count(line, StocktakeLine.position <= line.position),
            _count(line),
            _count(line, *_WAITING),
            previous.limit(1).scalar_subquery(),
            following.limit(1).scalar_subquery(),
        )
    ).one()
    return Walk(*row)


def next_waiting(session: Session, stocktake_id: UUID, location_id: UUID, *, after: int = 0) -> UUID | None:
    """The next line of a location that nobody has counted, else the first such; None: all is said."""
    waiting = select(StocktakeLine.id).where(
        StocktakeLine.stocktake_id == stocktake_id, StocktakeLine.location_id == location_id, *_WAITING
    )
    ahead = (StocktakeLine.position <= after, StocktakeLine.position)
    return session.scalar(waiting.order_by(*ahead).limit(1))


def line_of(
    session: Session,
    stocktake_id: UUID,
    location_id: UUID,
    *,
    lot_ids: Collection[UUID] = (),
    item_id: UUID | None = None,
    container_id: UUID | None = None,
) -> UUID | None:
    """The line of what somebody holds in the hand, one that waits first; None: it is not on the list here."""
    lines = select(StocktakeLine.id).where(
        StocktakeLine.stocktake_id == stocktake_id, StocktakeLine.location_id == location_id
    )
    if container_id is not None:
        lines = lines.where(StocktakeLine.container_id == container_id)
    elif lot_ids:
        lines = lines.where(StocktakeLine.lot_id.in_(sorted(lot_ids)))
    else:
        lines = lines.join(Lot, Lot.id == StocktakeLine.lot_id).where(Lot.item_id == item_id)
    done = case((and_(*_WAITING), 0), else_=1)
    return session.scalar(lines.order_by(done, StocktakeLine.position).limit(1))


def _of_shelf(line: StocktakeLine, column: Any, *wanted: Any) -> Any:
    return select(column).where(
        StocktakeLine.stocktake_id == line.stocktake_id,
        StocktakeLine.location_id == line.location_id,
        *wanted,
    )


def _count(line: StocktakeLine, *wanted: Any) -> ScalarSelect[int]:
    counted: ScalarSelect[int] = _of_shelf(line, func.count(), *wanted).scalar_subquery()
    return counted
