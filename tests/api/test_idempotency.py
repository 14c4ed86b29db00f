"""A write asked for again under its key: done once, answered alike, and bound to what and who it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.idempotency import service as idempotency
from supply.domain.idempotency.models import IdempotencyKey
from supply.domain.suppliers.models import Supplier
from tests.api.calling import Caller
from tests.cast import Cast

KEY = "one-key-for-one-write"
FARM: dict[str, Any] = {"code": "FARM-7", "name": "Seventh farm", "lead_time_days": 2}


@pytest.fixture
def manager(client: FlaskClient, cast: Cast) -> Caller:
    return Caller(client, cast.manager)


def suppliers(session: Session) -> int:
    count = session.scalar(select(func.count(Supplier.id))) or 0
    session.rollback()
    return count


def keys(session: Session) -> list[IdempotencyKey]:
    found = list(session.scalars(select(IdempotencyKey)))
    session.rollback()
    return found


def test_repeated_it_is_done_once_and_says_so(manager: Caller, session: Session) -> None:
    first, *others = [manager.send("POST", "/suppliers", FARM, Idempotency_Key=KEY) for _time in range(4)]
    assert first.status_code == 201, first.text
    assert "Idempotent-Replayed" not in first.headers
    for answer in others:
        assert (answer.status_code, answer.data) == (first.status_code, first.data)
        assert answer.headers["Idempotent-Replayed"] == "true"
        assert answer.headers.get("ETag") == first.headers.get("ETag")
    assert suppliers(session) == 1


def test_the_order_and_spacing_of_a_body_do_not_matter(manager: Caller, session: Session) -> None:
    turned = dict(reversed(FARM.items()))
    answers = [manager.send("POST", "/suppliers", body, Idempotency_Key=KEY) for body in (FARM, turned)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert suppliers(session) == 1


def test_for_another_body_address_or_version_it_is_refused(manager: Caller, session: Session) -> None:
    made = manager.done("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    for method, path, body, more in (
        ("POST", "/suppliers", FARM | {"name": "Another"}, {}),
        ("POST", "/items", FARM, {}),
        ("PUT", f"/suppliers/{made['id']}", FARM, {"If_Match": '"1"'}),
    ):
        answer = manager.send(method, path, body, Idempotency_Key=KEY, **more)
        assert answer.status_code == 422, path
    assert manager.send("POST", "/suppliers", FARM | {"name": "B"}, Idempotency_Key=KEY).get_json()[
        "code"
    ] == ("idempotency_key_reused")
    assert suppliers(session) == 1


def test_a_version_is_part_of_what_was_asked(manager: Caller) -> None:
    made = manager.done("POST", "/suppliers", FARM)
    path, body = f"/suppliers/{made['id']}", FARM | {"name": "Renamed"}
    first = manager.send("PUT", path, body, Idempotency_Key=KEY, If_Match='"1"')
    again = manager.send("PUT", path, body, Idempotency_Key=KEY, If_Match='"1"')
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.data == again.data
    assert manager.send("PUT", path, body, Idempotency_Key=KEY, If_Match='"2"').status_code == 422


def test_for_another_person_it_is_refused_and_tells_nothing(
    client: FlaskClient, cast: Cast, manager: Caller, session: Session
) -> None:
    manager.done("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    answer = Caller(client, cast.second_manager).send("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["Idempotency-Key"]
    assert "Seventh" not in answer.text


def test_another_token_of_the_same_person_may_ask_again(
    client: FlaskClient, cast: Cast, manager: Caller
) -> None:
    first = manager.send("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    again = Caller(client, cast.manager).send("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    assert again.data == first.data


def test_what_was_refused_leaves_its_key_free(
    client: FlaskClient, cast: Cast, manager: Caller, session: Session
) -> None:
    wrong = manager.send("POST", "/suppliers", FARM | {"lead_time_days": -1}, Idempotency_Key=KEY)
    forbidden = Caller(client, cast.therapist).send("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    assert (wrong.status_code, forbidden.status_code) == (422, 403)
    manager.done("POST", "/suppliers", FARM)
    taken = manager.send("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    assert taken.status_code == 409
    assert (
        manager.send("POST", "/suppliers", FARM | {"code": "FARM-8"}, Idempotency_Key=KEY).status_code == 201
    )
    assert suppliers(session) == 2


@pytest.mark.parametrize("key", ["", "short", "a" * 201, "with a space in it", "gừng-gừng-gừng"])
def test_without_a_proper_key_nothing_is_written(manager: Caller, session: Session, key: str) -> None:
    sent = {"Authorization": f"Bearer {manager.secret}", "Idempotency-Key": key.encode().decode("latin-1")}
    if not key:
        del sent["Idempotency-Key"]
    answer = manager.client.post("/api/v1/suppliers", json=FARM, headers=sent)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["Idempotency-Key"]
    assert suppliers(session) == 0


def test_no_secret_is_kept_with_the_answer(manager: Caller, session: Session) -> None:
    body = {"name": "Booking", "scopes": ["stock:see"]}
    first, again = (manager.send("POST", "/tokens", body, Idempotency_Key=KEY) for _time in range(2))
    secret = first.get_json()["secret"]
    assert secret.startswith("spl_")
    assert (again.status_code, again.get_json()["secret"]) == (201, None)
    assert again.get_json()["token"] == first.get_json()["token"]
    (kept,) = keys(session)
    assert secret not in kept.body


def test_a_password_cannot_be_guessed_from_what_is_kept(
    client: FlaskClient, cast: Cast, session: Session
) -> None:
    password = "four quiet words here"
    body = {"login": "hoa", "name": "Hoa", "password": password, "grants": [{"role": "admin"}]}
    Caller(client, cast.admin).done("POST", "/people", body)
    (kept,) = keys(session)
    assert password not in kept.body
    assert len(kept.fingerprint) == 64


def test_a_repeat_is_refused_when_the_role_is_gone(
    client: FlaskClient, cast: Cast, manager: Caller, session: Session
) -> None:
    manager.done("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    admin = Caller(client, cast.admin)
    grants = {"grants": [{"role": "therapist", "branch_id": str(cast.branch_id)}]}
    admin.done("PATCH", f"/people/{cast.manager.person_id}", grants, If_Match='"1"')
    assert manager.send("POST", "/suppliers", FARM, Idempotency_Key=KEY).status_code == 403


def test_keys_live_ninety_days(manager: Caller, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.done("POST", "/suppliers", FARM, Idempotency_Key=KEY)
    then = clock.now()
    for days, gone in ((89, 0), (91, 1)):
        monkeypatch.setattr(clock, "now", lambda days=days: then + timedelta(days=days))
        assert write_transaction(idempotency.forget_old) == gone
