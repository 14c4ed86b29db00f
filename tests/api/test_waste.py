"""Waste over the API: logged, listed, taken back; who may, what is refused, and once per key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up, this_day
from tests.shelves import differences, on_hand, stock

NOWHERE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def told(cast: Cast, goods: Goods) -> dict[str, Any]:
    """250 g of an expired kilo are thrown away."""
    lot_id = stock(cast, goods.ginger, KG, number="OLD", expires_on=this_day() - timedelta(days=3))[1]
    return {
        "branch_id": str(cast.branch_id),
        "lot_id": str(lot_id),
        "amount": "250",
        "unit": "g",
        "reason": "expired",
        "note": "Mould",
    }


@pytest.fixture
def storekeeper(client: OneLookClient, cast: Cast) -> Caller:
    return Caller(client, cast.storekeeper)


def test_waste_is_logged_found_and_taken_back(
    storekeeper: Caller, cast: Cast, goods: Goods, told: dict[str, Any]
) -> None:
    made = storekeeper.done("POST", "/waste-entries", told)
    assert made["quantity"] == {"amount": "0.25", "unit": "kg"}
    assert (made["lot_number"], made["reason"], made["note"]) == ("OLD", "expired", "Mould")
    assert storekeeper.get(f"/waste-entries/{made['id']}") == made
    listed = storekeeper.get("/waste-entries", branch_id=cast.branch_id, item_id=goods.ginger)
    assert listed == {"data": [made], "next_cursor": None}
    assert storekeeper.get("/waste-entries", branch_id=cast.branch_id, item_id=goods.oil)["data"] == []
    back = storekeeper.done("POST", f"/waste-entries/{made['id']}/reversal", {})
    assert back["reversed_at"] is not None
    assert on_hand(cast, goods.ginger) == KG
    twice = storekeeper.send("POST", f"/waste-entries/{made['id']}/reversal", {})
    assert (twice.status_code, twice.get_json()["code"]) == (409, "already_reversed")
    assert differences() == []


def test_what_has_expired_is_written_off_once(
    storekeeper: Caller, cast: Cast, goods: Goods, told: dict[str, Any]
) -> None:
    (one,) = storekeeper.get("/expired-lots", branch_id=cast.branch_id)["data"]
    assert (one["lot_id"], one["quantity"]) == (told["lot_id"], {"amount": "1", "unit": "kg"})
    assert one["expired_on"] == (this_day() - timedelta(days=3)).isoformat()
    gone = f"/expired-lots/{one['lot_id']}/write-off"
    answers = [storekeeper.send("POST", gone, Idempotency_Key="gone-once") for _time in range(2)]
    assert [(answer.status_code, answer.get_json()["reason"]) for answer in answers] == [(201, "expired")] * 2
    twice = storekeeper.send("POST", gone)
    assert (twice.status_code, twice.get_json()["code"]) == (409, "nothing_expired")
    assert storekeeper.get("/expired-lots", branch_id=cast.branch_id)["data"] == []
    assert on_hand(cast, goods.ginger) == 0


def test_the_list_is_paged_newest_first(storekeeper: Caller, cast: Cast, told: dict[str, Any]) -> None:
    made = [storekeeper.done("POST", "/waste-entries", told)["id"] for _time in range(3)]
    first = storekeeper.get("/waste-entries", branch_id=cast.branch_id, limit=2)
    second = storekeeper.get("/waste-entries", branch_id=cast.branch_id, limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in first["data"] + second["data"]] == made[::-1]
    assert second["next_cursor"] is None


def test_the_same_key_is_one_effect(
    storekeeper: Caller, cast: Cast, goods: Goods, told: dict[str, Any]
) -> None:
    first, again = [
        storekeeper.send("POST", "/waste-entries", told, Idempotency_Key="waste-once") for _time in range(2)
    ]
    assert (first.status_code, again.json) == (201, first.json)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    other = storekeeper.send("POST", "/waste-entries", told | {"amount": "1"}, Idempotency_Key="waste-once")
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    undo = f"/waste-entries/{first.get_json()['id']}/reversal"
    for _time in range(2):
        assert storekeeper.send("POST", undo, {}, Idempotency_Key="undo-once").status_code == 201
    assert on_hand(cast, goods.ginger) == KG
    assert differences() == []


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"amount": "0"}, 422, "amount"),
        ({"amount": "-1"}, 422, "amount"),
        ({"amount": "0.0000001"}, 422, "amount"),
        ({"amount": 250}, 422, "amount"),
        ({"unit": "ml"}, 422, "unit"),
        ({"reason": "boredom"}, 422, "reason"),
        ({"note": "x" * 401}, 422, "note"),
        ({"lot_id": "7"}, 422, "lot_id"),
        ({"person_id": NOWHERE}, 422, "person_id"),
        ({"happened_at": "2026-11-22"}, 422, "happened_at"),
        ({"happened_at": "2099-01-01T00:00:00Z"}, 422, "happened_at"),
        ({"lot_id": NOWHERE}, 404, ""),
        ({"branch_id": NOWHERE}, 404, ""),
        ({"amount": "1001"}, 409, ""),
    ],
)
def test_what_does_not_fit_is_named_and_moves_nothing(
    storekeeper: Caller,
    cast: Cast,
    goods: Goods,
    told: dict[str, Any],
    change: dict[str, Any],
    status: int,
    field: str,
) -> None:
    refused = storekeeper.send("POST", "/waste-entries", told | change)
    assert refused.status_code == status, refused.text
    assert list(refused.get_json().get("errors", {})) == ([field] if field else [])
    assert on_hand(cast, goods.ginger) == KG
    assert storekeeper.get("/waste-entries", branch_id=cast.branch_id)["data"] == []
    assert differences() == []


def test_who_may(
    client: OneLookClient, storekeeper: Caller, cast: Cast, goods: Goods, told: dict[str, Any]
) -> None:
    made = storekeeper.done("POST", "/waste-entries", told)
    one = f"/waste-entries/{made['id']}"
    every = f"/waste-entries?branch_id={cast.branch_id}"
    expired = f"/expired-lots?branch_id={cast.branch_id}"
    for actor, reads, writes in (
        (cast.therapist, 200, 403),
        (cast.admin, 200, 403),
        (cast.outsider, 404, 404),
    ):
        caller = Caller(client, actor)
        assert [caller.send("GET", path).status_code for path in (one, every, expired)] == [reads] * 3
        assert caller.send("POST", "/waste-entries", told).status_code == writes
        assert caller.send("POST", f"{one}/reversal", {}).status_code == writes
        assert caller.send("POST", f"/expired-lots/{told['lot_id']}/write-off").status_code == writes
    narrow = Caller(client, cast.storekeeper, scopes=["stock:see"])
    assert narrow.send("POST", "/waste-entries", told).status_code == 403
    assert on_hand(cast, goods.ginger) == 750_000


def test_a_good_lot_of_another_place_is_not_taken_from(
    storekeeper: Caller, cast: Cast, goods: Goods, told: dict[str, Any]
) -> None:
    stock(cast, goods.ginger, KG, number="G-1", expires_on=LATER)
    elsewhere = told | {"location_id": str(cast.other_location_id)}
    assert storekeeper.send("POST", "/waste-entries", elsewhere).status_code in (404, 409, 422)
    assert on_hand(cast, goods.ginger) == 2 * KG
