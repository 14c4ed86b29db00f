"""A list as a table: sorted by a link in its head, page by page, saved as a file; what was chosen is kept.

`?sort=-expected` sorts by a column that the sheet allows; without it the person's last order holds, else the
list's own. The last filter is offered, not applied. `?file=csv` answers with what the page would show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from marshmallow import Schema, validate
from sqlalchemy.orm import Session

from supply.domain.people.table_orders import keep_choice, kept_choice
from supply.errors import Invalid
from supply.fields import BaseSchema, Text
from supply.i18n import lazy
from supply.ordering import Order
from supply.permissions import Actor
from supply.web.gate import Access
from supply.web.pages import Pages
from supply.web.session import safe_next
from supply.web.sheet_choices import LONGEST, as_told, keepable, read, words_of
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
        self.schema, self.keepable = filters, keepable(filters).keys() - _TURNS

    def view(self, session: Session, actor: Actor, *, sortable: bool = True) -> View:
        """What this request asks of the table. One statement."""
        kept = {name: value for name in self.filters if (value := request.args.get(name, ""))}
        told = request.args.get("sort", "") if sortable else ""
        order, choice = kept_choice(session, actor.person_id, self.endpoint)
        if not self.allows(told):
            told = order if sortable and self.allows(order) else ""
        chosen = as_told(kept, self.keepable)
        fresh = told not in ("", order) or chosen not in ("", choice)
        view = View(self, kept, told, request.args.get("file", ""), chosen=chosen, remembered=not fresh)
        if choice and not kept and self.schema is not None and (words := words_of(self.schema, read(choice))):
            view.last = (words, view.url(**read(choice)))
        return view

    def allows(self, told: str) -> bool:
        return told.removeprefix("-") in self.sorts

    def may_keep(self, told: str) -> bool:
        """Whether these are filters of this table."""
        return read(told).keys() <= self.keepable


@dataclass(slots=True)
class View:
    """One look at a sheet; the template draws heads and foot of it."""

    sheet: Sheet
    kept: dict[str, str]
    told: str
    kind: str
    # The filters as they would be kept, and whether there is nothing new to keep.
    chosen: str
    remembered: bool
    # The filter of the last time, in words, and where it leads; where nothing is filtered now.
    last: tuple[str, str] | None = None
    # How many rows were found for it; a table of none is no file worth having.
    found: int = 1
    next_url: str = ""
    first_url: str = ""
    # The list's own order where it is another for what is filtered.
    own: str = ""

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
        self.found = fetched
        if self.order is not None:
            self.first_url = self.url(sort=self.told) if number > 1 else ""
            after = {"sort": self.told, "page": number + 1}
        elif any(request.args.get(name) for name in _TURNS):
            self.first_url = self.url()
        self.next_url = self.url(**after) if fetched > self.sheet.page else ""

    def follow(self, found: int, **past: Any) -> None:
        """As `turn`, where a cursor turns the pages in either order: past what the next begins, if any."""
        self.found = found
        sort = {"sort": self.told} if self.told else {}
        self.first_url = self.url(**sort) if any(request.args.get(name) for name in _TURNS) else ""
        self.next_url = self.url(**sort, **past) if past else ""

    def sort_url(self, column: str) -> str:
        """Where the head of a column leads: sorted by it, and the other way round the second time."""
        back = (self.told or self.own or self.sheet.own) == column
        return self.url(sort=f"-{column}" if back else column) if column in self.sheet.sorts else ""

    def sorted(self, column: str) -> str:
        told = self.told or self.own or self.sheet.own
        return {column: "ascending", f"-{column}": "descending"}.get(told, "")

    @property
    def files(self) -> list[tuple[str, str]]:
        sort = {"sort": self.told} if self.told else {}
        return [(kind.upper(), self.url(**sort, file=kind)) for kind in KINDS]

    @property
    def bare_url(self) -> str:
        """The same table, whole."""
        return url_for(self.sheet.endpoint, **(request.view_args or {}))

    @property
    def here(self) -> str:
        return self.url(**({"sort": self.told} if self.told else {}))

    def file(self, name: str, title: str, lines: Iterable[Sequence[object]]) -> Response:
        """What is shown, as a file. Raises NotFound for a kind that there is not."""
        return table_file(name, title, lines, self.kind)

    def _number(self) -> int:
        told = request.args.get("page", "")
        return min(max(int(told[:9]), 1), _MOST_PAGES) if told.isascii() and told.isdigit() else 1

    def url(self, **more: Any) -> str:
        values: dict[str, Any] = {**(request.view_args or {}), **self.kept, **more}
        return url_for(self.sheet.endpoint, **values)


class KeepChoice(BaseSchema):
    table = Text(required=True, max_length=60, validate=validate.Regexp(r"^[a-z_]+\.[a-z_]+$"))
    sort = Text(max_length=40, min_length=0, validate=validate.Regexp(r"^(-?[a-z_]+)?$"), load_default="")
    filters = Text(max_length=LONGEST, min_length=0, load_default="")
    next = Text(max_length=2000, min_length=0, load_default="")


@bp.action(
    "/table-orders", permission=Access.SIGNED_IN, back="today.show_today", schema=KeepChoice, keyed=False
)
def remember_choice(session: Session, actor: Actor, data: dict[str, Any]) -> str:
    sheet = _SHEETS.get(data["table"])
    if sheet is None or not (sheet.allows(data["sort"]) if data["sort"] else data["filters"]):
        raise Invalid(
            "sort_unknown", lazy("This table is not sorted so. Choose one of its columns."), field="sort"
        )
    if not sheet.may_keep(data["filters"]):
        raise Invalid("filter_unknown", lazy("This table has no such filter."), field="filters")
    keep_choice(session, actor, data["table"], data["sort"], data["filters"])
    return safe_next(data["next"], url_for("today.show_today"))
