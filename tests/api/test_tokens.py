"""Tokens over the API: one's own, within one's own rights, shown once, dead at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from supply import clock
from supply.permissions import Permission
from tests.api.calling import Caller, make_token
from tests.cast import Cast

BOOKING = {"name": "Booking", "scopes": ["stock:see"]}


def told(client: FlaskClient, secret: str, path: str = "/items", **headers: str) -> Any:
    return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {secret}", **headers})


def test_it_is_shown_once(client: FlaskClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    made = manager.send("POST", "/tokens", BOOKING, Idempotency_Key="one-token-only")
    secret = made.get_json()["secret"]
    assert told(client, secret).status_code == 200
    again = manager.send("POST", "/tokens", BOOKING, Idempotency_Key="one-token-only")
    assert again.get_json() == made.get_json() | {"secret": None}
    listed = manager.send("GET", "/tokens")
    assert secret not in listed.text
    assert [one["name"] for one in listed.get_json()["data"]].count("Booking") == 1


@pytest.mark.parametrize("field", ["person_id", "user", "secret", "secret_hash", "prefix", "revoked_at"])
def test_nobody_makes_a_token_for_somebody_else(client: FlaskClient, cast: Cast, field: str) -> None:
    manager = Caller(client, cast.manager)
    answer = manager.send("POST", "/tokens", BOOKING | {field: str(cast.admin.person_id)})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert len(Caller(client, cast.admin).get("/tokens")["data"]) == 1


def test_scopes_are_ones_own(client: FlaskClient, cast: Cast) -> None:
    therapist = Caller(client, cast.therapist)
    for scopes in (["people:manage"], ["no:such"], [], "stock:see"):
        answer = therapist.send("POST", "/tokens", BOOKING | {"scopes": scopes})
        assert answer.status_code == 422
        assert all(name.startswith("scopes") for name in answer.get_json()["errors"])


def test_scopes_narrow_what_the_role_allows(client: FlaskClient, cast: Cast) -> None:
    narrow = make_token(cast.manager, ["visit:plan"])
    refused = told(client, narrow)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "insufficient_scope")
    assert 'scope="stock:see"' in refused.headers["WWW-Authenticate"]
    lacking = told(client, make_token(cast.therapist), "/people")
    assert (lacking.status_code, lacking.get_json()["code"]) == (403, "not_permitted")
    assert told(client, narrow, "/tokens").status_code == 403, "a narrow token makes no wider one"


def test_every_operation_refuses_a_token_without_its_scope(client: FlaskClient, cast: Cast) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    nothing = {permission: make_token(cast.admin, [permission]) for permission in ("stock:see", "token:own")}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            (needed,) = operation["security"][0]["bearer"]
            token = nothing["token:own" if needed == Permission.STOCK_SEE else "stock:see"]
            address = path.replace("{position}", "1").replace("{line_position}", "1")
            for part in [part for part in address.split("/") if part.startswith("{")]:
                address = address.replace(part, str(cast.branch_id))
            answer = client.open(address, method=method.upper(), headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 403, (method, path)


def test_revoked_it_is_dead_at_once(client: FlaskClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    made = manager.done("POST", "/tokens", BOOKING)
    path = f"/tokens/{made['token']['id']}"
    for other in (cast.therapist, cast.second_manager, cast.outsider):
        assert Caller(client, other).send("DELETE", path).status_code == 404
    assert told(client, made["secret"]).status_code == 200
    first, again = (manager.send("DELETE", path, Idempotency_Key="revoke-it-now") for _time in range(2))
    assert (first.status_code, again.status_code) == (204, 204)
    dead = told(client, made["secret"])
    assert (dead.status_code, dead.get_json()["code"]) == (401, "token_invalid")
    assert dead.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_admin_revokes_anybodys(client: FlaskClient, cast: Cast) -> None:
    made = Caller(client, cast.therapist).done("POST", "/tokens", BOOKING)
    assert Caller(client, cast.admin).send("DELETE", f"/tokens/{made['token']['id']}").status_code == 204
    assert told(client, made["secret"]).status_code == 401


def test_it_ends_by_its_day(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Caller(client, cast.manager)
    ends = clock.now() + timedelta(days=2)
    made = manager.done("POST", "/tokens", BOOKING | {"expires_at": ends.isoformat()})
    for wrong in (clock.now() - timedelta(days=1), clock.now() + timedelta(days=400)):
        answer = manager.send("POST", "/tokens", BOOKING | {"expires_at": wrong.isoformat()})
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["expires_at"])
    assert told(client, made["secret"]).status_code == 200
    monkeypatch.setattr(clock, "now", lambda: ends)
    ended = told(client, made["secret"])
    assert (ended.status_code, ended.get_json()["code"]) == (401, "token_expired")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer {}x",
        "Bearer x{}",
        "Bearer {} {}",
        "Bearer \u00e9",
    ],
)
def test_only_a_whole_bearer_token_is_one(client: FlaskClient, cast: Cast, header: str) -> None:
    secret = make_token(cast.manager)
    sent = {"Authorization": header.replace("{}", secret)}
    assert client.get("/api/v1/items", headers=sent).status_code == 401


def test_it_is_no_use_in_an_address_or_a_cookie(client: FlaskClient, cast: Cast) -> None:
    secret = make_token(cast.manager)
    assert client.get(f"/api/v1/items?access_token={secret}").status_code == 401
    client.set_cookie("supply", secret)
    client.set_cookie("Authorization", f"Bearer {secret}")
    assert client.get("/api/v1/items").status_code == 401
