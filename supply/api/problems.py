"""Problem details (RFC 9457): the one error shape of the API, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, g
from marshmallow import INCLUDE
from marshmallow.fields import Dict, Integer, List, String
from werkzeug.exceptions import HTTPException

from supply import errors
from supply.api.incoming import PreconditionMissing
from supply.errors import SupplyError
from supply.fields import SharedSchema
from supply.i18n import lazy

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[SupplyError], int] = {
    errors.Invalid: 422,
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.Unauthenticated: 401,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    PreconditionMissing: 428,
}
_TITLES = {
    400: lazy("The request cannot be read"),
    401: lazy("Not signed in"),
    403: lazy("Not permitted"),
    404: lazy("Not found"),
    405: lazy("This address does not take that method"),
    409: lazy("Not possible as things stand"),
    412: lazy("Changed meanwhile"),
    413: lazy("The request is too large"),
    415: lazy("This kind of content is not taken"),
    422: lazy("The content is not valid"),
    428: lazy("A condition is missing"),
    429: lazy("Too many requests"),
    500: lazy("A fault of ours"),
    503: lazy("Not available just now"),
}
_CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


class ProblemOut(SharedSchema):
    """An error. `type` is stable; what a program needs to act stands beside it under its own name."""

    class Meta:
        unknown = INCLUDE

    type = String(required=True, metadata={"example": "/problems/stock_short"})
    title = String(required=True)
    status = Integer(required=True)
    detail = String(required=True, metadata={"description": "What to do, in the reader's language."})
    code = String(required=True, metadata={"example": "stock_short"})
    request_id = String(required=True)
    errors = Dict(
        keys=String(), values=List(String()), metadata={"description": "For 422: messages by field path."}
    )


def respond(error: Exception) -> Response:
    """The problem response of anything that went wrong under /api."""
    if isinstance(error, SupplyError):
        return _of_refusal(error)
    if isinstance(error, HTTPException):
        status = error.code or 500
        detail = str(_TITLES.get(status, lazy("The request cannot be read")))
        if status in (400, 413, 415) and error.description:
            detail = error.description
        response = _problem(status, _CODES.get(status, "http_error"), detail, {})
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After", "WWW-Authenticate"):
                response.headers[name] = value
        return response
    return _problem(500, "internal_error", str(lazy("Something broke on our side. Nothing was saved.")), {})


def _of_refusal(error: SupplyError) -> Response:
    status = STATUS.get(type(error), 500)
    members = dict(error.details)
    if error.errors:
        members["errors"] = {name: [str(text) for text in texts] for name, texts in error.errors.items()}
    response = _problem(status, error.code, str(error.message), members)
    if status == 401:
        response.headers["WWW-Authenticate"] = f'Bearer realm="supply", error="{error.code}"'
    if error.code == "insufficient_scope":
        scope = error.details.get("permission", "")
        response.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}"'
    if status in (429, 503):
        response.headers["Retry-After"] = str(error.details.get("retry_after", 5))
    return response


def _problem(status: int, code: str, detail: str, members: Mapping[str, Any]) -> Response:
    told = {
        **members,
        "type": f"/problems/{code}",
        "title": str(_TITLES.get(status, _TITLES[400])),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    return current_app.response_class(
        json.dumps(told, ensure_ascii=False, default=str), status, mimetype=MEDIA_TYPE
    )
