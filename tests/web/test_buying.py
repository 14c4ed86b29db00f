"""The pages of buying and receiving, in the order in which a spa walks through them."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import goods as shop
from tests.cast import PASSWORD, Cast
from tests.goods import KG, LATER, level, stock_up


def post(client: FlaskClient, page: str, path: str, form: dict[str, Any]) -> TestResponse:
    """Send a form as the page would: with its CSRF token, a key and the version seen."""
    shown = client.get(page).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    version = re.search(r'name="version" value="([0-9]+)"', shown)
    assert token is not None
    frame = {"csrf_token": token[1], "idempotency_key": uuid4().hex}
    return client.post(path, data={**frame, **({"version": version[1]} if version else {}), **form})


def sign_in(client: FlaskClient, login: str) -> None:
    answer = post(client, "/sign-in", "/sign-in", {"login": login, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def test_from_a_flag_to_the_shelf(app: Flask, client: FlaskClient, cast: Cast, session: Session) -> None:
    goods = stock_up(cast)
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    sign_in(client, "storekeeper")
    assert "Ginger" in client.get("/flags").text
    raised = post(client, "/flags", "/requisitions", {"lines-0-item_id": str(goods.ginger)})
    assert raised.status_code == 303, raised.text
    page = raised.location
    edited = post(
        client,
        page,
        page,
        {
            "lines-0-item_id": str(goods.ginger),
            "lines-0-_given": "item_id,unit,supplier_id",
            "lines-0-amount": "10",
            "lines-0-unit": "kg",
            "lines-0-supplier_id": str(goods.farm),
        },
    )
    assert edited.status_code == 303, edited.text
    assert post(client, page, f"{page}/submission", {}).status_code == 303
    assert post(client, page, f"{page}/approval", {}).status_code == 403
    assert "asked for already" in client.get("/flags").text

    other = app.test_client()
    sign_in(other, "manager")
    assert "Ginger" in other.get("/requisitions?status=submitted").text
    assert post(other, page, f"{page}/rejection", {"reason": ""}).status_code == 422
    assert post(other, page, f"{page}/approval", {}).status_code == 303
    assert post(other, page, f"{page}/approval", {"version": "9"}).status_code == 409
    order = re.search(r'href="(/purchase-orders/[0-9a-f-]{36})"', other.get(page).text)
    assert order is not None
    assert "Ginger" in other.get(order[1]).text
    assert "Farm" in other.get("/purchase-orders?open=on").text

    door = client.get("/deliveries").text
    take_in = re.search(r'href="(/deliveries/new\?order_id=[0-9a-f-]{36})"', door)
    assert take_in is not None
    shown = client.get(take_in[1]).text
    assert "remaining 10" in shown
    order_id = take_in[1].rpartition("=")[2]
    form = {
        "supplier_id": str(goods.farm),
        "purchase_order_id": order_id,
        "lines-0-item_id": str(goods.ginger),
        "lines-0-_given": "item_id,unit,location_id",
        "lines-0-amount": "1,5",
        "lines-0-unit": "carton",
        "lines-0-expires_on": LATER.isoformat(),
        "lines-1-_given": "unit,location_id",
        "lines-1-unit": "kg",
    }
    refused = post(client, take_in[1], take_in[1], form)
    assert refused.status_code == 422
    assert "lot number" in refused.text
    assert 'value="1,5"' in refused.text
    taken = post(client, take_in[1], take_in[1], {**form, "lines-0-lot_number": "G-1"})
    assert taken.status_code == 303, taken.text
    assert level(session, cast, goods.ginger) == (7_500_000, 2_500_000)
    assert "G-1" in client.get(taken.location).text

    line = f"{taken.location}/lines/1"
    corrected = post(client, line, line, {"amount": "5", "unit": "kg", "reason": "Counted again"})
    assert corrected.status_code == 303, corrected.text
    shop.use(cast, goods.ginger, KG)
    back = f"{taken.location}/reversal"
    kept = post(client, back, back, {"lines": "1", "reason": "Wrong"})
    assert kept.status_code == 409
    assert "down to 1 kg" in kept.text
    assert level(session, cast, goods.ginger) == (4 * KG, 5 * KG)

    # Something came: what does not is closed, not cancelled.
    gone = f"{order[1]}/cancellation"
    assert post(other, gone, gone, {"reason": "The farm is closed"}).status_code == 409
    end = f"{order[1]}/closure"
    assert post(other, end, end, {"reason": ""}).status_code == 422
    assert post(other, end, end, {"reason": "The farm is closed"}).status_code == 303
    assert level(session, cast, goods.ginger) == (4 * KG, 0)
    assert "closed" in other.get(order[1]).text


def test_pages_that_are_empty_say_so(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, "storekeeper")
    for page, words in (
        ("/flags", "Nothing needs ordering"),
        ("/requisitions", "No requisitions here"),
        ("/purchase-orders", "No orders here"),
        ("/deliveries", "Nothing has come yet"),
        ("/deliveries/new", "Take in"),
    ):
        assert words in client.get(page).text
