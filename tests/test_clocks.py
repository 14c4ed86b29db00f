"""A clock that jumps, a day back or four hundred days on: nothing is revived, reordered or done twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.ledger.models import Movement
from supply.domain.people import service as people
from supply.domain.people import tokens
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import complete, differences, open_spa, plan
from tests.web import browsing

JUMPS = [timedelta(days=-1), timedelta(days=400)]
NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)


@pytest.fixture(params=JUMPS, ids=["a day back", "400 days on"])
def jump(request: pytest.FixtureRequest) -> timedelta:
    told: timedelta = request.param
    return told


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


def signed_in(client: OneLookClient) -> bool:
    return client.get("/").status_code == 200


def test_a_session_does_not_outlive_its_limits_by_a_jump(
    client: OneLookClient, cast: Cast, jump: timedelta
) -> None:
    browsing.sign_in(client, cast.manager)
    assert signed_in(client)
    with clock.standing_at(NOW + jump):
        assert not signed_in(client)


def test_a_session_that_was_ended_stays_ended_whatever_the_clock_says(
    app: Flask, client: OneLookClient, cast: Cast, jump: timedelta
) -> None:
    browsing.sign_in(client, cast.manager)
    cookie = client.get_cookie("supply")
    assert cookie is not None
    client.post("/sign-out", data=browsing.frame_of(client.get("/").text, "/sign-out"))
    for instant in (NOW, NOW + jump):
        with clock.standing_at(instant):
            thief = OneLookClient(app)
            thief.set_cookie("supply", cookie.value)
            assert not signed_in(thief)


def test_a_session_that_ended_by_age_is_not_revived_by_a_clock_set_back(
    client: OneLookClient, cast: Cast
) -> None:
    """Once it was seen to have ended, the cookie is gone; the row is past its limits from both sides."""
    with clock.standing_at(NOW - timedelta(days=3)):
        browsing.sign_in(client, cast.manager)
    assert not signed_in(client)
    with clock.standing_at(NOW - timedelta(days=1)):
        assert not signed_in(client)


def test_a_token_that_expired_is_refused_after_the_jump(client: OneLookClient, cast: Cast) -> None:
    def make(session: Session) -> Any:
        return tokens.create_token(
            session, cast.manager, name="short", scopes=["stock:see"], expires_at=NOW + timedelta(days=30)
        )

    secret = write_transaction(make).secret
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/branches", headers=headers).status_code == 200
    with clock.standing_at(NOW + timedelta(days=400)):
        assert client.get("/api/v1/branches", headers=headers).status_code == 401


def test_the_ledger_goes_by_its_numbers(session: Session, cast: Cast, jump: timedelta) -> None:
    """What is recorded after the jump comes after it in the ledger, whatever time it bears."""
    open_spa(cast)
    first, second = plan(cast, planned_at=NOW), plan(cast, planned_at=NOW)
    complete(cast, first.visit.id, 4)
    with clock.standing_at(NOW + jump):
        complete(cast, first.visit.id, 6)
        assert differences() == []
    complete(cast, second.visit.id, 4)
    query = (
        select(Movement.seq, Movement.recorded_at)
        .where(Movement.branch_id == cast.branch_id)
        .order_by(Movement.seq)
    )
    rows = read_snapshot(lambda look: look.execute(query).all())
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert len({row.recorded_at for row in rows}) == 2
    assert rows[-1].recorded_at == NOW
    assert differences() == []


def test_a_repeated_write_is_known_after_the_jump(client: OneLookClient, cast: Cast, jump: timedelta) -> None:
    open_spa(cast)
    visit = plan(cast, planned_at=NOW)
    manager = Caller(client, cast.manager)
    path = f"/visits/{visit.visit.id}/steps/4/completion"
    first = manager.send("POST", path, {}, Idempotency_Key="one-tap-4")
    assert first.status_code == 201, first.text
    with clock.standing_at(NOW + jump):  # with a token of that time, since tokens end
        again = Caller(client, cast.manager).send("POST", path, {}, Idempotency_Key="one-tap-4")
    assert (again.status_code, again.text) == (201, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert differences() == []


def test_a_lock_after_wrong_tries_does_not_hold_for_ever(
    client: OneLookClient, cast: Cast, jump: timedelta
) -> None:
    for _ in range(10):
        browsing.sign_in(client, cast.manager, "a wrong password")
    assert browsing.sign_in(client, cast.manager).status_code == 429
    with clock.standing_at(NOW + timedelta(days=400)):
        browsing.sign_in(client, cast.manager)
        assert signed_in(client)


def test_limits_are_the_settings(app: Flask) -> None:
    limits: people.Limits = app.extensions["supply_session_limits"]
    assert limits.age < min(abs(jump) for jump in JUMPS)
