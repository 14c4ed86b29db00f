"""A program that calls the API with somebody's token, every write under a key of its own."""

from __future__ import annotations

import uuid
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from supply.database import write_transaction
from supply.domain.people import tokens
from supply.permissions import Actor, Permission


def make_token(actor: Actor, scopes: list[str] | None = None) -> str:
    """A bearer token of the person, with all of their rights unless scopes are named."""
    own = [permission.value for permission in Permission if actor.may(permission)]

    def work(session: Session) -> str:
        return tokens.create_token(session, actor, name="test", scopes=scopes or own).secret

    return write_transaction(work)


class Caller:
    """Sends requests as one person."""

    def __init__(self, client: FlaskClient, actor: Actor, scopes: list[str] | None = None) -> None:
        self.client = client
        self.secret = make_token(actor, scopes)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """`Idempotency_Key="…"` repeats a write; without it each has a fresh one."""
        sent = {"Authorization": f"Bearer {self.secret}"}
        if method != "GET":
            sent["Idempotency-Key"] = uuid.uuid4().hex
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        told = {"json": body} if body is not None else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **told)

    def get(self, path: str, **query: Any) -> Any:
        """The body of a read that must succeed."""
        answer = self.client.get(
            f"/api/v1{path}", query_string=query, headers={"Authorization": f"Bearer {self.secret}"}
        )
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The body of a write that must succeed."""
        answer = self.send(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.get_json()
