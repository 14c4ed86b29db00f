"""The pages of stock: who may open them, what each form does once, and what a refused one keeps."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.domain.ledger.models import Lot, StockLevel
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up, this_day, use
from tests.shelves import differences, stock
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    """Five kilos of ginger in a good lot, one in an expired one; some of it used."""
    made = stock_up(cast)
    stock(cast, made.ginger, 5 * KG, number="G-1", expires_on=LATER)
    stock(cast, made.ginger, KG, number="OLD", expires_on=this_day() - timedelta(days=3))
    use(cast, made.ginger, 200_000)
    session.rollback()
    return made


def lot_named(session: Session, number: str) -> Lot:
    session.expire_all()
    return session.query(Lot).filter_by(number=number).one()


@pytest.fixture
def lot(session: Session, goods: Goods) -> str:
    """The address of the good lot."""
    found = f"/stock/lots/{lot_named(session, 'G-1').id}"
    session.rollback()
    return found


def item_page(goods: Goods) -> str:
    return f"/stock/items/{goods.ginger}"


def test_everybody_sees_and_managers_set_the_policy(app: Flask, cast: Cast, goods: Goods, lot: str) -> None:
    here = item_page(goods)
    seen = ["/stock", "/stock?q=ging", "/stock?flagged=on", "/stock/expiring", here, f"{here}/movements", lot]
    opened = let_in(app, cast, [*seen, f"{here}/policy"])
    assert opened.pop(f"{here}/policy") == {"manager"}
    assert opened == {path: set(ROLES) for path in seen}


def test_another_branch_has_none_of_it(client: OneLookClient, cast: Cast, goods: Goods, lot: str) -> None:
    sign_in(client, cast.outsider)
    assert client.get(lot).status_code == 404
    assert "This branch never had any of it." in client.get(item_page(goods)).text
    frame = frame_of(client.get(f"{item_page(goods)}/policy").text, f"{item_page(goods)}/policy")
    assert client.post(f"{lot}/quarantine", data=frame | {"reason": "recall"}).status_code == 404


def test_the_item_page_tells_lots_charts_and_history(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.storekeeper)
    page = client.get(item_page(goods)).text
    for words in (
        "G-1",
        "OLD",
        "expired",
        "1\N{NO-BREAK SPACE}kg expired",
        "Used per day",
        "On hand per day",
        "Receipt",
    ):
        assert words in page, words
    assert "OLD" in client.get("/stock/expiring").text


def test_the_policy_is_set_once_and_flags(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods
) -> None:
    path = f"{item_page(goods)}/policy"
    sign_in(client, cast.manager)
    frame = frame_of(client.get(path).text, path)
    typed = frame | {"reorder_point": "6,5", "par_level": "9", "unit": "kg"}
    assert [client.post(path, data=typed).status_code for _time in range(2)] == [303, 303]
    level = session.get_one(StockLevel, (cast.branch_id, goods.ginger))
    assert (level.reorder_point, level.par_level, level.policy_version) == (6_500_000, 9_000_000, 2)
    session.rollback()
    assert "Ginger" in client.get("/stock?flagged=on").text
    assert 'value="6.5"' in client.get(path).text


def test_a_refused_policy_keeps_what_was_typed_and_the_version_that_was_seen(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods
) -> None:
    path = f"{item_page(goods)}/policy"
    sign_in(client, cast.manager)
    first = frame_of(client.get(path).text, path) | {"unit": "kg"}
    other = frame_of(client.get(path).text, path) | {"unit": "kg", "reorder_point": "1", "par_level": "2"}
    assert client.post(path, data=other).status_code == 303
    refused = client.post(path, data=first | {"reorder_point": "3", "par_level": "2,5"})
    assert refused.status_code == 422
    assert 'value="2,5"' in refused.text
    # The fault is mended, but what somebody else saved meanwhile is not overwritten unseen.
    again = frame_of(refused.text, path)
    assert again["version"] == first["version"]
    stale = client.post(path, data=again | {"unit": "kg", "reorder_point": "3", "par_level": "4"})
    assert stale.status_code == 409
    knowingly = frame_of(stale.text, path)
    assert knowingly["version"] == "2"
    last = client.post(path, data=knowingly | {"unit": "kg", "reorder_point": "3", "par_level": "4"})
    assert last.status_code == 303
    assert session.get_one(StockLevel, (cast.branch_id, goods.ginger)).par_level == 4_000_000


def test_a_lot_is_quarantined_and_a_manager_releases_it(
    app: Flask, client: OneLookClient, session: Session, cast: Cast, lot: str
) -> None:
    sign_in(client, cast.storekeeper)
    refused = send(client, lot, f"{lot}/quarantine", reason="boredom")
    assert refused.status_code == 422
    assert send(client, lot, f"{lot}/quarantine", reason="recall").status_code == 303
    page = client.get(lot).text
    assert "quarantined" in page
    assert f"{lot}/release" not in page
    manager = OneLookClient(app)
    sign_in(manager, cast.manager)
    empty = send(manager, lot, f"{lot}/release", reason="")
    assert empty.status_code == 422
    assert send(manager, lot, f"{lot}/release", reason="It was the other lot.").status_code == 303
    assert lot_named(session, "G-1").quarantined_at is None
    assert differences() == []


def test_who_may_not_is_refused_and_moves_nothing(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods, lot: str
) -> None:
    sign_in(client, cast.admin)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)
    assert token
    frame = {"csrf_token": token[1], "idempotency_key": UUID(int=7).hex}
    for action in ("quarantine", "release", "containers"):
        assert client.post(f"{lot}/{action}", data=frame | {"reason": "recall"}).status_code == 403
    assert lot_named(session, "G-1").quarantined_at is None
    assert differences() == []
