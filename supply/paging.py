"""Pages of a list: the limit and the opaque cursor, which is where the last page ended: sort key and id."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from supply.fields import BaseSchema, Whole
from supply.i18n import lazy

PATTERN = r"^[A-Za-z0-9_-]{2,600}$"
DEFAULT_LIMIT, MAX_LIMIT = 50, 200


def encode(place: Sequence[Any]) -> str:
    """A place in a list, such as ("Gừng", id), as a cursor."""
    plain = [value if isinstance(value, str | int | None) else _text(value) for value in place]
    told = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


class Cursor(fields.Field[tuple[Any, ...]]):
    """A cursor whose parts are of these kinds (str, int, UUID, date, datetime); loads to their tuple.

    Without kinds the parts stay str and int, and the list reads them itself.
    """

    def __init__(self, *kinds: type, **kwargs: Any) -> None:
        self.kinds = kinds
        kwargs.setdefault("metadata", {}).update(
            {"pattern": PATTERN, "description": "The `next_cursor` of the page before."}
        )
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[Any, ...]:
        try:
            if not isinstance(value, str) or not re.fullmatch(PATTERN, value, re.ASCII):
                raise ValueError
            parts = json.loads(base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True))
            kinds = self.kinds or tuple(type(part) for part in _listed(parts))
            return tuple(_READ[kind](part) for kind, part in zip(kinds, _listed(parts), strict=True))
        except (KeyError, ValueError, TypeError, RecursionError, binascii.Error) as error:
            raise ValidationError(
                str(lazy("This cursor is not one of ours. Begin again with the first page."))
            ) from error


def _listed(parts: Any) -> list[Any]:
    if not isinstance(parts, list):
        raise TypeError
    return parts


def _str(part: Any) -> str:
    if not isinstance(part, str) or not part.isprintable():
        raise TypeError
    return part


def _int(part: Any) -> int:
    if not isinstance(part, int) or isinstance(part, bool) or not -(2**63) <= part < 2**63:
        raise TypeError
    return part


def _datetime(part: Any) -> datetime:
    moment = datetime.fromisoformat(_str(part))
    if moment.tzinfo is None or not 2000 <= moment.year < 2100:
        raise ValueError
    return moment


_READ: dict[type, Callable[[Any], Any]] = {
    str: _str,
    int: _int,
    UUID: lambda part: UUID(_str(part)),
    datetime: _datetime,
    date: lambda part: date.fromisoformat(_str(part)),
}


class PageQuery(BaseSchema):
    """What every list takes. Loads to `limit` and `after` (a tuple, or None for the first page)."""

    limit = Whole(
        minimum=1,
        maximum=MAX_LIMIT,
        load_default=DEFAULT_LIMIT,
        metadata={"description": "Rows a page, at most 200."},
    )
    cursor = Cursor(UUID, attribute="after", load_default=None)


__all__ = ["Cursor", "PageQuery", "encode"]
