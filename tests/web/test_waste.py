"""The pages of waste: who may open them, writing off once, what a refusal keeps, undoing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.domain.waste.models import WasteEntry
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up, this_day
from tests.shelves import differences, on_hand, stock
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    made = stock_up(cast)
    stock(cast, made.ginger, 5 * KG, number="G-1", expires_on=LATER)
    session.rollback()
    return made


@pytest.fixture
def expired(cast: Cast, goods: Goods) -> str:
    """The id of a lot that is past its day."""
    return str(stock(cast, goods.ginger, KG, number="OLD", expires_on=this_day() - timedelta(days=3))[1])


def write_off(goods: Goods) -> str:
    return f"/waste/items/{goods.ginger}/new"


def test_everybody_sees_and_the_storeroom_writes_off(app: Flask, cast: Cast, goods: Goods) -> None:
    forms = ["/waste/choose", "/waste/choose?q=ging", write_off(goods), f"/waste/items/{goods.oil}/new"]
    opened = let_in(app, cast, ["/waste", *forms])
    assert opened.pop("/waste") == set(ROLES)
    assert opened == {path: {"storekeeper", "manager"} for path in forms}


def test_the_likeliest_lot_and_reason_are_chosen(
    client: OneLookClient, cast: Cast, goods: Goods, expired: str
) -> None:
    sign_in(client, cast.storekeeper)
    page = client.get(write_off(goods)).text
    assert page.index("OLD") < page.index("G-1")
    assert f'value="{expired}" checked' in page
    assert 'value="expired" checked' in page


def test_waste_is_written_off_once_and_undone(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods, expired: str
) -> None:
    sign_in(client, cast.storekeeper)
    path = write_off(goods)
    frame = frame_of(client.get(path).text, path)
    typed = frame | {"lot_id": expired, "amount": "0,25", "unit": "kg", "reason": "expired"}
    answers = [client.post(path, data=typed) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert on_hand(cast, goods.ginger) == 6 * KG - 250_000
    assert "Written off: 250" in client.get("/waste").text
    entry = session.query(WasteEntry).one()
    session.rollback()
    undo = f"/waste/{entry.id}/reversal"
    fields = frame_of(client.get("/waste").text, undo)
    assert [client.post(undo, data=fields).status_code for _time in range(2)] == [303, 303]
    assert on_hand(cast, goods.ginger) == 6 * KG
    assert "undone" in client.get("/waste").text
    twice = client.post(undo, data=fields | {"idempotency_key": "0" * 32})
    assert twice.status_code == 409
    assert "reversed already" in twice.text
    assert differences() == []


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"amount": "1,2,3"}, 422, 'value="1,2,3"'),
        ({"amount": "1,1234567"}, 422, 'value="1,1234567"'),
        ({"amount": "70"}, 409, 'value="70"'),
        ({"reason": "boredom"}, 422, "Spilt by &lt;me&gt;"),
    ],
)
def test_a_refusal_keeps_what_was_typed_and_the_stock(
    client: OneLookClient,
    cast: Cast,
    goods: Goods,
    expired: str,
    typed: dict[str, str],
    status: int,
    words: str,
) -> None:
    sign_in(client, cast.manager)
    path = write_off(goods)
    told = {"lot_id": expired, "amount": "1", "unit": "kg", "reason": "spilled", "note": "Spilt by <me>"}
    refused = send(client, path, path, **(told | typed))
    assert refused.status_code == status
    assert words in refused.text
    assert "Spilt by &lt;me&gt;" in refused.text
    assert f'value="{expired}" checked' in refused.text
    assert on_hand(cast, goods.ginger) == 6 * KG


def test_who_may_not_writes_nothing_off(
    app: Flask, client: OneLookClient, cast: Cast, goods: Goods, expired: str
) -> None:
    sign_in(client, cast.storekeeper)
    path = write_off(goods)
    told = {"lot_id": expired, "amount": "1", "unit": "kg", "reason": "spilled"}
    for actor, status in ((cast.therapist, 403), (cast.admin, 403), (cast.outsider, 404)):
        other = OneLookClient(app)
        sign_in(other, actor)
        frame = frame_of(other.get("/account").text, "/account/password")
        assert other.post(path, data=frame | told).status_code == status
    assert on_hand(cast, goods.ginger) == 6 * KG
