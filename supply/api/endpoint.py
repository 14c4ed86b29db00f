"""How a resource is written: one decorator names permission, schemas and words; the function calls a service.

The wrapper is the way through (docs/map.md): who, may they, load, transaction with key, dump, answer. A GET
runs on one snapshot, everything else in one write transaction; the answer is dumped inside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response, current_app, request
from flask_smorest import Blueprint
from marshmallow import Schema, validate
from marshmallow.fields import String
from sqlalchemy.orm import Session

from supply.api import incoming
from supply.api.auth import admit
from supply.api.cursors import page_of, paged
from supply.api.problems import MEDIA_TYPE, ProblemOut
from supply.database import read_snapshot
from supply.fields import BaseSchema, SharedSchema
from supply.paging import encode
from supply.permissions import Actor, Permission
from supply.repeating import Answer, fingerprint, run_once

Function = Callable[..., Any]


_NOTHING = BaseSchema()
_PROBLEM = ProblemOut()


class KeyHeader(SharedSchema):
    idempotency_key = String(
        required=True,
        data_key="Idempotency-Key",
        validate=[validate.Length(min=8, max=200), validate.Regexp(r"^[\x21-\x7e]+$")],
        metadata={"description": "Your own key for this write; repeat it to repeat the request safely."},
    )


class VersionHeader(SharedSchema):
    if_match = String(
        required=True,
        data_key="If-Match",
        validate=validate.Regexp(r'^"[0-9]{1,15}"$'),
        metadata={"description": "The ETag that you saw.", "example": '"3"'},
    )


@dataclass(frozen=True)
class Endpoint:
    """What is said of one operation."""

    fn: Function
    method: str
    permission: Permission
    summary: str
    description: str
    body: Schema | None = None
    query: Schema | None = None
    out: Schema | None = None
    paged: bool = False
    status: int = 200
    etag: bool = False
    versioned: bool = False
    secret: tuple[str, ...] = ()
    example: Any = None
    conflicts: Sequence[str] = field(default_factory=tuple)
    # How large a body it takes, where it takes files.
    most_bytes: int | None = None

    def __call__(self, **path: Any) -> Response:
        actor = admit(request, self.permission)
        if self.method != "GET":
            return self._write(actor, path)
        args: list[Any] = []
        if self.query is not None:
            args = [incoming.query(request, self.query)]
        elif request.args:
            incoming.query(request, _NOTHING)
        return _response(read_snapshot(lambda session: self._answer(session, actor, args, path)))

    def _write(self, actor: Actor, path: dict[str, Any]) -> Response:
        key = incoming.idempotency_key(request)
        named, args, told = dict(path), [], None
        if self.versioned:
            named["version"] = incoming.version(request)
        if self.body is not None:
            data, told = incoming.body(request, self.body)
            args = [data]
        elif request.get_data():
            incoming.body(request, _NOTHING)
        mark = fingerprint(self.method, request.path, named.get("version"), told)
        answer = run_once(
            key,
            actor.person_id,
            mark,
            lambda session: self._answer(session, actor, args, named),
            stored=self._without_secrets,
        )
        return _response(answer)

    def _answer(self, session: Session, actor: Actor, args: list[Any], named: dict[str, Any]) -> Answer:
        # Copies: the transaction may run more than once, and a function may take its input apart.
        result = self.fn(session, actor, *[dict(arg) for arg in args], **named)
        if self.out is None:
            return Answer(204, "")
        if self.paged:
            rows, more = result
            dumped: Any = {
                "data": self.out.dump(rows, many=True),
                "next_cursor": encode(more) if more else None,
            }
        else:
            session.flush()
            dumped = self.out.dump(result)
        headers = {"ETag": f'"{_version_of(result)}"'} if self.etag else {}
        return Answer(self.status, orjson.dumps(dumped).decode(), headers)

    def _without_secrets(self, answer: Answer) -> Answer:
        if not self.secret:
            return answer
        told = json.loads(answer.body)
        kept = {name: None if name in self.secret else value for name, value in told.items()}
        return Answer(answer.status, orjson.dumps(kept).decode(), answer.headers)


def _version_of(result: Any) -> int:
    version: int = result["version"] if isinstance(result, dict) else result.version
    return version


def _response(answer: Answer) -> Response:
    response: Response = current_app.response_class(answer.body, answer.status, mimetype="application/json")
    response.headers.extend(answer.headers)
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    tag = answer.headers.get("ETag")
    if tag and request.method == "GET" and request.headers.get("If-None-Match") == tag:
        response.status_code = 304
        response.set_data(b"")
    if answer.status == 204:
        response.headers.pop("Content-Type", None)
    return response


class ApiBlueprint(Blueprint):
    """The resources of one capability."""

    def __init__(self, name: str, *, description: str) -> None:
        super().__init__(f"api-{name}", f"supply.api.{name}", description=description, url_prefix="/api/v1")
        self.tag = name
        self.endpoints: list[Endpoint] = []
        self._unsaid: list[tuple[Endpoint, type[Schema] | None]] = []

    def describe(self) -> None:
        """Say of each operation what the document needs: it takes its time, so not before somebody reads."""
        for endpoint, rows in self._unsaid:
            answers = page_of(rows)() if rows is not None else endpoint.out
            self._docs[endpoint.fn.__name__][endpoint.method.lower()] |= self._documented(endpoint, answers)
        self._unsaid.clear()

    def get(self, rule: str, **said: Any) -> Callable[[Function], Function]:
        return self._register("GET", rule, said)

    def post(self, rule: str, **said: Any) -> Callable[[Function], Function]:
        return self._register("POST", rule, said)

    def put(self, rule: str, **said: Any) -> Callable[[Function], Function]:
        return self._register("PUT", rule, said)

    def patch(self, rule: str, **said: Any) -> Callable[[Function], Function]:
        return self._register("PATCH", rule, said)

    def delete(self, rule: str, **said: Any) -> Callable[[Function], Function]:
        return self._register("DELETE", rule, said)

    def _register(self, method: str, rule: str, said: dict[str, Any]) -> Callable[[Function], Function]:
        rows: type[Schema] | None = said.pop("page_of", None)
        schemas = {name: said.pop(name, None) for name in ("body", "query", "out")}
        if rows is not None:
            schemas |= {"query": paged(schemas["query"]), "out": rows}
        made: dict[str, Any] = {name: schema() if schema else None for name, schema in schemas.items()}
        if schemas["out"] is None:
            said.setdefault("status", 204)

        def register(fn: Function) -> Function:
            endpoint = Endpoint(fn, method, paged=rows is not None, **made, **said)
            self.endpoints.append(endpoint)
            self._unsaid.append((endpoint, rows))

            def view(**path: Any) -> Response:
                return endpoint(**path)

            view.__name__ = fn.__name__
            view.__doc__ = None
            view.permission = endpoint.permission  # type: ignore[attr-defined]
            view.most_bytes = endpoint.most_bytes  # type: ignore[attr-defined]
            self.add_url_rule(
                rule, endpoint=fn.__name__, view_func=view, methods=[method], parameters=None, tags=[self.tag]
            )
            return fn

        return register

    def _documented(self, endpoint: Endpoint, answers: Schema | None) -> dict[str, Any]:
        def stub() -> None:
            raise AssertionError("unreachable: only its documentation is used")

        fn: Any = stub
        for status, words in _failures(endpoint).items():
            fn = self.alt_response(status, schema=_PROBLEM, description=words, content_type=MEDIA_TYPE)(fn)
        fn = self.doc(
            summary=endpoint.summary,
            description=_description(endpoint),
            operationId=_camel(endpoint.fn.__name__),
            security=[{"bearer": [endpoint.permission.value]}],
        )(fn)
        if endpoint.method != "GET":
            fn = self.arguments(KeyHeader, location="headers")(fn)
        if endpoint.versioned:
            fn = self.arguments(VersionHeader, location="headers")(fn)
        if endpoint.query is not None:
            fn = self.arguments(endpoint.query, location="query")(fn)
        if endpoint.body is not None:
            fn = self.arguments(endpoint.body, location="json", example=endpoint.example)(fn)
        headers = (
            {"ETag": {"schema": {"type": "string"}, "description": "The version."}} if endpoint.etag else None
        )
        fn = self.response(endpoint.status, answers, headers=headers)(fn)
        told: dict[str, Any] = fn._apidoc
        return told


def _description(endpoint: Endpoint) -> str:
    text = f"{endpoint.description}\n\nNeeds the permission `{endpoint.permission.value}`."
    if endpoint.conflicts:
        text += " Conflicts (409): " + ", ".join(f"`{code}`" for code in endpoint.conflicts) + "."
    return text


def _failures(endpoint: Endpoint) -> dict[int, str]:
    found = {
        401: "No valid token.",
        403: "The role or the token's scopes do not allow it.",
        404: "There is no such thing in your branches.",
        422: "The content is not valid; `errors` names each field.",
        429: "Too many requests; see Retry-After.",
        503: "The store does not answer just now; see Retry-After.",
    }
    if endpoint.method != "GET":
        found |= {
            400: "The body cannot be read.",
            409: "Not possible as things stand; `code` says why.",
            413: "The body is too large.",
            415: "The body is not JSON.",
        }
    if endpoint.versioned:
        found |= {412: "Somebody changed it meanwhile.", 428: "If-Match is missing."}
    return dict(sorted(found.items()))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
