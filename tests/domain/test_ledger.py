"""The ledger against both databases: sums, shortage, reversal, containers, quarantine, tampering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply import clock
from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.catalog.models import Item
from supply.domain.containers import finishing
from supply.domain.containers import service as containers
from supply.domain.ledger import browsing, reading, shelf
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import DemandDay, Holding, Movement, MovementType, StockLevel
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.quantity import to_base
from tests.cast import Cast
from tests.shelves import add_item, differences, on_hand, stock, undo, use

GRAM = 1_000
FOUR_GRAMS = {"amount": "4", "unit": "g"}


@pytest.fixture
def ginger(session: Session, cast: Cast) -> UUID:
    item_id = add_item(session, "ginger", opened_life_days=10)
    session.commit()
    return item_id


@pytest.fixture
def oil(session: Session, cast: Cast) -> UUID:
    item_id = add_item(session, "oil")
    session.commit()
    return item_id


def days(number: int):  # type: ignore[no-untyped-def]
    return clock.now().date() + timedelta(days=number)


def test_a_use_takes_what_expires_first_and_every_sum_follows(cast: Cast, ginger: UUID) -> None:
    _source, later = stock(cast, ginger, 500 * GRAM, number="B", expires_on=days(60))
    _source, soon = stock(cast, ginger, 30 * GRAM, number="A", expires_on=days(9))
    _completion, (deducted,) = use(cast, [(ginger, 50 * GRAM)])
    assert [(taken.lot_id, taken.quantity) for taken in deducted.taken] == [
        (soon, 30 * GRAM),
        (later, 20 * GRAM),
    ]
    assert on_hand(cast, ginger) == 480 * GRAM
    assert differences() == []


def test_too_little_is_said_before_anything_is_written(cast: Cast, ginger: UUID, oil: UUID) -> None:
    stock(cast, ginger, 10 * GRAM)
    stock(cast, oil, 100 * GRAM)
    with pytest.raises(Conflict) as refused:
        use(cast, [(oil, 5 * GRAM), (ginger, 12 * GRAM)])
    assert refused.value.code == "stock_short"
    (short,) = refused.value.details["short"]
    assert (short["code"], short["needed"], short["available"], short["short"]) == (
        "ginger",
        {"amount": "12", "unit": "g"},
        {"amount": "10", "unit": "g"},
        {"amount": "2", "unit": "g"},
    )
    assert (on_hand(cast, ginger), on_hand(cast, oil)) == (10 * GRAM, 100 * GRAM)
    assert differences() == []


def test_with_consent_what_is_there_is_taken_and_the_rest_is_named(cast: Cast, ginger: UUID) -> None:
    stock(cast, ginger, 10 * GRAM)
    _completion, (deducted,) = use(cast, [(ginger, 12 * GRAM)], consent=True)
    assert deducted.short == 2 * GRAM
    assert on_hand(cast, ginger) == 0
    (demand,) = read_snapshot(lambda session: session.execute(select(DemandDay.used, DemandDay.short)).all())
    assert tuple(demand) == (10 * GRAM, 2 * GRAM)


def test_two_lines_of_one_item_share_what_there_is(cast: Cast, ginger: UUID) -> None:
    stock(cast, ginger, 10 * GRAM)
    _completion, (one, two) = use(cast, [(ginger, 8 * GRAM), (ginger, 8 * GRAM)], consent=True)
    assert (one.short, two.short) == (0, 6 * GRAM)
    assert on_hand(cast, ginger) == 0


def test_nine_ninths_leave_nothing_and_what_is_no_ninth_is_refused(cast: Cast, ginger: UUID) -> None:
    """Never a grain of dust: what cannot be told exactly is not taken at all."""
    _delivery, lot_id = stock(cast, ginger, 9 * 100 * GRAM)
    for _ninth in range(9):
        use(cast, [(ginger, 100 * GRAM)])
    assert on_hand(cast, ginger) == 0
    left = read_snapshot(lambda s: s.scalars(select(Holding.quantity).where(Holding.lot_id == lot_id)).all())
    assert left == [0]
    for amount, factor in (
        (Decimal(1) / 9, 1_000_000),
        (Decimal("0.111111111"), 1_000_000),
        (Decimal("0.0001"), GRAM),
    ):
        with pytest.raises(Invalid, match="quantity_inexact"):
            to_base(amount, factor, field="amount")
    assert differences() == []


def test_an_expired_lot_can_only_be_used_by_name_and_is_an_incident(cast: Cast, ginger: UUID) -> None:
    _source, lot_id = stock(cast, ginger, 10 * GRAM, expires_on=days(-3))
    with pytest.raises(Conflict):
        use(cast, [(ginger, GRAM)])
    _completion, (deducted,) = use(cast, [(ginger, GRAM)], lot_id=lot_id)
    assert deducted.incident == "expired-lot"
    # Judged by its own day, the same lot was good.
    _completion, (late,) = use(cast, [(ginger, GRAM)], happened_at=clock.now() - timedelta(days=5))
    assert late.incident is None


def test_a_lot_of_something_else_is_refused(cast: Cast, ginger: UUID, oil: UUID) -> None:
    _source, oil_lot = stock(cast, oil, 10 * GRAM)
    with pytest.raises(Invalid) as refused:
        use(cast, [(ginger, GRAM)], lot_id=oil_lot)
    assert refused.value.code == "lot_unknown"


def test_undoing_returns_each_quantity_to_its_lot_in_any_order(cast: Cast, ginger: UUID) -> None:
    stock(cast, ginger, 30 * GRAM, number="A", expires_on=days(9))
    stock(cast, ginger, 30 * GRAM, number="B", expires_on=days(19))
    before = read_snapshot(
        lambda s: [row.Holding.quantity for row in reading.list_holdings(s, cast.branch_id, ginger)]
    )
    completions = [use(cast, [(ginger, amount * GRAM)])[0] for amount in (20, 20, 7)]
    for completion in (completions[1], completions[0], completions[2]):
        undo(cast, "completion", completion)
        assert differences() == []
    after = read_snapshot(
        lambda s: [row.Holding.quantity for row in reading.list_holdings(s, cast.branch_id, ginger)]
    )
    assert after == before
    assert undo(cast, "completion", completions[0]) == []


def test_the_database_refuses_to_undo_a_movement_twice(session: Session, cast: Cast, ginger: UUID) -> None:
    stock(cast, ginger, 30 * GRAM)
    completion, _deducted = use(cast, [(ginger, GRAM)])
    (undone,) = undo(cast, "completion", completion)
    row = session.get_one(Movement, (cast.branch_id, undone.seq))
    copy = {name: getattr(row, name) for name in Movement.__table__.c.keys()} | {"seq": undone.seq + 1}  # noqa: SIM118
    session.rollback()
    with pytest.raises(DBAPIError):
        write_transaction(lambda s: s.execute(Movement.__table__.insert(), copy))  # type: ignore[attr-defined]


def test_a_delivery_that_was_used_is_not_undone_and_the_uses_are_listed(cast: Cast, ginger: UUID) -> None:
    delivery, lot_id = stock(cast, ginger, 10 * GRAM)
    completion, _deducted = use(cast, [(ginger, 4 * GRAM)])
    with pytest.raises(Conflict) as refused:
        undo(cast, "delivery", delivery)
    assert refused.value.code == "already_used"
    (listed,) = refused.value.details["uses"]
    assert (listed["source_id"], listed["quantity"]) == (str(completion), FOUR_GRAMS)
    assert refused.value.details["least"] == {str(lot_id): FOUR_GRAMS}
    undo(cast, "completion", completion)
    undo(cast, "delivery", delivery)
    assert on_hand(cast, ginger) == 0


def test_opened_comes_first_and_an_undone_use_returns_to_its_container(cast: Cast, ginger: UUID) -> None:
    _source, lot_id = stock(cast, ginger, 500 * GRAM, expires_on=days(300))

    def open_it(session: Session) -> UUID:
        container = containers.open_container(
            session,
            cast.therapist,
            branch_id=cast.branch_id,
            lot_id=lot_id,
            amount=Decimal(100),
            unit="g",
            room_id=cast.room_id,
        )
        assert container.use_by_on == clock.today("Asia/Ho_Chi_Minh") + timedelta(days=10)
        return container.id

    container_id = write_transaction(open_it)
    completion, (deducted,) = use(cast, [(ginger, 30 * GRAM)])
    assert [taken.container_id for taken in deducted.taken] == [container_id]
    undo(cast, "completion", completion)
    completion, _again = use(cast, [(ginger, 30 * GRAM)])
    write_transaction(
        lambda s: finishing.finish_container(s, cast.therapist, container_id, branch_id=cast.branch_id).id
    )
    assert on_hand(cast, ginger) == 400 * GRAM
    undo(cast, "completion", completion)
    (rest,) = read_snapshot(
        lambda s: [
            (row.Holding.container_id, row.Holding.quantity)
            for row in reading.list_holdings(s, cast.branch_id, ginger)
        ]
    )
    assert rest == (None, 430 * GRAM)
    assert differences() == []


def test_a_quarantined_lot_is_never_chosen_until_it_is_released(cast: Cast, ginger: UUID) -> None:
    _source, lot_id = stock(cast, ginger, 10 * GRAM)
    block = {"branch_id": cast.branch_id, "lot_id": lot_id, "reason": "supplier-recall"}
    with pytest.raises(Forbidden):
        write_transaction(lambda s: shelf.quarantine_lot(s, cast.therapist, **block).id)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        write_transaction(lambda s: shelf.quarantine_lot(s, cast.outsider, **block).id)  # type: ignore[arg-type]
    write_transaction(lambda s: shelf.quarantine_lot(s, cast.storekeeper, **block).id)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        use(cast, [(ginger, GRAM)])
    _completion, (deducted,) = use(cast, [(ginger, GRAM)], lot_id=lot_id)
    assert deducted.incident == "quarantined-lot"
    assert differences() == []
    write_transaction(lambda s: shelf.release_lot(s, cast.manager, **block).id)  # type: ignore[arg-type]
    use(cast, [(ginger, GRAM)])
    assert differences() == []


def test_the_policy_is_versioned_and_flags_follow_it(cast: Cast, ginger: UUID) -> None:
    stock(cast, ginger, 10 * GRAM, expires_on=days(2))
    policy = {
        "branch_id": cast.branch_id,
        "item_id": ginger,
        "reorder_point": 5 * GRAM,
        "par_level": 50 * GRAM,
    }
    write_transaction(lambda s: shelf.set_policy(s, cast.manager, **policy, version=1).policy_version)  # type: ignore[arg-type]
    with pytest.raises(Stale):
        write_transaction(lambda s: shelf.set_policy(s, cast.manager, **policy, version=1).policy_version)  # type: ignore[arg-type]
    wrong = policy | {"par_level": GRAM}
    with pytest.raises(Invalid):
        write_transaction(lambda s: shelf.set_policy(s, cast.manager, **wrong, version=2).policy_version)  # type: ignore[arg-type]

    def low(day: int) -> list[tuple[int, int]]:
        return read_snapshot(
            lambda s: [(row.expired, row.available) for row in reading.list_low(s, cast.branch_id, days(day))]
        )

    assert low(0) == []
    # Nobody posts at midnight; the day alone turns it.
    assert low(3) == [(10 * GRAM, 0)]
    write_transaction(
        lambda s: ledger.change_on_order(ledger.lock(s, cast.manager, cast.branch_id), {ginger: 6 * GRAM})
    )
    assert low(3) == []


def test_a_hidden_item_is_listed_while_something_of_it_stands_and_is_not_reordered(
    cast: Cast, ginger: UUID
) -> None:
    stock(cast, ginger, 10 * GRAM)
    levels = {
        "branch_id": cast.branch_id,
        "item_id": ginger,
        "reorder_point": 20 * GRAM,
        "par_level": 30 * GRAM,
    }
    write_transaction(lambda s: shelf.set_policy(s, cast.manager, **levels, version=1).policy_version)  # type: ignore[arg-type]
    write_transaction(lambda s: setattr(s.get_one(Item, ginger), "active", False))

    def listed() -> list[tuple[int, bool]]:
        rows = read_snapshot(lambda s: reading.list_levels(s, cast.branch_id, today=days(0)))
        return [(row.on_hand, row.flagged) for row in rows if row.item_id == ginger]

    assert listed() == [(10 * GRAM, False)]
    use(cast, [(ginger, 10 * GRAM)])
    assert listed() == []


def test_movements_are_read_by_page_either_way_and_by_type(
    cast: Cast, ginger: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(cast, ginger, 100 * GRAM)
    for _number in range(5):
        use(cast, [(ginger, GRAM)])

    def page(**asked: Any) -> tuple[list[int], int | None]:
        narrowed = browsing.Narrowed(**{"item_ids": [ginger]} | asked.pop("of", {}))
        found = read_snapshot(lambda s: browsing.list_movements(s, cast.branch_id, narrowed, **asked))
        return [row.Movement.seq for row in found.rows], found.following

    assert page(limit=4) == ([6, 5, 4, 3], 3)
    assert page(limit=4, past=3) == ([2, 1], None)
    assert page(limit=4, past=2, oldest_first=True) == ([3, 4, 5, 6], None)
    # What no index knows is looked for in so many at a time, and says where to read on.
    monkeypatch.setattr(browsing, "LOOKED_THROUGH", 4)
    receipts = {"type": MovementType.RECEIPT}
    assert page(of=receipts) == ([], 3)
    assert page(of=receipts, past=3) == ([1], None)
    assert page(of={"type": MovementType.USAGE, "item_ids": [ginger, cast.room_id]}, limit=2) == ([6, 5], 5)
    assert page(of={"item_ids": []}, past=3) == ([], None)


def test_movements_are_found_by_the_day_of_recording_and_of_happening(
    cast: Cast, ginger: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fourth of six is told of the first day; days of recording are found by halving."""
    days = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in (1, 1, 2, 2, 2, 4)]
    for number, day in enumerate(days):
        with clock.standing_at(day):
            if number == 3:
                use(cast, [(ginger, 1)], happened_at=days[0] - timedelta(hours=1))
            else:
                stock(cast, ginger, GRAM, number=f"L{number}")

    def happened(of: dict[str, Any], **asked: Any) -> tuple[list[int], int | None]:
        narrowed = browsing.Narrowed(**of)
        asked = {"by_happening": narrowed.by_happening} | asked
        found = read_snapshot(lambda s: browsing.list_movements(s, cast.branch_id, narrowed, **asked))
        return [row.Movement.seq for row in found.rows], found.following

    first = {"happened_from": days[0] - timedelta(hours=2), "happened_before": days[2]}
    assert happened(first) == ([2, 1, 4], None)
    assert happened(first, limit=2) == ([2, 1], 1)
    assert happened(first, limit=2, past=1) == ([4], None)
    assert happened(first, past=1, oldest_first=True) == ([2], None)
    assert happened(first, by_happening=False) == ([4, 2, 1], None)
    assert happened({**first, "item_ids": [ginger]}) == ([4, 2, 1], None)
    assert happened({**first, "item_ids": select(Item.id)}) == ([2, 1, 4], None)
    late = {**first, "recorded_from": days[2]}
    assert happened(late) == ([4], None)
    monkeypatch.setattr(browsing, "LOOKED_THROUGH", 2)
    assert [happened(late), happened(late, past=1)] == [([], 1), ([4], None)]

    def recorded(first: datetime | None, last: datetime | None) -> list[int]:
        narrowed = browsing.Narrowed(recorded_from=first, recorded_before=last)
        found = read_snapshot(lambda s: browsing.list_movements(s, cast.branch_id, narrowed))
        return [row.Movement.seq for row in found.rows]

    assert recorded(days[2], days[5]) == [5, 4, 3]
    assert recorded(days[1] + timedelta(days=2), None) == [6]
    assert recorded(None, days[0]) == []
    assert recorded(days[5] + timedelta(days=1), None) == []


