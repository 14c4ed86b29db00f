"""The ceiling of requests: counted for each token that proved right, for each address everywhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from supply import ceiling
from supply.ceiling import CallCounts, ProvenTokens
from supply.config import Settings
from supply.database import write_transaction
from supply.domain.people import tokens
from tests.api.calling import make_token
from tests.cast import Cast
from tests.conftest import settings_for

Ask = Callable[..., int]
BRANCHES = "/api/v1/branches"


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url, rate_limit_per_minute=3)


@pytest.fixture
def ask(fresh_app: Flask) -> Ask:
    client = fresh_app.test_client()

    def send(path: str, token: str = "", *, scheme: str = "Bearer", address: str = "10.0.0.1") -> int:
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        told = client.get(path, headers=headers, environ_base={"REMOTE_ADDR": address})
        assert told.status_code != 429 or 0 < int(told.headers["Retry-After"]) <= 61
        return told.status_code

    return send


def test_guessed_tokens_count_against_their_address(ask: Ask, cast: Cast) -> None:
    first, second = make_token(cast.manager), make_token(cast.therapist)
    assert ask(BRANCHES, first) == 200
    assert [ask(BRANCHES, f"spl_guess_{number}") for number in range(4)] == [401, 401, 429, 429]
    assert ask(BRANCHES, "spl_guess_5", address="10.0.0.2") == 401
    # Who works behind the same address goes on, at pages and with a token that proved right.
    assert [ask("/sign-in", token) for token in ("", "one", "two", "three")] == [200, 200, 200, 429]
    assert [ask(BRANCHES, first, scheme=scheme) for scheme in ("bearer", "BEARER ", "Bearer")] == [
        200,
        200,
        200,
    ]
    assert ask(BRANCHES, first, address="10.0.0.3") == 429, "its calls count together wherever it is"
    assert ask(BRANCHES, second, address="10.0.0.3") == 200
    assert [ask("/healthz") for _try in range(4)] == [200] * 4


def test_a_token_that_is_refused_by_now_is_a_guess_again(ask: Ask, fresh_app: Flask, cast: Cast) -> None:
    told = make_token(cast.manager)
    assert [ask(BRANCHES, told), ask(BRANCHES, told), ask("/api/v1/openapi.json", told)] == [200, 200, 200]
    (row,) = write_transaction(lambda session: tokens.list_tokens(session, cast.manager))
    write_transaction(lambda session: tokens.revoke_token(session, cast.manager, row.id))
    assert [ask(BRANCHES, told) for _try in range(4)] == [401, 401, 401, 429]


def test_what_is_remembered_of_callers_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceiling, "MOST_PROVEN", 2)
    monkeypatch.setattr(ceiling, "MOST_WINDOWS", 4)
    proven, counts = ProvenTokens(), CallCounts()
    for told in "abc":
        proven.note(told, right=True, refused=False)
        proven.note(f"guess-{told}", right=False, refused=True)
    assert [told in proven for told in ("a", "b", "c", "guess-c")] == [False, True, True, False]
    for number in range(50):
        counts.incr(f"address-{number}", 60)
    assert counts.incr("address-49", 60) == 2, "the newest are still counted"
    assert counts.reset() <= 4
