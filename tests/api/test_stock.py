"""Stock over the API: levels, policy, lots, quarantine, containers, movements; who may, and once per key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, policy, stock_up, this_day, use
from tests.shelves import differences, on_hand, stock

NOWHERE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lot_id(cast: Cast, goods: Goods) -> UUID:
    """Five kilos of ginger, and one that has expired."""
    stock(cast, goods.ginger, KG, number="OLD", expires_on=this_day() - timedelta(days=3))
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


@pytest.fixture
def storekeeper(client: OneLookClient, cast: Cast) -> Caller:
    return Caller(client, cast.storekeeper)


@pytest.fixture
def manager(client: OneLookClient, cast: Cast) -> Caller:
    return Caller(client, cast.manager)


def wanted(cast: Cast, **change: Any) -> dict[str, Any]:
    told = {"branch_id": str(cast.branch_id), "reorder_point": "5.5", "par_level": "9", "unit": "kg"}
    return told | change


def test_a_level_tells_its_numbers_and_places(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    level = storekeeper.get(f"/items/{goods.ginger}/stock-level", branch_id=cast.branch_id)
    assert level["on_hand"] == {"amount": "6", "unit": "kg"}
    assert level["available"] == {"amount": "5", "unit": "kg"}
    assert len(level["holdings"]) == 2
    listed = storekeeper.get("/stock-levels", branch_id=cast.branch_id, search="ging")["data"]
    assert listed == [{name: value for name, value in level.items() if name != "holdings"}]
    path = f"/items/{goods.oil}/stock-level?branch_id={cast.branch_id}"
    never = storekeeper.send("GET", path)
    assert (never.status_code, never.get_json()["code"]) == (404, "stock_level_not_found")


def test_levels_are_paged_by_name_and_narrowed_to_flags(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    stock(cast, goods.oil, 1_000_000, number="O-1", expires_on=LATER)
    stock(cast, goods.towel, 5_000, number="T-1")
    policy(cast, goods.ginger, 6 * KG, 9 * KG)
    policy(cast, goods.towel, 5_000, 9_000)
    for query, names in (({}, ["Ginger", "Orange-Oil", "Towel"]), ({"flagged": "true"}, ["Ginger", "Towel"])):
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = storekeeper.get("/stock-levels", branch_id=cast.branch_id, limit=1, **query, **cursor)
            seen += [row["item"]["name_en"] for row in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == names
    herbs = storekeeper.get("/stock-levels", branch_id=cast.branch_id, category="consumable")["data"]
    assert [row["item"]["name_en"] for row in herbs] == ["Towel"]


def test_a_policy_has_a_version(manager: Caller, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    path = f"/items/{goods.ginger}/stock-policy"
    assert manager.send("PUT", path, wanted(cast)).status_code == 428
    assert manager.send("PUT", path, wanted(cast), If_Match='"7"').status_code == 412
    first, again = [
        manager.send("PUT", path, wanted(cast), If_Match='"1"', Idempotency_Key="policy-once")
        for _time in range(2)
    ]
    assert (first.status_code, first.headers["ETag"], first.get_json()["flagged"]) == (200, '"2"', True)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert again.headers["ETag"] == '"2"'
    assert manager.send("PUT", path, wanted(cast), If_Match='"1"').status_code == 412
    query = f"/items/{goods.ginger}/stock-level?branch_id={cast.branch_id}"
    assert manager.send("GET", query, If_None_Match='"2"').status_code == 304
    unwatched = wanted(cast, reorder_point=None, par_level=None)
    assert manager.done("PUT", path, unwatched, If_Match='"2"')["flagged"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"par_level": "5"}, "par_level"),
        ({"par_level": None}, "par_level"),
        ({"reorder_point": "-1"}, "reorder_point"),
        ({"reorder_point": "1.1234567"}, "reorder_point"),
        ({"unit": "ml"}, "unit"),
        ({"on_hand": "9"}, "on_hand"),
    ],
)
def test_a_policy_that_does_not_fit_names_its_field(
    manager: Caller, cast: Cast, goods: Goods, lot_id: UUID, change: dict[str, Any], field: str
) -> None:
    path = f"/items/{goods.ginger}/stock-policy"
    refused = manager.send("PUT", path, wanted(cast, **change), If_Match='"1"')
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    level = manager.send("GET", f"/items/{goods.ginger}/stock-level?branch_id={cast.branch_id}")
    assert level.headers["ETag"] == '"1"'


def test_a_lot_is_quarantined_and_released(
    storekeeper: Caller, manager: Caller, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    path, reason = f"/lots/{lot_id}", {"branch_id": str(cast.branch_id), "reason": "recall"}
    for body, field in ((reason | {"reason": "boredom"}, "reason"), ({"reason": "recall"}, "branch_id")):
        refused = storekeeper.send("POST", f"{path}/quarantine", body)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    for _time in range(2):
        made = storekeeper.send("POST", f"{path}/quarantine", reason, Idempotency_Key="blocked-once")
        assert made.status_code == 201
    late = storekeeper.send("POST", f"{path}/quarantine", reason)
    assert (late.status_code, late.get_json()["code"]) == (409, "already_quarantined")
    level = storekeeper.get(f"/items/{goods.ginger}/stock-level", branch_id=cast.branch_id)
    assert level["available"] == {"amount": "0", "unit": "kg"}
    assert storekeeper.send("POST", f"{path}/release", reason).status_code == 403
    assert manager.send("POST", f"{path}/release", reason | {"reason": ""}).status_code == 422
    assert manager.send("POST", f"{path}/release", reason).status_code == 201
    assert manager.send("POST", f"{path}/release", reason).get_json()["code"] == "not_quarantined"
    assert differences() == []


def test_movements_are_listed_by_item_and_by_lot(
    storekeeper: Caller, cast: Cast, goods: Goods, lot_id: UUID
) -> None:
    use(cast, goods.ginger, 200_000)
    first = storekeeper.get("/movements", branch_id=cast.branch_id, item_id=goods.ginger, limit=2)
    rest = storekeeper.get(
        "/movements", branch_id=cast.branch_id, item_id=goods.ginger, cursor=first["next_cursor"]
    )
    assert [row["type"] for row in first["data"] + rest["data"]] == ["usage", "receipt", "receipt"]
    assert len(storekeeper.get("/movements", branch_id=cast.branch_id, lot_id=lot_id)["data"]) == 2
    here, today = {"branch_id": cast.branch_id}, clock.today("Asia/Ho_Chi_Minh")
    assert len(storekeeper.get("/movements", **here)["data"]) == 3
    assert [row["type"] for row in storekeeper.get("/movements", **here, type="usage")["data"]] == ["usage"]
    assert storekeeper.get("/movements", **here, until=today - timedelta(days=1))["data"] == []
    lots = storekeeper.get("/lots", branch_id=cast.branch_id, item_id=goods.ginger)["data"]
    assert [lot["number"] for lot in lots] == ["G-1", "OLD"]
    assert storekeeper.get(f"/lots/{lot_id}") == lots[0]


def test_who_may(client: OneLookClient, cast: Cast, goods: Goods, lot_id: UUID) -> None:
    here = f"branch_id={cast.branch_id}"
    reads = [
        f"/stock-levels?{here}",
        f"/items/{goods.ginger}/stock-level?{here}",
        f"/movements?{here}&item_id={goods.ginger}",
        f"/lots?{here}",
        f"/lots/{lot_id}",
    ]
    body = {"branch_id": str(cast.branch_id), "lot_id": str(lot_id), "amount": "1", "unit": "g"}
    why = {"branch_id": str(cast.branch_id), "reason": "recall"}
    writes = {
        "policy": ("PUT", f"/items/{goods.ginger}/stock-policy", wanted(cast)),
        "quarantine": ("POST", f"/lots/{lot_id}/quarantine", why),
        "release": ("POST", f"/lots/{lot_id}/release", why),
        "open": ("POST", "/containers", body),
    }
    barred = {
        cast.storekeeper: {"policy", "release"},
        cast.therapist: {"policy", "quarantine", "release"},
        cast.admin: set(writes),
    }
    for actor, names in barred.items():
        caller = Caller(client, actor)
        assert {caller.send("GET", path).status_code for path in reads} == {200}
        answers = [caller.send(*writes[name], If_Match='"1"').status_code for name in sorted(names)]
        assert set(answers) == {403}
    outsider = Caller(client, cast.outsider)
    assert {outsider.send("GET", path).status_code for path in reads} == {404}
    assert {outsider.send(*told, If_Match='"1"').status_code for told in writes.values()} == {404}
    assert on_hand(cast, goods.ginger) == 6 * KG
