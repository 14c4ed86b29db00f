"""The way through for pages: who, may they, form in, transaction, service, redirect or page out.

A page looks inside one snapshot and renders there. An action posts: it runs once per key in one write
transaction, then redirects (303); refused, the page it came from is shown again with everything typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any

from flask import Blueprint, current_app, flash, g, make_response, redirect, render_template, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from supply.database import read_snapshot, write_transaction
from supply.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Stale,
    SupplyError,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from supply.i18n import Text, lazy
from supply.permissions import Actor, Permission
from supply.web import repeats
from supply.web.forms import (
    FRAME,
    FormState,
    Reading,
    branch_of_key,
    faults_of,
    load,
    load_query,
    new_key,
    read,
)
from supply.web.session import BranchChoice, find_current_branch, viewer, work_in_branch

Target = str | tuple[str, dict[str, Any]]
STATUS: dict[type[SupplyError], int] = {
    Invalid: 422,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Stale: 409,
    Unauthenticated: 401,
    TooMany: 429,
    Unavailable: 503,
}


class Access(StrEnum):
    """Pages that no single permission guards."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed-in"


@dataclass(frozen=True)
class NavEntry:
    """A place in the navigation; shown to those who may go there."""

    endpoint: str
    label: Text
    icon: str
    permission: Permission | Access
    order: int


@dataclass(frozen=True)
class Shown:
    """An action's answer that is shown once and never stored (a new token); a repeat is led to `target`."""

    page: str
    target: Target


class Pages(Blueprint):
    """The pages of one capability."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.entries: list[NavEntry] = []

    def nav(
        self, *, label: Text, icon: str, endpoint: str, permission: Permission | Access, order: int
    ) -> None:
        """Offer a page in the navigation."""
        self.entries.append(NavEntry(endpoint, label, icon, permission, order))

    def page(
        self, rule: str, *, permission: Permission | Access
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """GET: fn(session, actor, **path) returns render(…)."""

        def register(fn: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(fn)
            def view(**path: Any) -> Any:
                actor = admit(permission)
                return read_snapshot(lambda session: fn(session, actor, **path))

            view.permission = permission  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=fn.__name__, view_func=view, methods=["GET"])
            return fn

        return register

    def action(
        self,
        rule: str,
        *,
        permission: Permission | Access,
        back: str,
        schema: type[Schema] | None = None,
        versioned: bool = False,
        keyed: bool = True,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """POST: fn(session, actor, [data,] [version=,] **path) returns where to go, or Shown.

        `data` where a schema is named, `version` where versioned. keyed=False is for what may be repeated
        by nature (a switch of language) and for people who are nobody yet (signing in).
        """

        def register(fn: Callable[..., Any]) -> Callable[..., Any]:
            plan = _Action(fn, permission, back, schema, versioned, keyed)

            @wraps(fn)
            def view(**path: Any) -> BaseResponse:
                return plan.run(path)

            view.permission = permission  # type: ignore[attr-defined]
            view.back = back  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=fn.__name__, view_func=view, methods=["POST"])
            return fn

        return register


@dataclass(frozen=True)
class _Action:
    fn: Callable[..., Any]
    permission: Permission | Access
    back: str
    schema: type[Schema] | None
    versioned: bool
    keyed: bool

    def run(self, path: dict[str, Any]) -> BaseResponse:
        key = request.form.get("idempotency_key", "")
        opened_in = branch_of_key(key)
        if opened_in is not None:
            # The form belongs to the branch in which it was opened, whatever another tab has chosen since.
            work_in_branch(opened_in)
        actor = admit(self.permission)
        reading: Reading | None = None
        try:
            if self.keyed and not key:
                raise Invalid("key_missing", lazy("This form was incomplete. Please send it again."))
            given: dict[str, Any] = dict(path)
            if self.versioned:
                given["version"] = _version()
            if self.schema is None:
                args: tuple[Any, ...] = (actor,)
            else:
                reading, data = _data(self.schema())
                args = (actor, data)
            answer = write_transaction(lambda session: self._once(session, key, args, given))
        except (Invalid, Conflict, Stale, TooMany, Unavailable) as error:
            return show_again(self.back, path, error, reading)
        return answer.response()

    def _once(self, session: Session, key: str, args: tuple[Any, ...], given: dict[str, Any]) -> _Answer:
        def work() -> _Answer:
            g.said = []
            result = self.fn(session, *args, **given)
            if isinstance(result, Shown):
                return _Answer(_address(result.target), [], result.page)
            return _Answer(_address(result), g.said)

        actor: Actor | None = args[0]
        if not self.keyed or actor is None:
            return work()
        stored = repeats.once(session, actor, key, _fingerprint(), lambda: work().stored())
        return _Answer.of(stored)


@dataclass(frozen=True)
class _Answer:
    """Where an action leads and what it says there."""

    location: str
    said: list[tuple[str, str]]
    page: str = ""

    def stored(self) -> repeats.Stored:
        return repeats.Stored({"location": self.location, "said": self.said}, unstored=self.page)

    @classmethod
    def of(cls, stored: repeats.Stored) -> _Answer:
        said = [(str(kind), str(text)) for kind, text in stored.body["said"]]
        return cls(str(stored.body["location"]), said, stored.unstored)

    def response(self) -> BaseResponse:
        if self.page:
            return make_response(self.page)
        for kind, text in self.said:
            flash(text, kind)
        return redirect(self.location, 303)


def admit(permission: Permission | Access) -> Actor | None:
    """The one gate of all pages. Raises Unauthenticated or Forbidden; None only where anybody may come."""
    person = viewer()
    if permission is Access.ANYBODY:
        return person.actor if person else None
    if person is None:
        raise Unauthenticated("not_signed_in", lazy("Please sign in."))
    if not allowed(person.actor, permission):
        raise Forbidden("not_permitted", lazy("Your role does not allow this. Ask a manager of the branch."))
    return person.actor


def allowed(actor: Actor, permission: Permission | Access) -> bool:
    """Whether a page is for this person in the branch they work in."""
    if isinstance(permission, Access):
        return True
    branch = find_current_branch()
    return actor.may(permission, branch.id if branch else None)


def current_form() -> FormState:
    """What was typed, where a page is shown again; empty otherwise."""
    state: FormState = g.get("form_state") or FormState()
    return state


def say(message: Text | str, kind: str = "ok") -> None:
    """The result in words, shown on the page that an action leads to. Kinds: ok, info, warning, danger."""
    g.said.append((kind, str(message)))


def render(template: str, **context: Any) -> str:
    """A page, with the state of its form as `form`."""
    return render_template(template, **{"form": current_form(), **context})


def query(schema: type[Schema]) -> dict[str, Any]:
    """The page's query by a schema; what is not understood counts as not said."""
    return load_query(schema(), request.args)


