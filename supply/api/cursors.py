"""Opaque cursors: the sort key of the last row seen, as base64url of a JSON list."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, validate
from marshmallow.fields import List, Nested, String

from supply.fields import BaseSchema, OutSchema, Whole
from supply.i18n import lazy

PATTERN = r"^[A-Za-z0-9_-]{2,600}$"
MOST = 200


def encode(key: Sequence[Any]) -> str:
    told = json.dumps([part if isinstance(part, int) else str(part) for part in key], ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[Any, ...]:
    """The sort key of a cursor. Raises ValueError for anything that `encode` did not make."""
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError("not a cursor") from error
    if (
        not isinstance(told, list)
        or not all(type(part) in (int, str) for part in told)
        or encode(told) != cursor
    ):
        raise ValueError("not a cursor")
    return tuple(told)


class Cursor(String):
    """The `next_cursor` of the page before."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(PATTERN), **kwargs)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        cursor = super().deserialize(value, attr, data, **kwargs)
        if cursor is None:
            return None
        try:
            return decode(cursor)
        except ValueError:
            raise ValidationError(
                str(lazy("This cursor is not one of ours. Begin at the first page."))
            ) from None


class PageQuery(BaseSchema):
    """What every list takes."""

    limit = Whole(
        minimum=1, maximum=MOST, load_default=50, metadata={"description": "Rows a page, 1 to 200."}
    )
    cursor = Cursor(load_default=None, metadata={"description": "The next_cursor of the page before."})


def paged(query: type[Schema] | None) -> type[PageQuery]:
    """A list's own query with limit and cursor beside it."""
    if query is None:
        return PageQuery
    return type(f"{query.__name__}Page", (query, PageQuery), {})


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
