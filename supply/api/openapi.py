"""The OpenAPI 3.1 document: what flask-smorest writes by itself, and what it must be told."""

from __future__ import annotations

from threading import Lock
from typing import Any

from flask import Flask, Response
from flask_smorest import Api
from markupsafe import Markup, escape
from marshmallow import Schema

from supply import __version__
from supply.api import problems
from supply.api.endpoint import ApiBlueprint
from supply.domain.reports.message_schemas import DATA
from supply.domain.reports.messages import VERSION
from supply.fields import Amount
from supply.i18n import speaking
from supply.paging import Cursor

DESCRIPTION = """\
Stock of treatment supplies: deliveries in, completed treatment steps out, reorders flagged.

Every write takes an `Idempotency-Key`: the same key with the same body gets the first answer again, so a
request whose answer was lost can simply be sent again. Versioned things bear an `ETag`; changing them takes
`If-Match`. Amounts are decimal strings with a unit code, times RFC 3339 in UTC, money integer minor units
with a currency. Lists are pages: `{"data": [...], "next_cursor": ...}`. Errors are problem details (RFC 9457)
with a stable `type`. What is not in your branches does not exist for you (404)."""


_SIGNED = {
    "webhook-id": "The same at every try: a message may come twice.",
    "webhook-timestamp": "Seconds since 1970 of this try. Refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`; several are spaced.",
}


class SupplyApi(Api):
    """flask-smorest's Api with our error shape, and silent outside of /api."""

    ERROR_SCHEMA = problems.ProblemOut
    # Each operation names every status that it answers; a catch-all would hide a forgotten one.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._unwritten: list[ApiBlueprint] = []
        self._writing = Lock()

    def register_blueprint(self, blp: ApiBlueprint) -> None:
        """Its routes at once; what the document says of them when it is first read, since few processes of
        many are ever asked."""
        self._app.register_blueprint(blp)
        self._unwritten.append(blp)

    def written(self) -> dict[str, Any]:
        """The document. As flask-smorest does it, but tagged with the capability's own word."""
        with self._writing, speaking("en"):
            for blp in self._unwritten:
                blp.describe()
                blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
                self.spec.tag({"name": blp.tag, "description": blp.description})
            if self._unwritten:
                self.spec.options["webhooks"] = _messages(self)
                self._unwritten.clear()
        told: dict[str, Any] = self.spec.to_dict()
        return told

    def _register_pagination_header(self) -> None:
        """None: pages have an envelope."""

    def _register_error_handlers(self) -> None:
        """None of its own: app.py has the one handler for pages and API."""


def init_openapi(app: Flask) -> SupplyApi:
    app.config.update(
        API_TITLE="Supply",
        API_VERSION=f"v{__version__}",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "servers": [{"url": "/"}],
            "components": {
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A token made in one's account; its scopes are permissions.",
                    }
                }
            },
        },
    )
    api = SupplyApi(app)
    api.register_field(Amount, "string", "decimal")
    api.register_field(Cursor, "string", None)
    return api


def _messages(api: SupplyApi) -> dict[str, Any]:
    """The section `webhooks`: what each event's message says, and the headers that sign it."""
    return {
        f"{event}.{VERSION}": {"post": _message(api, f"{event}.{VERSION}", schema)}
        for event, schema in DATA.items()
    }


def _message(api: SupplyApi, type: str, schema: type[Schema]) -> dict[str, Any]:
    summary, *_rest = (schema.__doc__ or "").split("\n")
    body = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "const": type},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": api.ma_plugin.converter.resolve_nested_schema(schema),
        },
    }
    return {
        "summary": summary,
        "tags": ["webhooks"],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": words,
                "schema": {"type": "string"},
            }
            for name, words in _SIGNED.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"2XX": {"description": "Taken. Anything else is tried again."}},
    }


def _header(name: str, words: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": words,
        "schema": {"type": "string"},
    }


def document(api: SupplyApi) -> Response:
    """The document as a response; small enough to be made on each request, and always true."""
    response: Response = api._app.json.response(api.written())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def chapters(api: SupplyApi) -> list[tuple[dict[str, str], list[tuple[str, str, dict[str, Any]]]]]:
    """The document for a reader: each tag with its operations as (method, path, operation)."""
    told = api.written()
    operations = [
        (method.upper(), path, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]
    return [
        (tag, [one for one in operations if tag["name"] in one[2].get("tags", [])]) for tag in told["tags"]
    ]


def ticked(text: str) -> Markup:
    """A sentence of the document with its `code` marked as such."""
    code, parts = Markup("<code>{}</code>"), enumerate(text.split("`"))
    return Markup("").join(code.format(part) if odd % 2 else escape(part) for odd, part in parts)
