"""A person at a browser, without one: pages are opened, their forms are filled in and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from supply.permissions import Actor
from tests.cast import PASSWORD, Cast
from tests.client import OneLookClient

ROLES = ("storekeeper", "therapist", "manager", "admin")
MOST_STATEMENTS = 12
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def frame_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts to `action`."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form, f"no form posts to {action}"
    return {name: unescape(value) for name, value in _HIDDEN.findall(form[1])}


def send(client: OneLookClient, page: str, action: str, **typed: object) -> TestResponse:
    """Open `page`, fill in its form for `action`, send it."""
    fields = frame_of(client.get(page).text, action)
    return client.post(action, data=fields | typed)


def sign_in(client: OneLookClient, actor: Actor, password: str = PASSWORD) -> TestResponse:
    return send(client, "/sign-in", "/sign-in", login=actor.name, password=password)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile; where a transaction begins is not counted."""
    seen: list[str] = []

    def note(*told: Any) -> None:
        if not told[2].startswith(("BEGIN", "PRAGMA", "SET ")):
            seen.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def let_in(app: Flask, cast: Cast, paths: Sequence[str]) -> dict[str, set[str]]:
    """Which roles each page opens for; the others get the 403 page. No page asks too much of the store."""
    opened: dict[str, set[str]] = {path: set() for path in paths}
    for role in ROLES:
        client = OneLookClient(app)
        sign_in(client, getattr(cast, role))
        for path in paths:
            with statements() as seen:
                answer = client.get(path)
            assert answer.status_code in (200, 403), (role, path, answer.status_code)
            assert len(seen) <= MOST_STATEMENTS, (role, path, len(seen), seen)
            assert "</html>" in answer.text
            if answer.status_code == 200:
                opened[path].add(role)
    return opened
