"""Reports against a plain recomputation from the movements, whatever happened and whenever it was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.tallying import tally_all
from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.ledger import service as ledger
from supply.domain.ledger.cost import rounded
from supply.domain.ledger.models import Lot, Movement
from supply.domain.reports.costs import CostsBy, costs_of
from supply.domain.reports.figures import Books, open_books, whole_months
from supply.domain.reports.losses import losses_of
from supply.domain.reports.tally_checking import check_tallies
from supply.domain.reports.tally_models import TallyItem
from supply.domain.reports.tallying import tally_branch
from supply.domain.reports.using import uses_of
from supply.domain.reports.worth import items_at, worth_by_day
from supply.domain.stocktake import counting
from supply.domain.visits import service as visits
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import Cast
from tests.treatments import complete, noon, open_spa, plan

ZONE = "Asia/Ho_Chi_Minh"


def first() -> date:
    return noon().date() - timedelta(days=5)


def last() -> date:
    return noon().date() + timedelta(days=1)


def tell(cast: Cast) -> int:
    """Add up what came since, as the night does."""
    return write_transaction(lambda session: tally_branch(session, session.get_one(Branch, cast.branch_id)))


def books(session: Session, cast: Cast) -> Books:
    return open_books(session, cast.manager, cast.branch_id, first(), last())


def priced(cast: Cast, item_id: UUID, grams: int, minor: int | None, number: str, when: datetime) -> UUID:
    """A lot at such a price for all of it."""

    def work(session: Session) -> UUID:
        writer = ledger.lock(session, cast.storekeeper, cast.branch_id)
        cost = {"cost_minor": minor, "cost_quantity": grams * 1_000, "currency": "VND"} if minor else {}
        (lot,) = ledger.obtain_lots(writer, [ledger.LotFacts(item_id, number, date(2099, 1, 1), **cost)])
        came = ledger.Receipt(item_id, lot.id, cast.location_id, grams * 1_000, "delivery", new_id(), 1, when)
        ledger.receive(writer, [came], [lot])
        return lot.id

    return write_transaction(work)


def naive(session: Session, cast: Cast) -> list[tuple[date, Any, str, int, Fraction]]:
    """(day, item, told kind, quantity, worth) of every movement, one by one."""
    query = (
        select(Movement, Lot).join(Lot, Lot.id == Movement.lot_id).where(Movement.branch_id == cast.branch_id)
    )
    rows = session.execute(query).all()
    by_seq = {row.Movement.seq: row.Movement for row in rows}
    told = []
    for row in rows:
        movement = by_seq.get(row.Movement.reverses_seq, row.Movement)
        quantity, lot = row.Movement.quantity, row.Lot
        worth = Fraction(quantity * lot.cost_minor, lot.cost_quantity) if lot.cost_minor else Fraction(0)
        day = clock.day_of(movement.happened_at, ZONE)
        told.append((day, movement.item_id, movement.type.value, quantity, worth))
    return told


def agree(cast: Cast) -> None:
    """Every report is what the movements say, and its parts are the whole."""
    with db.session() as session:
        told, here = naive(session, cast), books(session, cast)
        for day in worth_by_day(session, here):
            assert day.minor == rounded(sum((row[4] for row in told if row[0] <= day.day), Fraction(0)))
            items = items_at(session, here, day.day)
            assert sum(one.minor for one in items) == day.minor
        quantities: dict[UUID, int] = defaultdict(int)
        for row in told:
            quantities[row[1]] += row[3]
        assert {one.item.id: one.quantity for one in items} == {k: v for k, v in quantities.items() if v}
        used = [row for row in told if row[2] == "usage" and first() <= row[0] <= last()]
        spent = rounded(-sum((row[4] for row in used), Fraction(0)))
        # Everything happens in the last days; the months that they lie in have nothing else.
        assert uses_of(session, here).minor == spent
        for by in (CostsBy.STEP, CostsBy.MONTH):
            costs = costs_of(session, whole_months(here), by)
            assert (costs.minor, sum(line.minor for line in costs.lines)) == (spent, spent)
        losses = losses_of(session, here)
        counted = [row for row in told if row[2] in ("waste", "adjustment") and first() <= row[0] <= last()]
        kept = sum((row[4] for row in counted), Fraction(0))
        assert losses.minor - losses.minors[0] == pytest.approx(-kept, abs=2)
        assert losses.minor == sum(line.minor for line in losses.lines)
        assert losses.minors[2] == sum(share.minor for share in losses.reasons)
        assert list(check_tallies(session)) == []
        session.rollback()


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("do", "more", "undo", "waste", "count", "deliver", "tell")),
        st.integers(min_value=1, max_value=300),
        st.integers(min_value=0, max_value=4),
    ),
    min_size=1,
    max_size=9,
)


def act(cast: Cast, ginger: UUID, kind: str, grams: int, days: int, undos: list[Callable[[], Any]]) -> None:
    when = noon() - timedelta(days=days)
    if kind in ("do", "more"):
        line = {"item_id": ginger, "guest_position": 1, "amount": Decimal(grams), "unit": "g"}
        lines = [line] if kind == "more" else []
        visit = plan(cast, planned_at=when).visit.id
        complete(cast, visit, 4, lines=lines, happened_at=when, consent_to_shortage=True)
        undos.append(
            lambda: write_transaction(
                lambda session: visits.reverse_completion(session, cast.manager, visit_id=visit, position=4)
            )
        )
    elif kind == "undo" and undos:
        undos.pop(grams % len(undos))()
    elif kind == "deliver":
        priced(cast, ginger, grams, grams * 7 + days if grams % 3 else None, f"L{grams}", when)
    elif kind == "tell":
        tell(cast)
    elif kind in ("waste", "count"):
        _lose(cast, ginger, kind, grams, when)


def _lose(cast: Cast, ginger: UUID, kind: str, grams: int, when: datetime) -> None:
    def work(session: Session) -> Any:
        lots = session.scalars(
            select(Lot)
            .where(Lot.branch_id == cast.branch_id, Lot.item_id == ginger)
            .order_by(Lot.number, Lot.id)
        ).all()
        if kind == "waste":
            thrown = {
                "amount": Decimal(grams),
                "unit": "g",
                "reason": WasteReason.SPILLED,
                "happened_at": when,
            }
            lot = lots[grams % len(lots)]
            return waste.log_waste(
                session, cast.storekeeper, branch_id=cast.branch_id, lot_id=lot.id, **thrown
            )
        lines = [{"lot_id": lot.id, "amount": Decimal(grams * 20), "unit": "g"} for lot in lots]
        told = {"branch_id": cast.branch_id, "item_id": ginger, "lines": lines, "happened_at": when}
        return counting.log_count(session, cast.storekeeper, **told)

    write_transaction(work)


_SHARED = [HealthCheck.function_scoped_fixture]


@settings(max_examples=5, deadline=None, suppress_health_check=_SHARED, derandomize=True, database=None)
@given(acts=ACTS)
# Over-use is worth 1,555.78 and waste 15.56: 1,571.33 together, of which the waste shows as 15.
@example(acts=[("more", 300, 1), ("waste", 2, 1)])
def test_reports_are_what_the_movements_say(spa: UUID, cast: Cast, acts: list[tuple[str, int, int]]) -> None:
    undos: list[Callable[[], Any]] = []
    for kind, grams, days in acts:
        with suppress(Conflict):
            act(cast, spa, kind, grams, days, undos)
    agree(cast)
    tell(cast)
    agree(cast)


@pytest.fixture
def spa(session: Session, cast: Cast) -> UUID:
    """The starter's treatments, with ginger of two prices and of one that nobody knows."""
    ginger = open_spa(cast, quantity=0)["ginger"]
    for number, minor in (("A", 7_001), ("B", 12_500)):
        priced(cast, ginger, 900, minor, number, noon() - timedelta(days=5))
    return ginger


