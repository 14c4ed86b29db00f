"""The pages of webhooks: the secret shown once, a test that fails and is sent again, a pause, the end."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply import calling
from supply.calling import Called
from supply.database import write_transaction
from supply.domain.outbox import delivering
from tests.cast import Cast
from tests.client import OneLookClient
from tests.web.browsing import frame_of, let_in, send, sign_in


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent behind the test's back."""
    monkeypatch.setattr(calling, "call_soon", lambda: None)


def test_the_life_of_a_webhook_on_its_pages(app: Flask, client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    assert "No webhooks yet" in client.get("/webhooks").text
    typed = {"name": "Booking", "url": "http://10.0.0.1/", "events": ["lot.expiring", "flag.raised"]}
    refused = send(client, "/webhooks/new", "/webhooks", **typed)
    assert refused.status_code == 422
    assert 'href="#f-url"' in refused.text
    typed["url"] = "https://hooks.example/supply"
    fields = frame_of(client.get("/webhooks/new").text, "/webhooks") | typed
    shown = client.post("/webhooks", data=fields)
    secret = re.search(r'value="(whsec_[^"]+)"', shown.text)
    assert shown.status_code == 200
    assert secret
    assert client.post("/webhooks", data=fields).status_code == 303  # a second tap
    found = re.findall(r'href="(/webhooks/[0-9a-f-]{36})"', client.get("/webhooks").text)
    (page,) = set(found)
    assert let_in(app, cast, ["/webhooks", "/webhooks/new", page, f"{page}/edit"]) == {
        "/webhooks": {"manager", "admin"},
        "/webhooks/new": {"manager", "admin"},
        page: {"manager", "admin"},
        f"{page}/edit": {"manager", "admin"},
    }
    stranger = OneLookClient(app)
    sign_in(stranger, cast.outsider)
    assert stranger.get(page).status_code == 404
    assert secret[1] not in client.get(page).text
    assert send(client, f"{page}/edit", f"{page}/edit", **(typed | {"name": "Till"})).status_code == 303
    assert "Till" in client.get(page).text
    renewed = send(client, f"{page}/secret", f"{page}/secret")
    assert re.search(r"whsec_[^\"]+", renewed.text)
    assert secret[1] not in renewed.text
    _lose_a_message(app, client, page)
    assert send(client, page, f"{page}/replay").status_code == 303
    assert "1 message is sent again." in client.get(page).text
    assert send(client, page, f"{page}/pause").status_code == 303
    assert "paused" in client.get(page).text
    assert send(client, page, f"{page}/resumption").status_code == 303
    assert send(client, f"{page}/removal", f"{page}/removal").status_code == 303
    assert client.get(page).status_code == 404


def _lose_a_message(app: Flask, client: OneLookClient, page: str) -> None:
    """A test that nobody takes: the inbox says so, the page offers it again."""
    assert send(client, page, f"{page}/test").status_code == 303
    with app.app_context():
        assert calling.call_due() == Called(0, 1)  # no name server is asked here
    assert "Webhooks that are not reached" in client.get("/inbox").text

    def give_up(session: Session) -> None:
        session.query(delivering.WebhookMessage).update({"given_up_at": delivering.clock.now()})

    with app.app_context():
        write_transaction(give_up)
    assert "given up" in client.get(page).text
