"""A form that was sent: read, done once per key in one write transaction, answered by a redirect (303).

Refused, or only tried, the page it came from is shown again with everything typed. Routes are registered by
pages.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, flash, g, make_response, redirect, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
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
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.repeating import Answer, fingerprint, run_once
from supply.web import kept
from supply.web.forms import FRAME, TRY, FormState, Reading, branch_of_key, faults_of, load, new_key, read
from supply.web.gate import Access, admit
from supply.web.session import BranchChoice, find_current_branch, work_in_branch

Target = str | tuple[str, dict[str, Any]]
SPENT = "idempotency_key_reused"
_KEY = re.compile(r"[0-9a-f]{32}(\.[0-9a-f]{32})?")
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
# What leads back to the form. Forbidden and NotFound have no form to go back to.
REFUSALS = (Invalid, Conflict, Stale, TooMany, Unauthenticated, Unavailable)


@dataclass(frozen=True)
class Shown:
    """An action's answer that is shown once and never stored (a new token); a repeat is led to `target`."""

    page: str
    target: Target


@dataclass(frozen=True)
class Action:
    fn: Callable[..., Any]
    permission: Permission | Access
    back: str
    schema: type[Schema] | None
    versioned: bool
    keyed: bool
    first: Callable[[dict[str, Any]], None] | None
    trial: Callable[..., Any] | None

    def run(self, path: dict[str, Any]) -> BaseResponse:
        key = _work_where_opened()
        actor = admit(self.permission)
        kept.require_maker(actor)
        reading: Reading | None = None
        data: dict[str, Any] = {}
        try:
            if self.keyed and not _KEY.fullmatch(key):
                raise Invalid("key_missing", lazy("This form was incomplete. Please send it again."))
            given: dict[str, Any] = {**path, **({"version": _version()} if self.versioned else {})}
            if self.schema is not None:
                reading = _reading(self.schema())
                data = load(self.schema(), reading)
            if self.trial is not None and "trial" in request.form:
                return self._try(actor, data, path)
            if self.first is not None:
                self.first(data)
            args = (actor,) if self.schema is None else (actor, data)
            return self._once(key, actor, lambda session: self.fn(session, *args, **given))
        except REFUSALS as error:
            if kept.wants_json():
                raise
            return show_again(self.back, path, error, reading)

    def _try(self, actor: Actor | None, data: dict[str, Any], path: dict[str, Any]) -> BaseResponse:
        """Nothing is written and no key is spent: the page again, as typed, with what came of it."""
        trial = self.trial
        assert trial is not None
        g.tried = read_snapshot(lambda session: trial(session, actor, data, **path))
        return _page_again(self.back, path, _state(), 200)

    def _once(self, key: str, actor: Actor | None, call: Callable[[Session], Any]) -> BaseResponse:
        shown: list[str] = []

        def work(session: Session) -> Answer:
            g.said = []
            shown.clear()
            result = call(session)
            if isinstance(result, Shown):
                shown.append(result.page)
            address = _address(result.target if isinstance(result, Shown) else result)
            return Answer(303, json.dumps({"location": address, "said": g.said}))

        if not self.keyed or actor is None:
            answer = write_transaction(work)
        else:
            answer = run_once(key, actor.person_id, fingerprint(*_told()), work)
        if shown and not answer.replayed:
            return make_response(shown[0])
        told = json.loads(answer.body)
        if kept.wants_json():
            return kept.led_on(told["location"], told["said"])
        for kind, text in told["said"]:
            flash(text, kind)
        return redirect(told["location"], 303)


@dataclass(frozen=True)
class Look:
    """A form that only asks: nothing is written, no key is spent, the page is shown again with the answer.

    `fn` runs before any transaction: what it takes its time for (a picture) holds nobody up.
    """

    fn: Callable[..., Any]
    permission: Permission | Access
    back: str

    def run(self, path: dict[str, Any]) -> BaseResponse:
        _work_where_opened()
        admit(self.permission)
        try:
            g.tried = self.fn(request.form, request.files)
        except REFUSALS as error:
            return show_again(self.back, path, error, None)
        return _page_again(self.back, path, _state(), 200)


def _work_where_opened() -> str:
    """The key of the form that was sent, which belongs to the branch in which it was opened, whatever another
    tab has chosen since."""
    key = request.form.get("idempotency_key", "")
    opened_in = branch_of_key(key)
    if opened_in is not None:
        work_in_branch(opened_in)
    return key


def form_key() -> str:
    """A fresh key for one form of the page."""
    branch = find_current_branch()
    return new_key(branch.id if branch else None)


def show_again(
    back: str, path: dict[str, Any], error: SupplyError, reading: Reading | None, status: int = 0
) -> BaseResponse:
    """The page the form came from, with what was typed, why it was refused, and the status that says so."""
    spent = error.code == SPENT
    words = _("This form was sent already. If you mean it once more, send it again.") if spent else ""
    told: dict[str, Any] = {
        "errors": {"": [words]} if spent else faults_of(error, reading),
        "error": words or str(error.message),
        "code": error.code,
        "details": error.details,
    }
    if isinstance(error, Stale):
        told["sent_version"] = ""
    # A key that is spoken for cannot serve another body: knowingly sending again takes a new one.
    if spent:
        told["sent_key"] = form_key()
    response = _page_again(back, path, replace(_state(), **told), status or STATUS.get(type(error), 400))
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def _state() -> FormState:
    """What was typed, where it was sent and what it bore."""
    sent = request.form.get("idempotency_key", "")
    return FormState(
        values=_typed(),
        endpoint=request.endpoint or "",
        sent_key=sent if _KEY.fullmatch(sent) else form_key(),
        action=request.path,
        sent_version=request.form.get("version", ""),
    )


def _page_again(back: str, path: dict[str, Any], state: FormState, status: int) -> BaseResponse:
    g.form_state = state
    wanted = next(current_app.url_map.iter_rules(back)).arguments
    page = current_app.view_functions[back](**{name: value for name, value in path.items() if name in wanted})
    response = make_response(page)
    response.status_code = status
    return response


def _typed() -> Any:
    values = request.form.copy()
    for name in FRAME:
        values.poplist(name)
    return values


def _reading(schema: Schema) -> Reading:
    branch: BranchChoice | None = find_current_branch()
    place = (branch.timezone, branch.currency) if branch else ("UTC", "VND")
    reading = read(schema, request.form, *place)
    if branch is not None and "branch_id" in schema.load_fields:
        reading.data.setdefault("branch_id", str(branch.id))
    kept.tell_time(reading, schema)
    return reading


def _version() -> int:
    text = request.form.get("version", "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Invalid("version_missing", lazy("This form was incomplete. Please open the page again."))
    return int(text)


def _told() -> tuple[Any, ...]:
    """What the form is, for its key: all that stays the same however often it is tried; files by digest."""
    kept = sorted([name, *values] for name, values in request.form.lists() if name not in TRY)
    files = [[name, *map(_digest, several)] for name, several in sorted(request.files.lists())]
    return "page", request.path, kept, *([files] if files else [])


def _digest(file: FileStorage) -> str:
    file.stream.seek(0)
    return hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]


def _address(target: Target) -> str:
    return target if isinstance(target, str) else url_for(target[0], **target[1])
