"""The same key many times at once: one effect, and the same answer for every copy."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.domain.idempotency.models import IdempotencyKey
from supply.domain.ledger.models import Movement
from supply.domain.suppliers.models import Supplier
from tests import goods as shop
from tests.api.calling import make_token
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import MUCH, differences, level, open_spa, plan

COPIES = 16
KEYS = 10_000
FAR = "2099-01-01"
KEY = "sixteen-at-the-same-time"


def at_once(app: Flask, requests: list[tuple[str, str, Any, str]]) -> list[tuple[int, bytes, bool]]:
    """Send (token, path, body, key) all at the same moment: (status, body, whether replayed) of each."""
    start = Barrier(len(requests))

    def send(request: tuple[str, str, Any, str]) -> tuple[int, bytes, bool]:
        token, path, body, key = request
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        start.wait()
        answer = OneLookClient(app).post(f"/api/v1{path}", json=body, headers=headers)
        return answer.status_code, answer.data, "Idempotent-Replayed" in answer.headers

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def count(session: Session, table: Any) -> int:
    found = session.scalar(select(func.count()).select_from(table)) or 0
    session.rollback()
    return found


def test_a_completion_sent_sixteen_times_deducts_once(app: Flask, session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast).visit.id
    path = f"/visits/{visit}/steps/4/completion"
    before = count(session, Movement)
    answers = at_once(app, [(make_token(cast.therapist), path, {}, KEY)] * COPIES)
    assert {status for status, _body, _replayed in answers} == {201}
    assert len({body for _status, body, _replayed in answers}) == 1
    assert sorted(replayed for _status, _body, replayed in answers) == [False] + [True] * (COPIES - 1)
    assert level(cast, items["ginger"])[0] == MUCH - 100_000
    taken = [lot for line in json.loads(answers[0][1])["lines"] for lot in line["lots"]]
    assert count(session, Movement) == before + len(taken)


def test_a_supplier_sent_sixteen_times_is_made_once(app: Flask, session: Session, cast: Cast) -> None:
    body = {"code": "FARM-7", "name": "Seventh farm", "lead_time_days": 2}
    answers = at_once(app, [(make_token(cast.manager), "/suppliers", body, KEY)] * COPIES)
    assert {status for status, _body, _replayed in answers} == {201}
    assert len({body for _status, body, _replayed in answers}) == 1
    assert (count(session, Supplier), count(session, IdempotencyKey)) == (1, 1)


def test_one_key_of_two_people_at_once_is_one_persons(app: Flask, session: Session, cast: Cast) -> None:
    tokens = [make_token(cast.manager), make_token(cast.second_manager)]
    bodies = [{"code": f"FARM-{number}", "name": "Farm", "lead_time_days": 2} for number in range(2)]
    wanted = [(tokens[number % 2], "/suppliers", bodies[number % 2], KEY) for number in range(8)]
    answers = at_once(app, wanted)
    assert sorted(status for status, _body, _replayed in answers) == [201] * 4 + [422] * 4
    assert (count(session, Supplier), count(session, IdempotencyKey)) == (1, 1)


def test_sixteen_keys_are_sixteen_deliveries(app: Flask, session: Session, cast: Cast) -> None:
    goods = shop.stock_up(cast)
    token = make_token(cast.storekeeper)
    line = {"item_id": str(goods.ginger), "amount": "1", "unit": "kg", "lot_number": "G-1"}
    line |= {"expires_on": shop.LATER.isoformat()}
    body = {"branch_id": str(cast.branch_id), "supplier_id": str(goods.farm), "lines": [line]}
    answers = at_once(app, [(token, "/deliveries", body, f"key-number-{n}") for n in range(COPIES)])
    assert {status for status, _body, _replayed in answers} == {201}
    assert shop.level(session, cast, goods.ginger)[0] == COPIES * shop.KG


@pytest.mark.long
def test_ten_thousand_keys_of_eight_copies_each_count_once(app: Flask, session: Session, cast: Cast) -> None:
    goods = shop.stock_up(cast)
    session.rollback()
    token = make_token(cast.storekeeper)
    line = {"item_id": str(goods.ginger), "amount": "1", "unit": "g", "lot_number": "G", "expires_on": FAR}
    body = {"branch_id": str(cast.branch_id), "supplier_id": str(goods.farm), "lines": [line]}
    for number in range(KEYS):
        answers = at_once(app, [(token, "/deliveries", body, f"key-{number:06}")] * 8)
        assert {status for status, _body, _replayed in answers} == {201}
        assert len({told for _status, told, _replayed in answers}) == 1
        assert [replayed for _status, _body, replayed in answers].count(False) == 1
    assert (count(session, Movement), count(session, IdempotencyKey)) == (KEYS, KEYS)
    assert level(cast, goods.ginger)[0] == KEYS * 1_000
    assert differences() == []
