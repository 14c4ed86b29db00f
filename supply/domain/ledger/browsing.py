"""The ledger as people leaf through it: of a branch, an item or a lot, narrowed by type and by days.

Costs the page, whatever the length of the ledger: what no index knows is looked for in LOOKED_THROUGH
movements at a time, and whoever wants more reads on from there. A day's first number is found by halving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, literal, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Location
from supply.domain.ledger.models import Lot, Movement, MovementType
from supply.domain.people.models import Person

LOOKED_THROUGH = 10_000


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which movements: of these items (None: of all), of a lot, of a type, recorded between two instants."""

    item_ids: Sequence[UUID] | None = None
    lot_id: UUID | None = None
    type: MovementType | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A page: rows (Movement, Lot, Location, Person), and the number past which to read on, if any.

    There may be more to read where nothing was found: so much is looked through at a time.
    """

    rows: Sequence[Any]
    following: int | None


def list_movements(
    session: Session,
    branch_id: UUID,
    narrowed: Narrowed,
    *,
    limit: int = 50,
    past: int | None = None,
    oldest_first: bool = False,
) -> Stretch:
    """A page of movements by number, the newest first or the oldest; `past` is the last one seen.

    Two statements where a type or several items are wanted and less than a page was found, else one.
    """
    way = Movement.seq.asc() if oldest_first else Movement.seq.desc()
    fits = _looked_for(narrowed)
    page = _within(branch_id, narrowed).order_by(way)
    if past is not None:
        page = page.where(Movement.seq > past if oldest_first else Movement.seq < past)
    looked = page.limit(LOOKED_THROUGH if fits else limit + 1)
    rows = session.execute(_told(branch_id, looked, fits, limit + 1, oldest_first)).all()
    if len(rows) > limit:
        return Stretch(rows[:limit], rows[limit - 1].Movement.seq)
    return Stretch(rows, _end_of(session, looked, oldest_first) if fits else None)


def _within(branch_id: UUID, narrowed: Narrowed) -> Select[Any]:
    """What an index finds: along the branch's numbers, or an item's or a lot's."""
    columns: tuple[Any, ...] = (Movement.seq, Movement.type, Movement.item_id)
    query = select(*columns).where(Movement.branch_id == branch_id)
    if narrowed.item_ids is not None and len(narrowed.item_ids) == 1:
        query = query.where(Movement.item_id == narrowed.item_ids[0])
    if narrowed.lot_id is not None:
        query = query.where(Movement.lot_id == narrowed.lot_id)
    if narrowed.recorded_from is not None:
        query = query.where(Movement.seq >= _number_at(branch_id, narrowed.recorded_from))
    if narrowed.recorded_before is not None:
        query = query.where(Movement.seq < _number_at(branch_id, narrowed.recorded_before))
    return query


def _looked_for(narrowed: Narrowed) -> dict[str, Sequence[Any]]:
    """What has to be looked for row by row: the column, and what it may hold."""
    wanted: dict[str, Sequence[Any]] = {}
    if narrowed.type is not None:
        wanted["type"] = [narrowed.type]
    if narrowed.item_ids is not None and len(narrowed.item_ids) != 1:
        wanted["item_id"] = narrowed.item_ids
    return wanted


def _told(
    branch_id: UUID, looked: Select[Any], fits: dict[str, Sequence[Any]], limit: int, oldest_first: bool
) -> Select[Any]:
    """The rows of those that were looked through and fit."""
    seen = looked.subquery()
    found = select(seen.c.seq).where(*(seen.c[name].in_(wanted) for name, wanted in fits.items()))
    numbers = found.order_by(seen.c.seq.asc() if oldest_first else seen.c.seq.desc()).limit(limit).subquery()
    columns: tuple[Any, ...] = (Movement, Lot, Location, Person)
    return (
        select(*columns)
        .join(numbers, and_(Movement.seq == numbers.c.seq, Movement.branch_id == branch_id))
        .join(Lot, Lot.id == Movement.lot_id)
        .join(Location, Location.id == Movement.location_id)
        .join(Person, Person.id == Movement.person_id)
        .order_by(Movement.seq.asc() if oldest_first else Movement.seq.desc())
    )


def _end_of(session: Session, looked: Select[Any], oldest_first: bool) -> int | None:
    """The last number that was looked at, where there may be more behind it."""
    seen = looked.subquery()
    last = func.max(seen.c.seq) if oldest_first else func.min(seen.c.seq)
    count, end = session.execute(select(func.count(), last).select_from(seen)).one()
    return end if count == LOOKED_THROUGH else None


def _number_at(branch_id: UUID, instant: datetime) -> ColumnElement[int]:
    """The number of the first movement recorded at or after an instant, as part of a statement.

    Numbers follow each other without a gap and, but for a clock that was put back, in the order of recording;
    so the place is found by halving: some twenty rows of a million.
    """
    last = select(func.coalesce(func.max(Movement.seq), 0) + 1).where(Movement.branch_id == branch_id)
    begin = (literal(0), last.scalar_subquery())
    between = select(
        *(cast(one, BigInteger).label(name) for name, one in zip(("low", "high"), begin, strict=True))
    )
    halving = between.cte(recursive=True)
    middle = (halving.c.low + halving.c.high) // 2
    recorded = select(Movement.recorded_at).where(Movement.branch_id == branch_id, Movement.seq == middle)
    earlier = recorded.correlate(halving).scalar_subquery() < instant
    halved = (case((earlier, middle), else_=halving.c.low), case((earlier, halving.c.high), else_=middle))
    halving = halving.union_all(select(*halved).where(halving.c.high - halving.c.low > 1))
    return select(func.min(halving.c.high)).scalar_subquery()
