"""Many senders of the last grams, and both parties at one transfer at once: what is there goes once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from supply.errors import Conflict
from tests import carriers
from tests.carriers import KG, disagreements, levels
from tests.cast import Cast
from tests.shelves import add_item, stock, use

HANDS = 8


def test_the_last_grams_are_sent_or_used_once(app: Flask, session: Session, cast: Cast) -> None:
    item_id = add_item(session, "ginger")
    session.commit()
    stock(cast, item_id, 4 * KG)
    asked = [carriers.ask(cast, (item_id, "1")) for _ in range(HANDS)]

    def grab(number: int) -> str:
        with app.app_context():
            try:
                if number % 2:
                    use(cast, [(item_id, KG)])
                    return "used"
                carriers.send(cast, asked[number])
            except Conflict as refusal:
                return refusal.code
            return "sent"

    with ThreadPoolExecutor(HANDS) as pool:
        told = list(pool.map(grab, range(HANDS)))
    assert told.count("stock_short") == 4
    sent = told.count("sent")
    assert levels(cast.branch_id, item_id) == (0, 0)
    assert levels(cast.other_branch_id, item_id) == (0, sent * KG)
    assert disagreements() == []


def test_it_is_received_or_called_back(app: Flask, session: Session, cast: Cast) -> None:
    item_id = add_item(session, "ginger")
    session.commit()
    stock(cast, item_id, 4 * KG)
    under_way = [carriers.send(cast, carriers.ask(cast, (item_id, "1"))).id for _ in range(4)]

    def pull(task: tuple[UUID, int]) -> str:
        transfer_id, side = task
        with app.app_context():
            try:
                if side:
                    carriers.recall(cast, transfer_id)
                    return "back"
                carriers.take_in(cast, transfer_id)
            except Conflict:
                return "too late"
            return "arrived"

    with ThreadPoolExecutor(HANDS) as pool:
        told = list(pool.map(pull, [(one, side) for one in under_way for side in (0, 1)]))
    assert told.count("too late") == 4
    assert levels(cast.branch_id, item_id) == (told.count("back") * KG, 0)
    assert levels(cast.other_branch_id, item_id) == (told.count("arrived") * KG, 0)
    assert disagreements() == []