@pytest.mark.parametrize("table", ["movement", "audit_entry"])
@pytest.mark.parametrize("wrong", ["UPDATE {} SET branch_id = branch_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_itself_refuses_to_change_history(
    cast: Cast, ginger: UUID, backend: str, table: str, wrong: str
) -> None:
    if backend == "sqlite" and wrong.startswith("TRUNCATE"):
        wrong = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
    _source, lot_id = stock(cast, ginger, 10 * GRAM)
    write_transaction(
        lambda s: (
            shelf.quarantine_lot(
                s, cast.manager, branch_id=cast.branch_id, lot_id=lot_id, reason="supplier-recall"
            ).id
        )
    )
    with pytest.raises(DBAPIError, match="append-only"):
        write_transaction(lambda s: s.execute(text(wrong.format(table))))


def tamper(statement: str, table: str = "movement") -> None:
    """Change a row as somebody with the database's password could: behind the walls."""
    with db.engine.connect().execution_options(supply_writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"), {"t": table}
            ).scalars()
            for name in list(names):
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "table", "named"),
    [
        ("UPDATE movement SET quantity = -1 WHERE seq = 2", "movement", "movement #2"),
        (
            "UPDATE movement SET happened_at = recorded_at, reason = 'x' WHERE seq = 1",
            "movement",
            "movement #1",
        ),
        ("DELETE FROM movement WHERE seq = 2", "movement", "movement #2"),
        ("UPDATE holding SET quantity = quantity + 1", "holding", "holding ginger lot L1"),
        ("UPDATE stock_level SET on_hand = on_hand + 1", "stock_level", "on hand of ginger"),
        ("UPDATE ledger_head SET seq = 1 WHERE seq = 3", "ledger_head", "ledger head MAIN"),
        ("UPDATE demand_day SET used = 0", "demand_day", "use of item"),
    ],
)
def test_check_names_what_was_changed_behind_its_back(
    cast: Cast, ginger: UUID, statement: str, table: str, named: str
) -> None:
    stock(cast, ginger, 10 * GRAM)
    use(cast, [(ginger, GRAM)])
    use(cast, [(ginger, GRAM)])
    assert differences() == []
    tamper(statement, table)
    assert any(f"MAIN: {named}" in line for line in differences()), differences()


