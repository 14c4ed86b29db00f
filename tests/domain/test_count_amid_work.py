"""A count in the middle of concurrent work always ends at count plus later net (drawn by hypothesis).

Work is told when it happens, late, ahead by a fast clock, and undone; two lots are counted now or from paper,
once and again, before, between and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Holding, Movement
from supply.domain.stocktake import opening, posting, reviewing, tallying
from supply.domain.stocktake.differing import add_up, weigh
from supply.domain.stocktake.models import (
    DifferenceReason,
    Stocktake,
    StocktakeKind,
    StocktakeLine,
    StocktakeStatus,
)
from supply.domain.stocktake.tallying import Holds, Rest
from supply.errors import Conflict
from tests import shelves
from tests.cast import Cast

Act = tuple[str, int, int]
LATE = ("late use", "late receipt")
ACTS = st.lists(
    st.tuples(
        st.sampled_from(("use", "ahead use", "receipt", *LATE, "undo", "count", "paper")),
        st.integers(min_value=1, max_value=60),
        st.integers(min_value=0, max_value=1),
    ),
    min_size=1,
    max_size=4,
)
# Before the two lots are counted, until it is posted, afterwards.
DAYS = st.tuples(ACTS, ACTS, ACTS)
COUNTS: Sequence[Act] = (("count", 50, 0), ("count", 40, 1))
END: Act = ("post", 0, 0)
# A use before the count is undone after it was posted; one is told ahead of it, others long after.
OF_EACH_KIND: tuple[list[Act], ...] = (
    [("use", 20, 0), ("receipt", 10, 1), ("ahead use", 5, 0)],
    [("late use", 10, 0), ("use", 3, 1)],
    [("undo", 1, 0), ("late use", 8, 1), ("late receipt", 9, 0), ("undo", 1, 1), ("use", 2, 0)],
)
_SHARED = [HealthCheck.function_scoped_fixture]


class Day:
    """A day of work on two lots, a hundred grams each, while a stocktake is open."""

    def __init__(self, cast: Cast, item_id: UUID) -> None:
        self.cast, self.item_id = cast, item_id
        self.undos: list[tuple[str, UUID]] = []
        self.lots = [shelves.stock(cast, item_id, 100, number=f"L{one}")[1] for one in range(2)]
        told = {"branch_id": cast.branch_id, "kind": StocktakeKind.CYCLE, "item_ids": [item_id]}
        self.id = write_transaction(lambda s: opening.open_stocktake(s, cast.storekeeper, **told).id)

    def act(self, kind: str, grams: int, lot: int) -> None:
        now = clock.now()
        when = now - timedelta(minutes=7 * grams) if kind in (*LATE, "paper") else now
        when += timedelta(minutes=3) if kind == "ahead use" else timedelta()
        if kind.endswith("use"):
            wanted = [(self.item_id, grams)]
            used = shelves.use(self.cast, wanted, happened_at=when, lot_id=self.lots[lot])
            self.undos.append(("completion", used[0]))
        elif kind.endswith("receipt"):
            self.undos.append(("delivery", self.receive(lot, grams, when)))
        elif kind == "undo" and self.undos:
            shelves.undo(self.cast, *self.undos.pop(lot % len(self.undos)))
        elif kind in ("count", "paper"):
            self.count(self.lots[lot], grams, when)
        elif kind == "post":
            self.post()

    def receive(self, lot: int, grams: int, when: datetime) -> UUID:
        def work(session: Session) -> UUID:
            writer = ledger.lock(session, self.cast.storekeeper, self.cast.branch_id)
            lots = ledger.obtain_lots(writer, [ledger.LotFacts(self.item_id, f"L{lot}", None)])
            about = (self.item_id, lots[0].id, self.cast.location_id, grams)
            receipt = ledger.Receipt(*about, "delivery", new_id(), 1, when)
            ledger.receive(writer, [receipt], lots)
            return receipt.source_id

        return write_transaction(work)

    def count(self, lot_id: UUID, grams: int, when: datetime) -> None:
        def work(session: Session) -> None:
            line = session.scalars(
                select(StocktakeLine).where(
                    StocktakeLine.stocktake_id == self.id, StocktakeLine.lot_id == lot_id
                )
            ).one()
            told = {"amount": Decimal(grams), "unit": "mg", "counted_at": when, "holds": Holds.THIS}
            who, version = self.cast.storekeeper, line.version
            tallying.count_line(session, who, self.id, line.id, version=version, **told)

        write_transaction(work)

    def post(self) -> None:
        """Close, look, have counted again what cannot be, and post."""

        def close(session: Session) -> None:
            stocktake = session.get_one(Stocktake, self.id)
            if stocktake.status is StocktakeStatus.COUNTING:
                tallying.settle_rest(session, self.cast.storekeeper, self.id, rest=Rest.SKIP)
                reviewing.close_count(session, self.cast.manager, self.id, version=stocktake.version)

        def end(session: Session) -> None:
            stocktake = session.get_one(Stocktake, self.id)
            found = weigh(session, stocktake)
            doubted = [one.line_id for one in found if one.contradicted]
            how = {"version": stocktake.version}
            if doubted:
                reviewing.ask_recount(session, self.cast.manager, self.id, line_ids=doubted, **how)
                return
            rest = DifferenceReason.UNKNOWN
            reviewing.give_reasons(session, self.cast.manager, self.id, rest=rest, **how)
            how = {"version": stocktake.version, "digest": add_up(found).digest}
            posting.hand_in(session, self.cast.manager, self.id, **how)

        write_transaction(close)
        write_transaction(end)

    def status(self) -> StocktakeStatus:
        return read_snapshot(lambda session: session.get_one(Stocktake, self.id).status)


def faults(session: Session, stocktake_id: UUID) -> Sequence[str]:
    """The counted places that do not hold what was counted and later net."""
    lines = session.scalars(select(StocktakeLine).where(StocktakeLine.stocktake_id == stocktake_id))
    found = []
    for line in lines:
        if line.counted is None:
            continue
        held = session.scalars(select(Holding.quantity).where(Holding.lot_id == line.lot_id)).one()
        wanted = line.counted + later_net(session, line)
        if held != wanted:
            found.append(f"counted {line.counted}: holds {held}, not {wanted}")
    return found


def later_net(session: Session, line: StocktakeLine) -> int:
    """What work moved at a place after its count; an undoing belongs to the time of what it undoes."""
    rows = session.scalars(select(Movement).where(Movement.lot_id == line.lot_id)).all()
    when = {row.seq: row.happened_at for row in rows}
    assert line.counted_at is not None
    return sum(
        row.quantity
        for row in rows
        if row.source_type in ("completion", "delivery")
        and when[row.reverses_seq or row.seq] > line.counted_at
    )


def tell(cast: Cast, item_id: UUID, parts: Sequence[Sequence[Act]]) -> None:
    began = clock.now() - timedelta(days=1)
    with clock.standing_at(began):
        day = Day(cast, item_id)
    before, between, after = parts
    # What is contradicted at the first end is counted again.
    acts = [*before, *COUNTS, *between, END, *after, *COUNTS, END]
    for number, act in enumerate(acts, 1):
        # Refusals (not enough there, posted already) are part of a day; they change nothing.
        with clock.standing_at(began + timedelta(minutes=2 * number)), suppress(Conflict):
            day.act(*act)
    assert day.status() is StocktakeStatus.POSTED
    assert read_snapshot(lambda session: faults(session, day.id)) == []
    assert shelves.differences() == []


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=_SHARED,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
@given(parts=DAYS)
@example(parts=OF_EACH_KIND)
def test_a_count_amid_work_ends_at_count_plus_later_net(
    session: Session, cast: Cast, parts: tuple[list[Act], ...]
) -> None:
    tell(cast, new_item(session), parts)


@pytest.mark.long
@settings(max_examples=300, deadline=None, suppress_health_check=_SHARED, database=None)
@given(parts=DAYS)
def test_many_counts_amid_work_end_at_count_plus_later_net(
    session: Session, cast: Cast, parts: tuple[list[Act], ...]
) -> None:
    tell(cast, new_item(session), parts)


def new_item(session: Session) -> UUID:
    """Of each day its own, so that no other day's lots are in the way."""
    item_id = shelves.add_item(session, f"herb-{new_id().hex}")
    session.commit()
    return item_id
