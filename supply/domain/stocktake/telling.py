"""A stocktake and its lines as they are told. While it is counted nothing of what the book expects is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from supply.domain.branches.models import Location
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Container, Lot
from supply.domain.people.models import Person
from supply.domain.stocktake.differing import Totals, Weighed, add_up, weigh
from supply.domain.stocktake.models import Stocktake, StocktakeLine, StocktakeStatus
from supply.domain.stocktake.posting import needs_approval
from supply.domain.stocktake.progress import Shelf, hands_of, reasons_of, require_status, shelves_of
from supply.errors import NotFound
from supply.i18n import lazy

# Those of which the differences may be seen.
TOLD_STATUSES = (StocktakeStatus.REVIEW, StocktakeStatus.SUBMITTED, StocktakeStatus.POSTED)


class LineState(StrEnum):
    WAITING = "waiting"
    COUNTED = "counted"
    SKIPPED = "skipped"
    DIFFERING = "differing"


@dataclass(frozen=True, slots=True)
class StocktakeTold:
    """`totals` None: it is still counted, or was given up."""

    stocktake: Stocktake
    opened_by: str
    approved_by: str | None
    shelves: Sequence[Shelf]
    reasons: dict[UUID, list[Any]]
    hands: dict[UUID, str]
    totals: Totals | None
    needs_approval: bool

    @property
    def version(self) -> int:
        return self.stocktake.version

    @property
    def lines(self) -> int:
        return sum(shelf.lines for shelf in self.shelves)

    @property
    def waiting(self) -> int:
        return sum(shelf.waiting for shelf in self.shelves)


@dataclass(frozen=True, slots=True)
class LineTold:
    """A place on the list with what was found there. `weighed` None: not counted, or not to be seen yet."""

    line: StocktakeLine
    lot: Lot
    item: Item
    location: Location
    container: Container | None
    counted_by: str | None
    weighed: Weighed | None

    @property
    def version(self) -> int:
        return self.line.version

    @property
    def state(self) -> LineState:
        if self.line.counted is None:
            return LineState.WAITING if self.line.waits else LineState.SKIPPED
        return LineState.DIFFERING if self.weighed and self.weighed.difference else LineState.COUNTED


def tell_stocktake(session: Session, stocktake: Stocktake) -> StocktakeTold:
    """All that is known of it. A fixed number of statements; for whoever has been let through."""
    people = {stocktake.opened_by, stocktake.approved_by or stocktake.opened_by}
    query = select(Person.id, Person.name).where(Person.id.in_(sorted(people)))
    names = {person_id: name for person_id, name in session.execute(query)}
    seen = stocktake.status in TOLD_STATUSES
    totals = add_up(weigh(session, stocktake)) if seen else None
    return StocktakeTold(
        stocktake,
        names[stocktake.opened_by],
        names[stocktake.approved_by] if stocktake.approved_by else None,
        shelves_of(session, stocktake),
        reasons_of(session, stocktake),
        hands_of(session, stocktake),
        totals,
        totals is not None and needs_approval(session, stocktake, totals),
    )


def list_lines(
    session: Session,
    stocktake: Stocktake,
    *,
    location_id: UUID | None = None,
    state: LineState | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[LineTold]:
    """Lines in the order of the list, from behind position `after`. For whoever has been let through.

    Raises Conflict("still_counting") where differences are asked for and must not be seen yet.
    """
    query = _lines(stocktake).where(StocktakeLine.position > after).limit(limit)
    if location_id is not None:
        query = query.where(StocktakeLine.location_id == location_id)
    weighed: list[Weighed] | None = None
    if state is LineState.DIFFERING:
        require_status(stocktake, *TOLD_STATUSES)
        weighed = [one for one in weigh(session, stocktake) if one.difference]
        query = query.where(StocktakeLine.id.in_([one.line_id for one in weighed]))
    elif state is not None:
        query = query.where(*_IN_STATE[state])
    return _told(session, stocktake, session.execute(query).all(), weighed)


_IN_STATE: dict[LineState, Sequence[Any]] = {
    LineState.WAITING: (StocktakeLine.counted.is_(None), StocktakeLine.skipped_at.is_(None)),
    LineState.COUNTED: (StocktakeLine.counted.is_not(None),),
    LineState.SKIPPED: (StocktakeLine.skipped_at.is_not(None),),
}


def get_line(session: Session, stocktake: Stocktake, line_id: UUID) -> LineTold:
    """One line of it. Raises NotFound."""
    rows = session.execute(_lines(stocktake).where(StocktakeLine.id == line_id)).all()
    if not rows:
        raise NotFound("line_not_found", lazy("There is no such line in this stocktake."))
    return _told(session, stocktake, rows, None)[0]


def _lines(stocktake: Stocktake) -> Any:
    return (
        select(StocktakeLine, Lot, Item, Location, Container, Person.name)
        .join(Lot, Lot.id == StocktakeLine.lot_id)
        .join(Item, Item.id == StocktakeLine.item_id)
        .join(Location, Location.id == StocktakeLine.location_id)
        .outerjoin(Container, Container.id == StocktakeLine.container_id)
        .outerjoin(Person, Person.id == StocktakeLine.counted_by)
        .options(selectinload(Item.units))
        .where(StocktakeLine.stocktake_id == stocktake.id)
        .order_by(StocktakeLine.position)
    )


def _told(
    session: Session, stocktake: Stocktake, rows: Collection[Any], weighed: Sequence[Weighed] | None
) -> list[LineTold]:
    if weighed is None and stocktake.status in TOLD_STATUSES:
        counted = [row.StocktakeLine.id for row in rows if row.StocktakeLine.counted is not None]
        weighed = weigh(session, stocktake, counted)
    against = {one.line_id: one for one in weighed or ()}
    return [
        LineTold(
            row.StocktakeLine,
            row.Lot,
            row.Item,
            row.Location,
            row.Container,
            row.name,
            against.get(row.StocktakeLine.id),
        )
        for row in rows
    ]
