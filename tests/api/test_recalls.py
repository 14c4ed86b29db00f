"""Recalls over the API: blocked everywhere before the answer, the sheet, lifting."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.people import service as people
from supply.permissions import Actor, Role
from tests import goods as shop
from tests.api.calling import Caller
from tests.cast import PASSWORD, Cast
from tests.domain.test_recalls import there


def manager_of_both(cast: Cast) -> Actor:
    grants = frozenset({(Role.MANAGER, cast.branch_id), (Role.MANAGER, cast.other_branch_id)})

    def work(session: Session) -> Actor:
        password = people.NewPassword.of(PASSWORD)
        made = people.create_person(
            session, cast.admin, login="both", name="Both", password=password, grants=set(grants)
        )
        return Actor(made.id, made.name, grants)

    return write_transaction(work)


def test_a_recall_from_the_first_call_to_its_lifting(client: FlaskClient, cast: Cast) -> None:
    goods, other = shop.stock_up(cast), there(cast)
    for place, amount in ((cast, "3"), (other, "2")):
        shop.deliver(place, goods.farm, shop.line(goods.ginger, amount, "kg", "G-1"))
    shop.use(cast, goods.ginger, 500_000)
    manager = Caller(client, manager_of_both(cast))
    branch, elsewhere = str(cast.branch_id), str(cast.other_branch_id)
    (lot,) = manager.get("/lots", branch_id=branch)["data"]
    before = manager.get(f"/lots/{lot['id']}/recall-sheet", branch_id=branch)
    assert before["standing"] == {"amount": "4.5", "unit": "kg"}
    body = {"branch_id": branch, "lot_id": lot["id"], "reason": "Notice of the farm"}
    recall = manager.done("POST", "/recalls", body)
    assert manager.send("POST", "/recalls", body).get_json()["code"] == "already_recalled"
    here = f"/recalls/{recall['id']}"
    told = manager.get(here)
    assert {one["branch_id"] for one in told["branches"] if one["settled_at"]} == {branch, elsewhere}
    sheet = manager.get(f"{here}/sheet")
    assert {one["branch_id"]: one["standing"]["amount"] for one in sheet["lots"]} == {
        branch: "2.5",
        elsewhere: "2",
    }
    assert all(one["quarantined_at"] for one in sheet["lots"])
    assert sheet["lots"][0]["used"] == {"amount": "0.5", "unit": "kg"}
    assert manager.get(f"{here}/steps")["data"] == sheet["steps"] == []  # that use was of no visit
    outsider = Caller(client, cast.outsider)
    assert [one["branch_id"] for one in outsider.get(here)["branches"]] == [elsewhere]
    assert [one["branch_id"] for one in outsider.get(f"{here}/sheet")["lots"]] == [elsewhere]
    storekeeper = Caller(client, cast.storekeeper)
    assert storekeeper.get("/recalls", branch_id=branch)["data"][0]["lot_number"] == "G-1"
    assert storekeeper.send("GET", "/recalls?branch_id=" + elsewhere).status_code == 404
    for caller, status in ((storekeeper, 403), (outsider, 403), (manager, 201)):
        assert caller.send("POST", f"{here}/lifting", {"reason": "Clean"}).status_code == status
    assert manager.send("POST", f"{here}/lifting", {"reason": "Clean"}).get_json()["code"] == "recall_lifted"
    assert not any(one["quarantined_at"] for one in manager.get(f"{here}/sheet")["lots"])
