"""Reading a request strictly: JSON bodies, query strings, headers.

Shape only; every fault names its field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from flask import Request
from marshmallow import Schema, ValidationError
from marshmallow.fields import Boolean, List, Nested
from marshmallow.validate import Length
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from supply.errors import Invalid, SupplyError
from supply.i18n import _, lazy

# A body of 1,000 completions has some lines each; no honest one has more rows than this, or more odd fields.
MOST_ROWS = 5_000
MOST_UNKNOWN = 20
_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_VERSION = re.compile(r'"([0-9]{1,15})"')


class PreconditionMissing(SupplyError):
    """If-Match is required here."""


def body(request: Request, schema: Schema) -> tuple[dict[str, Any], Any]:
    """The loaded body and, for the fingerprint, the body as sent. Raises Invalid, BadRequest."""
    told = _json(request)
    if not isinstance(told, dict):
        raise Invalid("invalid", lazy("Send a JSON object."), field="_body")
    return _load(schema, told), told


def query(request: Request, schema: Schema) -> dict[str, Any]:
    """The loaded query string. A repeated parameter is an error that names it."""
    told: dict[str, Any] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Invalid("invalid", lazy("Give this only once."), field=name)
        told[name] = _truth(schema, name, values[0])
    return _load(schema, told)


def _truth(schema: Schema, name: str, text: str) -> str | bool:
    """A query string knows only text: what a field reads as true or false is written as JSON writes it."""
    if isinstance(schema.fields.get(name), Boolean):
        return {"true": True, "false": False}.get(text, text)
    return text


def idempotency_key(request: Request) -> str:
    """The key of a write. Raises Invalid where it is missing or malformed."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise Invalid(
            "idempotency_key_missing",
            lazy("Every write needs the header Idempotency-Key: 8 to 200 visible characters of your choice."),
            field="Idempotency-Key",
        )
    return key


def version(request: Request) -> int:
    """The version that If-Match names. Raises PreconditionMissing, Invalid."""
    told = request.headers.get("If-Match", "").strip()
    if not told:
        raise PreconditionMissing(
            "precondition_missing",
            lazy("Send the ETag that you saw as If-Match, so that nobody is overwritten."),
        )
    match = _VERSION.fullmatch(told)
    if match is None:
        raise Invalid(
            "if_match_malformed",
            lazy('If-Match takes one ETag as this service gave it, such as "3".'),
            field="If-Match",
        )
    return int(match.group(1))


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as {"lines.0.amount": ["…"]}."""
    if isinstance(messages, Mapping):
        flat: dict[str, list[str]] = {}
        for name, inner in messages.items():
            flat |= flatten(inner, path if name == "_schema" else f"{path}.{name}" if path else str(name))
        return flat
    texts = messages if isinstance(messages, list) else [messages]
    return {path or "_body": [str(text) for text in texts]}


def _load(schema: Schema, told: dict[str, Any]) -> dict[str, Any]:
    rows = _require_measure(schema, told)
    if rows > MOST_ROWS:
        raise Invalid("too_many_rows", lazy("This is too much at once. Send it in parts."), field="_body")
    try:
        loaded: dict[str, Any] = schema.load(told)
    except ValidationError as error:
        found = flatten(error.messages)
        raise Invalid(
            "invalid",
            lazy("Some fields need another look."),
            errors={name: list(texts) for name, texts in found.items()},
        ) from error
    return loaded


def _require_measure(schema: Schema, told: Mapping[str, Any], path: str = "") -> int:
    """How many rows a body has. Looked at before anything is loaded: a small body can hold 100,000 faults.

    Raises Invalid for a list that is too long and for a flood of unknown fields.
    """
    if len(told) > len(schema.fields) + MOST_UNKNOWN:
        words = lazy("Here are more fields than there can be.")
        raise Invalid("invalid", words, field=path.removesuffix(".") or "_body")
    rows = 0
    for name, field in schema.fields.items():
        value = told.get(name)
        if isinstance(field, Nested) and isinstance(value, dict):
            rows += _require_measure(field.schema, value, f"{path}{name}.")
        if isinstance(field, List) and isinstance(value, list):
            _require_length(field, value, f"{path}{name}")
            rows += len(value)
            if isinstance(field.inner, Nested):
                inner = field.inner.schema
                for index, row in enumerate(value):
                    if isinstance(row, dict):
                        rows += _require_measure(inner, row, f"{path}{name}.{index}.")
    return rows


def _require_length(field: List[Any], value: list[Any], path: str) -> None:
    limits = [check.max for check in field.validators if isinstance(check, Length) and check.max is not None]
    if limits and len(value) > min(limits):
        words = _("This is too long: at most %(most)s.", most=min(limits))
        raise Invalid("invalid", words, field=path)


def _json(request: Request) -> Any:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType(_("Send the body uncompressed."))
    raw = request.get_data()
    if not raw:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType(_("Send the body as application/json."))
    try:
        return json.loads(raw, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BadRequest(_("The body is not valid JSON, or it is nested too deeply.")) from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
