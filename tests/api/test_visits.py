"""Visits over the API: plan, complete, shortage, undo, bulk; who may."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from supply.database import write_transaction
from supply.domain.people import tokens
from supply.permissions import Actor, Permission
from tests.cast import Cast
from tests.treatments import MUCH, level, noon, open_spa

_keys = count()


def secret_of(actor: Actor) -> str:
    """A new token of a person with all that the role allows."""

    def work(session: Session) -> str:
        scopes = [permission.value for permission in Permission if actor.may(permission)]
        return tokens.create_token(session, actor, name="test", scopes=scopes).secret

    return write_transaction(work)


class Caller:
    """A program with somebody's token."""

    def __init__(self, client: FlaskClient, actor: Actor) -> None:
        self.client, self.secret = client, secret_of(actor)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.secret}", **headers}
        if method != "GET":
            sent.setdefault("Idempotency-Key", f"test-key-{next(_keys)}")
        told = {"json": body} if body is not None else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **told)


def planned(caller: Caller, cast: Cast, **facts: Any) -> dict[str, Any]:
    body = {
        "branch_id": str(cast.branch_id),
        "procedure": "back-massage",
        "guests": [{"conditions": []}],
        "planned_at": noon().isoformat(),
        **facts,
    }
    answer = caller.send("POST", "/visits", body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def test_a_lot_container_or_place_of_nowhere_is_refused_by_its_field(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    """Never told as a shortage: with consent that would open a count of a shelf that is full."""
    items = open_spa(cast)
    therapist = Caller(client, cast.therapist)
    visit = planned(therapist, cast)
    for name, forged in (
        ("lot_id", str(uuid4())),
        ("container_id", str(uuid4())),
        ("location_id", str(cast.other_location_id)),
    ):
        line = {"item_id": str(items["ginger"]), "amount": "1", "unit": "g", name: forged}
        done = [{"visit_id": visit["id"], "position": 4, "lines": [line]}]
        body = {"branch_id": str(cast.branch_id), "completions": done, "consent_to_shortage": True}
        answer = therapist.send("POST", "/step-completions", body)
        assert answer.status_code == 422, answer.text
        assert list(answer.get_json()["errors"]) == [f"completions.0.lines.0.{name}"]


def test_a_visit_from_plan_to_undo(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    therapist = Caller(client, cast.therapist)
    visit = planned(therapist, cast, guests=[{"conditions": ["pregnancy"]}])
    assert visit["findings"][0]["condition"] == "pregnancy"
    path = f"/visits/{visit['id']}"
    assert therapist.send("GET", path).headers["ETag"] == '"1"'
    blocked = therapist.send("POST", f"{path}/steps/4/completion", {})
    assert (blocked.status_code, blocked.get_json()["code"]) == (409, "safety_block")
    done = therapist.send("POST", f"{path}/steps/4/completion", {"record_as_incident": True})
    assert done.status_code == 201, done.text
    ginger = done.get_json()["lines"][0]
    assert (ginger["item"]["code"], ginger["actual"]) == ("ginger", {"amount": "0.1", "unit": "kg"})
    again = therapist.send("POST", f"{path}/steps/4/completion", {})
    assert (again.status_code, again.get_json()["code"]) == (409, "already_completed")
    undone = therapist.send("POST", f"{path}/steps/4/completion/reversal", {})
    assert undone.get_json()["status"] == "planned"
    assert level(cast, items["ginger"]) == (MUCH, 100_000)
    listed = therapist.send("GET", f"/visits?branch_id={cast.branch_id}&from_day={noon().date()}&limit=1")
    assert [row["id"] for row in listed.get_json()["data"]] == [visit["id"]]


def test_the_same_key_counts_once(app: Flask, client: FlaskClient, cast: Cast) -> None:
    items = open_spa(cast)
    therapist = Caller(client, cast.therapist)
    path = f"/visits/{planned(therapist, cast)['id']}/steps/4/completion"
    key = {"Idempotency-Key": "one-tap-and-its-copy"}
    answers = [therapist.send("POST", path, {}, **key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert level(cast, items["ginger"])[0] == MUCH - 100_000


def test_shortage_consent_and_the_task(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    therapist = Caller(client, cast.therapist)
    path = f"/visits/{planned(therapist, cast)['id']}/steps/2/completion"
    short = therapist.send("POST", path, {})
    assert (short.status_code, short.get_json()["code"]) == (409, "stock_short")
    done = therapist.send("POST", path, {"consent_to_shortage": True})
    assert done.get_json()["lines"][0]["shortfall"] == {"amount": "0.3", "unit": "kg"}
    tasks = therapist.send("GET", f"/tasks?branch_id={cast.branch_id}").get_json()["data"]
    assert [(task["kind"], task["item_code"]) for task in tasks] == [("count", "dao-wood")]


def test_bulk_names_the_line(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast)
    manager = Caller(client, cast.manager)
    booking = {"booking_reference": "B-1", "procedure": "back-massage", "package": "massage-only"}
    body: dict[str, Any] = {
        "branch_id": str(cast.branch_id),
        "completions": [{"booking": booking, "position": 6}, {"booking": booking, "position": 2}],
    }
    wrong = manager.send("POST", "/step-completions", body)
    assert wrong.status_code == 422, wrong.text
    assert list(wrong.get_json()["errors"]) == ["completions.1.position"]
    body["completions"].pop()
    right = manager.send("POST", "/step-completions", body)
    assert right.get_json()["completions"][0]["visit_status"] == "finished"


def test_who_may(app: Flask, client: FlaskClient, cast: Cast) -> None:
    open_spa(cast)
    visit = planned(Caller(client, cast.manager), cast)
    path = f"/visits/{visit['id']}"
    steps = f"{path}/steps/1/completion"
    outsider, storekeeper = Caller(client, cast.outsider), Caller(client, cast.storekeeper)
    assert outsider.send("GET", path).status_code == 404
    assert outsider.send("POST", steps, {}).status_code == 404
    assert storekeeper.send("GET", path).status_code == 200
    assert storekeeper.send("POST", steps, {}).status_code == 403
    stale = Caller(client, cast.therapist).send("PATCH", path, {"note": "x"}, **{"If-Match": '"7"'})
    assert stale.status_code == 412
