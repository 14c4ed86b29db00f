"""Brewing on both databases: exact scaling, one transaction, cost, hours, cancelling, leftovers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.ledger.models import DemandDay, Lot, LotKind, Movement, MovementType
from supply.domain.preparation import contents, leftovers, recipes, standing
from supply.domain.preparation.scaling import Standing, batches_for, cost_share, missing, most, scaled
from supply.domain.tasks.models import Task
from supply.domain.waste.models import WasteReason
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from tests.brewing import KG, Brewery, brew, cancel, line, open_brewery
from tests.cast import Cast
from tests.shelves import add_item, differences, on_hand, stock, use

G = 1_000
# Seven in the morning in the branch.
MORNING = datetime(2026, 11, 22, 0, tzinfo=UTC)
DAY = date(2026, 11, 22)


@pytest.fixture
def brewery(session: Session, cast: Cast) -> Brewery:
    brewery = open_brewery(cast)
    stock(cast, brewery.perilla, 100 * G, number="P1", expires_on=date(2026, 12, 1))
    stock(cast, brewery.bark, 20 * G, number="K1", expires_on=date(2027, 12, 1))
    return brewery


# --- pure ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantities", "yields", "wanted", "expected"),
    [
        ([200, 50], 10, 10, [200, 50]),
        ([200, 50], 10, 25, [500, 125]),
        ([200, 50], 10, 1, [20, 5]),
        ([3, 6], 9, 3, [1, 2]),
        ([1], 3, 2, None),
        ([200, 5], 10, 3, None),
        ([], 10, 3, []),
    ],
)
def test_scaling_is_exact_or_refused(
    quantities: list[int], yields: int, wanted: int, expected: list[int] | None
) -> None:
    if expected is None:
        with pytest.raises(Invalid) as refused:
            scaled(quantities, yields, wanted, field="amount")
        assert refused.value.code == "batch_inexact"
    else:
        assert scaled(quantities, yields, wanted, field="amount") == expected


@pytest.mark.parametrize(
    ("yields", "herbs", "expected"),
    [
        (10, [(200, 200), (50, 50)], 10),
        (10, [(200, 1_000), (50, 130)], 26),
        (10, [(200, 199), (50, 999)], 9),
        (10, [(3, 8)], 20),
        (10, [(200, 0), (50, 50)], 0),
        (10, [(200, -5)], 0),
        (10, [], 0),
    ],
)
def test_the_most_that_herbs_allow_can_be_brewed_and_not_more(
    yields: int, herbs: list[tuple[int, int]], expected: int
) -> None:
    assert most(yields, herbs) == expected
    if expected:
        needed = scaled([herb for herb, _there in herbs], yields, expected, field="amount")
        assert all(one <= there for one, (_herb, there) in zip(needed, herbs, strict=True))


def test_a_cost_is_exact_and_unknown_where_a_part_is() -> None:
    assert cost_share([(30, 100, 7), (1, 1, 3)], 11) == (9007, 231)
    assert cost_share([(30, 100, 7), (1, None, None)], 11) == (None, None)
    huge = cost_share(
        [(10**14 + 1, 10**9 + 7, 10**14 + 31), (10**14 + 3, 10**9 + 9, 10**14 + 37)], 10**13 + 37
    )
    assert all(part is not None and 0 < part < 2**63 for part in huge)


def hour(number: int) -> datetime:
    return MORNING + timedelta(hours=number)


@pytest.mark.parametrize(
    ("needs", "shelf", "lacks"),
    [
        ([(2, 5), (3, 5)], [(12, 10)], [0, 0]),
        ([(2, 5), (3, 5)], [(3, 10)], [0, 5]),
        ([(2, 5), (30, 5)], [(12, 3), (40, 4)], [0, 3]),
        ([(2, 5)], [], [5]),
        ([(2, 5)], [(None, 2), (12, 2)], [1]),
    ],
)
def test_what_lasts_until_then_covers_a_need(
    needs: list[tuple[int, int]], shelf: list[tuple[int | None, int]], lacks: list[int]
) -> None:
    there = [Standing(None if until is None else hour(until), quantity) for until, quantity in shelf]
    assert missing([(hour(when), quantity) for when, quantity in needs], there) == lacks
    assert [batches_for(lack, 4) for lack in (0, 1, 4, 5, -3)] == [0, 1, 1, 2, 0]


# --- brewing ---------------------------------------------------------------------------------------------


def lot_of(session: Session, lot_id: UUID) -> Lot:
    return session.get_one(Lot, lot_id, populate_existing=True)


def test_herbs_leave_and_a_batch_with_its_hour_comes_in(
    cast: Cast, session: Session, brewery: Brewery
) -> None:
    with clock.standing_at(MORNING):
        batch = brew(cast, brewery.recipe, "1.5")
    assert on_hand(cast, brewery.perilla) == 55 * G
    assert on_hand(cast, brewery.bark) == 20 * G - 10_500
    assert on_hand(cast, brewery.water) == 1_500 * G
    lot = lot_of(session, batch.lot_id)
    assert (lot.kind, lot.number, lot.use_by_at, lot.expires_on) == (
        LotKind.PREPARED,
        "B-261122-1",
        hour(12),
        DAY,
    )
    types = session.scalars(
        select(Movement.type).where(Movement.source_id == batch.id).order_by(Movement.seq)
    )
    assert list(types) == [MovementType.PREPARATION_OUT] * 2 + [MovementType.PREPARATION_IN]
    demand = session.execute(select(DemandDay.item_id, DemandDay.used).where(DemandDay.used != 0)).all()
    assert {tuple(row) for row in demand} == {(brewery.perilla, 45 * G), (brewery.bark, 10_500)}
    assert differences() == []


def test_what_was_really_taken_and_what_really_came_of_it_is_recorded(cast: Cast, brewery: Brewery) -> None:
    _source, other = stock(cast, brewery.perilla, 50 * G, number="P2", expires_on=date(2027, 1, 1))
    told = [line(brewery.perilla, "20", lot_id=other), line(brewery.perilla, "8"), line(brewery.bark, "0")]
    batch = brew(cast, brewery.recipe, lines=told, made_amount=Decimal("0.9"), made_unit="kg")
    assert [(one.item_id, one.standard, one.actual) for one in batch.lines] == [
        (brewery.perilla, 30 * G, 20 * G),
        (brewery.perilla, 0, 8 * G),
        (brewery.bark, 7 * G, 0),
    ]
    assert (batch.expected, batch.quantity, on_hand(cast, brewery.water)) == (KG, 900 * G, 900 * G)
    assert (on_hand(cast, brewery.perilla), on_hand(cast, brewery.bark)) == (122 * G, 20 * G)
    assert differences() == []


def test_a_shortage_is_said_first_and_with_consent_counted(
    cast: Cast, session: Session, brewery: Brewery
) -> None:
    with pytest.raises(Conflict) as refused:
        brew(cast, brewery.recipe, "3")
    assert refused.value.code == "stock_short"
    assert [short["code"] for short in refused.value.details["short"]] == ["bark"]
    assert on_hand(cast, brewery.water) == 0
    batch = brew(cast, brewery.recipe, "3", consent_to_shortage=True)
    assert [one.shortfall for one in batch.lines] == [0, G]
    (task,) = session.scalars(select(Task)).all()
    assert (task.source_id, task.item_id, task.quantity, task.reason) == (
        batch.id,
        brewery.bark,
        G,
        "shortfall",
    )
    cancel(cast, batch.id)
    session.refresh(task)
    assert task.outcome == "reversed"
    assert (
        session.execute(select(DemandDay).where((DemandDay.used != 0) | (DemandDay.short != 0))).all() == []
    )
    assert differences() == []


def test_the_batch_costs_what_its_herbs_cost(cast: Cast, session: Session, brewery: Brewery) -> None:
    rows = {lot.item_id: lot for lot in session.scalars(select(Lot))}

    def price(store: Session) -> None:
        for item_id, minor, size in ((brewery.perilla, 90_000, KG), (brewery.bark, 100, 3 * G)):
            lot = store.get_one(Lot, rows[item_id].id)
            lot.cost_minor, lot.cost_quantity, lot.currency = minor, size, "VND"

    write_transaction(price)
    lot = lot_of(session, brew(cast, brewery.recipe).lot_id)
    # 30 g at 90 a gram and 7 g at a third of a hundred: 2,933 1/3 for a kilogram.
    assert (lot.cost_minor, lot.cost_quantity, lot.currency) == (11, 3_750, "VND")


def test_cancelling_returns_the_herbs_unless_some_was_used(cast: Cast, brewery: Brewery) -> None:
    kept, used = (
        brew(cast, brewery.recipe),
        brew(cast, brewery.recipe, None, amount=Decimal("0.5"), unit="kg"),
    )
    completion, _deducted = use(cast, [(brewery.water, 200 * G)], lot_id=used.lot_id)
    with pytest.raises(Conflict) as refused:
        cancel(cast, used.id)
    assert refused.value.code == "already_used"
    assert [row["source_id"] for row in refused.value.details["uses"]] == [str(completion)]
    cancel(cast, kept.id)
    assert on_hand(cast, brewery.water) == 300 * G
    assert on_hand(cast, brewery.perilla) == 85 * G
    with pytest.raises(Conflict, match="already"):
        cancel(cast, kept.id)
    assert brew(cast, brewery.recipe).lot_id not in (kept.lot_id, used.lot_id)
    assert differences() == []


def test_who_may_brew(cast: Cast, brewery: Brewery) -> None:
    for actor in (cast.storekeeper, cast.therapist, cast.manager):
        cancel(cast, brew(cast, brewery.recipe, actor=actor).id, actor=actor)
    batch = brew(cast, brewery.recipe)
    for stranger, error in ((cast.admin, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(error):
            brew(cast, brewery.recipe, actor=stranger)
        with pytest.raises(error):
            cancel(cast, batch.id, actor=stranger)


def test_what_can_be_brewed_and_what_may_be_used(cast: Cast, brewery: Brewery) -> None:
    with clock.standing_at(MORNING):
        batch = brew(cast, brewery.recipe)

        def look(session: Session) -> Any:
            one = standing.brewable(session, cast.branch_id, DAY)[brewery.water]
            # Of 70 g of perilla and 13 g of bark: the bark allows 13/7 of a batch.
            assert [herb.available for herb in one.herbs] == [70 * G, 13 * G]
            return one.most, one.batches

        most_now, whole = read_snapshot(look)
    assert whole == 1
    assert KG < most_now <= 13 * KG // 7
    for at, there in ((hour(11), [KG]), (hour(12), [])):
        rows = read_snapshot(
            lambda session, at=at: standing.usable_batches(session, cast.branch_id, [brewery.water], at)
        )
        assert [row.quantity for row in rows] == there
    assert batch.quantity == KG


# --- leftovers -------------------------------------------------------------------------------------------


def left(cast: Cast) -> list[tuple[UUID, int]]:
    return read_snapshot(
        lambda session: [
            (row.batch_id, row.quantity) for row in standing.leftovers(session, cast.branch_id, DAY)
        ]
    )


def test_a_leftover_appears_by_itself_and_is_written_off_with_its_reason(
    cast: Cast, brewery: Brewery
) -> None:
    def write_off(session: Session) -> Any:
        return leftovers.write_off(session, cast.storekeeper, batch.id)

    with clock.standing_at(MORNING):
        batch = brew(cast, brewery.recipe)
        use(cast, [(brewery.water, 300 * G)])
    with clock.standing_at(hour(12) - timedelta(seconds=1)):
        assert left(cast) == []
        with pytest.raises(Conflict) as early:
            write_transaction(write_off)
        assert early.value.code == "still_usable"
    with clock.standing_at(hour(12)):
        assert left(cast) == [(batch.id, 700 * G)]
        entry = write_transaction(write_off)
        assert (entry.quantity, entry.reason, entry.lot_id) == (700 * G, WasteReason.EXPIRED, batch.lot_id)
        assert left(cast) == []
        with pytest.raises(Conflict) as again:
            write_transaction(write_off)
        assert again.value.code == "nothing_left"
    assert differences() == []


# --- recipes ---------------------------------------------------------------------------------------------


def test_a_recipe_is_changed_by_managers_by_its_version_and_never_in_a_circle(
    cast: Cast, session: Session, brewery: Brewery
) -> None:
    facts = {"yield_amount": Decimal(2), "yield_unit": "kg", "use_by_hours": 6}

    def change(actor: Any, version: int, herbs: list[Any]) -> Any:
        return write_transaction(
            lambda store: recipes.update_recipe(
                store, actor, brewery.recipe, version=version, lines=herbs, **facts
            )
        )

    herbs = [line(brewery.bark, "9", assumed=True)]
    with pytest.raises(Forbidden):
        change(cast.storekeeper, 1, herbs)
    with pytest.raises(Stale):
        change(cast.manager, 2, herbs)
    with pytest.raises(Invalid) as circle:
        change(cast.manager, 1, [line(brewery.water, "1")])
    assert circle.value.code == "brew_circle"
    changed = change(cast.manager, 1, herbs)
    assert (changed.version, changed.yield_quantity, [one.quantity for one in changed.lines]) == (
        2,
        2 * KG,
        [9 * G],
    )
    confirmed = write_transaction(
        lambda store: recipes.confirm_recipe(store, cast.manager, brewery.recipe, version=2)
    )
    assert (confirmed.version, [one.assumed for one in confirmed.lines]) == (3, [False])
    deep = read_snapshot(lambda store: recipes.ingredients_of(store, [brewery.water, brewery.bark]))
    assert deep == {brewery.water: {brewery.bark}}


# --- what is in it ---------------------------------------------------------------------------------------


def test_a_prepared_item_holds_what_its_recipe_and_its_standing_batches_hold(
    session: Session, cast: Cast, brewery: Brewery
) -> None:
    def read(branch_id: UUID = cast.branch_id) -> dict[UUID, frozenset[UUID]]:
        return dict(read_snapshot(lambda s: contents.read_contents(s, [branch_id])))

    def dilute(store: Session) -> UUID:
        """A tonic from the water, to see that it goes deep."""
        tonic = add_item(store, "tonic")
        facts: dict[str, Any] = {"yield_amount": Decimal(2), "yield_unit": "kg", "use_by_hours": 2}
        recipes.create_recipe(store, cast.manager, item_id=tonic, lines=[line(brewery.water, "500")], **facts)
        return tonic

    def spare_the_bark(store: Session) -> UUID:
        facts: dict[str, Any] = {"yield_amount": Decimal(1), "yield_unit": "kg", "use_by_hours": 12}
        lines = [line(brewery.perilla, "30")]
        return recipes.update_recipe(store, cast.manager, brewery.recipe, version=1, lines=lines, **facts).id

    tonic = write_transaction(dilute)
    water, perilla, bark = brewery.water, brewery.perilla, brewery.bark
    assert read() == {water: {perilla, bark}, tonic: {water, perilla, bark}}
    batch = brew(cast, brewery.recipe)
    write_transaction(spare_the_bark)
    # The kettle still holds what went into it; that of another branch does not.
    assert read() == {water: {perilla, bark}, tonic: {water, perilla, bark}}
    assert read(cast.other_branch_id)[tonic] == {water, perilla}
    cancel(cast, batch.id)
    assert read()[water] == {perilla}
