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

from flask import Blueprint, g, render_template, request
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from supply.database import read_snapshot
from supply.i18n import Text
from supply.permissions import Permission
from supply.web.actions import Action, Look, Shown, Target, form_key
from supply.web.forms import FormState, load_query
from supply.web.gate import Access, admit

__all__ = [
    "NavEntry",
    "NavGroup",
    "Pages",
    "Shown",
    "Target",
    "current_form",
    "form_key",
    "query",
    "render",
    "say",
    "tried",
]


class NavGroup(StrEnum):
    """Where an entry stands in the menu of whoever has many: the day's work first, and always in sight."""

    DAY = "day"
    STOCK = "stock"
    BUYING = "buying"
    REPORTS = "reports"
    SETUP = "setup"


@dataclass(frozen=True)
class NavEntry:
    """A place in the navigation; shown to those who may go there."""

    endpoint: str
    label: Text
    icon: str
    permission: Permission | Access
    order: int
    # Other modules of the same capability, which have no place of their own.
    also: tuple[str, ...] = ()
    group: NavGroup = NavGroup.DAY


class Pages(Blueprint):
    """The pages of one capability."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.entries: list[NavEntry] = []

    def nav(
        self,
        *,
        label: Text,
        icon: str,
        endpoint: str,
        permission: Permission | Access,
        order: int,
        also: tuple[str, ...] = (),
        group: NavGroup = NavGroup.DAY,
    ) -> None:
        """Offer a page in the navigation."""
        self.entries.append(NavEntry(endpoint, label, icon, permission, order, also, group))

    def page(
        self, rule: str, *, permission: Permission | Access
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """GET: fn(session, actor, **path) returns render(…)."""

        def register(fn: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(fn)
            def view(**path: Any) -> Any:
                actor = admit(permission)

                def show(session: Session) -> Any:
                    g.snapshot = session  # the foot of the page looks into it too
                    try:
                        return fn(session, actor, **path)
                    finally:
                        g.pop("snapshot")

                return read_snapshot(show)

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
        first: Callable[[dict[str, Any]], None] | None = None,
        trial: Callable[..., Any] | None = None,
        most_bytes: int | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """POST: fn(session, actor, [data,] [version=,] **path) returns where to go, or Shown.

        `data` where a schema is named, `version` where versioned. keyed=False is for what may be repeated
        by nature (a switch of language) and for who is nobody yet (signing in). `first` is done before the
        transaction begins, with transactions of its own where it needs any. `trial` answers a button named
        "trial" instead: it only looks, and the page is shown again with what was typed and what it returned
        (`tried()`). `most_bytes`: how large a body it takes, for files.
        """

        def register(fn: Callable[..., Any]) -> Callable[..., Any]:
            plan = Action(fn, permission, back, schema, versioned, keyed, first, trial)

            @wraps(fn)
            def view(**path: Any) -> BaseResponse:
                return plan.run(path)

            view.permission = permission  # type: ignore[attr-defined]
            view.back = back  # type: ignore[attr-defined]
            view.most_bytes = most_bytes  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=fn.__name__, view_func=view, methods=["POST"])
            return fn

        return register

    def look(
        self, rule: str, *, permission: Permission | Access, back: str, most_bytes: int | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """POST that only asks: fn(typed, files) runs before any transaction, and the page is shown again with
        what was typed and what it returned (`tried()`). `most_bytes`: how large a body it takes, for files.
        """

        def register(fn: Callable[..., Any]) -> Callable[..., Any]:
            plan = Look(fn, permission, back)

            @wraps(fn)
            def view(**path: Any) -> BaseResponse:
                return plan.run(path)

            view.permission = permission  # type: ignore[attr-defined]
            view.back = back  # type: ignore[attr-defined]
            view.most_bytes = most_bytes  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=fn.__name__, view_func=view, methods=["POST"])
            return fn

        return register


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


def tried() -> Any:
    """What an action's trial or a look returned, where the page is shown after one; None otherwise."""
    return g.get("tried")
