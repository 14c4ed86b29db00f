"""Calling the webhooks that something waits for in the outbox. Shared by pages, API and commands.

Takes messages in hand in one transaction, sends them outside of any, notes the outcome in another. Refuses to
decide who is told of what.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from typing import Any

import structlog
from flask import Flask, Response, after_this_request, current_app
from marshmallow import ValidationError, validates

from supply import clock, outside
from supply.config import Settings
from supply.database import read_snapshot, write_transaction
from supply.domain.outbox import delivering
from supply.domain.outbox.delivering import Call
from supply.domain.outbox.hook_schemas import SetWebhook
from supply.domain.outbox.models import Webhook
from supply.domain.outbox.signing import secret_of, signed
from supply.domain.reports.messages import composed
from supply.i18n import lazy

log = structlog.get_logger("supply")


@dataclass(frozen=True, slots=True)
class Called:
    """What one round did with the messages that were due."""

    taken: int
    failed: int


def private_allowed() -> bool:
    """Whether webhooks may lead to private addresses here, over plain HTTP too."""
    settings: Settings = current_app.extensions["supply_settings"]
    return settings.webhook_private


class SetPublicWebhook(SetWebhook):
    """The name server is asked before any transaction begins, since its answer may take a while."""

    @validates("url")
    def _leads_outside(self, url: str, **_told: Any) -> None:
        if outside.leads_inside(url) and not private_allowed():
            raise ValidationError(str(lazy("This address is not on the public internet.")))


def secret_now(hook: Webhook) -> str:
    """The present secret of a webhook, to be shown once."""
    return secret_of(current_app.config["SECRET_KEY"], hook.id, hook.secret_number)


def call_due(limit: int = 20) -> Called:
    """Send the messages that are due. What fails stays queued and is tried again later."""
    calls = write_transaction(lambda session: delivering.take_in_hand(session, limit=limit))
    taken, away = 0, set()
    for call in calls:
        if call.webhook_id in away:
            write_transaction(lambda session, one=call: delivering.put_back(session, [one]))  # type: ignore[misc]
        elif _told(call):
            taken += 1
        else:
            away.add(call.webhook_id)
    return Called(taken, len(away))


def call_all_due() -> Called:
    """Round after round until nothing is due: what fails rests, so there is an end."""
    taken = failed = 0
    while (called := call_due()) != Called(0, 0):
        taken, failed = taken + called.taken, failed + called.failed
    return Called(taken, failed)


def _told(call: Call) -> bool:
    """True where it was answered with 2xx. One that is not keeps the others of its webhook for later."""
    try:
        body = call.body or read_snapshot(lambda session: composed(session, call))
    except Exception as error:  # whatever is wrong with one must not keep the others from being sent
        log.error("webhook", message=str(call.id), exc_info=error)
        _note_failed(call, None, f"It could not be put into words: {type(error).__name__}", None)
        return False
    try:
        answer = outside.post(call.url, body.encode(), _headers(call, body), private=private_allowed())
    except outside.NotSent as error:
        _note_failed(call, body, str(error), None)
        return False
    if 200 <= answer.status < 300:
        write_transaction(lambda session: delivering.note_taken(session, call, body, answer.status))
        return True
    _note_failed(call, body, f"{answer.status} {answer.text}".strip(), answer.status)
    return False


def _headers(call: Call, body: str) -> dict[str, str]:
    key: str = current_app.config["SECRET_KEY"]
    secrets = [secret_of(key, call.webhook_id, number) for number in call.secret_numbers]
    told = {"content-type": "application/json; charset=utf-8", "user-agent": "Supply-Webhooks/1"}
    return told | signed(call.id, clock.now(), body.encode(), secrets)


def _note_failed(call: Call, body: str | None, error: str, status: int | None) -> None:
    given_up = write_transaction(lambda session: delivering.note_failed(session, call, body, error, status))
    told = {"webhook": str(call.webhook_id), "message": str(call.id), "status": status}
    log.warning("webhook", **told, given_up=given_up)


def call_soon() -> None:
    """Once this request has been answered, send what it queued; the answer does not wait for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    @after_this_request
    def _begin(response: Response) -> Response:
        if response.status_code < 400:
            response.call_on_close(Thread(target=_call_in, args=(app,), daemon=True).start)
        return response


def _call_in(app: Flask) -> None:
    with app.app_context():
        try:
            call_all_due()
        except Exception as error:  # a thread has nobody above it to tell
            log.error("webhook", exc_info=error)
