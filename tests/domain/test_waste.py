"""Waste: the lot that is named, its cost, and taking it back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.branches import service as branches
from supply.domain.ledger.cost import cost_of, sum_of
from supply.domain.reports.checking import check_books
from supply.domain.stocktake import service as stocktake
from supply.domain.transfers import moving
from supply.domain.waste import service as waste
from supply.domain.waste.expired import ExpiredLot, list_expired, write_off
from supply.domain.waste.models import WasteReason
from supply.errors import Conflict, Forbidden, NotFound
from supply.permissions import Actor
from tests import shelves
from tests.cast import Cast


@pytest.fixture
def lot(session: Session, cast: Cast) -> tuple[UUID, UUID]:
    """(item, lot): 500 g for 33,333, expired long ago."""
    item_id = shelves.add_item(session, "wormwood")
    session.commit()
    line = {
        "item_id": item_id,
        "number": "W1",
        "expires_on": date(2020, 1, 1),
        "amount": Decimal(500),
        "unit": "g",
    }

    def work(session: Session) -> UUID:
        lines = [{**line, "cost_minor": 33_333}]
        made = stocktake.log_opening_stock(session, cast.storekeeper, branch_id=cast.branch_id, lines=lines)
        return made[0].lot_id

    return item_id, write_transaction(work)


def throw(cast: Cast, lot_id: UUID, amount: int, actor: Actor | None = None) -> Any:
    def work(session: Session) -> Any:
        entry = waste.log_waste(
            session,
            actor or cast.storekeeper,
            branch_id=cast.branch_id,
            lot_id=lot_id,
            amount=Decimal(amount),
            unit="g",
            reason=WasteReason.EXPIRED,
        )
        return entry.id, entry.cost_minor

    return write_transaction(work)


def test_an_expired_lot_is_thrown_away_at_its_cost(cast: Cast, lot: tuple[UUID, UUID]) -> None:
    item_id, lot_id = lot
    _entry, cost = throw(cast, lot_id, 250)
    assert cost == 16_667  # 16,666.5 rounded half up
    assert shelves.on_hand(cast, item_id) == 250_000
    assert not shelves.differences()


def test_more_than_stands_there_is_refused(cast: Cast, lot: tuple[UUID, UUID]) -> None:
    with pytest.raises(Conflict) as caught:
        throw(cast, lot[1], 501)
    assert caught.value.code == "stock_short"
    assert shelves.on_hand(cast, lot[0]) == 500_000


def test_waste_is_taken_back_once(cast: Cast, lot: tuple[UUID, UUID]) -> None:
    entry_id, _cost = throw(cast, lot[1], 100)
    write_transaction(lambda session: waste.reverse_waste(session, cast.manager, entry_id))
    assert shelves.on_hand(cast, lot[0]) == 500_000
    with pytest.raises(Conflict, match="already_reversed"):
        write_transaction(lambda session: waste.reverse_waste(session, cast.manager, entry_id))
    assert read_snapshot(lambda session: list(check_books(session))) == []


def test_an_expired_lot_comes_up_by_itself_until_it_is_gone(cast: Cast, lot: tuple[UUID, UUID]) -> None:
    item_id, lot_id = lot
    last_day = clock.today("Asia/Ho_Chi_Minh")
    _put, fresh = shelves.stock(cast, item_id, 1_000, number="W2", expires_on=last_day)

    def up(actor: Actor = cast.therapist) -> list[ExpiredLot]:
        return read_snapshot(lambda session: list_expired(session, actor, cast.branch_id))

    # Part of it stands in the cellar: it is one task all the same.
    about: dict[str, Any] = {"name": "Cellar", "position": 2}
    cellar = write_transaction(lambda s: branches.create_location(s, cast.admin, cast.branch_id, **about).id)
    told = {"lot_id": lot_id, "to_location_id": cellar, "amount": Decimal(200), "unit": "g"}
    write_transaction(lambda s: moving.move_stock(s, cast.storekeeper, branch_id=cast.branch_id, **told).id)
    (one,) = up()
    assert (one.lot.id, one.quantity, one.cost_minor, len(one.places)) == (lot_id, 500_000, 33_333, 2)
    # At midnight there are two, though nobody posted anything.
    with clock.standing_at(clock.now() + timedelta(days=1)):
        assert [one.lot.id for one in up()] == [lot_id, fresh]

    def clear(actor: Actor, which: UUID = lot_id) -> tuple[UUID, Any, int | None, UUID]:
        def work(session: Session) -> tuple[UUID, Any, int | None, UUID]:
            entry = write_off(session, actor, which)
            return entry.id, entry.reason, entry.cost_minor, entry.person_id

        return write_transaction(work)

    for actor, refusal in ((cast.therapist, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(refusal):
            clear(actor)
    entry_id, *told_of = clear(cast.storekeeper)
    assert told_of == [WasteReason.EXPIRED, 33_333, cast.storekeeper.person_id]
    assert (up(), shelves.on_hand(cast, item_id)) == ([], 1_000)
    for which in (lot_id, fresh):
        with pytest.raises(Conflict, match="nothing_expired"):
            clear(cast.storekeeper, which)
    # Taken back it stands where it stood, and comes up again.
    write_transaction(lambda session: waste.reverse_waste(session, cast.manager, entry_id))
    assert [(one.quantity, len(one.places)) for one in up()] == [(500_000, 2)]
    with pytest.raises(NotFound):
        up(cast.outsider)
    assert not shelves.differences()


def test_ladder(cast: Cast, lot: tuple[UUID, UUID]) -> None:
    with pytest.raises(Forbidden):
        throw(cast, lot[1], 1, cast.therapist)
    with pytest.raises(NotFound):
        throw(cast, lot[1], 1, cast.outsider)
    entry_id, _cost = throw(cast, lot[1], 1)
    with pytest.raises(NotFound):
        read_snapshot(lambda session: waste.get_waste(session, cast.outsider, entry_id))


@pytest.mark.parametrize(
    ("quantity", "minor", "size", "cost"),
    [(1, 1, 2, 1), (-1, 1, 2, -1), (1, 1, 3, 0), (2, 1, 3, 1), (0, 9, 1, 0), (5, None, None, None)],
)
def test_cost_is_rounded_half_up_away_from_zero(
    quantity: int, minor: int | None, size: int | None, cost: int | None
) -> None:
    assert cost_of(quantity, minor, size) == cost


def test_a_sum_is_rounded_once() -> None:
    assert sum_of([(1, 1, 3), (1, 1, 3), (1, 1, 3), (7, None, None)]) == 1
