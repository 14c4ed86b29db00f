"""What goes wrong looks the same from everywhere, is logged where it is ours, and gives nothing away."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.people import service as people
from tests.cast import Cast
from tests.client import OneLookClient


@pytest.fixture
def bearer(session: Session, cast: Cast) -> dict[str, str]:
    def make(store: Session) -> str:
        scopes = ["people:staff", "people:manage"]
        return people.create_token(store, cast.admin, name="t", scopes=scopes).secret

    return {"Authorization": f"Bearer {write_transaction(make)}"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer spl_no_such"}, {"Authorization": "Basic x"}]
)
def test_nobody_gets_in(client: OneLookClient, session: Session, headers: dict[str, str]) -> None:
    answer = client.get("/api/v1/people", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type.startswith("application/problem+json")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("cursor", ["WzFd", "e30", "W10", "WyJhIiwiYiJd", "____", "", "a" * 601])
def test_a_cursor_that_is_not_ours_is_refused(
    client: OneLookClient, bearer: dict[str, str], cursor: str
) -> None:
    answer = client.get("/api/v1/people", query_string={"cursor": cursor}, headers=bearer)
    assert answer.status_code == 422
    assert "cursor" in (answer.json or {})["errors"]


@pytest.mark.parametrize("limit", ["0", "201", "1152921504606846976", "-1", "x", "1.0", "٣"])
def test_a_limit_out_of_range_is_refused(client: OneLookClient, bearer: dict[str, str], limit: str) -> None:
    assert client.get("/api/v1/people", query_string={"limit": limit}, headers=bearer).status_code == 422


def test_a_fault_of_the_database_is_logged_and_told_in_general_words(
    client: OneLookClient,
    bearer: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_args: object) -> None:
        raise IntegrityError("INSERT secret-statement", {}, Exception("secret-cause"))

    logged: list[BaseException] = []
    monkeypatch.setattr("supply.app.log_fault", logged.append)
    monkeypatch.setattr(people, "list_people", broken)
    answer = client.get("/api/v1/people", headers=bearer)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert len(logged) == 1


def test_a_key_is_bound_to_its_body(client: OneLookClient, bearer: dict[str, str]) -> None:
    headers = {**bearer, "Idempotency-Key": uuid.uuid4().hex}
    body = {
        "login": "binh",
        "name": "Bình",
        "password": "four words stand here",
        "grants": [{"role": "admin"}],
    }
    first, again = (client.post("/api/v1/people", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    other = client.post("/api/v1/people", json={**body, "login": "an-2"}, headers=headers)
    assert other.status_code == 422


def test_the_reference_and_the_document_are_public(client: OneLookClient, session: Session) -> None:
    assert "<h1>" in client.get("/api/v1/reference").text
    assert (client.get("/api/v1/openapi.json").json or {})["openapi"].startswith("3.1")
