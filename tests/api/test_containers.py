"""Opened containers over the API: the life of a bottle, each write once per key, who may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up, use
from tests.shelves import differences, on_hand, stock

NOWHERE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lot_id(cast: Cast, goods: Goods) -> UUID:
    """Five kilos of ginger, and a later lot."""
    stock(cast, goods.ginger, KG, number="G-2", expires_on=LATER.replace(year=LATER.year + 1))
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


def once(caller: Caller, method: str, path: str, body: Any, key: str) -> Any:
    """Send a write twice under one key; the one answer."""
    first, again = [caller.send(method, path, body, Idempotency_Key=key) for _time in range(2)]
    assert (first.status_code < 300, again.get_json()) == (True, first.get_json()), first.text
    return first.get_json()


def test_the_life_of_a_container(client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    therapist = Caller(client, cast.therapist)
    here = {"branch_id": str(cast.branch_id)}
    body = {**here, "lot_id": str(lot_id), "amount": "500", "unit": "g", "room_id": str(cast.room_id)}
    for change, status in (
        ({"amount": "0"}, 422),
        ({"unit": None}, 422),
        ({"unit": "ml"}, 422),
        ({"room_id": NOWHERE}, 404),
        ({"lot_id": NOWHERE}, 404),
        ({"lot_id": None}, 422),
        ({"amount": "5001"}, 409),
    ):
        assert therapist.send("POST", "/containers", body | change).status_code == status, change
    made = once(therapist, "POST", "/containers", body, "opened-once")
    assert (made["remaining"], made["room_name"], made["state"]) == (
        {"amount": "0.5", "unit": "kg"},
        "Lotus",
        "in-use",
    )
    path = f"/containers/{made['id']}"
    use(cast, goods.ginger, 100_000)
    once(therapist, "POST", f"{path}/top-ups", {**here, "amount": "50", "unit": "g"}, "poured-once")
    weighed = {**here, "gross": "430", "tare": "10", "unit": "g"}
    check = once(therapist, "POST", f"{path}/weigh-ins", weighed, "weighed-once")
    assert (check["expected"]["amount"], check["found"]["amount"]) == ("0.45", "0.42")
    assert check["difference"] == {"amount": "-0.03", "unit": "kg"}
    listed = therapist.get("/containers", **here, room_id=cast.room_id, item_id=goods.ginger)["data"]
    assert [row["remaining"]["amount"] for row in listed] == ["0.42"]
    once(therapist, "PUT", f"{path}/room", {**here, "room_id": None}, "moved-once")
    assert therapist.get(path)["room_id"] is None
    once(therapist, "POST", f"{path}/finish", here, "finished-once")
    again = therapist.send("POST", f"{path}/finish", here)
    assert (again.status_code, again.get_json()["code"]) == (409, "already_finished")
    assert [row["id"] for row in therapist.get("/containers", **here, finished="true")["data"]] == [
        made["id"]
    ]
    found = therapist.get("/container-checks", **here, container_id=made["id"])["data"]
    assert [row["kind"] for row in found] == ["emptied", "weighed"]
    assert on_hand(cast, goods.ginger) == 6 * KG - 100_000 - 30_000 - 420_000
    back = once(therapist, "POST", f"{path}/finish/reversal", here, "undone-once")
    assert (back["finished_at"], back["remaining"]["amount"]) == (None, "0.42")
    assert differences() == []


def test_an_item_alone_opens_the_first_lot_and_pages_are_cut(
    client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    storekeeper = Caller(client, cast.storekeeper)
    here = {"branch_id": str(cast.branch_id)}
    one = storekeeper.done("POST", "/containers", {**here, "item_id": str(goods.ginger)})
    assert (one["lot_number"], one["remaining"]["amount"]) == ("G-1", "5")  # no own unit: the whole lot
    two = storekeeper.done("POST", "/containers", {**here, "item_id": str(goods.ginger)})
    assert two["lot_number"] == "G-2"
    none = storekeeper.send("POST", "/containers", {**here, "item_id": str(goods.ginger)})
    assert (none.status_code, none.get_json()["code"]) == (409, "nothing_to_open")
    first = storekeeper.get("/containers", **here, limit=1)
    rest = storekeeper.get("/containers", **here, limit=1, cursor=first["next_cursor"])
    assert [row["id"] for row in first["data"] + rest["data"]] == [two["id"], one["id"]]
    assert rest["next_cursor"] is None


def test_who_may(client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    here = {"branch_id": str(cast.branch_id)}
    made = Caller(client, cast.manager).done("POST", "/containers", {**here, "lot_id": str(lot_id)})
    path = f"/containers/{made['id']}"
    writes = [
        ("POST", "/containers", {**here, "lot_id": str(lot_id)}),
        ("POST", f"{path}/top-ups", {**here, "amount": "1", "unit": "g"}),
        ("POST", f"{path}/weigh-ins", {**here, "gross": "1", "tare": "0", "unit": "g"}),
        ("PUT", f"{path}/room", {**here, "room_id": None}),
        ("POST", f"{path}/finish", here),
        ("POST", f"{path}/finish/reversal", here),
    ]
    reads = [f"/containers?branch_id={cast.branch_id}", f"/container-checks?branch_id={cast.branch_id}", path]
    admin, outsider = Caller(client, cast.admin), Caller(client, cast.outsider)
    assert {admin.send(*write).status_code for write in writes} == {403}
    assert {outsider.send(*write).status_code for write in writes} == {404}
    assert {admin.send("GET", read).status_code for read in reads} == {200}
    assert {outsider.send("GET", read).status_code for read in reads} == {404}
    assert differences() == []
