"""The one writer of a branch: its lock, and what it has read of the shelf.

A Writer lives for one transaction. It holds what it has read (nobody else can change it while the branch's
ledger head is locked), so several postings in one transaction read each item once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from supply import clock
from supply.database import new_id
from supply.domain.branches.models import Branch
from supply.domain.ledger.allocate import At, Place
from supply.domain.ledger.models import Holding, LedgerHead, Lot, StockLevel
from supply.domain.outbox.telling import Listeners
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor
from supply.statements import Prepared
from supply.writing import ask


@dataclass(slots=True)
class Level:
    """An item's sums in the branch, base units."""

    on_hand: int = 0
    quarantined: int = 0
    reserved: int = 0
    on_order: int = 0


@dataclass(slots=True)
class Writer:
    """The branch's one writer for this transaction, with what it has read so far."""

    session: Session
    actor: Actor
    branch_id: UUID
    timezone: str
    currency: str
    seq: int
    hash: bytes
    recorded_at: datetime
    # Which webhooks want to be told of what: known with the lock, so that nobody has to ask.
    listeners: Listeners
    # Whether an open recall holds in the branch, which what comes in must heed.
    recalling: bool
    levels: dict[UUID, Level] = field(default_factory=dict)
    places: dict[tuple[UUID, UUID, UUID | None], Place] = field(default_factory=dict)
    shelves: dict[UUID, list[Place]] = field(default_factory=dict)
    demand: dict[tuple[UUID, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    changed: set[UUID] = field(default_factory=set)
    # Lots whose every holding is in `places`.
    read_lots: set[UUID] = field(default_factory=set)

    @property
    def today(self) -> date:
        return clock.day_of(self.recorded_at, self.timezone)

    @property
    def now(self) -> At:
        return self.at(self.recorded_at)

    def at(self, instant: datetime) -> At:
        return At(instant, clock.day_of(instant, self.timezone))

    def of_item(self, item_id: UUID) -> Sequence[Place]:
        return self.shelves.get(item_id, ())

    def keep(self, place: Place) -> Place:
        """Know a place from now on."""
        self.places[place.lot_id, place.location_id, place.container_id] = place
        self.shelves.setdefault(place.item_id, []).append(place)
        return place


def locking(branch_id: Any) -> Prepared:
    """The statement that locks the head of a branch: a parameter's, or that of something that has one."""
    return Prepared(
        select(
            LedgerHead.branch_id,
            LedgerHead.seq,
            LedgerHead.hash,
            Branch.timezone,
            Branch.currency,
            Branch.listeners,
            Branch.recalling,
        )
        .join(Branch, Branch.id == LedgerHead.branch_id)
        .where(LedgerHead.branch_id == branch_id)
        .with_for_update(of=LedgerHead)
    )


_LOCK = locking(bindparam("branch"))


def lock(session: Session, actor: Actor, branch_id: UUID) -> Writer:
    """Become the branch's one writer until the transaction ends. Raises NotFound for no such branch."""
    writer = try_lock(session, actor, _LOCK, {"branch": branch_id})
    if writer is None:
        raise NotFound("branch_not_found", lazy("There is no such branch, or it is not one of yours."))
    return writer


def try_lock(session: Session, actor: Actor, query: Prepared, values: Mapping[str, Any]) -> Writer | None:
    """As `lock`, by a statement of `locking`; None where it finds no branch."""
    heads = ask(session, query, values)
    if not heads:
        return None
    head = heads[0]
    return Writer(
        session,
        actor,
        head.branch_id,
        head.timezone,
        head.currency,
        head.seq,
        head.hash,
        clock.now(),
        head.listeners,
        head.recalling,
    )


_SHELF_COLUMNS = (
    StockLevel.on_hand,
    StockLevel.quarantined,
    StockLevel.reserved,
    StockLevel.on_order,
    Holding.id.label("holding_id"),
    Holding.lot_id,
    Holding.location_id,
    Holding.container_id,
    Holding.expires_on,
    Holding.quantity.label("standing"),
    Lot.quarantined_at,
    Lot.use_by_at,
    Holding.counted_at,
)
_OF_ITEM = and_(Holding.branch_id == StockLevel.branch_id, Holding.item_id == StockLevel.item_id)


def _shelf_query(wanted: Any) -> Any:
    return (
        select(StockLevel.item_id, *_SHELF_COLUMNS)
        .select_from(StockLevel)
        .outerjoin(Holding, and_(_OF_ITEM, wanted))
        .outerjoin(Lot, Lot.id == Holding.lot_id)
        .where(
            StockLevel.branch_id == bindparam("branch"),
            StockLevel.item_id.in_(bindparam("items", expanding=True)),
        )
    )


def with_shelf(query: Any, branch_id: Any, item_id: Any) -> Any:
    """A query with what stands of the item of each of its rows, for `remember`: a row for each place."""
    return (
        query.add_columns(*_SHELF_COLUMNS)
        .outerjoin(StockLevel, and_(StockLevel.branch_id == branch_id, StockLevel.item_id == item_id))
        .outerjoin(Holding, and_(_OF_ITEM, Holding.quantity > 0))
        .outerjoin(Lot, Lot.id == Holding.lot_id)
    )


# The first reads what stands on the shelf; the second also finds used-up holdings of the lots named.
_SHELF = Prepared(_shelf_query(Holding.quantity > 0))
_SHELF_AND_LOTS = Prepared(
    _shelf_query(or_(Holding.quantity > 0, Holding.lot_id.in_(bindparam("lots", expanding=True))))
)


_numbered = aliased(Lot)
# As the second, by what is written on the lots, and with the lots themselves.
_SHELF_AND_NUMBERS = _shelf_query(
    or_(
        Holding.quantity > 0,
        Holding.lot_id.in_(
            select(_numbered.id).where(
                _numbered.branch_id == bindparam("branch"),
                _numbered.item_id.in_(bindparam("items", expanding=True)),
                _numbered.number.in_(bindparam("numbers", expanding=True)),
            )
        ),
    )
).add_columns(Lot)


def load_numbered(writer: Writer, item_ids: Iterable[UUID], numbers: Collection[str]) -> list[Lot]:
    """As `load`, and the lots of the items that bear the numbers: all of it in one statement."""
    items = set(item_ids)
    values = {"branch": writer.branch_id, "items": sorted(items), "numbers": sorted(set(numbers))}
    lots: dict[UUID, Lot] = {}
    for row in writer.session.execute(_SHELF_AND_NUMBERS, values):
        remember(writer, row)
        if row.Lot is not None and row.Lot.number in numbers:
            lots[row.Lot.id] = row.Lot
    for item_id in items:
        writer.levels.setdefault(item_id, Level())
    writer.read_lots |= lots.keys()
    return list(lots.values())


def load(writer: Writer, item_ids: Iterable[UUID], lot_ids: Collection[UUID] = ()) -> None:
    """Read the levels and standing holdings of items, and every holding of the lots named. One statement."""
    items = set(item_ids)
    if writer.read_lots.issuperset(lot_ids):
        lot_ids = ()
    if not lot_ids:
        items -= writer.levels.keys()
    if not items:
        return
    query = _SHELF_AND_LOTS if lot_ids else _SHELF
    values = {"branch": writer.branch_id, "items": sorted(items)}
    if lot_ids:
        values["lots"] = sorted(set(lot_ids))
    for row in ask(writer.session, query, values):
        remember(writer, row)
    for item_id in items:
        writer.levels.setdefault(item_id, Level())


def remember(writer: Writer, row: Any) -> None:
    """Keep what a row tells of its `item_id`, so that `load` need not ask."""
    if row.item_id not in writer.levels:
        known = row.on_hand is not None
        sums = (row.on_hand, row.quarantined, row.reserved, row.on_order) if known else ()
        writer.levels[row.item_id] = Level(*sums)
    key = (row.lot_id, row.location_id, row.container_id)
    if row.holding_id is not None and key not in writer.places:
        writer.keep(
            Place(
                row.holding_id,
                row.item_id,
                row.lot_id,
                row.location_id,
                row.container_id,
                row.expires_on,
                row.quarantined_at is not None,
                row.standing,
                row.use_by_at,
                row.counted_at,
            )
        )


def place_of(
    writer: Writer,
    item_id: UUID,
    lot: Lot,
    location_id: UUID,
    container_id: UUID | None = None,
    use_by_on: date | None = None,
) -> Place:
    """The place of a lot at a location; a new empty one where it never stood there before."""
    known = writer.places.get((lot.id, location_id, container_id))
    if known is not None:
        return known
    days = [day for day in (lot.expires_on, use_by_on) if day is not None]
    return writer.keep(
        Place(
            new_id(),
            item_id,
            lot.id,
            location_id,
            container_id,
            min(days) if days else None,
            lot.quarantined_at is not None,
            0,
            lot.use_by_at,
        )
    )
