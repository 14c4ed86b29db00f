"""Proof that the books agree: recompute every sum from the movements, walk the chain, name what differs.

Streams the movements in order of their numbers; memory grows with the holdings, not with the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger import chain
from supply.domain.ledger.models import (
    DEMANDED,
    DemandDay,
    Holding,
    LedgerHead,
    Lot,
    Movement,
    StockLevel,
)

PlaceKey = tuple[UUID, UUID, UUID, UUID | None]
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that does not agree with the movements."""

    branch: str
    what: str
    name: str
    stored: str
    computed: str

    def __str__(self) -> str:
        return f"{self.branch}: {self.what} {self.name}: stored {self.stored}, computed {self.computed}"


@dataclass(slots=True)
class _Sums:
    places: dict[PlaceKey, int]
    used: dict[tuple[UUID, Any], int]
    seq: int = 0
    hash: bytes = chain.GENESIS


def check_ledger(session: Session, branch_id: UUID | None = None) -> Iterator[Difference]:
    """Every difference of one branch's books, or of all. Nothing yielded means that everything agrees."""
    query = select(Branch).order_by(Branch.code)
    if branch_id is not None:
        query = query.where(Branch.id == branch_id)
    for branch in session.scalars(query).all():
        sums = _Sums(defaultdict(int), defaultdict(int))
        yield from _walk(session, branch, sums)
        yield from _head(session, branch, sums)
        yield from _holdings(session, branch, sums)
        yield from _levels(session, branch, sums)
        yield from _demand(session, branch, sums)


def head_of(session: Session, branch_id: UUID) -> tuple[int, str]:
    """The branch's last sequence number and hash (hex): what an outside witness keeps."""
    head = session.get_one(LedgerHead, branch_id)
    return head.seq, head.hash.hex()


def _walk(session: Session, branch: Branch, sums: _Sums) -> Iterator[Difference]:
    origin = aliased(Movement)
    columns = [getattr(Movement, name) for name in chain.FIELDS]
    query = (
        select(*columns, Movement.hash, origin.type.label("undone"), origin.happened_at.label("used_at"))
        .outerjoin(origin, and_(origin.branch_id == Movement.branch_id, origin.seq == Movement.reverses_seq))
        .where(Movement.branch_id == branch.id)
        .order_by(Movement.seq)
        .execution_options(yield_per=BATCH)
    )
    for row in session.execute(query):
        if row.seq != sums.seq + 1:
            yield Difference(branch.code, "movement", f"#{sums.seq + 1}", "missing", f"before #{row.seq}")
        expected = chain.next_hash(sums.hash, row._asdict())
        if expected != row.hash:
            stored, computed = f"hash {row.hash.hex()[:16]}", expected.hex()[:16]
            yield Difference(branch.code, "movement", f"#{row.seq}", stored, computed)
        sums.seq, sums.hash = row.seq, row.hash
        sums.places[row.item_id, row.lot_id, row.location_id, row.container_id] += row.quantity
        if row.type in DEMANDED or row.undone in DEMANDED:
            # Use counts on the day it was performed; its reversal takes it from that same day.
            day = clock.day_of(row.used_at or row.happened_at, branch.timezone)
            sums.used[row.item_id, day] -= row.quantity


def _head(session: Session, branch: Branch, sums: _Sums) -> Iterator[Difference]:
    head = session.get(LedgerHead, branch.id)
    if head is None:
        yield Difference(branch.code, "ledger head", branch.code, "missing", f"#{sums.seq}")
    elif (head.seq, head.hash) != (sums.seq, sums.hash):
        stored, computed = f"#{head.seq} {head.hash.hex()[:16]}", f"#{sums.seq} {sums.hash.hex()[:16]}"
        yield Difference(branch.code, "ledger head", branch.code, stored, computed)


def _holdings(session: Session, branch: Branch, sums: _Sums) -> Iterator[Difference]:
    query = (
        select(
            Holding.item_id,
            Holding.lot_id,
            Holding.location_id,
            Holding.container_id,
            Holding.quantity,
            Item.code,
            Lot.number,
        )
        .join(Item, Item.id == Holding.item_id)
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == branch.id)
    )
    left = dict(sums.places)
    for row in session.execute(query):
        computed = left.pop((row.item_id, row.lot_id, row.location_id, row.container_id), 0)
        if computed != row.quantity:
            name = f"{row.code} lot {row.number} at {row.location_id}"
            yield Difference(branch.code, "holding", name, str(row.quantity), str(computed))
    for key, computed in left.items():
        if computed:
            name = f"item {key[0]} lot {key[1]} at {key[2]}"
            yield Difference(branch.code, "holding", name, "missing", str(computed))


def _levels(session: Session, branch: Branch, sums: _Sums) -> Iterator[Difference]:
    on_hand: dict[UUID, int] = defaultdict(int)
    for (item_id, *_rest), quantity in sums.places.items():
        on_hand[item_id] += quantity
    quarantined = _quarantined(session, branch, sums.places.items())
    query = (
        select(StockLevel.item_id, StockLevel.on_hand, StockLevel.quarantined, Item.code)
        .join(Item, Item.id == StockLevel.item_id)
        .where(StockLevel.branch_id == branch.id)
    )
    for row in session.execute(query):
        for what, stored, computed in (
            ("on hand", row.on_hand, on_hand.pop(row.item_id, 0)),
            ("quarantined", row.quarantined, quarantined.get(row.item_id, 0)),
        ):
            if stored != computed:
                yield Difference(branch.code, f"{what} of", row.code, str(stored), str(computed))
    for item_id, computed in on_hand.items():
        if computed:
            yield Difference(branch.code, "on hand of", f"item {item_id}", "missing", str(computed))


def _quarantined(session: Session, branch: Branch, places: Iterable[tuple[PlaceKey, int]]) -> dict[UUID, int]:
    query = select(Lot.id).where(Lot.branch_id == branch.id, Lot.quarantined_at.is_not(None))
    blocked = set(session.scalars(query))
    sums: dict[UUID, int] = defaultdict(int)
    for (item_id, lot_id, _location, _container), quantity in places:
        if lot_id in blocked:
            sums[item_id] += quantity
    return sums


def _demand(session: Session, branch: Branch, sums: _Sums) -> Iterator[Difference]:
    stored = {
        (item_id, day): used
        for item_id, day, used in session.execute(
            select(DemandDay.item_id, DemandDay.day_on, DemandDay.used).where(
                DemandDay.branch_id == branch.id
            )
        )
    }
    for key in sorted(stored.keys() | sums.used.keys(), key=str):
        if stored.get(key, 0) != sums.used.get(key, 0):
            name = f"item {key[0]} on {key[1]}"
            yield Difference(branch.code, "use of", name, str(stored.get(key, 0)), str(sums.used.get(key, 0)))
