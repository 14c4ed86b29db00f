"""Transfers over the API: asked for, sent, received, each leg by its branch and once; moves in a branch."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from supply import announcing
from supply.database import write_transaction
from supply.domain.branches import service as branches
from tests.api.calling import Caller
from tests.carriers import KG, disagreements, levels
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import LATER, Goods, stock_up
from tests.shelves import stock


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    goods = stock_up(cast)
    stock(cast, goods.ginger, 2 * KG, number="G-1", expires_on=LATER)
    return goods


@pytest.fixture
def told(cast: Cast, goods: Goods) -> dict[str, Any]:
    """The other branch asks for a kilo of ginger."""
    return {
        "from_branch_id": str(cast.branch_id),
        "to_branch_id": str(cast.other_branch_id),
        "lines": [{"item_id": str(goods.ginger), "amount": "1", "unit": "kg"}],
    }


def test_a_transfer_from_request_to_receipt_and_back(
    client: OneLookClient, cast: Cast, goods: Goods, told: dict[str, Any]
) -> None:
    here, there = Caller(client, cast.storekeeper), Caller(client, cast.outsider)
    asked = there.done("POST", "/transfers", told)
    one = f"/transfers/{asked['id']}"
    assert (asked["status"], asked["offered"], asked["version"]) == ("requested", False, 1)
    (proposed,) = here.get(f"{one}/proposal")["data"]
    assert (proposed["lot_number"], proposed["quantity"]) == ("G-1", {"amount": "1", "unit": "kg"})
    assert there.send("GET", f"{one}/proposal").status_code == 404
    assert here.send("POST", f"{one}/dispatch", {}).status_code == 428
    sent = here.done("POST", f"{one}/dispatch", {}, If_Match='"1"')
    assert sent["parcels"][0]["arrival"] is None
    # The books of the other branch have followed when the answer is there, and the version has not moved.
    assert levels(cast.other_branch_id, goods.ginger) == (0, KG)
    assert here.get(one)["version"] == sent["version"] == 2
    twice = here.send("POST", f"{one}/dispatch", {}, If_Match='"1"')
    assert (twice.status_code, twice.get_json()["code"]) == (409, "transfer_dispatched")
    line = {"position": 1, "amount": "0.75", "unit": "kg", "missing_reason": "lost"}
    assert there.send("POST", f"{one}/receipt", {}, If_Match='"1"').status_code == 412
    keyed = {"If_Match": '"2"', "Idempotency_Key": "receive-once"}
    first, again = [there.send("POST", f"{one}/receipt", {"lines": [line]}, **keyed) for _time in range(2)]
    assert (first.status_code, again.json) == (201, first.json)
    arrival = first.get_json()["parcels"][0]["arrival"]
    assert (arrival["arrived"]["amount"], arrival["missing"]["amount"]) == ("0.75", "0.25")
    assert levels(cast.other_branch_id, goods.ginger) == (750_000, 0)
    lot = there.get(f"/lots/{arrival['lot_id']}")
    assert (lot["number"], lot["origin_lot_id"]) == ("G-1", proposed["lot_id"])
    there.done("POST", f"{one}/receipt/reversal", {}, If_Match='"3"')
    here.done("POST", f"{one}/recall", {}, If_Match='"4"')
    ended = here.done("POST", f"{one}/cancellation", {"reason": "Not needed"}, If_Match='"5"')
    assert (ended["status"], ended["cancel_reason"]) == ("cancelled", "Not needed")
    assert (levels(cast.branch_id, goods.ginger), levels(cast.other_branch_id, goods.ginger)) == (
        (2 * KG, 0),
        (0, 0),
    )
    listed = there.get("/transfers", branch_id=cast.other_branch_id, status="cancelled")["data"]
    assert [row["id"] for row in listed] == [asked["id"]]
    assert here.get("/transfers", branch_id=cast.branch_id, status="received")["data"] == []
    assert disagreements() == []


def test_a_crash_between_the_legs_is_made_up_for_by_the_same_request(
    client: OneLookClient, cast: Cast, goods: Goods, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> int:
        raise RuntimeError("the process ended")

    here, there = Caller(client, cast.storekeeper), Caller(client, cast.outsider)
    one = f"/transfers/{there.done('POST', '/transfers', told)['id']}"
    keyed = {"If_Match": '"1"', "Idempotency_Key": "send-once"}
    with monkeypatch.context() as broken:
        broken.setattr(announcing, "announce", crash)
        first = here.done("POST", f"{one}/dispatch", {}, **keyed)
    assert levels(cast.branch_id, goods.ginger) == (KG, 0)
    assert levels(cast.other_branch_id, goods.ginger) == (0, 0)
    assert disagreements() == []
    for _time in range(2):
        assert here.done("POST", f"{one}/dispatch", {}, **keyed) == first
        assert levels(cast.branch_id, goods.ginger) == (KG, 0)
        assert levels(cast.other_branch_id, goods.ginger) == (0, KG)
    assert disagreements() == []


def test_who_may(client: OneLookClient, cast: Cast, told: dict[str, Any]) -> None:
    one = f"/transfers/{Caller(client, cast.outsider).done('POST', '/transfers', told)['id']}"
    therapist = Caller(client, cast.therapist)
    narrow = Caller(client, cast.storekeeper, scopes=["stock:see"])
    for caller in (therapist, narrow):
        assert caller.send("GET", one).status_code == 200
        assert caller.send("POST", "/transfers", told).status_code == 403
        assert caller.send("POST", f"{one}/dispatch", {}, If_Match='"1"').status_code == 403
    here = Caller(client, cast.storekeeper)
    assert here.send("POST", f"{one}/receipt", {}, If_Match='"1"').status_code == 404
    both = told | {"to_branch_id": told["from_branch_id"]}
    assert list(here.send("POST", "/transfers", both).get_json()["errors"]) == ["from_branch_id"]


def test_a_move_within_the_branch(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    place = write_transaction(
        lambda session: branches.create_location(session, cast.admin, cast.branch_id, name="Trolley").id
    )
    here = Caller(client, cast.storekeeper)
    (lot,) = here.get("/lots", branch_id=cast.branch_id)["data"]
    body = {"branch_id": str(cast.branch_id), "lot_id": lot["id"], "to_location_id": str(place)}
    made = here.done("POST", "/stock-moves", body)
    assert made["quantity"] == {"amount": "2", "unit": "kg"}
    (stands,) = here.get(f"/items/{goods.ginger}/stock-level", branch_id=cast.branch_id)["holdings"]
    assert stands["location_id"] == str(place)
    assert Caller(client, cast.outsider).send("GET", f"/stock-moves/{made['id']}").status_code == 404
    back = here.done("POST", f"/stock-moves/{made['id']}/reversal", {})
    assert back["reversed_at"] is not None
    assert disagreements() == []
