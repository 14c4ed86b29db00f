"""marshmallow's own messages through gettext. Its texts are English; here they meet the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from supply.i18n import Text, _, lazy

# As marshmallow words them; `lazy` only marks them for the catalogue.
_MESSAGES: tuple[Text, ...] = (
    lazy("Missing data for required field."),
    lazy("Field may not be null."),
    lazy("Invalid value."),
    lazy("Invalid input type."),
    lazy("Invalid type."),
    lazy("Unknown field."),
    lazy("Not a valid string."),
    lazy("Not a valid integer."),
    lazy("Not a valid boolean."),
    lazy("Not a valid list."),
    lazy("Not a valid mapping type."),
    lazy("Not a valid UUID."),
    lazy("Not a valid email address."),
    lazy("Number too large."),
    lazy("Not a valid date."),
    lazy("Not a valid datetime."),
    lazy("Not a valid aware datetime."),
    lazy("String does not match expected pattern."),
    lazy("Shorter than minimum length %(min)s."),
    lazy("Longer than maximum length %(max)s."),
    lazy("Length must be between %(min)s and %(max)s."),
    lazy("Length must be %(equal)s."),
    lazy("Must be greater than or equal to %(min)s."),
    lazy("Must be less than or equal to %(max)s."),
    lazy("Must be greater than or equal to %(min)s and less than or equal to %(max)s."),
    lazy("Must be one of: %(choices)s."),
)


def reworded(message: Any) -> str:
    """A message of a field or a validator in the language of the request."""
    text = str(message)
    for pattern, source in _patterns():
        if match := pattern.fullmatch(text):
            return _(source, **match.groupdict())
    return text


def by_path(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """marshmallow's nested messages as ("lines.0.lot_number", ["…"])."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            here = path if key == "_schema" else f"{path}.{key}" if path else str(key)
            yield from by_path(below, here)
    else:
        listed = messages if isinstance(messages, list) else [messages]
        yield path, [reworded(text) for text in listed]


@lru_cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    sources = [text._args[0] for text in _MESSAGES]  # type: ignore[attr-defined]
    return tuple((_pattern(source), source) for source in sources)


def _pattern(source: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", source)
    told = [f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(told), re.DOTALL)
