"""marshmallow fields and the base schema. Shape only: types, ranges, lengths. Unknown is an error.

The same schemas read JSON bodies and HTML forms. What differs (a form writes "1,25", an API "1.25")
is told by `reading_form()`, which the page wrapper opens round a load.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from supply.errors import Invalid
from supply.i18n import Text as Words
from supply.i18n import lazy
from supply.quantity import MINOR_DIGITS, parse_money

# The currency of the form that is being read; empty while JSON is read.
_form: ContextVar[str] = ContextVar("reading_form", default="")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_API_QUANTITY = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@contextmanager
def reading_form(currency: str = "VND") -> Iterator[None]:
    """Within it the fields read what people type: both decimal marks, local dates, "on" for a tick.

    Prices are read in `currency`, unless the form itself names one beside them.
    """
    token = _form.set(currency)
    try:
        yield
    finally:
        _form.reset(token)


class SharedSchema(Schema):
    """Nobody changes a schema once it is made: a copy of what holds one holds the same one.

    The API's documentation copies all that it is told, over and over; that was most of what a start took.
    """

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self


class BaseSchema(SharedSchema):
    """Strict: an unknown field is an error that names it."""

    class Meta:
        unknown = RAISE

    # Lazy: the words are chosen when they are shown.
    error_messages: dict[str, Any] = {  # noqa: RUF012
        "unknown": lazy("There is no such field here."),
        "type": lazy("This does not have the right form."),
    }


class OutSchema(SharedSchema):
    """What goes out: only what is declared, nothing leaks by itself."""


class Text(fields.String):
    """Trimmed, NFC text without control, bidi or zero-width characters; length is counted after that."""

    def __init__(
        self, *, max_length: int = 200, min_length: int = 1, multiline: bool = False, **kwargs: Any
    ) -> None:
        self.max_length, self.min_length, self.multiline = max_length, min_length, multiline
        checks = [validate.Length(min=min_length, max=max_length), *_listed(kwargs.pop("validate", None))]
        super().__init__(validate=checks, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
        if _CONTROL.search(text) or (not self.multiline and "\n" in text):
            raise ValidationError(str(lazy("Remove the control or invisible characters.")))
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise ValidationError(str(lazy("This text is not valid Unicode.")))
        return text


class Code(Text):
    """A short code of letters, digits, dot, dash and underscore."""

    def __init__(self, *, max_length: int = 40, **kwargs: Any) -> None:
        super().__init__(
            max_length=max_length, validate=validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), **kwargs
        )


class Whole(fields.Integer):
    """A whole number with both ends named; true, 1.0 and "１" are not whole numbers."""

    def __init__(self, *, minimum: int, maximum: int, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        words: Any = lazy("This must be a whole number from {min} to {max}.")
        checks = [
            validate.Range(min=minimum, max=maximum, error=words),
            *_listed(kwargs.pop("validate", None)),
        ]
        super().__init__(strict=True, validate=checks, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if isinstance(value, str):
            if not re.fullmatch(r"-?[0-9]{1,18}", value.strip(), re.ASCII):
                raise self.make_error("invalid")
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return value


class Amount(fields.Field[Decimal]):
    """An amount of some unit as a decimal string: at most 12 digits and 6 decimals, never negative.

    API: "1.25", "." only. Form: "," and "." both are the decimal mark, no grouping.
    """

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        self.zero = zero
        kwargs.setdefault("metadata", {}).update({"pattern": _API_QUANTITY, "example": "1.25"})
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        if not isinstance(value, str):
            raise ValidationError(str(lazy('Write the amount as text, such as "1.25".')))
        text = value.strip().replace(",", ".") if _form.get() else value
        if not re.fullmatch(_API_QUANTITY, text, re.ASCII):
            raise ValidationError(
                str(lazy("Write the amount with digits and at most one decimal mark, such as 1,25 or 1.25."))
            )
        amount = Decimal(text)
        if amount == 0 and not self.zero:
            raise ValidationError(str(lazy("The amount must be more than zero.")))
        return amount

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format(value, "f")


class Money(Whole):
    """Money in integer minor units of its currency. A form says "125.000" (VND) or "12.50" (USD)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(minimum=0, maximum=10**13, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if _form.get() and isinstance(value, str):
            beside = (data or {}).get("currency")
            try:
                value = parse_money(
                    value, beside if beside in MINOR_DIGITS else _form.get(), field=attr or ""
                )
            except Invalid as error:
                raise ValidationError(str(error.message)) from error
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """An instant as RFC 3339 with its offset, between 2000 and 2100; goes out in UTC with "Z"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            moment = super()._deserialize(value, attr, data, **kwargs)
            moment = moment.astimezone(UTC)
        except (OverflowError, ValueError) as error:
            if isinstance(error, ValidationError):
                raise
            raise self.make_error("invalid", input=value, obj_type="datetime") from error
        if not _EARLIEST <= moment < _LATEST:
            raise ValidationError(str(lazy("The time must lie between 2000 and 2100.")))
        return moment

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        moment: datetime = value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Day(fields.Date):
    """A calendar day, 2026-11-22, between 2000 and 2100."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        day = super()._deserialize(value, attr, data, **kwargs)
        if not _EARLIEST.date() <= day < _LATEST.date():
            raise ValidationError(str(lazy("The day must lie between 2000 and 2100.")))
        return day


class Tick(fields.Boolean):
    """true or false; in a form a present "on" or "true"."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if _form.get():
            return str(value).lower() in ("on", "true", "1", "yes")
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


Id = fields.UUID


class Several(validate.Length):
    """How many a list may hold. Whoever misses it reads what to do: a list has no length to people."""

    def __init__(self, most: int, *, least: int | None = None, missing: Words | None = None) -> None:
        super().__init__(min=least, max=most)
        self._missing = missing or lazy("Give at least one, and at most {max}.")

    def _format_error(self, value: Any, message: str) -> str:
        few = len(value) < (self.min or 0)
        words = self._missing if few else lazy("This is too many: at most {max} at a time.")
        return str(words).format(max=self.max)


def some(most: int, missing: Words | None = None) -> Several:
    """For a list that cannot be empty; `missing` says what to add."""
    return Several(most, least=1, missing=missing)


def at_most(most: int) -> Several:
    """For a list that may be empty."""
    return Several(most)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _speak_plainly() -> None:
    """marshmallow's own messages are for programmers; these are for whoever filled the form in."""
    missing: Any = lazy("Please fill this in.")
    fields.Field.default_error_messages |= {"required": missing, "null": missing}
    kind: Any
    words: Any
    for kind, name, words in (
        (fields.UUID, "invalid_uuid", lazy("Choose one of the list.")),
        (fields.Enum, "unknown", lazy("Choose one of the list.")),
        (fields.Integer, "invalid", lazy("Write a whole number.")),
        (fields.Date, "invalid", lazy("Write a day, such as 2026-11-22.")),
        (
            fields.AwareDateTime,
            "invalid",
            lazy("Write a day and time with its offset, such as 2026-11-22T09:30:00Z."),
        ),
        (
            fields.AwareDateTime,
            "invalid_awareness",
            lazy("Say the offset from UTC too, such as Z or +07:00."),
        ),
        (fields.Boolean, "invalid", lazy("Say yes or no.")),
        (fields.String, "invalid", lazy("Write text here.")),
        (fields.List, "invalid", lazy("Give a list here.")),
        (fields.Nested, "type", lazy("This does not have the right form.")),
    ):
        kind.default_error_messages = {**kind.default_error_messages, name: words}
    validate.OneOf.default_message = lazy("Choose one of the list.")  # type: ignore[assignment]
    validate.Regexp.default_message = lazy("This does not have the right form.")  # type: ignore[assignment]
    validate.Email.default_message = lazy("Write an email address, such as orders@example.com.")  # type: ignore[assignment]
    validate.Length.message_min = lazy("This is too short: at least {min}.")  # type: ignore[assignment]
    validate.Length.message_max = lazy("This is too long: at most {max}.")  # type: ignore[assignment]
    validate.Length.message_all = lazy("The length must be from {min} to {max}.")  # type: ignore[assignment]


_speak_plainly()