def form_key() -> str:
    """A fresh key for one form of the page."""
    branch = find_current_branch()
    return new_key(branch.id if branch else None)


def show_again(
    back: str, path: dict[str, Any], error: SupplyError, reading: Reading | None, status: int = 0
) -> BaseResponse:
    """The page the form came from, with what was typed, why it was refused, and the status that says so."""
    sent = request.form.get("idempotency_key", "")
    g.form_state = FormState(
        values=_typed(),
        errors=faults_of(error, reading),
        error=str(error.message),
        code=error.code,
        details=error.details,
        endpoint=request.endpoint or "",
        # A key that is spoken for cannot serve another body: knowingly sending again takes a new one.
        sent_key=form_key() if error.code in repeats.SPENT or not sent else sent,
    )
    wanted = next(current_app.url_map.iter_rules(back)).arguments
    page = current_app.view_functions[back](**{name: value for name, value in path.items() if name in wanted})
    response = make_response(page)
    response.status_code = status or STATUS.get(type(error), 400)
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def _typed() -> Any:
    values = request.form.copy()
    for name in FRAME:
        values.poplist(name)
    return values


def _data(schema: Schema) -> tuple[Reading, dict[str, Any]]:
    branch: BranchChoice | None = find_current_branch()
    reading = read(schema, request.form, branch.timezone if branch else "UTC")
    if branch is not None and "branch_id" in schema.load_fields:
        reading.data.setdefault("branch_id", str(branch.id))
    return reading, load(schema, reading)


def _version() -> int:
    text = request.form.get("version", "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Invalid("version_missing", lazy("This form was incomplete. Please open the page again."))
    return int(text)


def _fingerprint() -> dict[str, Any]:
    kept = {
        name: values for name, values in request.form.lists() if name not in ("csrf_token", "idempotency_key")
    }
    return {"method": "POST", "path": request.path, "form": kept}


def _address(target: Target) -> str:
    return target if isinstance(target, str) else url_for(target[0], **target[1])
