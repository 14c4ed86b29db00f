"""The columns of a kind of import, and which column of a file is which of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supply.domain.catalog.search import search_key
from supply.domain.imports.tables import Table
from supply.i18n import Text

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its code, its heading, the headings by which it is recognised, an example."""

    name: str
    label: Text
    # Headings of other programs and of people in both languages, in search keys, parted by "|".
    known_as: str = ""
    required: bool = False
    example: str = ""
    hint: Text | str = ""

    def answers_to(self, heading: str) -> bool:
        key = search_key(heading.replace("_", " ").replace("*", " "))
        own = (self.name.replace("_", " "), search_key(str(self.label)))
        return key in own or key in self.known_as.split("|")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column's text comes from: the place of a column of the file; what holds where that is empty."""

    place: int | None = None
    otherwise: str = ""


Sources = Mapping[str, Source]


def guessed(columns: Sequence[Column], header: Sequence[str]) -> dict[str, Source]:
    """For each of our columns the first column of the file that bears one of its headings."""
    found = {}
    for column in columns:
        places = [place for place, heading in enumerate(header) if column.answers_to(heading)]
        found[column.name] = Source(places[0] if places else None)
    return found


def told_rows(table: Table, sources: Sources) -> list[tuple[int, dict[str, str]]]:
    """(row number, {column: text}) of every row. What is empty is not told."""
    used = [(name, source.place, source.otherwise) for name, source in sources.items()]
    rows = []
    for number, cells in table.rows:
        told = {
            name: (cells[place] if place is not None else "") or otherwise for name, place, otherwise in used
        }
        rows.append((number, {name: text for name, text in told.items() if text}))
    return rows
