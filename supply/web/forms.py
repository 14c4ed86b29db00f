"""HTML forms over the marshmallow schemas: how one is read, and what it held when refused (FormState).

Shape is checked by the schema and nowhere else; this module only translates names and spelling.
`lines-0-item_id` in HTML is `lines.0.item_id` in an error and {"lines": [{"item_id": …}]} in the data.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from supply.errors import Invalid, SupplyError
from supply.fields import Day, Moment, reading_form
from supply.i18n import lazy

# What may differ between two tries of the same form, so that no key is spent on it.
TRY = frozenset({"csrf_token", "idempotency_key", "waited_ms", "kept_by"})
# What the frame of a form carries beside the schema's own fields.
FRAME = TRY | {"version", "trial", "scanned"}
# A row in which the server filled these in and the person nothing else was not meant.
_PRESET = frozenset({"unit", "location_id"})
_LOCAL_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


@dataclass(frozen=True)
class FormState:
    """What the person typed and why it was refused; empty where nothing was sent yet."""

    values: MultiDict[str, str] = field(default_factory=MultiDict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    error: str = ""
    code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str = ""
    sent_key: str = ""
    # Where it was sent and the version that it bore; none where that version was the reason to refuse.
    action: str = ""
    sent_version: str = ""

    def value(self, name: str, otherwise: Any = "") -> Any:
        """What was typed under an HTML name (a list for ticks), else the present value."""
        if not self.endpoint:
            return otherwise
        typed = self.values.getlist(name)
        return typed if isinstance(otherwise, list | tuple | set) else typed[-1] if typed else ""

    def of(self, endpoint: str) -> FormState:
        """This state if it came from that form, else an empty one: for pages with several forms."""
        return self if self.endpoint == endpoint else FormState()

    def version(self, action: str, stored: int | str) -> int | str:
        """The version that the person saw: what somebody changed since is not overwritten by a second try."""
        return (self.sent_version if action == self.action else "") or stored

    def rows(self, name: str, least: int = 1) -> range:
        """Row numbers to draw for a repeated part: those typed, at least `least`."""
        seen = [number for number in _row_numbers(self.values, f"{name}-")]
        return range(max([least, *(number + 1 for number in seen)]))

    def filled(self, name: str) -> int:
        """How many rows of a repeated part reach as far as the last one in which something was typed."""
        seen = _row_numbers(self.values, f"{name}-")
        meant = [number for number in seen if _meant(_below(self.values, f"{name}-{number}-"))]
        return max(meant, default=-1) + 1

    @property
    def key(self) -> str:
        """The key of the form: the sent one while it is refused, else a new one."""
        return self.sent_key or new_key()

    def __bool__(self) -> bool:
        return bool(self.endpoint)


def new_key(branch_id: uuid.UUID | None = None) -> str:
    """A fresh idempotency key; it also remembers in which branch the form was opened."""
    return f"{uuid.uuid4().hex}.{branch_id.hex}" if branch_id else uuid.uuid4().hex


def branch_of_key(key: str) -> uuid.UUID | None:
    """The branch in which a form with this key was opened."""
    with suppress(ValueError):
        return uuid.UUID(hex=key.partition(".")[2])
    return None


@dataclass(frozen=True)
class Reading:
    """A form turned into what a schema loads, and the way back from error paths to HTML names."""

    data: dict[str, Any]
    rows: dict[str, list[int]]
    currency: str = "VND"

    def html_name(self, path: str) -> str:
        """ "lines.0.item_id" → "lines-2-item_id" where the first row kept was the third one drawn."""
        name = ""
        for part in path.split("."):
            kept = self.rows.get(name, [])
            drawn = str(kept[int(part)]) if part.isdigit() and int(part) < len(kept) else part
            name = f"{name}-{drawn}" if name else drawn
        return name


def read(schema: Schema, typed: MultiDict[str, str], timezone: str, currency: str = "VND") -> Reading:
    """Unflatten a form by its schema. Names that the schema lacks stay in, so that loading refuses them."""
    rows: dict[str, list[int]] = {}
    values = MultiDict((name, value) for name, value in typed.items(multi=True) if name not in FRAME)
    return Reading(_unflatten(schema, values, "", rows, ZoneInfo(timezone)), rows, currency)


def load(schema: Schema, reading: Reading) -> dict[str, Any]:
    """The validated data. Raises Invalid with every fault under its HTML name."""
    try:
        with reading_form(reading.currency):
            loaded: dict[str, Any] = schema.load(reading.data)
    except ValidationError as error:
        faults = {reading.html_name(path): texts for path, texts in _flat(_messages(error), "")}
        raise Invalid("invalid", lazy("Something does not fit yet."), errors=faults) from error
    return loaded


def load_query(schema: Schema, args: MultiDict[str, str]) -> dict[str, Any]:
    """The query of a page: what is empty, unknown or malformed counts as not said."""
    lists = {name for name, part in schema.load_fields.items() if isinstance(part, fields.List)}
    given: dict[str, Any] = {
        name: args.getlist(name) if name in lists else value for name, value in args.items() if value.strip()
    }
    with reading_form():
        try:
            loaded: dict[str, Any] = schema.load(given, unknown=EXCLUDE)
        except ValidationError as error:
            sound = {name: value for name, value in given.items() if name not in _messages(error)}
            loaded = schema.load(sound, unknown=EXCLUDE)
    return loaded


def faults_of(error: SupplyError, reading: Reading | None) -> dict[str, list[str]]:
    """A refusal's messages by HTML name; what concerns no field stands under ""."""
    faults = {
        reading.html_name(path) if reading else path.replace(".", "-"): [str(text) for text in texts]
        for path, texts in error.errors.items()
    }
    return faults or {"": [str(error.message)]}


