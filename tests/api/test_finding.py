"""Searching everything over the API and on the page: what finds what, for whom, in how many statements."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.catalog import codes
from supply.domain.suppliers import service as suppliers
from tests import treatments
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import ordered
from tests.shelves import stock
from tests.web.browsing import MOST_STATEMENTS, sign_in, statements


@pytest.fixture
def ginger(cast: Cast) -> None:
    """The starter catalogue; ginger with codes, two lots and an order; a visit with a booking."""
    items = treatments.open_spa(cast, quantity=0)

    def sold(session: Session) -> None:
        farm = suppliers.create_supplier(session, cast.manager, code="FARM", name="Nông trại Hòa Bình")
        terms = {"pack_name": "carton", "amount": Decimal(5), "unit": "kg", "price_minor": 250_000}
        told = terms | {"minimum_packs": 1, "preferred": True, "supplier_code": "NT-0077"}
        suppliers.set_terms(session, cast.manager, farm.id, items["ginger"], **told)
        codes.link_code(session, cast.manager, items["ginger"], code="8935001712343")

    write_transaction(sold)
    stock(cast, items["ginger"], 5_000, number="GNG-1142")
    stock(cast, items["ginger"], 5_000, number="GNG-1143")
    stock(cast, items["wormwood"], 5_000, number="LÔ-Đ1")
    ordered(cast, (items["ginger"], "5", "kg"))
    treatments.plan(cast, booking_reference="BK-0815", room_id=cast.room_id)


@pytest.mark.both_databases
@pytest.mark.usefixtures("ginger")
def test_a_few_letters_find_everything_that_bears_them(client: OneLookClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    expected = {
        "gung": ["item ginger", "item ginger-tea", "lot GNG-1143", "lot GNG-1142"],
        "Ngai  CUU": ["item wormwood", "lot LÔ-Đ1"],
        "gừng 1142": ["lot GNG-1142"],
        "8935001712343": ["item ginger"],
        "nt-00": ["item ginger"],
        "1143": ["lot GNG-1143"],
        "gng-11": ["lot GNG-1143", "lot GNG-1142"],
        "lô-đ": ["lot LÔ-Đ1"],
        "bk-08": ["visit BK-0815"],
        "lotus massage": ["visit BK-0815"],
        "nong trai": ["order 1", "supplier FARM"],
        "order 1": ["order 1", "requisition 1"],
        "MAIN-1": ["order 1", "requisition 1"],
        "outsider": [],
        "therapist": ["person therapist"],
        "g": [],
        "100%": [],
        "_": [],
    }
    for asked, found in expected.items():
        told = manager.get("/search", branch_id=cast.branch_id, q=asked)["found"]
        assert [f"{one['kind']} {one['code']}" for one in told] == found, asked
    item = manager.get("/search", branch_id=cast.branch_id, q="gung")["found"][0]
    assert (item["name_vi"], item["standing"]) == ("Gừng", {"amount": "0.01", "unit": "kg"})


@pytest.mark.usefixtures("ginger")
def test_nobody_finds_what_they_may_not_see(client: OneLookClient, cast: Cast) -> None:
    therapist = Caller(client, cast.therapist)
    assert therapist.get("/search", branch_id=cast.branch_id, q="manager")["found"] == []
    narrow = Caller(client, cast.manager, scopes=["stock:see"])
    assert narrow.get("/search", branch_id=cast.branch_id, q="therapist")["found"] == []
    outsider = Caller(client, cast.outsider)
    assert outsider.send("GET", f"/search?branch_id={cast.branch_id}&q=gung").status_code == 404
    for asked in ("1143", "BK-0815", "nong trai"):
        told = outsider.get("/search", branch_id=cast.other_branch_id, q=asked)["found"]
        assert [one["kind"] for one in told if one["kind"] != "supplier"] == [], asked
    assert outsider.get("/search", branch_id=cast.other_branch_id, q="gung")["found"][0]["standing"] is None


@pytest.mark.usefixtures("ginger")
def test_the_page_finds_pages_too_where_one_may_go(app: Flask, client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    with statements() as seen:
        page = client.get("/search?q=1").text
    assert len(seen) <= MOST_STATEMENTS, seen
    assert "Order 1" in page
    assert 'href="/inbox"' in client.get("/search?q=hop thu").text
    assert "Nothing found" in client.get("/search?q=qqqq").text
    other = OneLookClient(app)
    sign_in(other, cast.therapist)
    assert "Nothing found" in other.get("/search?q=hop thu").text
    assert 'href="/visits/new"' in other.get("/search?q=plan a visit").text