def test_what_is_late_or_undone_counts_on_its_own_day(spa: UUID, cast: Cast) -> None:
    """120 g of 100 at 7,001 the 900 g, told four days late, after the night has added up; then undone."""
    tell(cast)
    four_ago = noon() - timedelta(days=4)
    act(cast, spa, "more", 120, 4, undos := [])
    day = clock.day_of(four_ago, ZONE)

    def used() -> list[Any]:
        def look(session: Session) -> list[Any]:
            here = open_books(session, cast.manager, cast.branch_id, day, day)
            (loss,) = losses_of(session, here).lines or [None]
            costs = costs_of(session, whole_months(here), CostsBy.PACKAGE)
            used = {one.item.code: (one.used, one.minor) for one in uses_of(session, here).lines}
            lost = loss and (loss.quantities[0], loss.minors[0])
            return [used.get("ginger"), costs.minor, worth_by_day(session, here)[0].used, lost]

        return read_snapshot(look)

    spent = rounded(Fraction(120 * 7_001, 900))
    expected = [(120_000, spent), spent, -spent, (20_000, rounded(Fraction(20 * 7_001, 900)))]
    assert used() == expected
    assert (tally_all(least=500), tally_all(), tally_all()) == (0, 1, 0)
    assert used() == expected
    undos.pop()()
    assert used() == [None, 0, 0, None]
    tell(cast)
    assert used() == [None, 0, 0, None]
    _who_may_and_what_is_proved(cast)


def _who_may_and_what_is_proved(cast: Cast) -> None:
    for actor, refusal in (
        (cast.storekeeper, Forbidden),
        (cast.therapist, Forbidden),
        (cast.admin, Forbidden),
        (cast.outsider, NotFound),
    ):
        with pytest.raises(refusal):
            read_snapshot(lambda session, who=actor: open_books(session, who, cast.branch_id, None, None))
    with pytest.raises(Invalid):
        read_snapshot(
            lambda session: open_books(
                session, cast.manager, cast.branch_id, first(), first() - timedelta(days=1)
            )
        )
    assert read_snapshot(lambda session: list(check_tallies(session))) == []
    write_transaction(lambda session: session.execute(update(TallyItem).values(rest=TallyItem.rest + 1)))
    named = read_snapshot(lambda session: [str(one) for one in check_tallies(session)])
    assert named
    assert all("tally_item" in one for one in named)
