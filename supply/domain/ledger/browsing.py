"""The ledger as people leaf through it: of a branch, an item or a lot, narrowed by type and by days.

By number, which is the order of recording, or by the time at which it happened. Costs the page, whatever the
length of the ledger: what no index knows is looked for in LOOKED_THROUGH movements at a time, and whoever
wants more reads on from there. The first number of a day of recording is found by halving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from supply.domain.branches.models import Location
from supply.domain.ledger.models import Lot, Movement, MovementType
from supply.domain.ledger.moment import LEEWAY
from supply.domain.people.models import Person

LOOKED_THROUGH = 10_000


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which movements: of these items (None: of all), of a lot, of a type, recorded and happened between two
    instants each. Several items may be told as a statement of their ids.
    """

    item_ids: Sequence[UUID] | Select[UUID] | None = None
    lot_id: UUID | None = None
    type: MovementType | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    happened_from: datetime | None = None
    happened_before: datetime | None = None

    @property
    def item_id(self) -> UUID | None:
        """The one item, of which an index knows the movements."""
        told = self.item_ids
        return None if told is None or isinstance(told, Select) or len(told) != 1 else told[0]

    @property
    def by_happening(self) -> bool:
        """Whether days of happening are asked for and nothing by whose own index they would be looked for."""
        days = self.happened_from is not None or self.happened_before is not None
        return days and self.item_id is None and self.lot_id is None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A page: rows (Movement, Lot, Location, Person), and the number past which to read on, if any.

    There may be more to read where nothing was found: so much is looked through at a time.
    """

    rows: Sequence[Any]
    following: int | None


@dataclass(frozen=True, slots=True)
class _Way:
    """The index along which is read, and in which direction."""

    by_happening: bool
    oldest_first: bool

    def order(self, columns: Any) -> list[ColumnElement[Any]]:
        told = [columns.happened_at, columns.seq] if self.by_happening else [columns.seq]
        return [column.asc() if self.oldest_first else column.desc() for column in told]

    def past(self, branch_id: UUID, seq: int) -> ColumnElement[bool]:
        if not self.by_happening:
            return Movement.seq > seq if self.oldest_first else Movement.seq < seq
        last = select(Movement.happened_at).where(Movement.branch_id == branch_id, Movement.seq == seq)
        place = tuple_(Movement.happened_at, Movement.seq)
        seen = tuple_(last.correlate(None).scalar_subquery(), literal(seq, BigInteger))
        return place > seen if self.oldest_first else place < seen


def list_movements(
    session: Session,
    branch_id: UUID,
    narrowed: Narrowed,
    *,
    limit: int = 50,
    past: int | None = None,
    oldest_first: bool = False,
    by_happening: bool = False,
) -> Stretch:
    """A page of movements by number or by happening, the newest first or the oldest; `past` is the number of
    the last one seen.

    Two statements where something has to be looked for and less than a page was found, else one.
    """
    if not isinstance(narrowed.item_ids, Select) and narrowed.item_ids is not None and not narrowed.item_ids:
        return Stretch([], None)
    way = _Way(by_happening, oldest_first)
    fits = _looked_for(branch_id, narrowed, way)
    page = _within(branch_id, narrowed, way).order_by(*way.order(Movement))
    if past is not None:
        page = page.where(way.past(branch_id, past))
    looked = page.limit(LOOKED_THROUGH if fits else limit + 1)
    rows = session.execute(_told(branch_id, looked, fits, limit + 1, way)).all()
    if len(rows) > limit:
        return Stretch(rows[:limit], rows[limit - 1].Movement.seq)
    # The last that was looked at, where there may be more behind it.
    end = page.with_only_columns(Movement.seq).offset(LOOKED_THROUGH - 1).limit(1)
    return Stretch(rows, session.scalar(end) if fits else None)


def _within(branch_id: UUID, narrowed: Narrowed, way: _Way) -> Select[Any]:
    """What an index finds: along the time of happening, the branch's numbers, or an item's or a lot's."""
    query = select(Movement).where(Movement.branch_id == branch_id)
    if way.by_happening:
        return query.where(*_happened(narrowed, Movement))
    if narrowed.item_id is not None:
        query = query.where(Movement.item_id == narrowed.item_id)
    if narrowed.lot_id is not None:
        query = query.where(Movement.lot_id == narrowed.lot_id)
    if narrowed.happened_from is not None:
        # Nothing is recorded before it happens, but for a clock that runs ahead.
        query = query.where(Movement.seq >= _number_at(branch_id, narrowed.happened_from - LEEWAY))
    return query.where(*_recorded(branch_id, narrowed, Movement))


def _looked_for(branch_id: UUID, narrowed: Narrowed, way: _Way) -> list[Any]:
    """What has to be looked for row by row, as functions of the columns."""
    told: list[Any] = []
    if narrowed.type is not None:
        told.append(lambda seen: [seen.type == narrowed.type])
    items = narrowed.item_ids
    if items is not None and (way.by_happening or narrowed.item_id is None):
        told.append(lambda seen: [seen.item_id.in_(items)])
    if way.by_happening:
        if narrowed.lot_id is not None:
            told.append(lambda seen: [seen.lot_id == narrowed.lot_id])
        if narrowed.recorded_from is not None or narrowed.recorded_before is not None:
            told.append(lambda seen: _recorded(branch_id, narrowed, seen))
    elif narrowed.happened_from is not None or narrowed.happened_before is not None:
        told.append(lambda seen: _happened(narrowed, seen))
    return told


def _recorded(branch_id: UUID, narrowed: Narrowed, columns: Any) -> list[ColumnElement[bool]]:
    first, before = narrowed.recorded_from, narrowed.recorded_before
    told = [columns.seq >= _number_at(branch_id, first)] if first is not None else []
    return [*told, columns.seq < _number_at(branch_id, before)] if before is not None else told


def _happened(narrowed: Narrowed, columns: Any) -> list[ColumnElement[bool]]:
    first, before = narrowed.happened_from, narrowed.happened_before
    told = [columns.happened_at >= first] if first is not None else []
    return [*told, columns.happened_at < before] if before is not None else told


def _told(branch_id: UUID, looked: Select[Any], fits: list[Any], limit: int, way: _Way) -> Select[Any]:
    """The rows of those that were looked through and fit."""
    columns = (Movement.seq, Movement.type, Movement.item_id, Movement.lot_id, Movement.happened_at)
    seen = looked.with_only_columns(*columns).subquery()
    found = select(seen.c.seq).where(*(one for fit in fits for one in fit(seen.c)))
    numbers = found.order_by(*way.order(seen.c)).limit(limit).subquery()
    told: tuple[Any, ...] = (Movement, Lot, Location, Person)
    return (
        select(*told)
        .join(numbers, and_(Movement.seq == numbers.c.seq, Movement.branch_id == branch_id))
        .join(Lot, Lot.id == Movement.lot_id)
        .join(Location, Location.id == Movement.location_id)
        .join(Person, Person.id == Movement.person_id)
        .order_by(*way.order(Movement))
    )


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
