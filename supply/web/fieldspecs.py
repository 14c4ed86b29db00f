"""What an input may hold, derived from its marshmallow field, for the macros of components/form.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import Schema, fields, validate

from supply.fields import Amount, Day, Moment, Money, Text, Whole
from supply.web.words import word

_AMOUNT = r"[0-9]{1,12}([.,][0-9]{1,6})?"
_MONEY = r"[0-9][0-9., ]*"


@dataclass(frozen=True)
class FieldSpec:
    """One input: its HTML name, words, kind and limits."""

    name: str
    label: str = ""
    kind: str = "text"
    required: bool = False
    minimum: int | str | None = None
    maximum: int | str | None = None
    max_length: int | None = None
    pattern: str = ""
    choices: Sequence[tuple[Any, str]] = ()
    hint: str = ""
    autocomplete: str = ""
    inputmode: str = ""
    # What an optional choice says where nothing is chosen, if not "None".
    empty: str = ""
    # The HTML name under which a quantity's unit is sent.
    unit_name: str = ""


def spec(schema: type[Schema] | Schema, path: str, **told: Any) -> FieldSpec:
    """The spec of a field ("login", "lines.0.amount"). What a page tells (label, choices, hint, kind) wins.

    Raises KeyError for a path that the schema does not have: a page that asks for it is wrong.
    """
    parent, part, name = _walk(schema, path)
    found = FieldSpec(name=name, required=part.required, **_limits(part), **_choices(part), **_kind(part))
    if found.kind == "quantity" and "unit" in parent.fields:
        found = replace(found, unit_name=name.rpartition("-")[0] + "-unit" if "-" in name else "unit")
    metadata = {key: value for key, value in part.metadata.items() if key in _TOLD}
    merged = {**metadata, **told}
    return replace(found, **{key: _words(value) for key, value in merged.items()})


_TOLD = frozenset({"label", "kind", "hint", "autocomplete", "inputmode"})


def _words(value: Any) -> Any:
    """Lazy messages become words; a list stays what it is."""
    return value if isinstance(value, int | list | tuple | None.__class__) else str(value)


def _walk(schema: type[Schema] | Schema, path: str) -> tuple[Schema, fields.Field[Any], str]:
    current = schema() if isinstance(schema, type) else schema
    parts = path.split(".")
    part: fields.Field[Any] | None = None
    for place in parts:
        # "__row__" is the row that lines() draws for js/lines.js to copy.
        if place.isdigit() or place == "__row__":
            continue
        if part is not None:
            inner = part.inner if isinstance(part, fields.List) else part
            current = inner.schema  # type: ignore[attr-defined]
        part = current.fields[place]
    assert part is not None
    return current, part, "-".join(parts)


def _kind(part: fields.Field[Any]) -> dict[str, Any]:
    if isinstance(part, Amount):
        return {"kind": "quantity", "pattern": _AMOUNT, "inputmode": "decimal"}
    if isinstance(part, Money):
        return {"kind": "money", "pattern": _MONEY, "inputmode": "decimal"}
    if isinstance(part, fields.List):
        return {"kind": "checkbox"}
    if isinstance(part, Text) and part.multiline:
        return {"kind": "textarea"}
    for kind, name in (
        (Whole, "number"),
        (Day, "date"),
        (Moment, "datetime"),
        (fields.Boolean, "checkbox"),
        (fields.Enum, "select"),
        (fields.UUID, "select"),
    ):
        if isinstance(part, kind):
            return {"kind": name}
    return {"kind": "select"} if _one_of(part) else {}


def _limits(part: fields.Field[Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for check in part.validators:
        if isinstance(check, validate.Range) and isinstance(part, Whole) and not isinstance(part, Money):
            limits |= {"minimum": check.min, "maximum": check.max}
        elif isinstance(check, validate.Length) and isinstance(part, fields.String):
            limits["max_length"] = check.max or check.equal
        elif isinstance(check, validate.Regexp):
            limits["pattern"] = _html_pattern(str(check.regex.pattern))
    if isinstance(part, Day | Moment):
        clock = "T00:00" if isinstance(part, Moment) else ""
        limits |= {"minimum": f"2000-01-01{clock}", "maximum": "2099-12-31" + ("T23:59" if clock else "")}
    return limits


def _html_pattern(pattern: str) -> str:
    """A pattern attribute is anchored by itself, and its v flag wants a literal dash in a set escaped."""
    return pattern.removeprefix("^").removesuffix("$").replace("-]", r"\-]")


def _choices(part: fields.Field[Any]) -> dict[str, Any]:
    inner = part.inner if isinstance(part, fields.List) else part
    if isinstance(inner, fields.Enum):
        return {"choices": [(member.value, word(member)) for member in inner.enum]}
    allowed = _one_of(inner)
    return {"choices": [(code, str(code)) for code in allowed]} if allowed else {}


def _one_of(part: fields.Field[Any]) -> Sequence[Any]:
    return next((list(check.choices) for check in part.validators if isinstance(check, validate.OneOf)), [])


def labels(specs: Sequence[FieldSpec]) -> Mapping[str, str]:
    """HTML name → label, for the error summary."""
    return {one.name: one.label for one in specs}
