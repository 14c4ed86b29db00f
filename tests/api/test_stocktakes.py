"""Stocktakes over the API: blind, resumed, counted twice, approved above the limit; who may, once per key."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up
from tests.shelves import differences, on_hand, stock


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lots(cast: Cast, goods: Goods) -> list[UUID]:
    """Five kilos and one kilo of ginger, of which nobody knows what they cost."""
    put = [("G-1", 5 * KG), ("G-2", KG)]
    return [stock(cast, goods.ginger, much, number=name, expires_on=LATER)[1] for name, much in put]


class Counter:
    """Somebody who counts over the API."""

    def __init__(self, caller: Caller, cast: Cast, goods: Goods) -> None:
        self.caller = caller
        body = {"branch_id": str(cast.branch_id), "kind": "cycle", "item_ids": [str(goods.ginger)]}
        self.path = f"/stocktakes/{caller.done('POST', '/stocktakes', body)['id']}"

    def lines(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.caller.get(f"{self.path}/lines", **query)["data"]
        return found

    def count(self, line: dict[str, Any], found: str, **told: Any) -> Any:
        body = {"amount": found, "unit": "kg"} | told
        path = f"{self.path}/lines/{line['id']}/count"
        return self.caller.send("POST", path, body, If_Match=f'"{line["version"]}"')

    def change(self, verb: str, body: Any = None, caller: Caller | None = None) -> Any:
        seen = f'"{self.caller.get(self.path)["version"]}"'
        return (caller or self.caller).send("POST", f"{self.path}/{verb}", body, If_Match=seen)


@pytest.fixture
def counter(client: OneLookClient, cast: Cast, goods: Goods, lots: list[UUID]) -> Counter:
    return Counter(Caller(client, cast.storekeeper), cast, goods)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_from_the_suggestion_to_the_posted_difference(
    client: OneLookClient, counter: Counter, cast: Cast, goods: Goods
) -> None:
    caller = counter.caller
    assert caller.get("/stocktake-suggestions", branch_id=cast.branch_id) == {"items": []}
    told = caller.get(counter.path)
    assert (told["status"], told["lines"], told["waiting"], told["totals"]) == ("counting", 2, 2, None)
    assert told["items"] == [{"item_id": str(goods.ginger), "reasons": [{"code": "chosen", "figure": 0}]}]
    first, second = counter.lines()
    assert (first["lot_number"], first["expected"], first["state"]) == ("G-1", None, "waiting")
    key = uuid.uuid4().hex
    path, body = f"{counter.path}/lines/{first['id']}/count", {"amount": "4.5", "unit": "kg"}
    answers = [caller.send("POST", path, body, If_Match='"1"', Idempotency_Key=key) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert answers[0].get_json()["counted"] == {"amount": "4.5", "unit": "kg"}
    # Whoever comes back later goes on where it stopped.
    assert [line["id"] for line in counter.lines(state="waiting")] == [second["id"]]
    assert code_of(counter.change("review")) == (409, "lines_uncounted")
    assert caller.done("POST", f"{counter.path}/rest", {"rest": "skip"}) == {"lines": 1}
    totals = counter.change("review").get_json()["totals"]
    assert totals["differing"] == 1
    digest = totals["digest"]
    (line,) = counter.lines(state="differing")
    assert (line["expected"]["amount"], line["difference"]["amount"]) == ("5", "-0.5")
    counter.change("reasons", {"reasons": [{"line_id": line["id"], "reason": "lost", "note": "A bag"}]})
    sent = counter.change("submission", {"digest": digest}).get_json()
    assert (sent["status"], sent["needs_approval"], sent["counted_by"]) == (
        "submitted",
        True,
        ["storekeeper"],
    )
    assert on_hand(cast, goods.ginger) == 6 * KG
    manager = Caller(client, cast.manager)
    approved = counter.change("approval", {"digest": digest}, manager).get_json()
    assert (approved["status"], approved["approved_by"]) == ("posted", "manager")
    assert on_hand(cast, goods.ginger) == 5_500_000
    rows = caller.get("/stocktakes", branch_id=cast.branch_id, status="posted")["data"]
    assert [(row["number"], row["lines"], row["waiting"]) for row in rows] == [(1, 2, 0)]
    moved = caller.get("/movements", branch_id=cast.branch_id, item_id=goods.ginger)["data"][0]
    assert (moved["amount"], moved["reason"], moved["source_type"]) == ("-0.5", "lost", "stocktake")
    assert differences() == []


def test_the_later_of_two_counters_says_which_holds(
    client: OneLookClient, counter: Counter, cast: Cast, goods: Goods
) -> None:
    line = counter.lines()[0]
    assert counter.count(line, "4.5").status_code == 201
    stale = counter.count(line, "4")
    assert (stale.status_code, stale.get_json()["counted"]["amount"]) == (412, "4.5")
    seen = line | {"version": stale.get_json()["version"]}
    assert code_of(counter.count(seen, "4")) == (409, "holds_unsaid")
    assert counter.count(seen, "4", holds="earlier").get_json()["counted"]["amount"] == "4.5"
    for body, field in (
        ({"amount": "-1"}, "amount"),
        ({"unit": "ml"}, "unit"),
        ({"counted_at": "2099-01-01T00:00:00Z"}, "counted_at"),
    ):
        refused = counter.count(line, "4", **body)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    found = {"item_id": str(goods.ginger), "number": "G-9", "expires_on": LATER.isoformat()}
    added = counter.caller.done("POST", f"{counter.path}/lines", found | {"amount": "1", "unit": "kg"})
    assert (added["found"], added["state"]) == (True, "counted")
    assert counter.change("recount", {"line_ids": [line["id"]]}).status_code == 200
    again = counter.caller.get(f"{counter.path}/lines/{line['id']}")
    assert (again["state"], again["recount"], again["counted"]) == ("waiting", True, None)
    assert on_hand(cast, goods.ginger) == 6 * KG


def test_who_may(client: OneLookClient, counter: Counter, cast: Cast, goods: Goods) -> None:
    line = counter.lines()[0]
    item, branch = str(goods.ginger), str(cast.branch_id)
    rules = {"branch_id": branch, "approval_minor": 1}
    writes = [
        ("POST", "/stocktakes", {"branch_id": branch, "kind": "full"}),
        ("POST", f"{counter.path}/lines", {"item_id": item, "amount": "1", "unit": "kg"}),
        ("POST", f"{counter.path}/lines/{line['id']}/count", {"amount": "1", "unit": "kg"}),
        ("POST", f"{counter.path}/rest", {"rest": "zero"}),
        ("POST", f"{counter.path}/review", None),
        ("POST", f"{counter.path}/recount", {"line_ids": [line["id"]]}),
        ("POST", f"{counter.path}/reasons", {"rest": "unknown"}),
        ("POST", f"{counter.path}/submission", {"digest": "0"}),
        ("POST", f"{counter.path}/approval", {"digest": "0"}),
        ("POST", f"{counter.path}/return", {"reason": "No"}),
        ("POST", f"{counter.path}/cancellation", {"reason": "No"}),
        ("PUT", "/counting-rules", rules),
    ]
    own = f"branch_id={branch}"
    reads = [counter.path, f"{counter.path}/lines", f"{counter.path}/lines/{line['id']}"]
    reads += [f"/stocktakes?{own}", f"/counting-rules?{own}"]
    for actor, read, written in (
        (cast.therapist, 200, 403),
        (cast.admin, 200, 403),
        (cast.outsider, 404, 404),
    ):
        caller = Caller(client, actor)
        assert {caller.send("GET", path).status_code for path in reads} == {read}
        assert {caller.send(*write, If_Match='"0"').status_code for write in writes} == {written}
        assert caller.send("GET", f"/stocktake-suggestions?{own}").status_code == written
    assert code_of(counter.caller.send(*writes[-1], If_Match='"0"')) == (403, "not_permitted")
    set_now = Caller(client, cast.manager).send(*writes[-1], If_Match='"0"')
    assert set_now.get_json() == {"approval_minor": 1, "version": 1}
    assert counter.lines()[0] == line
    assert on_hand(cast, goods.ginger) == 6 * KG
