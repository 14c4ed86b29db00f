"""Forms that a device kept without a connection and sends later: who made them, how long they waited.

A script sends the very form that the person sent, with its key, and two fields of the frame beside it; they
differ from try to try, so they are no part of what the key was spent on. It asks for JSON: where the form
leads, or why not, in the person's words. Routes and services are the same; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Response, current_app, flash, g, json, request
from marshmallow import Schema

from supply import clock
from supply.domain.idempotency.service import LIFE
from supply.errors import Forbidden, Invalid, SupplyError
from supply.i18n import lazy
from supply.permissions import Actor
from supply.web.forms import Reading

# Of these, the first that a form has is told by how long it waited, unless the person told it.
_TIMES = ("noted_at", "happened_at")
# Keys are remembered for ninety days; what is older may have been carried out and forgotten.
MOST_WAITED = LIFE - timedelta(days=1)


def wants_json() -> bool:
    """Whether a script sent this form. A browser that sends one itself asks for a page first."""
    return request.method == "POST" and request.accept_mimetypes.best == "application/json"


def require_maker(actor: Actor | None) -> None:
    """What A tapped is never sent as B, whoever holds the tablet now. Raises Forbidden."""
    maker = request.form.get("kept_by")
    if maker and (actor is None or maker != str(actor.person_id)):
        raise Forbidden(
            "kept_for_other", lazy("This was recorded by somebody else, who must sign in again to send it.")
        )


def tell_time(reading: Reading, schema: Schema) -> None:
    """Say when it was tapped: so long ago as the device's own clock measured, however wrong that clock is."""
    waited = _waited()
    name = next((name for name in _TIMES if name in schema.load_fields), "")
    if waited and name and not reading.data.get(name):
        reading.data[name] = (clock.now() - waited).isoformat()


def _waited() -> timedelta:
    text = request.form.get("waited_ms", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Invalid("waited_unclear", lazy("This form was incomplete. Please send it again."))
    waited = timedelta(milliseconds=int(text))
    if waited > MOST_WAITED:
        raise Invalid("waited_too_long", lazy("This waited for months and cannot be sent any more."))
    return waited


def led_on(location: str, said: Sequence[Sequence[str]]) -> Response:
    """Done: where the form leads. Where nobody follows (Prefer: return=minimal) nothing is said there."""
    if request.headers.get("Prefer") != "return=minimal":
        for kind, text in said:
            flash(text, kind)
    return _json(200, {"location": location})


def refused(status: int, code: str, words: Sequence[str]) -> Response:
    """Why not, in sentences (problem details)."""
    told = {
        "type": f"/problems/{code}",
        "status": status,
        "code": code,
        "detail": " ".join(words),
        "request_id": g.get("request_id", ""),
    }
    return _json(status, told, "application/problem+json")


def words_of(error: SupplyError) -> list[str]:
    """All that a refusal says, each sentence once."""
    several = [str(text) for texts in error.errors.values() for text in texts]
    return list(dict.fromkeys([str(error.message), *several]))


def _json(status: int, told: dict[str, Any], kind: str = "application/json") -> Response:
    return current_app.response_class(json.dumps(told), status, mimetype=kind)
