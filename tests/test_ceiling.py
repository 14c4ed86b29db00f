"""The ceiling of requests: counted for each token of the API, for each address everywhere else."""

from __future__ import annotations

import pytest
from flask import Flask

from supply.config import Settings
from tests.conftest import settings_for


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url, rate_limit_per_minute=3)


def test_a_ceiling_for_each_token_and_each_address(fresh_app: Flask) -> None:
    client = fresh_app.test_client()

    def ask(path: str, token: str = "") -> int:
        told = client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})
        assert told.status_code != 429 or 0 < int(told.headers["Retry-After"]) <= 61
        return told.status_code

    # A page takes no token: one that is sent along begins no count of its own.
    assert [ask("/sign-in", token) for token in ("", "one", "two", "three")] == [200, 200, 200, 429]
    assert [ask("/api/v1/branches", "one") for _try in range(4)] == [401, 401, 401, 429]
    assert ask("/api/v1/branches", "two") == 401
    assert [ask("/healthz") for _try in range(4)] == [200] * 4
