"""A list as a table: sorted by a link in its head, page by page, saved as a file; the order is remembered.

`?sort=-expected` sorts by a column that the sheet allows; without it the person's last order holds, else the
list's own. `?file=csv` answers with what the page would show, all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from marshmallow import Schema, validate
from sqlalchemy.orm import Session

from supply.domain.people.table_orders import keep_order, kept_order
from supply.errors import Invalid
from supply.fields import BaseSchema, Text
from supply.i18n import lazy
from supply.ordering import Order
from supply.permissions import Actor
from supply.web.gate import Access
from supply.web.pages import Pages
from supply.web.session import safe_next
from supply.web.table_files import table_file

bp = Pages("sheets", __name__)
MOST_IN_A_FILE = 2_000
KINDS = ("csv", "xlsx")
_MOST_PAGES = 10_000
_TURNS = frozenset({"after", "before", "cursor", "past"})
# By their addresses: an order is remembered of these alone.
_SHEETS: dict[str, Sheet] = {}


class Sheet:
    """A table of a page: its address, the filters that it keeps, the columns that may sort it.

    `own` is the list's own order, as `?sort=` would say it.
    """

    def __init__(
        self, endpoint: str, filters: type[Schema] | None, sorts: Sequence[str], own: str, page: int
    ) -> None:
        self.endpoint, self.sorts, self.own, self.page = endpoint, frozenset(sorts), own, page
        _SHEETS[endpoint] = self
        declared = filters().fields.items() if filters else ()
        self.filters = {field.data_key or name for name, field in declared} - _TURNS

    def view(self, session: Session, actor: Actor, *, sortable: bool = True) -> View:
        """What this request asks of the table. One statement where it does not name an order."""
        kept = {name: value for name in self.filters if (value := request.args.get(name, ""))}
        kind = request.args.get("file", "")
        told = request.args.get("sort", "")
        if not sortable:
            return View(self, kept, "", kind, remembered=True)
        remembered = kept_order(session, actor.person_id, self.endpoint) if not told else ""
        if not self.allows(told):
            return View(self, kept, remembered if self.allows(remembered) else "", kind, remembered=True)
        return View(self, kept, told, kind, remembered=False)

    def allows(self, told: str) -> bool:
        return told.removeprefix("-") in self.sorts


@dataclass(slots=True)
class View:
    """One look at a sheet; the template draws heads and foot of it."""

    sheet: Sheet
    kept: dict[str, str]
    told: str
    kind: str
    remembered: bool
    next_url: str = ""
    first_url: str = ""

    @property
    def order(self) -> Order | None:
        """None: the list's own order."""
        if not self.told:
            return None
        skip = 0 if self.kind else (self._number() - 1) * self.sheet.page
        return Order(self.told.removeprefix("-"), self.told.startswith("-"), skip)

    @property
    def limit(self) -> int:
        """How many rows to fetch: one more than a page, or all that a file holds."""
        return MOST_IN_A_FILE if self.kind else self.sheet.page + 1

    def turn(self, fetched: int, **after: Any) -> None:
        """Say how many rows were fetched and, for the list's own order, where the next page begins."""
        number = self._number()
        if self.order is not None:
            self.first_url = self._url(sort=self.told) if number > 1 else ""
            after = {"sort": self.told, "page": number + 1}
        elif any(request.args.get(name) for name in _TURNS):
            self.first_url = self._url()
        self.next_url = self._url(**after) if fetched > self.sheet.page else ""

    def follow(self, **past: Any) -> None:
        """As `turn`, where a cursor turns the pages in either order: past what the next begins, if any."""
        sort = {"sort": self.told} if self.told else {}
        self.first_url = self._url(**sort) if any(request.args.get(name) for name in _TURNS) else ""
        self.next_url = self._url(**sort, **past) if past else ""

    def sort_url(self, column: str) -> str:
        """Where the head of a column leads: sorted by it, and the other way round the second time."""
        back = (self.told or self.sheet.own) == column
        return self._url(sort=f"-{column}" if back else column) if column in self.sheet.sorts else ""

    def sorted(self, column: str) -> str:
        told = self.told or self.sheet.own
        return {column: "ascending", f"-{column}": "descending"}.get(told, "")

    @property
    def files(self) -> list[tuple[str, str]]:
        sort = {"sort": self.told} if self.told else {}
        return [(kind.upper(), self._url(**sort, file=kind)) for kind in KINDS]

    @property
    def bare_url(self) -> str:
        """The same table, whole."""
        return url_for(self.sheet.endpoint, **(request.view_args or {}))

    @property
    def here(self) -> str:
        return self._url(sort=self.told)

    def file(self, name: str, title: str, lines: Iterable[Sequence[object]]) -> Response:
        """What is shown, as a file. Raises NotFound for a kind that there is not."""
        return table_file(name, title, lines, self.kind)

    def _number(self) -> int:
        told = request.args.get("page", "")
        return min(max(int(told[:9]), 1), _MOST_PAGES) if told.isascii() and told.isdigit() else 1

    def _url(self, **more: Any) -> str:
        values: dict[str, Any] = {**(request.view_args or {}), **self.kept, **more}
        return url_for(self.sheet.endpoint, **values)


class KeepOrder(BaseSchema):
    table = Text(required=True, max_length=60, validate=validate.Regexp(r"^[a-z_]+\.[a-z_]+$"))
    sort = Text(required=True, max_length=40, validate=validate.Regexp(r"^-?[a-z_]+$"))
    next = Text(max_length=2000, min_length=0, load_default="")


@bp.action(
    "/table-orders", permission=Access.SIGNED_IN, back="today.show_today", schema=KeepOrder, keyed=False
)
def remember_order(session: Session, actor: Actor, data: dict[str, Any]) -> str:
    sheet = _SHEETS.get(data["table"])
    if sheet is None or not sheet.allows(data["sort"]):
        raise Invalid(
            "sort_unknown", lazy("This table is not sorted so. Choose one of its columns."), field="sort"
        )
    keep_order(session, actor, data["table"], data["sort"])
    return safe_next(data["next"], url_for("today.show_today"))
