"""The pages of counting and correcting: blind counts, opening stock, adjustments; once, and nothing lost."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.domain.stocktake.models import Adjustment, StockCount
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up
from tests.shelves import differences, on_hand, stock
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in

KILO = "kg"


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    made = stock_up(cast)
    session.rollback()
    return made


@pytest.fixture
def lot_id(cast: Cast, goods: Goods) -> UUID:
    """A lot of five kilos of ginger."""
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


def counting(goods: Goods) -> str:
    return f"/counts/items/{goods.ginger}/new"


def found(cast: Cast, lot_id: UUID, amount: str) -> dict[str, str]:
    """The first line of a count as the page sends it."""
    line = {"lot_id": str(lot_id), "location_id": str(cast.location_id), "container_id": ""}
    return {f"lines-0-{name}": value for name, value in {**line, "amount": amount, "unit": KILO}.items()}


def test_everybody_sees_and_the_storeroom_counts(app: Flask, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    lists = ["/counts", "/adjustments"]
    forms = [
        "/counts/choose",
        "/counts/choose?q=ging",
        counting(goods),
        "/opening-stock",
        f"/adjustments/lots/{lot_id}/new",
    ]
    opened = let_in(app, cast, [*lists, *forms])
    assert {path: opened.pop(path) for path in lists} == {path: set(ROLES) for path in lists}
    assert opened == {path: {"storekeeper", "manager"} for path in forms}


def test_who_counts_is_not_told_what_is_expected(
    client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    for path in (counting(goods), "/counts/choose"):
        page = client.get(path).text
        assert "5\N{NO-BREAK SPACE}kg" not in page
        assert 'value="5"' not in page


def test_a_count_is_posted_once_and_tells_the_difference(
    app: Flask, client: OneLookClient, session: Session, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    path = counting(goods)
    frame = frame_of(client.get(path).text, path)
    typed = frame | found(cast, lot_id, "4,75") | {"note": "Top shelf"}
    answers = [client.post(path, data=typed) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert on_hand(cast, goods.ginger) == 4_750_000
    assert session.query(StockCount).count() == 1
    session.rollback()
    page = client.get(answers[0].location).text
    for words in ("Difference: -250\N{NO-BREAK SPACE}g", "Top shelf", "G-1"):
        assert words.replace("-", "−") in page.replace("-", "−"), words
    assert let_in(app, cast, [answers[0].location]) == {answers[0].location: set(ROLES)}
    outsider = OneLookClient(app)
    sign_in(outsider, cast.outsider)
    assert outsider.get(answers[0].location).status_code == 404
    assert differences() == []


def test_a_lot_that_was_not_on_the_list_is_counted_in(
    client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    path = counting(goods)
    extra = {"lines-1-number": "G-0", "lines-1-expires_on": LATER.isoformat(), "lines-1-amount": "0,5"}
    typed = found(cast, lot_id, "5") | extra | {"lines-1-unit": KILO}
    assert send(client, path, path, **typed).status_code == 303
    assert on_hand(cast, goods.ginger) == 5_500_000


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"lines-0-amount": "viel"}, 422, 'value="viel"'),
        ({"lines-0-amount": "4,1234567"}, 422, 'value="4,1234567"'),
        ({"lines-0-amount": ""}, 422, 'id="f-lines-0-amount-error"'),
        ({"lines-1-amount": "1,5", "lines-1-unit": "kg"}, 422, 'value="1,5"'),
    ],
)
def test_a_refused_count_keeps_what_was_typed_and_the_stock(
    client: OneLookClient,
    cast: Cast,
    goods: Goods,
    lot_id: UUID,
    typed: dict[str, str],
    status: int,
    words: str,
) -> None:
    sign_in(client, cast.storekeeper)
    path = counting(goods)
    refused = send(client, path, path, **(found(cast, lot_id, "4") | {"note": "Top shelf"} | typed))
    assert refused.status_code == status
    assert words in refused.text
    assert "Top shelf" in refused.text
    assert on_hand(cast, goods.ginger) == 5 * KG


def test_a_lot_that_came_while_counting_must_be_counted_too(
    client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    path = counting(goods)
    frame = frame_of(client.get(path).text, path)
    # It is used before the others, so the page would draw it first.
    newer = stock(cast, goods.ginger, KG, number="G-2", expires_on=LATER - timedelta(days=9))[1]
    extra = {"lines-1-number": "G-0", "lines-1-expires_on": LATER.isoformat()}
    extra |= {"lines-1-amount": "0,5", "lines-1-unit": KILO}
    refused = client.post(path, data=frame | found(cast, lot_id, "4") | extra)
    assert refused.status_code == 409
    assert "Count every lot" in refused.text
    assert on_hand(cast, goods.ginger) == 6 * KG
    # What was typed stays with its own lot, and the new one has a row of its own.
    drawn = frame_of(refused.text, path)
    assert (drawn["lines-0-lot_id"], drawn["lines-2-lot_id"]) == (str(lot_id), str(newer))
    boxes = dict(re.findall(r'<input[^>]* name="lines-([0-9])-amount"[^>]* value="([^"]*)"', refused.text))
    assert boxes == {"0": "4", "1": "0,5"}
    assert 'name="lines-2-amount"' in refused.text
    # Counted now, the page asks whether that was before it came or after.
    typed = found(cast, lot_id, "4") | extra | {"lines-2-amount": "1", "lines-2-unit": KILO}
    asked = client.post(path, data=drawn | typed)
    assert (asked.status_code, "When did you count?" in asked.text) == (409, True)
    (_before, after) = re.findall(r'name="happened_at"[^>]*value="([^"]+)"', asked.text)
    typed |= frame_of(asked.text, path) | {"happened_at": after}
    assert client.post(path, data=typed).status_code == 303
    assert on_hand(cast, goods.ginger) == 5_500_000


def test_what_is_worth_much_becomes_a_stocktake(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.storekeeper)
    told = {"lines-0-item_id": str(goods.ginger), "lines-0-number": "G-1", "lines-0-amount": "5"}
    told |= {"lines-0-unit": KILO, "lines-0-expires_on": LATER.isoformat(), "lines-0-cost_minor": "5.000.000"}
    assert send(client, "/opening-stock", "/opening-stock", **told).status_code == 303
    lot_id = frame_of(client.get(counting(goods)).text, counting(goods))["lines-0-lot_id"]
    refused = send(client, counting(goods), counting(goods), **found(cast, UUID(lot_id), "4"))
    assert (refused.status_code, "a manager approves it" in refused.text) == (409, True)
    begun = client.post("/stocktakes/new", data=frame_of(refused.text, "/stocktakes/new"))
    for path in ("/adjustments", "/stocktakes", begun.location):
        assert 'href="/counts" aria-current="page"' in client.get(str(path)).text, path
    assert "/stocktakes/" in str(begun.location)
    assert "G-1" in client.get(f"{begun.location}/rest").text
    assert on_hand(cast, goods.ginger) == 5 * KG


def test_opening_stock_is_written_down_once(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods
) -> None:
    sign_in(client, cast.manager)
    path = "/opening-stock"
    page = client.get(path).text
    for row, needed in (("0", True), ("1", False)):
        for name in ("item_id", "amount", "unit"):
            field = re.search(rf'<(?:select|input) id="f-lines-{row}-{name}"[^>]*>', page)
            assert field is not None
            assert ("required" in field[0]) is needed, field[0]
    frame = frame_of(page, path)
    line = {"item_id": str(goods.ginger), "number": "G-9", "expires_on": LATER.isoformat()}
    line |= {"amount": "2,5", "unit": KILO, "cost_minor": "125.000"}
    typed = frame | {f"lines-0-{name}": value for name, value in line.items()}
    refused = client.post(path, data=typed | {"lines-0-number": "", "lines-0-cost_minor": "99.000"})
    assert refused.status_code == 422
    for words in ("lot number", 'value="2,5"', 'value="99.000"', LATER.isoformat()):
        assert words in refused.text, words
    assert on_hand(cast, goods.ginger) == 0
    assert [client.post(path, data=typed).status_code for _time in range(2)] == [303, 303]
    assert on_hand(cast, goods.ginger) == 2_500_000
    adjustment = session.query(Adjustment).one()
    page = client.get(f"/stock/lots/{adjustment.lot_id}").text
    assert "125,000" in page
    assert differences() == []


def test_an_adjustment_is_made_once_and_undone(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    path = f"/adjustments/lots/{lot_id}/new"
    typed = {"direction": "out", "amount": "0,5", "unit": KILO, "reason": "lost", "note": "A bag tore"}
    for change, status in (({"direction": "in"}, 422), ({"amount": "70"}, 409), ({"amount": "x"}, 422)):
        refused = send(client, path, path, **(typed | change))
        assert refused.status_code == status
        assert "A bag tore" in refused.text
        assert on_hand(cast, goods.ginger) == 5 * KG
    fields = frame_of(client.get(path).text, path) | typed
    assert [client.post(path, data=fields).status_code for _time in range(2)] == [303, 303]
    assert on_hand(cast, goods.ginger) == 4_500_000
    undo = f"/adjustments/{session.query(Adjustment).one().id}/reversal"
    session.rollback()
    frame = frame_of(client.get("/adjustments").text, undo)
    assert [client.post(undo, data=frame).status_code for _time in range(2)] == [303, 303]
    assert on_hand(cast, goods.ginger) == 5 * KG
    twice = client.post(undo, data=frame | {"idempotency_key": "0" * 32})
    assert twice.status_code == 409
    assert differences() == []


def test_who_may_not_changes_nothing(app: Flask, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    told = {"direction": "out", "amount": "1", "unit": KILO, "reason": "lost"} | found(cast, lot_id, "1")
    paths = (counting(goods), f"/adjustments/lots/{lot_id}/new", "/opening-stock")
    for actor in (cast.therapist, cast.admin):
        client = OneLookClient(app)
        sign_in(client, actor)
        frame = frame_of(client.get("/account").text, "/account/password")
        assert {client.post(path, data=frame | told).status_code for path in paths} == {403}
    assert on_hand(cast, goods.ginger) == 5 * KG
