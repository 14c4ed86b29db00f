"""Buying and receiving over the API: the ladder of each action."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from supply.database import write_transaction
from supply.domain.people import tokens
from supply.permissions import Actor, Permission
from tests import goods as shop
from tests.cast import Cast
from tests.goods import KG, LATER, Goods, level, stock_up

_keys = count()


class Caller:
    """A program with somebody's token."""

    def __init__(self, client: FlaskClient, actor: Actor) -> None:
        scopes = [permission.value for permission in Permission if actor.may(permission)]
        self.client = client
        self.secret = write_transaction(
            lambda session: tokens.create_token(session, actor, name="test", scopes=scopes).secret
        )

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.secret}"}
        if method != "GET":
            sent["Idempotency-Key"] = f"buying-key-{next(_keys)}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        told = {"json": body} if body is not None else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **told)


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def delivery(cast: Cast, goods: Goods, **line: Any) -> dict[str, Any]:
    one = {
        "item_id": str(goods.ginger),
        "amount": "2",
        "unit": "carton",
        "lot_number": "G-1",
        "expires_on": LATER.isoformat(),
    }
    return {"branch_id": str(cast.branch_id), "supplier_id": str(goods.farm), "lines": [one | line]}


def test_logging_a_delivery(client: FlaskClient, cast: Cast, goods: Goods, session: Session) -> None:
    body = delivery(cast, goods)
    therapist, outsider = Caller(client, cast.therapist), Caller(client, cast.outsider)
    assert therapist.send("POST", "/deliveries", body).status_code == 403
    assert outsider.send("POST", "/deliveries", body).status_code == 404
    storekeeper = Caller(client, cast.storekeeper)
    wrong = storekeeper.send("POST", "/deliveries", delivery(cast, goods, lot_number=None))
    assert wrong.status_code == 422
    assert list(wrong.get_json()["errors"]) == ["lines.0.lot_number"]
    assert level(session, cast, goods.ginger) == (0, 0)
    answers = [
        storekeeper.send("POST", "/deliveries", body, Idempotency_Key="the-same-key") for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert level(session, cast, goods.ginger) == (10 * KG, 0)
    told = answers[0].get_json()
    assert told["lines"][0]["quantity"] == {"amount": "10", "unit": "kg"}
    assert told["lines"][0]["dating"] == "good"
    assert storekeeper.send("GET", f"/deliveries/{told['id']}").headers["ETag"] == '"1"'
    assert outsider.send("GET", f"/deliveries/{told['id']}").status_code == 404
    listed = storekeeper.send("GET", f"/deliveries?branch_id={cast.branch_id}&limit=1").get_json()
    assert [one["id"] for one in listed["data"]] == [told["id"]]


def test_putting_a_delivery_right(client: FlaskClient, cast: Cast, goods: Goods, session: Session) -> None:
    storekeeper = Caller(client, cast.storekeeper)
    made = storekeeper.send("POST", "/deliveries", delivery(cast, goods)).get_json()
    path = f"/deliveries/{made['id']}"
    correction = {"amount": "8", "unit": "kg", "reason": "One bag was missing."}
    assert storekeeper.send("POST", f"{path}/lines/1/correction", correction).status_code == 428
    done = storekeeper.send("POST", f"{path}/lines/1/correction", correction, If_Match='"1"')
    assert done.status_code == 200, done.text
    assert level(session, cast, goods.ginger) == (8 * KG, 0)
    assert storekeeper.send("POST", f"{path}/reversal", {"reason": "x"}, If_Match='"1"').status_code == 412
    shop.use(cast, goods.ginger, KG)
    kept = storekeeper.send("POST", f"{path}/reversal", {"reason": "x"}, If_Match='"2"')
    assert kept.status_code == 409
    assert "already_used" in kept.text
    assert level(session, cast, goods.ginger) == (7 * KG, 0)


def test_from_flag_to_order(client: FlaskClient, cast: Cast, goods: Goods, session: Session) -> None:
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    storekeeper, manager = Caller(client, cast.storekeeper), Caller(client, cast.manager)
    (flag,) = storekeeper.send("GET", f"/flags?branch_id={cast.branch_id}").get_json()["data"]
    assert (flag["suggested"], flag["packs"], flag["pack_name"]) == (
        {"amount": "15", "unit": "kg"},
        3,
        "carton",
    )
    assert flag["requisition"] is None
    body = {"branch_id": str(cast.branch_id), "from_flags": True}
    assert Caller(client, cast.therapist).send("POST", "/requisitions", body).status_code == 403
    made = storekeeper.send("POST", "/requisitions", body)
    assert made.status_code == 201, made.text
    path = f"/requisitions/{made.get_json()['id']}"
    lines = {"lines": [{"item_id": str(goods.ginger), "amount": "2", "unit": "carton"}]}
    assert storekeeper.send("PATCH", path, lines, If_Match='"1"').status_code == 200
    assert storekeeper.send("POST", f"{path}/submission").status_code == 200
    version = manager.send("GET", path).headers["ETag"]
    here = f"/inbox?branch_id={cast.branch_id}"
    (waiting,) = manager.send("GET", here).get_json()["requisitions"]
    assert (waiting["decidable"], waiting["price_minor"]) == (True, 500_000)
    assert storekeeper.send("GET", here).status_code == 403
    assert Caller(client, cast.outsider).send("GET", here).status_code == 404
    assert storekeeper.send("POST", f"{path}/approval", If_Match=version).status_code == 403
    outsider = Caller(client, cast.outsider)
    assert outsider.send("POST", f"{path}/approval", If_Match=version).status_code == 404
    approved = manager.send("POST", f"{path}/approval", If_Match=version)
    assert approved.status_code == 200, approved.text
    again = manager.send("POST", f"{path}/approval", If_Match=approved.headers["ETag"])
    assert again.status_code == 409
    assert "already_decided" in again.text
    (order,) = approved.get_json()["purchase_orders"]
    place = f"/purchase-orders/{order['id']}"
    shown = storekeeper.send("GET", place)
    assert shown.get_json()["status"] == "draft"
    assert shown.get_json()["lines"][0]["open"] == {"amount": "10", "unit": "kg"}
    seen, phoned = shown.headers["ETag"], {"by": "phone"}
    assert storekeeper.send("POST", f"{place}/sending", phoned, If_Match=seen).status_code == 403
    assert outsider.send("POST", f"{place}/sending", phoned, If_Match=seen).status_code == 404
    assert manager.send("POST", f"{place}/sending", {"by": "pigeon"}, If_Match=seen).status_code == 422
    mailed = manager.send("POST", f"{place}/sending", {"by": "mail"}, If_Match=seen)
    assert (mailed.status_code, list(mailed.get_json()["errors"])) == (422, ["by"])
    sent = manager.send("POST", f"{place}/sending", phoned, If_Match=seen)
    assert (sent.get_json()["status"], sent.get_json()["sent_by"]) == ("ordered", "phone")
    assert manager.send("GET", f"{place}/mails").get_json()["data"] == []
    early = manager.send("POST", f"{place}/closure", {}, If_Match=sent.headers["ETag"])
    assert (early.status_code, "nothing_received" in early.text) == (409, True)
    why = {"reason": "Closed"}
    cancelled = manager.send("POST", f"{place}/cancellation", why, If_Match=sent.headers["ETag"])
    assert cancelled.get_json()["status"] == "cancelled"
    assert level(session, cast, goods.ginger) == (0, 0)


def test_rejecting_and_withdrawing(client: FlaskClient, cast: Cast, goods: Goods) -> None:
    storekeeper, manager = Caller(client, cast.storekeeper), Caller(client, cast.manager)
    line = {"item_id": str(goods.ginger), "amount": "1", "unit": "kg"}
    body = {"branch_id": str(cast.branch_id), "lines": [line]}
    first, second = (
        f"/requisitions/{storekeeper.send('POST', '/requisitions', body).get_json()['id']}" for _ in range(2)
    )
    storekeeper.send("POST", f"{first}/submission")
    version = manager.send("GET", first).headers["ETag"]
    assert manager.send("POST", f"{first}/rejection", {}, If_Match=version).status_code == 422
    said = manager.send("POST", f"{first}/rejection", {"reason": "Enough"}, If_Match=version).get_json()
    assert (said["status"], said["reason"]) == ("rejected", "Enough")
    assert manager.send("POST", f"{second}/withdrawal").status_code == 403
    assert storekeeper.send("POST", f"{second}/withdrawal").get_json()["status"] == "withdrawn"
