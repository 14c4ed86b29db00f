"""Opening stock, adjustments, counts: the book follows the shelf; each correction can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.stocktake import counting
from supply.domain.stocktake import service as stocktake
from supply.domain.stocktake.models import AdjustmentReason, StockCount
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.errors import Conflict, Forbidden, Invalid, NotFound, SupplyError
from supply.permissions import Actor
from tests import shelves
from tests.cast import Cast

EXPIRY = date(2030, 1, 31)


@pytest.fixture
def item_id(session: Session, cast: Cast) -> UUID:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    return item_id


def opening(cast: Cast, item_id: UUID, actor: Actor | None = None, **line: Any) -> UUID:
    told = {
        "item_id": item_id,
        "number": "L1",
        "expires_on": EXPIRY,
        "amount": Decimal(500),
        "unit": "g",
        **line,
    }
    made = write_transaction(
        lambda session: (
            stocktake.log_opening_stock(
                session, actor or cast.storekeeper, branch_id=cast.branch_id, lines=[told]
            )[0].id
        )
    )
    return made


def lot_of_adjustment(cast: Cast, adjustment_id: UUID) -> UUID:
    return read_snapshot(
        lambda session: stocktake.get_adjustment(session, cast.storekeeper, adjustment_id).lot_id
    )


def count(cast: Cast, item_id: UUID, *lines: dict[str, Any], **facts: Any) -> dict[str, Any]:
    def work(session: Session) -> dict[str, Any]:
        made: StockCount = counting.log_count(
            session,
            cast.storekeeper,
            branch_id=cast.branch_id,
            item_id=item_id,
            lines=[{"unit": "g", **line} for line in lines],
            **facts,
        )
        return {"id": made.id, "discrepancy": made.discrepancy, "value": made.value_minor}

    return write_transaction(work)


def refused(kind: type[SupplyError], code: str, work: Callable[[], object]) -> SupplyError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def test_opening_stock_stands_on_the_shelf(cast: Cast, item_id: UUID) -> None:
    opening(cast, item_id, cost_minor=100_000)
    assert shelves.on_hand(cast, item_id) == 500_000
    assert not shelves.differences()


def test_opening_stock_names_what_is_missing_on_its_line(cast: Cast, item_id: UUID) -> None:
    error = refused(Invalid, "lot_number_missing", lambda: opening(cast, item_id, number=None))
    assert list(error.errors) == ["lines.0.number"]
    error = refused(Invalid, "expires_on_missing", lambda: opening(cast, item_id, expires_on=None))
    assert list(error.errors) == ["lines.0.expires_on"]
    refused(Invalid, "location_unknown", lambda: opening(cast, item_id, location_id=cast.other_location_id))
    assert shelves.on_hand(cast, item_id) == 0


def test_ladder(cast: Cast, item_id: UUID) -> None:
    refused(Forbidden, "not_permitted", lambda: opening(cast, item_id, cast.therapist))
    refused(NotFound, "branch_not_found", lambda: opening(cast, item_id, cast.outsider))
    made = opening(cast, item_id)
    refused(
        NotFound,
        "adjustment_not_found",
        lambda: write_transaction(lambda s: stocktake.reverse_adjustment(s, cast.outsider, made)),
    )
    assert shelves.on_hand(cast, item_id) == 500_000


def test_an_adjustment_and_its_reversal(cast: Cast, item_id: UUID) -> None:
    lot_id = lot_of_adjustment(cast, opening(cast, item_id))

    def adjust(amount: int) -> UUID:
        return write_transaction(
            lambda session: (
                stocktake.adjust_stock(
                    session,
                    cast.storekeeper,
                    branch_id=cast.branch_id,
                    lot_id=lot_id,
                    amount=Decimal(amount),
                    unit="g",
                    direction=stocktake.Direction.OUT,
                    reason=AdjustmentReason.LOST,
                ).id
            )
        )

    made = adjust(120)
    assert shelves.on_hand(cast, item_id) == 380_000
    refused(Conflict, "stock_short", lambda: adjust(381))
    write_transaction(lambda session: stocktake.reverse_adjustment(session, cast.storekeeper, made))
    assert shelves.on_hand(cast, item_id) == 500_000
    refused(
        Conflict,
        "already_reversed",
        lambda: write_transaction(lambda s: stocktake.reverse_adjustment(s, cast.storekeeper, made)),
    )
    assert not shelves.differences()


def test_opening_stock_that_was_used_cannot_be_taken_back(cast: Cast, item_id: UUID) -> None:
    made = opening(cast, item_id)
    shelves.use(cast, [(item_id, 100_000)])
    error = refused(
        Conflict,
        "already_used",
        lambda: write_transaction(lambda s: stocktake.reverse_adjustment(s, cast.storekeeper, made)),
    )
    assert [use["quantity"]["amount"] for use in error.details["uses"]] == ["100"]


def test_a_reason_has_its_direction(cast: Cast, item_id: UUID) -> None:
    lot_id = lot_of_adjustment(cast, opening(cast, item_id))
    refused(
        Invalid,
        "reason_direction",
        lambda: write_transaction(
            lambda session: stocktake.adjust_stock(
                session,
                cast.storekeeper,
                branch_id=cast.branch_id,
                lot_id=lot_id,
                amount=Decimal(1),
                unit="g",
                direction=stocktake.Direction.IN,
                reason=AdjustmentReason.LOST,
            )
        ),
    )


def test_a_count_posts_the_difference_and_closes_its_tasks(cast: Cast, item_id: UUID) -> None:
    lot_id = lot_of_adjustment(cast, opening(cast, item_id, cost_minor=100_000))
    shelves.use(cast, [(item_id, 100_000)])

    def ask(session: Session) -> None:
        tasks.open_task(
            session,
            cast.therapist,
            branch_id=cast.branch_id,
            kind=TaskKind.COUNT,
            item_id=item_id,
            quantity=1,
            source_type="completion",
            source_id=lot_id,
            reason="shortfall",
        )

    write_transaction(ask)
    made = count(cast, item_id, {"lot_id": lot_id, "amount": Decimal(350)})
    assert made["discrepancy"] == -50_000
    assert made["value"] == -10_000
    assert shelves.on_hand(cast, item_id) == 350_000
    waiting = read_snapshot(lambda session: tasks.list_open(session, cast.storekeeper, cast.branch_id))
    assert waiting == []
    assert not shelves.differences()


def test_a_count_must_name_every_lot(cast: Cast, item_id: UUID) -> None:
    opening(cast, item_id)
    second = lot_of_adjustment(cast, opening(cast, item_id, number="L2"))
    error = refused(
        Conflict, "lots_uncounted", lambda: count(cast, item_id, {"lot_id": second, "amount": Decimal(1)})
    )
    assert [lot["number"] for lot in error.details["lots"]] == ["L1"]
    assert shelves.on_hand(cast, item_id) == 1_000_000


def test_a_lot_that_the_book_does_not_know_is_added(cast: Cast, item_id: UUID) -> None:
    made = count(cast, item_id, {"number": "FOUND-1", "expires_on": EXPIRY, "amount": Decimal(70)})
    assert made["discrepancy"] == 70_000
    assert shelves.on_hand(cast, item_id) == 70_000
    assert not shelves.differences()


def test_an_empty_shelf_can_be_counted(cast: Cast, item_id: UUID) -> None:
    assert count(cast, item_id)["discrepancy"] == 0


def test_a_count_is_judged_by_its_own_time(cast: Cast, item_id: UUID) -> None:
    with clock.standing_at(clock.now() - timedelta(hours=3)):
        lot_id = lot_of_adjustment(cast, opening(cast, item_id))
    counted_at = clock.now() - timedelta(hours=1)
    shelves.use(cast, [(item_id, 200_000)])
    made = count(cast, item_id, {"lot_id": lot_id, "amount": Decimal(490)}, happened_at=counted_at)
    # Found 490 of 500 then; 200 were used since and stay used.
    assert made["discrepancy"] == -10_000
    assert shelves.on_hand(cast, item_id) == 290_000
    refused(
        Conflict,
        "count_contradicted",
        lambda: count(cast, item_id, {"lot_id": lot_id, "amount": Decimal(150)}, happened_at=counted_at),
    )
    refused(
        Invalid,
        "happened_in_future",
        lambda: count(
            cast,
            item_id,
            {"lot_id": lot_id, "amount": Decimal(1)},
            happened_at=clock.now() + timedelta(hours=1),
        ),
    )


def test_what_is_told_after_a_count_of_a_time_before_it_leaves_what_was_found(
    cast: Cast, item_id: UUID
) -> None:
    now = clock.now()
    with clock.standing_at(now - timedelta(hours=5)):
        lot_id = lot_of_adjustment(cast, opening(cast, item_id))
    before, counted_at = now - timedelta(hours=4), now - timedelta(hours=2)
    slip, _deducted = shelves.use(cast, [(item_id, 50_000)], happened_at=before)
    # 450 by the book, of which a use of 100 was not written down yet.
    made = count(cast, item_id, {"lot_id": lot_id, "amount": Decimal(400)}, happened_at=counted_at)
    assert made["discrepancy"] == -50_000
    late, (deducted,) = shelves.use(cast, [(item_id, 100_000)], happened_at=before)
    assert [(taken.lot_id, taken.quantity) for taken in deducted.taken] == [(lot_id, 100_000)]
    assert shelves.on_hand(cast, item_id) == 400_000
    for undone in (slip, late):
        shelves.undo(cast, "completion", undone)
        assert shelves.on_hand(cast, item_id) == 400_000
    after, _deducted = shelves.use(cast, [(item_id, 100_000)])
    assert shelves.on_hand(cast, item_id) == 300_000
    shelves.undo(cast, "completion", after)
    # A paper count of an earlier hour does not take the place of a later one.
    count(cast, item_id, {"lot_id": lot_id, "amount": Decimal(470)}, happened_at=before)
    assert shelves.on_hand(cast, item_id) == 400_000
    assert not shelves.differences()


def test_a_delivery_that_a_count_has_seen_can_be_taken_back(cast: Cast, item_id: UUID) -> None:
    delivery, lot_id = shelves.stock(cast, item_id, 500_000, expires_on=EXPIRY)
    count(cast, item_id, {"lot_id": lot_id, "amount": Decimal(400)})
    shelves.undo(cast, "delivery", delivery)
    assert shelves.on_hand(cast, item_id) == 400_000
    assert not shelves.differences()
