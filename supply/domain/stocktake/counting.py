"""Counting one item: every lot on its shelves, what was found against what the book expected at that instant.

Work goes on while somebody counts: a count is judged by its own time. What was used after it stays used, and
what is told later of a time before it changes nothing that was found. Counting many items is a stocktake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.branches.models import Location
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.cost import sum_of
from supply.domain.ledger.instants import PlaceKey, book_at
from supply.domain.ledger.models import Container, Lot, Movement
from supply.domain.ledger.moment import happened
from supply.domain.people.models import Person
from supply.domain.stocktake.labels import lot_on_label
from supply.domain.stocktake.looking import require_still
from supply.domain.stocktake.models import AdjustmentReason, StockCount, StockCountLine
from supply.domain.stocktake.rules import get_rules
from supply.domain.stocktake.service import location_among, open_locations
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

SOURCE = "count"


def log_count(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    item_id: UUID,
    lines: Sequence[Mapping[str, Any]],
    happened_at: datetime | None = None,
    looked_at: datetime | None = None,
    noted_at: datetime | None = None,
    note: str | None = None,
) -> StockCount:
    """Record what was found of an item, post the differences and close its open count tasks.

    A line: amount and unit, and either lot_id (with location_id, container_id) or the number and expires_on
    of a lot that the book does not know. Every lot that the book holds must be named, 0 for what is gone:
    Conflict("lots_uncounted"). Conflict("count_contradicted") where more was used since than was found.
    Who says when they began to look (`looked_at`) and not when they counted gets Conflict("moved_meanwhile")
    where something of the item moved since. What a device kept and sends later bears the time when it was
    written down (`noted_at`). Conflict("approval_needed") where the differences are worth more
    than one person may post: then it is a stocktake that somebody else approves.
    """
    require(actor, Permission.COUNT_LOG, branch_id)
    when = happened(happened_at or noted_at)
    writer = ledger.lock(session, actor, branch_id)
    item = catalog.get_item(session, item_id)
    found = _found(session, writer, item, lines, when)
    book = book_at(session, branch_id, item_id, when, [one.lot.id for one in found])
    found = [replace(one, expected=book.get(one.place, 0)) for one in found]
    _require_all(session, found, {place for place, quantity in book.items() if quantity > 0})
    if happened_at is None:
        require_still(session, branch_id, item, looked_at, Movement.item_id == item.id, noted_at=noted_at)
    _require_small(session, branch_id, found)
    count = StockCount(
        id=new_id(),
        branch_id=branch_id,
        item_id=item_id,
        note=note,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=actor.person_id,
    )
    _note(count, found)
    ledger.settle(writer, found, source_type=SOURCE, source_id=count.id)
    session.add(count)
    tasks.close_tasks(
        session, actor, branch_id=branch_id, item_id=item_id, kind=TaskKind.COUNT, outcome="counted"
    )
    session.flush()
    return count


def _found(
    session: Session, writer: ledger.Writer, item: Item, lines: Sequence[Mapping[str, Any]], when: datetime
) -> list[ledger.Found]:
    """The checked lines; what the book expected of each is still to be said."""
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
    found: list[ledger.Found] = []
    for position, line in enumerate(lines):
        field = f"lines.{position}"
        named = line.get("lot_id")
        lot = known.get(named) if named else lot_on_label(writer, item, line, when, f"{field}.")
        if lot is None:
            raise Invalid(
                "lot_unknown", lazy("There is no such lot of this item here."), field=f"{field}.lot_id"
            )
        counted = catalog.base_quantity(item, line["amount"], line["unit"], field=f"{field}.amount")
        location_id = location_among(places, line.get("location_id"), f"{field}.location_id")
        reason, container_id = AdjustmentReason.COUNT.value, line.get("container_id")
        one = ledger.Found(lot, location_id, container_id, counted, 0, when, reason, position)
        if one.place in {other.place for other in found}:
            raise Invalid(
                "lot_twice", lazy("This lot is on the list twice. Add the two up."), field=f"{field}.lot_id"
            )
        found.append(one)
    _require_containers(session, found)
    return found


def _require_containers(session: Session, found: Sequence[ledger.Found]) -> None:
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


def _require_all(session: Session, found: Sequence[ledger.Found], standing: set[PlaceKey]) -> None:
    missing = standing - {line.place for line in found}
    if missing:
        lots = session.scalars(select(Lot).where(Lot.id.in_({lot_id for lot_id, *_rest in missing})))
        raise Conflict(
            "lots_uncounted",
            lazy("Count every lot of the item. Write 0 for a lot that is not there."),
            details={"lots": [{"lot_id": str(lot.id), "number": lot.number} for lot in lots]},
        )


def _require_small(session: Session, branch_id: UUID, found: Sequence[ledger.Found]) -> None:
    """Above the branch's limit nobody posts what they counted, a manager neither."""
    gross = sum_of((abs(one.difference), one.lot.cost_minor, one.lot.cost_quantity) for one in found)
    if get_rules(session, branch_id).wants_approval(gross, all_known=True):
        raise Conflict(
            "approval_needed",
            lazy("This difference is worth so much that a manager approves it. Count it in a stocktake."),
            details={"gross_minor": gross},
        )


def _note(count: StockCount, found: Sequence[ledger.Found]) -> None:
    """Set the count's lines, its net difference and what that is worth at lot cost."""
    count.lines = [
        StockCountLine(
            position=one.source_line,
            lot_id=one.lot.id,
            location_id=one.location_id,
            container_id=one.container_id,
            expected=one.expected,
            counted=one.counted,
        )
        for one in found
    ]
    count.discrepancy = sum(one.difference for one in found)
    count.value_minor = sum_of((one.difference, one.lot.cost_minor, one.lot.cost_quantity) for one in found)


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
