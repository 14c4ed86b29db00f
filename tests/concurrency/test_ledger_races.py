"""Many writers at once: as much is accepted as there is, and whoever reads meanwhile sees whole sums."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.database import read_snapshot
from supply.domain.ledger.models import Holding, Movement, StockLevel
from supply.errors import Conflict
from tests.cast import Cast
from tests.shelves import add_item, differences, on_hand, stock, use

GRAM = 1_000
THREADS = 16
STEPS = 100_000


def test_sixteen_threads_on_the_last_grams(app: Flask, session: Session, cast: Cast) -> None:
    one, other = add_item(session, "ginger"), add_item(session, "oil")
    session.commit()
    stock(cast, one, 40 * GRAM)
    stock(cast, other, 1_000 * GRAM)

    def tap(number: int) -> bool:
        # Opposite orders of the items: what deadlocks elsewhere.
        wanted: list[tuple[UUID, int]] = [(one, GRAM), (other, GRAM)]
        with app.app_context():
            try:
                use(cast, wanted if number % 2 else wanted[::-1])
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(THREADS) as pool:
        accepted = sum(pool.map(tap, range(80)))
    assert accepted == 40
    assert (on_hand(cast, one), on_hand(cast, other)) == (0, 960 * GRAM)
    assert differences() == []


@pytest.mark.long
def test_a_hundred_thousand_steps_lose_nothing(app: Flask, session: Session, cast: Cast) -> None:
    """The last thousand find nothing left; the sums agree at every moment somebody looks."""
    items = [add_item(session, code) for code in ("ginger", "oil", "peel")]
    session.commit()
    for item_id in items:
        stock(cast, item_id, (STEPS - 1_000) * GRAM)
    over = Event()

    def tap(number: int) -> bool:
        with app.app_context():
            try:
                use(cast, [(item_id, GRAM) for item_id in (items if number % 2 else items[::-1])])
            except Conflict:
                return False
            return True

    def look() -> int:
        looks = 0
        with app.app_context():
            while not over.wait(1):
                assert sums_agree(items)
                looks += 1
        return looks

    with ThreadPoolExecutor(THREADS + 1) as pool:
        watching = pool.submit(look)
        accepted = sum(pool.map(tap, range(STEPS)))
        over.set()
        assert watching.result() > 10
    assert accepted == STEPS - 1_000
    assert [on_hand(cast, item_id) for item_id in items] == [0, 0, 0]
    assert differences() == []


def sums_agree(items: Sequence[UUID]) -> bool:
    """Whether movements, holdings and levels are one sum in one snapshot, and nothing is below zero."""

    def work(session: Session) -> bool:
        seen = [
            dict(session.execute(select(table.item_id, func.sum(quantity)).group_by(table.item_id)).all())
            for table, quantity in (
                (Movement, Movement.quantity),
                (Holding, Holding.quantity),
                (StockLevel, StockLevel.on_hand),
            )
        ]
        below = session.scalar(select(func.count()).select_from(Holding).where(Holding.quantity < 0))
        return seen[0] == seen[1] == seen[2] and seen[0].keys() == set(items) and not below

    return read_snapshot(work)