def test_both_databases_give_a_movement_the_same_hash(cast: Cast, session: Session) -> None:
    """The byte form does not depend on how a database stores a time or an id."""
    item_id = add_item(session, "peel")
    session.commit()
    with clock.standing_at(datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)):
        stock(cast, item_id, 7 * GRAM)
    movement = session.scalars(select(Movement)).one()
    row = {name: getattr(movement, name) for name in ledger.chain.FIELDS}
    assert ledger.chain.next_hash(ledger.chain.GENESIS, row) == movement.hash
    assert movement.recorded_at == datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
    assert movement.type is MovementType.RECEIPT


def test_a_thousand_uses_are_posted_in_a_handful_of_statements(cast: Cast, ginger: UUID, oil: UUID) -> None:
    stock(cast, ginger, 10_000 * GRAM)
    stock(cast, oil, 10_000 * GRAM)
    statements: list[str] = []

    def count(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        use(cast, [(ginger, GRAM), (oil, GRAM)] * 500)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(statements) <= 9, statements
    assert differences() == []


def test_reservations_and_orders_move_their_own_sums(cast: Cast, ginger: UUID) -> None:
    stock(cast, ginger, 10 * GRAM)

    def work(session: Session) -> None:
        writer = ledger.lock(session, cast.manager, cast.branch_id)
        ledger.reserve(writer, {ginger: 4 * GRAM})
        ledger.change_on_order(writer, {ginger: 20 * GRAM})
        uses = [ledger.Use(ginger, 3 * GRAM, "completion", new_id(), 1, clock.now())]
        ledger.deduct(writer, uses, released={ginger: 4 * GRAM})

    write_transaction(work)
    level = read_snapshot(lambda s: s.get_one(StockLevel, (cast.branch_id, ginger)))
    assert (level.on_hand, level.reserved, level.on_order) == (7 * GRAM, 0, 20 * GRAM)
