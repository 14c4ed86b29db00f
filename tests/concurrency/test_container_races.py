"""One bottle, many hands at once: it is finished once, and what was in it leaves the book once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from flask import Flask
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.containers import finishing, service
from supply.errors import Conflict
from tests.cast import Cast
from tests.shelves import add_item, differences, on_hand, stock, use

GRAM = 1_000
HANDS = 6


def test_a_container_is_finished_once(app: Flask, session: Session, cast: Cast) -> None:
    item_id = add_item(session, "ginger")
    session.commit()
    stock(cast, item_id, 500 * GRAM)
    here = {"branch_id": cast.branch_id}
    facts = {"item_id": item_id, "unit": "g", "amount": Decimal(100)}
    container_id = write_transaction(
        lambda s: service.open_container(s, cast.therapist, **here, **facts).id  # type: ignore[arg-type]
    )

    def finish(number: int) -> str:
        with app.app_context():
            try:
                if number % 2:
                    use(cast, [(item_id, 10 * GRAM)])
                    return "used"
                write_transaction(
                    lambda s: finishing.finish_container(s, cast.therapist, container_id, **here).id
                )
            except Conflict as refusal:
                return refusal.code
            return "finished"

    with ThreadPoolExecutor(HANDS) as pool:
        told = sorted(pool.map(finish, range(HANDS)))
    assert told == ["already_finished"] * 2 + ["finished"] + ["used"] * 3
    # Uses before it was finished came out of it, later ones off the shelf: 100 to 70 g less, and 30 g used.
    assert 370 * GRAM <= on_hand(cast, item_id) <= 400 * GRAM
    assert differences() == []
