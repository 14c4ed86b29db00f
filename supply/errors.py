"""What can go wrong, in kinds. No HTTP here: the edges choose the status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from supply.i18n import Text


class SupplyError(Exception):
    """A refusal with a stable code, words for the reader and, where it concerns an input, its field.

    `details` is JSON-ready and tells a program what it needs to act (short items, uses, limits).
    `errors` maps field paths ("lines.0.lot_number") to messages where several inputs are wrong at once.
    """

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        field: str | None = None,
        details: Mapping[str, Any] | None = None,
        errors: Mapping[str, Sequence[Text]] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.errors: dict[str, list[Text]] = {name: list(texts) for name, texts in (errors or {}).items()}
        if field is not None:
            self.errors.setdefault(field, []).append(message)


class Invalid(SupplyError):
    """The content cannot be meant: the reader must change an input."""


class NotFound(SupplyError):
    """There is no such thing, or not for this person."""


class Forbidden(SupplyError):
    """The person's role may not."""


class Conflict(SupplyError):
    """The state of things does not allow it now."""


class Stale(SupplyError):
    """The reader decided on an older version than the stored one."""


class Unauthenticated(SupplyError):
    """Nobody, or nobody any more."""


class TooMany(SupplyError):
    """Too many tries; `details["retry_after"]` in seconds."""


class Unavailable(SupplyError):
    """The store cannot be written just now (disk full, database away); trying again later is right."""
