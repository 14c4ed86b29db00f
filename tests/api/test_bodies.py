"""Bodies that try to break the reader: refused as the caller's fault, quickly, with nothing stored."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.people import service as people
from supply.domain.people.models import Person
from tests.cast import Cast
from tests.client import OneLookClient

_REST = '"name": "An", "grants": [{"role": "admin"}]'
BODIES: dict[str, tuple[bytes, int]] = {
    "a lone surrogate": (f'{{"login": "an", "password": "\\ud800\\ud800 not words", {_REST}}}'.encode(), 422),
    "NUL in a text": (b'{"login": "an", "name": "a\\u0000n"}', 422),
    "bytes that are not UTF-8": (b'{"login": "\xff"}', 400),
    "100,000 brackets": (b"[" * 100_000, 400),
    "NaN": (b'{"login": NaN}', 400),
    "Infinity by overflow": (b'{"login": 1e400}', 422),
    "a number of 5,000 digits": (b'{"login": ' + b"9" * 5_000 + b"}", 400),
    "a name twice": (b'{"login": "a", "login": "b"}', 400),
    "a field of the server's": (b'{"login": "an", "session_epoch": 9}', 422),
    "a list": (b"[]", 422),
    "too large": (b" " * 1_100_000, 413),
}


@pytest.fixture
def token(session: Session, cast: Cast) -> str:
    def make(store: Session) -> str:
        scopes = ["people:staff", "people:manage"]
        return people.create_token(store, cast.admin, name="t", scopes=scopes).secret

    return write_transaction(make)


def _post(client: OneLookClient, token: str, body: bytes, **headers: str) -> int:
    given = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
    given |= {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    answer = client.post("/api/v1/people", data=body, headers=given)
    assert answer.content_type.startswith("application/problem+json")
    return answer.status_code


@pytest.mark.parametrize("name", BODIES)
def test_a_broken_body_is_refused(name: str, client: OneLookClient, session: Session, token: str) -> None:
    body, status = BODIES[name]
    before = session.scalar(select(func.count(Person.id)))
    assert _post(client, token, body) == status
    assert session.scalar(select(func.count(Person.id))) == before


def test_a_compressed_body_and_another_content_type_are_refused(client: OneLookClient, token: str) -> None:
    assert _post(client, token, b"\x1f\x8b\x08", Content_Encoding="gzip") == 415
    assert _post(client, token, b"{}", Content_Type="text/plain") == 415
