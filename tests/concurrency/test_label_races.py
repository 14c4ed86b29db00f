"""Several hands label one lot and link one code at once: it gets one tag, and the code means one item."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.catalog import codes
from supply.domain.labels import service as labels
from supply.errors import Conflict
from tests.cast import Cast
from tests.shelves import add_item, stock

HANDS = 6


def test_a_lot_gets_one_tag_and_a_code_one_item(app: Flask, session: Session, cast: Cast) -> None:
    items = [add_item(session, f"herb-{number}") for number in range(HANDS)]
    session.commit()
    lot_id = stock(cast, items[0], 1_000)[1]

    def label(session: Session) -> str:
        made = labels.make_labels(session, cast.storekeeper, branch_id=cast.branch_id, lot_ids=[lot_id])
        return made[0].label.tag

    def work(number: int) -> tuple[str, str]:
        with app.app_context():
            tag = write_transaction(label)
            try:
                write_transaction(
                    lambda s: codes.link_code(s, cast.storekeeper, items[number], code="96385074").id
                )
            except Conflict as refusal:
                return tag, refusal.code
            return tag, "linked"

    with ThreadPoolExecutor(HANDS) as pool:
        told = list(pool.map(work, range(HANDS)))
    assert len({tag for tag, _said in told}) == 1
    assert sorted(said for _tag, said in told) == ["code_linked"] * (HANDS - 1) + ["linked"]
