"""What of a table's filters is kept for the next time, and the words in which it is offered then.

Days and ids are not kept: the one is over by then, the other says nothing to a reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict

from supply.fields import Text, Tick
from supply.web.forms import load_query
from supply.web.words import word

LONGEST = 400


def keepable(filters: type[Schema] | None) -> dict[str, fields.Field[Any]]:
    """Of a table's filters by their names in the address: words, ticks and what is chosen from a few."""
    declared = filters().fields.items() if filters else ()
    kinds = (Text, Tick, fields.Enum)
    return {
        field.data_key or name: field
        for name, field in declared
        if isinstance(field, kinds) or "words" in field.metadata
    }


def as_told(values: Mapping[str, str], names: Iterable[str]) -> str:
    """The chosen values as one text; empty where nothing is to be kept."""
    told = urlencode(sorted((name, values[name]) for name in names if values.get(name)))
    return told if len(told) <= LONGEST else ""


def read(told: str) -> dict[str, str]:
    return dict(parse_qsl(told))


def words_of(filters: type[Schema], chosen: Mapping[str, str]) -> str:
    """What is chosen, in the reader's language: “gừng”, Root. What no longer fits is left out."""
    loaded = load_query(filters(), MultiDict(chosen))
    told = []
    for name, field in keepable(filters).items():
        value = loaded.get(field.attribute or field.name or name) if name in chosen else None
        if value:
            told.append(_word(field, value))
    return ", ".join(told)


def _word(field: fields.Field[Any], value: Any) -> str:
    if isinstance(field, Tick):
        return str(field.metadata["label"])
    if isinstance(value, StrEnum):
        return word(value)
    return str(field.metadata["words"][value]) if "words" in field.metadata else f"“{value}”"
