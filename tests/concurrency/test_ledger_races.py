"""Many writers at once on the last grams: exactly as much is accepted as there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from supply.errors import Conflict
from tests.cast import Cast
from tests.shelves import add_item, differences, on_hand, stock, use

GRAM = 1_000
THREADS = 16


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
