"""Pages of lists: the query that asks for one, the envelope that answers, cutting rows to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from marshmallow import Schema
from marshmallow.fields import List, Nested, String

from supply.errors import Invalid
from supply.fields import BaseSchema, OutSchema, Whole
from supply.i18n import lazy
from supply.paging import DEFAULT_LIMIT, MAX_LIMIT, Cursor, PageQuery

T = TypeVar("T")


class AnyPageQuery(BaseSchema):
    """Limit and a cursor whose parts the list reads itself."""

    limit = Whole(
        minimum=1,
        maximum=MAX_LIMIT,
        load_default=DEFAULT_LIMIT,
        metadata={"description": "Rows a page, 1 to 200."},
    )
    cursor = Cursor(load_default=None)


def paged(query: type[Schema] | None) -> type[Schema]:
    """A list's own query with limit and cursor beside it."""
    if query is None:
        return AnyPageQuery
    if issubclass(query, PageQuery):
        return query
    return type(f"{query.__name__}Page", (query, AnyPageQuery), {})


@cache
def page_of(row: type[Schema]) -> type[Schema]:
    """The envelope {"data": [...], "next_cursor": ...} of rows."""
    fields = {
        "data": List(Nested(row), required=True),
        "next_cursor": String(
            required=True,
            allow_none=True,
            metadata={"description": "Give it as `cursor` for the next page; null on the last."},
        ),
    }
    name = row.__name__.removesuffix("Out")
    return type(f"{name}Page", (OutSchema,), fields)


def placed(cursor: Sequence[Any] | None) -> tuple[str, UUID] | None:
    """The (sort key, id) that a cursor of a named list holds. Raises Invalid for another list's cursor."""
    if cursor is None:
        return None
    try:
        key, told = cursor
        if isinstance(key, str):
            return key, UUID(told)
    except (ValueError, TypeError, AttributeError):
        pass
    raise Invalid("invalid", lazy("This cursor is not one of ours. Begin at the first page."), field="cursor")


def numbered(cursor: Sequence[Any] | None) -> int | None:
    """The number that the cursor of a list by number holds. Raises Invalid for another list's cursor."""
    if cursor is None:
        return None
    if len(cursor) != 1 or not isinstance(cursor[0], int) or not 0 < cursor[0] < 2**53:
        raise Invalid(
            "invalid", lazy("This cursor is not one of ours. Begin at the first page."), field="cursor"
        )
    return cursor[0]


def identified(cursor: Sequence[Any] | None) -> UUID | None:
    """The id that the cursor of a list by id holds. Raises Invalid for another list's cursor."""
    return None if cursor is None else placed(("", *cursor))[1]  # type: ignore[index]


def paired(cursor: Sequence[Any] | None) -> tuple[UUID, UUID] | None:
    """The two ids that the cursor of a list holds. Raises Invalid for another list's cursor."""
    place = placed(cursor)
    first = identified(place[:1]) if place else None
    return (first, place[1]) if place and first else None


def sliced(
    rows: Sequence[T], query: Mapping[str, Any], key: Callable[[T], tuple[str, UUID]]
) -> tuple[list[T], tuple[str, str] | None]:
    """A page of a list that is short by nature (rooms, packages) and sorted in memory."""
    after, limit = placed(query["cursor"]), query["limit"]
    rest = [row for row in sorted(rows, key=key) if after is None or key(row) > after]
    return rest[:limit], _last(rest, limit, key)


def leafed(
    found: Sequence[T], limit: int, key: Callable[[T], tuple[str, UUID]]
) -> tuple[list[T], tuple[str, str] | None]:
    """A page and its cursor, of rows that were fetched with one more than the limit."""
    return list(found[:limit]), _last(found, limit, key)


def _last(rows: Sequence[T], limit: int, key: Callable[[T], tuple[str, UUID]]) -> tuple[str, str] | None:
    if len(rows) <= limit:
        return None
    name, own_id = key(rows[limit - 1])
    return name, str(own_id)
