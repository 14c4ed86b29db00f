"""A person at a browser, without one: pages are opened, their forms are filled in and sent."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import TestResponse

from supply.permissions import Actor
from tests.cast import PASSWORD
from tests.client import OneLookClient

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
