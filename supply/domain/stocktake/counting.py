"""Counting one item: every lot on its shelves, what was found against what the book expected at that instant.

Work goes on while somebody counts: a count is judged by its own time. What was used after it stays used.
A limit above which a manager approves a count's differences comes with a later release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.branches.models import Location
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.ledger.cost import sum_of
from supply.domain.ledger.models import Container, Lot, Movement
from supply.domain.ledger.moment import LEEWAY, happened
from supply.domain.people.models import Person
from supply.domain.stocktake.models import AdjustmentReason, StockCount, StockCountLine
from supply.domain.stocktake.service import location_among, number_of_day, open_locations
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

SOURCE = "count"
Place = tuple[UUID, UUID, UUID | None]
"""Lot, location, container."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A checked line: this place of this lot holds so much, base units."""

    lot: Lot
    location_id: UUID
    container_id: UUID | None
    counted: int

    @property
    def place(self) -> Place:
        return (self.lot.id, self.location_id, self.container_id)


def log_count(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    item_id: UUID,
    lines: Sequence[Mapping[str, Any]],
    happened_at: datetime | None = None,
    note: str | None = None,
) -> StockCount:
    """Record what was found of an item, post the differences and close its open count tasks.

    A line: amount and unit, and either lot_id (with location_id, container_id) or the number and expires_on
    of a lot that the book does not know. Every lot that the book holds must be named, 0 for what is gone:
    Conflict("lots_uncounted"). Conflict("count_contradicted") where more was used since than was found.
    """
    require(actor, Permission.COUNT_LOG, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    item = catalog.get_item(session, item_id)
    now = {
        (row.Holding.lot_id, row.Holding.location_id, row.Holding.container_id): row.Holding.quantity
        for row in reading.list_holdings(session, branch_id, item_id)
    }
    found = _found(session, writer, item, lines, when)
    expected = _at(now, _moved_since(session, branch_id, item_id, when)) if happened_at else dict(now)
    _require_all(session, found, {place for place, quantity in expected.items() if quantity > 0})
    count = StockCount(
        id=new_id(),
        branch_id=branch_id,
        item_id=item_id,
        note=note,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=actor.person_id,
    )
    _weigh(count, found, expected)
    _post(writer, count, now)
    session.add(count)
    tasks.close_tasks(
        session, actor, branch_id=branch_id, item_id=item_id, kind=TaskKind.COUNT, outcome="counted"
    )
    session.flush()
    return count


def _found(
    session: Session, writer: ledger.Writer, item: Item, lines: Sequence[Mapping[str, Any]], when: datetime
) -> list[_Found]:
    known = {
        lot.id: lot
        for lot in session.scalars(
            select(Lot).where(
                Lot.branch_id == writer.branch_id,
                Lot.item_id == item.id,
                Lot.id.in_([line["lot_id"] for line in lines if line.get("lot_id")]),
            )
        )
    }
    places = open_locations(session, writer.branch_id)
    found: list[_Found] = []
    for position, line in enumerate(lines):
        field = f"lines.{position}"
        named = line.get("lot_id")
        lot = known.get(named) if named else _new_lot(writer, item, line, when, field)
        if lot is None:
            raise Invalid(
                "lot_unknown", lazy("There is no such lot of this item here."), field=f"{field}.lot_id"
            )
        counted = catalog.base_quantity(item, line["amount"], line["unit"], field=f"{field}.amount")
        location_id = location_among(places, line.get("location_id"), f"{field}.location_id")
        found.append(_Found(lot, location_id, line.get("container_id"), counted))
        if found[-1].place in {other.place for other in found[:-1]}:
            raise Invalid(
                "lot_twice", lazy("This lot is on the list twice. Add the two up."), field=f"{field}.lot_id"
            )
    _require_containers(session, found)
    return found


def _new_lot(writer: ledger.Writer, item: Item, line: Mapping[str, Any], when: datetime, field: str) -> Lot:
    """A lot that the shelf list did not show: one that was used up by the book, or one it never knew."""
    told: str | None = line.get("number")
    number = told or number_of_day(writer, when)
    expires_on: date | None = line.get("expires_on")
    if item.lot_required and not told:
        raise Invalid(
            "lot_number_missing", lazy("Write the lot number on the package."), field=f"{field}.number"
        )
    if item.expiry_required and expires_on is None:
        raise Invalid(
            "expires_on_missing", lazy("Write the expiry on the package."), field=f"{field}.expires_on"
        )
    same = writer.session.scalars(
        select(Lot)
        .where(
            Lot.branch_id == writer.branch_id,
            Lot.item_id == item.id,
            Lot.number == number,
            Lot.expires_on == expires_on if expires_on else Lot.expires_on.is_(None),
        )
        .order_by(Lot.id.desc())
        .limit(1)
    ).first()
    return same or ledger.obtain_lots(writer, [ledger.LotFacts(item.id, number, expires_on)])[0]


def _require_containers(session: Session, found: Sequence[_Found]) -> None:
    named = {line.container_id: line.lot.id for line in found if line.container_id}
    rows = session.execute(select(Container.id, Container.lot_id).where(Container.id.in_(list(named))))
    real = {container_id: lot_id for container_id, lot_id in rows}
    for position, line in enumerate(found):
        if line.container_id and real.get(line.container_id) != line.lot.id:
            raise Invalid(
                "container_unknown",
                lazy("There is no such container of this lot."),
                field=f"lines.{position}.container_id",
            )


def _require_all(session: Session, found: Sequence[_Found], standing: set[Place]) -> None:
    missing = standing - {line.place for line in found}
    if missing:
        lots = session.scalars(select(Lot).where(Lot.id.in_({lot_id for lot_id, *_rest in missing})))
        raise Conflict(
            "lots_uncounted",
            lazy("Count every lot of the item. Write 0 for a lot that is not there."),
            details={"lots": [{"lot_id": str(lot.id), "number": lot.number} for lot in lots]},
        )


def _moved_since(session: Session, branch_id: UUID, item_id: UUID, when: datetime) -> dict[Place, int]:
    """What happened to each place after an instant. Costs what was recorded since, not the ledger."""
    moved: dict[Place, int] = {}
    before_seq: int | None = None
    # Nothing recorded before this can have happened after `when`.
    recorded_after = when - LEEWAY - timedelta(seconds=1)
    while True:
        rows = reading.list_movements(session, branch_id, item_id=item_id, before_seq=before_seq, limit=500)
        for row in rows:
            movement: Movement = row.Movement
            if movement.happened_at > when:
                place = (movement.lot_id, movement.location_id, movement.container_id)
                moved[place] = moved.get(place, 0) + movement.quantity
        if len(rows) < 500 or rows[-1].Movement.recorded_at < recorded_after:
            return moved
        before_seq = rows[-1].Movement.seq


def _at(now: Mapping[Place, int], moved: Mapping[Place, int]) -> dict[Place, int]:
    return {place: max(now.get(place, 0) - moved.get(place, 0), 0) for place in now.keys() | moved.keys()}


def _weigh(count: StockCount, found: Sequence[_Found], expected: Mapping[Place, int]) -> None:
    """Set the count's lines, its net difference and what that is worth at lot cost."""
    count.lines = [
        StockCountLine(
            position=position,
            lot_id=line.lot.id,
            location_id=line.location_id,
            container_id=line.container_id,
            expected=expected.get(line.place, 0),
            counted=line.counted,
        )
        for position, line in enumerate(found)
    ]
    count.discrepancy = sum(line.counted - line.expected for line in count.lines)
    count.value_minor = sum_of(
        (line.counted - line.expected, of.lot.cost_minor, of.lot.cost_quantity)
        for line, of in zip(count.lines, found, strict=True)
    )


def _post(writer: ledger.Writer, count: StockCount, now: Mapping[Place, int]) -> None:
    changes = [
        ledger.Change(
            line.lot_id,
            line.location_id,
            line.container_id,
            line.counted - line.expected,
            AdjustmentReason.COUNT.value,
            line.position,
        )
        for line in count.lines
        if line.counted != line.expected
    ]
    for change in changes:
        if now.get((change.lot_id, change.location_id, change.container_id), 0) + change.delta < 0:
            raise Conflict(
                "count_contradicted",
                lazy("More of this lot was used since then than you found. Count again now."),
                details={"lot_id": str(change.lot_id)},
            )
    if changes:
        ledger.adjust(
            writer,
            count.item_id,
            changes,
            source_type=SOURCE,
            source_id=count.id,
            happened_at=count.happened_at,
        )


def get_count(session: Session, actor: Actor, count_id: UUID) -> StockCount:
    """A count of one of the person's branches. Raises NotFound."""
    count = session.get(StockCount, count_id)
    if count is None or not actor.belongs_to(count.branch_id):
        raise NotFound("count_not_found", lazy("There is no such count."))
    require(actor, Permission.STOCK_SEE, count.branch_id)
    return count


def list_counts(
    session: Session, actor: Actor, branch_id: UUID, *, limit: int = 50, before: UUID | None = None
) -> Sequence[Any]:
    """Counts newest first: (StockCount, Item, Person)."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(StockCount, Item, Person)
        .join(Item, Item.id == StockCount.item_id)
        .join(Person, Person.id == StockCount.person_id)
        .where(StockCount.branch_id == branch_id)
        .order_by(StockCount.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(StockCount.id < before)
    return session.execute(query).all()


def lines_of(session: Session, count: StockCount) -> Sequence[Any]:
    """The lines of a count: (StockCountLine, Lot, Location)."""
    query = (
        select(StockCountLine, Lot, Location)
        .join(Lot, Lot.id == StockCountLine.lot_id)
        .join(Location, Location.id == StockCountLine.location_id)
        .where(StockCountLine.count_id == count.id)
        .order_by(StockCountLine.position)
    )
    return session.execute(query).all()
