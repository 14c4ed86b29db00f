"""Counts, opening stock and adjustments over the API: who may, what is refused, once per key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up
from tests.shelves import differences, on_hand, stock

NOWHERE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lot_id(cast: Cast, goods: Goods) -> UUID:
    """Five kilos of ginger stand in the main branch."""
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


@pytest.fixture
def storekeeper(client: OneLookClient, cast: Cast) -> Caller:
    return Caller(client, cast.storekeeper)


def opening(cast: Cast, goods: Goods, **change: Any) -> dict[str, Any]:
    line = {
        "item_id": str(goods.ginger),
        "number": "G-0",
        "expires_on": LATER.isoformat(),
        "amount": "2.5",
        "unit": "kg",
        "cost_minor": 150_000,
    }
    return {"branch_id": str(cast.branch_id), "lines": [line | change]}


def adjustment(cast: Cast, lot: UUID, /, **change: Any) -> dict[str, Any]:
    told = {"branch_id": str(cast.branch_id), "lot_id": str(lot), "direction": "out"}
    return told | {"amount": "500", "unit": "g", "reason": "lost"} | change


def count(cast: Cast, goods: Goods, lot: UUID, found: str, /, **change: Any) -> dict[str, Any]:
    line = {"lot_id": str(lot), "amount": found, "unit": "kg"}
    return {"branch_id": str(cast.branch_id), "item_id": str(goods.ginger), "lines": [line | change]}


def test_opening_stock_stands_on_the_shelf(storekeeper: Caller, cast: Cast, goods: Goods) -> None:
    made = storekeeper.done("POST", "/opening-stock", opening(cast, goods))["adjustments"]
    assert [(row["amount"], row["unit"], row["reason"]) for row in made] == [("2.5", "kg", "opening")]
    assert storekeeper.get(f"/adjustments/{made[0]['id']}") == made[0]
    assert on_hand(cast, goods.ginger) == 2_500_000
    assert differences() == []


def test_an_adjustment_is_made_and_taken_back(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    made = storekeeper.done("POST", "/adjustments", adjustment(cast, lot_id))
    assert (made["amount"], made["unit"]) == ("-0.5", "kg")
    assert on_hand(cast, goods.ginger) == 4_500_000
    reversal = f"/adjustments/{made['id']}/reversal"
    assert storekeeper.done("POST", reversal, {})["reversed_at"] is not None
    assert storekeeper.send("POST", reversal, {}).get_json()["code"] == "already_reversed"
    assert on_hand(cast, goods.ginger) == 5 * KG
    assert differences() == []


def test_what_came_in_and_was_used_cannot_be_taken_back(
    storekeeper: Caller, cast: Cast, goods: Goods
) -> None:
    made = storekeeper.done("POST", "/opening-stock", opening(cast, goods))["adjustments"][0]
    thrown = {"branch_id": str(cast.branch_id), "lot_id": made["lot_id"], "amount": "1", "unit": "kg"}
    storekeeper.done("POST", "/waste-entries", thrown | {"reason": "spilled"})
    refused = storekeeper.send("POST", f"/adjustments/{made['id']}/reversal", {})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "already_used")
    assert on_hand(cast, goods.ginger) == 1_500_000


def test_a_count_says_what_was_expected_and_found(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    made = storekeeper.done("POST", "/counts", count(cast, goods, lot_id, "4.75"))
    assert (made["discrepancy_amount"], made["discrepancy_unit"]) == ("-0.25", "kg")
    assert made["lines"][0]["expected"] == {"amount": "5", "unit": "kg"}
    assert made["lines"][0]["counted"] == {"amount": "4.75", "unit": "kg"}
    assert storekeeper.get(f"/counts/{made['id']}") == made
    assert on_hand(cast, goods.ginger) == 4_750_000
    assert differences() == []


@pytest.mark.parametrize("what", ["opening-stock", "adjustments", "counts"])
def test_the_same_key_is_one_effect(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID, what: str
) -> None:
    body = {
        "opening-stock": opening(cast, goods),
        "adjustments": adjustment(cast, lot_id),
        "counts": count(cast, goods, lot_id, "4"),
    }[what]
    first = storekeeper.send("POST", f"/{what}", body, Idempotency_Key="only-once")
    after = on_hand(cast, goods.ginger)
    again = storekeeper.send("POST", f"/{what}", body, Idempotency_Key="only-once")
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert after != 5 * KG
    assert on_hand(cast, goods.ginger) == after
    other = storekeeper.send("POST", f"/{what}", body | {"note": "other"}, Idempotency_Key="only-once")
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "0"}, "lines.0.amount"),
        ({"amount": "1e3"}, "lines.0.amount"),
        ({"amount": "0.0000001"}, "lines.0.amount"),
        ({"unit": "ml"}, "lines.0.unit"),
        ({"number": None}, "lines.0.number"),
        ({"expires_on": None}, "lines.0.expires_on"),
        ({"item_id": NOWHERE}, "lines.0.item_id"),
        ({"location_id": NOWHERE}, "lines.0.location_id"),
        ({"cost_minor": -1}, "lines.0.cost_minor"),
        ({"cost_minor": 1.5}, "lines.0.cost_minor"),
        ({"branch_id": NOWHERE}, "lines.0.branch_id"),
    ],
)
def test_opening_stock_is_all_or_nothing(
    storekeeper: Caller, cast: Cast, goods: Goods, change: dict[str, Any], field: str
) -> None:
    body = opening(cast, goods, **change)
    body["lines"].append(opening(cast, goods)["lines"][0] | {"number": "G-2"})
    refused = storekeeper.send("POST", "/opening-stock", body)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    assert on_hand(cast, goods.ginger) == 0


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"reason": "found"}, 422, "reason"),
        ({"reason": "opening"}, 422, "reason"),
        ({"direction": "up"}, 422, "direction"),
        ({"amount": "nothing"}, 422, "amount"),
        ({"unit": "ml"}, 422, "unit"),
        ({"location_id": NOWHERE}, 422, "location_id"),
        ({"quantity": 5}, 422, "quantity"),
        ({"lot_id": NOWHERE}, 404, ""),
        ({"amount": "5001"}, 409, ""),
    ],
)
def test_an_adjustment_that_does_not_fit_moves_nothing(
    storekeeper: Caller,
    cast: Cast,
    goods: Goods,
    lot_id: UUID,
    change: dict[str, Any],
    status: int,
    field: str,
) -> None:
    refused = storekeeper.send("POST", "/adjustments", adjustment(cast, lot_id, **change))
    assert refused.status_code == status, refused.text
    assert list(refused.get_json().get("errors", {})) == ([field] if field else [])
    assert on_hand(cast, goods.ginger) == 5 * KG
    assert differences() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "-1"}, "lines.0.amount"),
        ({"amount": "4.1234567"}, "lines.0.amount"),
        ({"lot_id": NOWHERE}, "lines.0.lot_id"),
        ({"location_id": NOWHERE}, "lines.0.location_id"),
        ({"container_id": NOWHERE}, "lines.0.container_id"),
        ({"expected": "5"}, "lines.0.expected"),
    ],
)
def test_a_count_that_does_not_fit_changes_nothing(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID, change: dict[str, Any], field: str
) -> None:
    refused = storekeeper.send("POST", "/counts", count(cast, goods, lot_id, "4", **change))
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    assert on_hand(cast, goods.ginger) == 5 * KG


def test_a_count_must_name_every_lot(storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    stock(cast, goods.ginger, KG, number="G-2", expires_on=LATER)
    refused = storekeeper.send("POST", "/counts", count(cast, goods, lot_id, "4"))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "lots_uncounted")
    assert [lot["number"] for lot in refused.get_json()["lots"]] == ["G-2"]
    assert on_hand(cast, goods.ginger) == 6 * KG


def test_who_may(client: OneLookClient, storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    one = storekeeper.done("POST", "/adjustments", adjustment(cast, lot_id))["id"]
    counted = storekeeper.done("POST", "/counts", count(cast, goods, lot_id, "4.5"))["id"]
    writes = [
        ("/opening-stock", opening(cast, goods)),
        ("/adjustments", adjustment(cast, lot_id)),
        (f"/adjustments/{one}/reversal", {}),
        ("/counts", count(cast, goods, lot_id, "1")),
    ]
    reads = (f"/adjustments/{one}", f"/counts/{counted}")
    for actor, read, written in (
        (cast.therapist, 200, 403),
        (cast.admin, 200, 403),
        (cast.outsider, 404, 404),
    ):
        caller = Caller(client, actor)
        assert {caller.send("GET", path).status_code for path in reads} == {read}
        assert {caller.send("POST", path, body).status_code for path, body in writes} == {written}
    assert on_hand(cast, goods.ginger) == 4_500_000
    assert Caller(client, cast.manager).send("POST", *writes[3]).status_code == 201
    assert differences() == []
