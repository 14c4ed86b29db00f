"""The pages of a stocktake: chosen with why, walked blind, closed, explained, approved, printed."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.database import read_snapshot
from supply.domain.stocktake.models import Stocktake, StocktakeLine
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up
from tests.shelves import differences, on_hand, stock, use
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    made = stock_up(cast)
    session.rollback()
    return made


@pytest.fixture
def lots(cast: Cast, goods: Goods) -> list[UUID]:
    """Five kilos and one kilo of ginger."""
    put = [("G-1", 5 * KG), ("G-2", KG)]
    return [stock(cast, goods.ginger, much, number=name, expires_on=LATER)[1] for name, much in put]


def begin(client: OneLookClient, goods: Goods) -> str:
    """A stocktake of the ginger, as somebody with the page open begins it; its address."""
    answer = send(client, "/stocktakes/new", "/stocktakes/new", item_ids=str(goods.ginger))
    assert answer.status_code == 303
    return str(answer.location)


def lines_of(stocktake: str) -> list[str]:
    def look(session: Session) -> list[str]:
        query = session.query(StocktakeLine).filter_by(stocktake_id=UUID(stocktake.rpartition("/")[2]))
        return [f"{stocktake}/lines/{line.id}" for line in query.order_by(StocktakeLine.position)]

    return read_snapshot(look)


def test_a_stocktake_from_the_shelf_to_the_book(
    client: OneLookClient, app: Flask, cast: Cast, goods: Goods, lots: list[UUID]
) -> None:
    sign_in(client, cast.storekeeper)
    here = begin(client, goods)
    first, second = lines_of(here)
    shelf = f"{here}/shelves/{cast.location_id}"
    page = client.get(shelf).text
    assert "G-1" in page
    assert "5\N{NO-BREAK SPACE}kg" not in page + client.get(here).text
    # Refused: what was typed stays. Sent twice: counted once, and on to the next line.
    refused = send(client, first, first, amount="4,1234567", unit="kg")
    assert (refused.status_code, 'value="4,1234567"' in refused.text) == (422, True)
    typed = frame_of(client.get(first).text, first) | {"amount": "4,5", "unit": "kg"}
    answers = [client.post(first, data=typed) for _time in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, second)] * 2
    # Who saw the empty line comes too late, sees the other count and says which holds.
    late = client.post(first, data=typed | {"idempotency_key": "0" * 32, "amount": "4"})
    assert (late.status_code, "storekeeper found 4.5" in late.text.replace("\N{NO-BREAK SPACE}", " ")) == (
        409,
        True,
    )
    seen = frame_of(late.text, first) | {"amount": "4", "unit": "kg", "holds": "earlier"}
    assert client.post(first, data=seen).status_code == 303
    rest = f"{here}/rest"
    assert send(client, rest, rest, rest="zero").status_code == 422
    settled = send(client, rest, rest, rest="zero", line_ids=second.rpartition("/")[2])
    assert client.get(settled.location).text.count("Nothing is left to count.") == 1
    assert send(client, rest, f"{here}/review").location == here
    review = client.get(here).text
    for words in ("Expected", "G-2", "2 differences have no reason yet"):
        assert words in review
    reasons = frame_of(review, f"{here}/reasons") | {"reasons-0-reason": "lost", "reasons-0-note": "A bag"}
    assert client.post(f"{here}/reasons", data=reasons | {"rest": "unknown"}).status_code == 303
    assert send(client, here, f"{here}/submission").location == here
    assert on_hand(cast, goods.ginger) == 6 * KG
    assert "Waits for a manager who did not count." in client.get(here).text
    manager = OneLookClient(app)
    sign_in(manager, cast.manager)
    assert "Stocktakes to approve" in manager.get("/inbox").text
    assert send(manager, here, f"{here}/approval").status_code == 303
    assert on_hand(cast, goods.ginger) == 4_500_000
    for path in (here, f"{here}/paper", f"/stock/items/{goods.ginger}"):
        told = client.get(path).text
        assert "Lost" in told, path
    assert differences() == []


def test_what_happened_while_somebody_stood_at_the_shelf(
    client: OneLookClient, cast: Cast, goods: Goods, lots: list[UUID]
) -> None:
    sign_in(client, cast.storekeeper)
    here = begin(client, goods)
    first, second = lines_of(here)
    typed = frame_of(client.get(first).text, first) | {"amount": "5", "unit": "kg"}
    use(cast, [(goods.ginger, 200_000)], lot_id=lots[0])
    asked = client.post(first, data=typed)
    assert (asked.status_code, "When did you count?" in asked.text) == (409, True)
    (before, _after) = re.findall(r'name="counted_at"[^>]*value="([^"]+)"', asked.text)
    typed |= frame_of(asked.text, first) | {"counted_at": before}
    assert client.post(first, data=typed).location == second
    late = frame_of(client.get(second).text, second) | {"amount": "0,9", "unit": "kg"}
    send(client, f"{here}/rest", f"{here}/rest", rest="skip", all="on")
    send(client, f"{here}/rest", f"{here}/review")
    assert "The shelf and the book agree." in client.get(here).text
    closed = client.post(second, data=late)
    assert (closed.status_code, 'value="0,9"' in closed.text) == (409, True)
    assert "Nothing is saved yet" in closed.text
    assert differences() == []


def test_a_lot_that_is_not_on_the_list_is_added(
    client: OneLookClient, cast: Cast, goods: Goods, lots: list[UUID]
) -> None:
    sign_in(client, cast.storekeeper)
    here = begin(client, goods)
    form = f"{here}/found?item_id={goods.ginger}"
    page = client.get(form).text
    action = re.search(rf'action="({re.escape(here)}/found[^"]*)"', page)
    assert action
    told = {"number": "G-1", "expires_on": LATER.isoformat(), "amount": "0,5", "unit": "kg"}
    frame = frame_of(page, action[1])
    refused = client.post(action[1], data=frame | told)
    assert (refused.status_code, "To that line" in refused.text) == (409, True)
    assert client.post(action[1], data=frame | told | {"number": "G-9"}).status_code == 303
    assert len(lines_of(here)) == 3
    assert send(client, f"{here}/rest", f"{here}/rest", rest="skip", all="on").status_code == 303
    recounted = lines_of(here)[2].rpartition("/")[2]
    send(client, f"{here}/rest", f"{here}/review")
    again = frame_of(client.get(here).text, f"{here}/recount") | {"line_ids": recounted}
    assert client.post(f"{here}/recount", data=again).status_code == 303
    assert "Please count this once more." in client.get(lines_of(here)[2]).text
    cancel = f"{here}/cancel"
    assert send(client, cancel, cancel, reason="Moved").location == "/stocktakes"
    assert on_hand(cast, goods.ginger) == 6 * KG


def test_a_shelf_is_counted_by_scanning(
    client: OneLookClient, cast: Cast, goods: Goods, lots: list[UUID]
) -> None:
    """A scan leads to the line of the list; it counts nothing, and says what is not on the list."""
    stock(cast, goods.oil, KG, number="OIL-1", expires_on=LATER)
    sign_in(client, cast.storekeeper)
    here = begin(client, goods)
    _first, second = lines_of(here)
    shelf = f"{here}/shelves/{cast.location_id}"
    page = send(client, shelf, f"{shelf}/scan", scanned="G-2")
    assert page.status_code == 200
    assert f'action="{second}"' in page.text
    assert 'data-scan-part="line"' in page.text
    # What was scanned is not taken for what was typed.
    assert frame_of(page.text, second)["looked_at"]
    answer = client.post(second, data=frame_of(page.text, second) | {"amount": "1", "unit": "kg"})
    assert answer.status_code == 303
    again = send(client, shelf, f"{shelf}/scan", scanned="ginger")
    assert f'action="{lines_of(here)[0]}"' in again.text
    other = send(client, shelf, f"{shelf}/scan", scanned="OIL-1").text
    assert "not on the list of this place" in other
    assert f"item_id={goods.oil}" in other
    assert "Nobody has said yet" in send(client, shelf, f"{shelf}/scan", scanned="NOPE").text


def test_who_may(app: Flask, client: OneLookClient, cast: Cast, goods: Goods, lots: list[UUID]) -> None:
    sign_in(client, cast.storekeeper)
    here = begin(client, goods)
    walked = [f"{here}/shelves/{cast.location_id}", lines_of(here)[0], f"{here}/rest", f"{here}/found"]
    walked += [f"{here}/cancel", "/stocktakes/new", f"{here}/found?item_id={goods.ginger}"]
    opened = let_in(app, cast, ["/stocktakes", here, *walked, f"{here}/return", "/counting-rules"])
    assert [opened.pop(path) for path in ("/stocktakes", here)] == [set(ROLES)] * 2
    assert [opened.pop(path) for path in (f"{here}/return", "/counting-rules")] == [{"manager"}] * 2
    assert opened == {path: {"storekeeper", "manager"} for path in walked}
    manager = OneLookClient(app)
    sign_in(manager, cast.manager)
    saved = send(manager, "/counting-rules", "/counting-rules", approval_minor="125.000")
    assert saved.location == "/stocktakes"
    assert 'value="125000"' in manager.get("/counting-rules").text
    for actor, status in ((cast.therapist, 403), (cast.outsider, 404)):
        other = OneLookClient(app)
        sign_in(other, actor)
        frame = frame_of(other.get("/account").text, "/account/password") | {"version": "1"}
        for verb in ("review", "recount", "reasons", "submission", "cancel", "rest", "found"):
            body = {"line_ids": str(lots[0]), "reason": "x", "digest": "0", "rest": "skip"}
            answer = other.post(f"{here}/{verb}", data=frame | body)
            assert answer.status_code in (status, 422), (verb, answer.status_code)
    assert read_snapshot(lambda s: s.query(Stocktake).one().version) == 1
