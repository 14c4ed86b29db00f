"""Webhooks over the API: the secret once, the version held, what each message says in the document."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from supply import calling
from supply.domain.outbox.models import Event
from tests.api.calling import Caller
from tests.cast import Cast

PATH = "/webhooks"


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent behind the test's back."""
    monkeypatch.setattr(calling, "call_soon", lambda: None)


def body(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Booking",
        "url": "https://hooks.example/supply",
        "events": ["visit.completed"],
        "branch_ids": [str(cast.branch_id)],
        **changes,
    }


def test_the_life_of_a_webhook(client: FlaskClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    first = manager.send("POST", PATH, body(cast), Idempotency_Key="one-webhook-only")
    told = first.get_json()
    assert first.status_code == 201
    assert first.headers["ETag"] == '"1"'
    assert told["secret"].startswith("whsec_")
    again = manager.send("POST", PATH, body(cast), Idempotency_Key="one-webhook-only")
    assert again.get_json() == told | {"secret": None}
    here = f"{PATH}/{told['webhook']['id']}"
    (listed,) = manager.get(PATH, branch_id=str(cast.branch_id))["data"]
    assert listed == told["webhook"] == manager.get(here)
    assert listed["branch_ids"] == [str(cast.branch_id)]
    changed = manager.done("PUT", here, body(cast, events=["lot.expiring", "flag.raised"]), If_Match='"1"')
    assert (changed["events"], changed["version"]) == (["flag.raised", "lot.expiring"], 2)
    assert manager.send("PUT", here, body(cast), If_Match='"1"').status_code == 412
    renewed = manager.done("POST", f"{here}/secret", If_Match='"2"')
    assert renewed["secret"] not in (None, told["secret"])
    manager.done("POST", f"{here}/test")
    (message,) = manager.get(f"{here}/messages")["data"]
    assert (message["type"], message["sent_at"]) == ("webhook.test", None)
    manager.done("POST", f"{here}/messages/{message['id']}/replay")
    assert manager.done("POST", f"{here}/pause")["pause_reason"] == "asked"
    assert manager.send("POST", f"{here}/test").get_json()["code"] == "webhook_paused"
    assert manager.done("POST", f"{here}/resumption")["paused_at"] is None
    assert manager.done("POST", f"{here}/replay") == {"messages": 0}
    assert Caller(client, cast.storekeeper).send("GET", here).status_code == 403
    assert Caller(client, cast.outsider).send("GET", here).status_code == 404
    assert Caller(client, cast.admin).get(here)["version"] == 5
    assert manager.send("DELETE", here).status_code == 204
    assert manager.send("GET", here).status_code == 404
    audit = manager.get("/audit-entries", branch_id=str(cast.branch_id), entity="webhook")["data"]
    assert {one["action"].partition(".")[2] for one in audit} == {
        *("create", "update", "renew-secret", "replay", "pause", "resume", "end")
    }
    assert not any("whsec" in str(one) for one in audit)


def test_what_is_wrong_names_its_field(client: FlaskClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    for field, wrong in {
        "url": "https://169.254.169.254/latest/meta-data",
        "events": ["visit.deleted"],
        "name": "",
        "secret": "whsec_mine",
        "branch_ids": [],
    }.items():
        answer = manager.send("POST", PATH, body(cast) | {field: wrong})
        assert answer.status_code == 422, field
        assert next(iter(answer.get_json()["errors"])).startswith(field)
    elsewhere = body(cast, branch_ids=[str(cast.branch_id), str(cast.other_branch_id)])
    assert manager.send("POST", PATH, elsewhere).status_code == 404
    assert manager.get(PATH)["data"] == []


def test_a_name_that_leads_inside_is_refused_when_it_is_saved(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = Caller(client, cast.manager)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.8", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_told: found)
    for url in ("https://localhost/", "https://inside.example/"):
        answer = manager.send("POST", PATH, body(cast, url=url))
        assert (answer.status_code, [*answer.get_json()["errors"]]) == (422, ["url"]), url


def test_the_document_says_what_each_message_says(client: FlaskClient, session: Session) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    messages = document["webhooks"]
    assert messages.keys() == {f"{event}.v1" for event in [*Event, "webhook.test"]}
    for type, told in messages.items():
        operation = told["post"]
        assert operation["summary"], type
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"]["type"]["const"] == type
        data = document["components"]["schemas"][schema["properties"]["data"]["$ref"].rpartition("/")[2]]
        assert data["required"], type
        assert [one["name"] for one in operation["parameters"]] == [
            *("webhook-id", "webhook-timestamp", "webhook-signature")
        ]
