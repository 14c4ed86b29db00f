"""The plan over the API: the ladder of each action."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from supply import clock
from tests import goods as shop
from tests.api.calling import Caller
from tests.cast import Cast
from tests.goods import KG, Goods, stock_up


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def estimated(manager: Caller, cast: Cast, goods: Goods) -> dict[str, Any]:
    """Ginger of which 2 kg a day are expected, planned; its flag."""
    branch = {"branch_id": str(cast.branch_id)}
    two = manager.send("PUT", f"/items/{goods.ginger}/estimate", {**branch, "amount": "2", "unit": "kg"})
    assert two.get_json()["daily"] == {"amount": "2", "unit": "kg"}
    flag: dict[str, Any] = manager.send("POST", f"/items/{goods.ginger}/plan", branch).get_json()["flag"]
    return flag


def test_what_people_say_to_a_flag(client: FlaskClient, cast: Cast, goods: Goods) -> None:
    manager, storekeeper = Caller(client, cast.manager), Caller(client, cast.storekeeper)
    outsider = Caller(client, cast.outsider)
    flag = estimated(manager, cast, goods)
    here, seen = f"/flags/{flag['id']}", f'"{flag["version"]}"'
    assert outsider.send("GET", here).status_code == 404
    soon = clock.today("Asia/Ho_Chi_Minh") + timedelta(days=2)
    for action, body in (
        ("snooze", {"until": soon.isoformat(), "reason": "Enough"}),
        ("override", {"amount": "20", "unit": "kg", "reason": "A wedding"}),
        ("following", None),
    ):
        path = f"{here}/{action}"
        assert storekeeper.send("POST", path, body, If_Match=seen).status_code == 403
        assert outsider.send("POST", path, body, If_Match=seen).status_code == 404
        assert manager.send("POST", path, body).status_code == 428
        assert manager.send("POST", path, body, If_Match='"99"').status_code == 412
        if body:
            wrong = manager.send("POST", path, {**body, "reason": ""}, If_Match=seen)
            assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["reason"])
        done = manager.send("POST", path, body, If_Match=seen)
        assert done.status_code == 200, done.text
        seen = done.headers["ETag"]
    told = manager.get(here)
    assert (told["snoozed_until"], told["override"], told["wanted"]) == (None, None, told["suggested"])
    assert told["days"][0]["day"] == 0
    assert told["reasons"][0].startswith("Flagged")


def test_both_kinds_of_flags_become_one_requisition(client: FlaskClient, cast: Cast, goods: Goods) -> None:
    manager, storekeeper = Caller(client, cast.manager), Caller(client, cast.storekeeper)
    flag = estimated(manager, cast, goods)
    shop.policy(cast, goods.oil, 1 * KG, 2 * KG)
    both = storekeeper.get("/flags", branch_id=cast.branch_id)["data"]
    assert [(one["item"]["code"], one["plan"] is None, one["levels"] is None) for one in both] == [
        ("ginger", False, True),
        ("orange-oil", True, False),
    ]
    assert both[0]["suggested"] == flag["wanted"]
    first = storekeeper.get("/flags", branch_id=cast.branch_id, limit=1)
    rest = storekeeper.get("/flags", branch_id=cast.branch_id, cursor=first["next_cursor"])["data"]
    assert [one["item"]["code"] for one in first["data"] + rest] == ["ginger", "orange-oil"]
    body = {"branch_id": str(cast.branch_id), "from_flags": True}
    made = storekeeper.send("POST", "/requisitions", body).get_json()
    ginger, oil = sorted(made["lines"], key=lambda line: line["item"]["code"])
    assert ginger["quantity"] == flag["wanted"]
    assert ginger["arithmetic"]["plan"] == flag["numbers"]
    assert oil["arithmetic"]["plan"] is None
    four = {"amount": "4", "unit": "carton"}
    lines = {"lines": [{"item_id": str(goods.ginger), **four}, {"item_id": str(goods.oil)}]}
    edited = manager.send("PATCH", f"/requisitions/{made['id']}", lines, If_Match='"1"').get_json()
    assert edited["lines"][0]["arithmetic"]["plan"] == flag["numbers"]
    assert storekeeper.send("POST", "/requisitions", body).status_code == 422


def test_a_run_of_the_plan(client: FlaskClient, cast: Cast, goods: Goods) -> None:
    storekeeper = Caller(client, cast.storekeeper)
    body = {"branch_id": str(cast.branch_id)}
    assert Caller(client, cast.therapist).send("POST", "/plan-runs", body).status_code == 403
    outsider = Caller(client, cast.outsider)
    assert outsider.send("POST", "/plan-runs", body).status_code == 404
    begun = storekeeper.send("POST", "/plan-runs", body)
    assert begun.status_code == 202, begun.text
    path = f"/plan-runs/{begun.get_json()['id']}"
    assert outsider.send("GET", path).status_code == 404
    until = time.monotonic() + 20
    while (run := storekeeper.get(path))["finished_at"] is None and time.monotonic() < until:
        time.sleep(0.05)
    assert (run["done"], run["total"]) == (2, 2)
    notices = storekeeper.get("/plan-notices", branch_id=cast.branch_id)["data"]
    assert {(one["kind"], one["item"]["code"]) for one in notices} == {
        ("no-estimate", "ginger"),
        ("no-estimate", "orange-oil"),
    }
    assert outsider.send("GET", f"/plan-notices?branch_id={cast.branch_id}").status_code == 404