def _unflatten(
    schema: Schema, values: MultiDict[str, str], at: str, rows: dict[str, list[int]], zone: ZoneInfo
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    taken: set[str] = set()
    for name, part in schema.load_fields.items():
        key = part.data_key or name
        nested = _nested(part)
        if nested is None:
            taken.add(key)
            data.update(_scalar(part, key, values.getlist(key), zone))
            continue
        inside = {full for full in values if full.startswith(f"{key}-")}
        taken |= inside
        here = f"{at}-{key}" if at else key
        if isinstance(part, fields.List):
            data[key] = _rows(nested, values, key, here, rows, zone)
        elif inside:
            data[key] = _unflatten(nested, _below(values, f"{key}-"), here, rows, zone)
    data.update({name: values[name] for name in values if name not in taken and name != "_given"})
    return data


def _rows(
    schema: Schema,
    values: MultiDict[str, str],
    key: str,
    here: str,
    rows: dict[str, list[int]],
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    kept: list[int] = []
    data = []
    for number in _row_numbers(values, f"{key}-"):
        row = _below(values, f"{key}-{number}-")
        if _meant(row):
            kept.append(number)
            data.append(_unflatten(schema, row, f"{here}-{number}", rows, zone))
    rows[here] = kept
    return data


def _row_numbers(values: MultiDict[str, str], prefix: str) -> list[int]:
    pattern = re.compile(re.escape(prefix) + r"([0-9]{1,4})-.+", re.ASCII)
    return sorted({int(match[1]) for match in map(pattern.fullmatch, values) if match})


def _below(values: MultiDict[str, str], prefix: str) -> MultiDict[str, str]:
    return MultiDict(
        (name.removeprefix(prefix), value)
        for name, value in values.items(multi=True)
        if name.startswith(prefix)
    )


def _meant(row: MultiDict[str, str]) -> bool:
    """Whether the person filled anything in. A hidden `_given` names what the server had filled in."""
    given = _PRESET | {"_given", *row.get("_given", "").split(",")}
    return any(value.strip() for name, value in row.items(multi=True) if name not in given)


def _scalar(part: fields.Field[Any], key: str, typed: list[str], zone: ZoneInfo) -> dict[str, Any]:
    if isinstance(part, fields.List):
        return {key: [value for value in typed if value]}
    if isinstance(part, fields.Boolean):
        # An unticked box is not sent at all; a page that shows the box means "no" by it.
        return {key: typed[-1] if typed else "false"}
    if not typed:
        return {}
    text = typed[-1]
    if not text.strip():
        return {key: None} if part.allow_none else {}
    if isinstance(part, Moment):
        return {key: _with_zone(text, zone)}
    if isinstance(part, Day):
        return {key: _iso_day(text)}
    return {key: text}


def _with_zone(text: str, zone: ZoneInfo) -> str:
    """A branch's clock time from an input gets the branch's offset; anything else is left to the schema."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _iso_day(text: str) -> str:
    match = _LOCAL_DAY.fullmatch(text.strip())
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else text.strip()


def _nested(part: fields.Field[Any]) -> Schema | None:
    inner = part.inner if isinstance(part, fields.List) else part
    return inner.schema if isinstance(inner, fields.Nested) else None


def _messages(error: ValidationError) -> Mapping[str, Any]:
    messages: Mapping[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return messages


def _flat(messages: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            # A fault of a list or a row as a whole stands where the list or row stands.
            here = path if key == "_schema" else f"{path}.{key}" if path else str(key)
            yield from _flat(below, here)
    else:
        yield path, [str(text) for text in (messages if isinstance(messages, list) else [messages])]
