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

    def rank(self, heading: str) -> int | None:
        """How surely a heading means this column: 0 is its own name, None says that it does not."""
        names = [self.name.replace("_", " "), search_key(str(self.label)), *self.known_as.split("|")]
        key = search_key(heading.replace("_", " ").replace("*", " "))
        return names.index(key) if key in names else None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column's text comes from: the place of a column of the file; what holds where that is empty."""

    place: int | None = None
    otherwise: str = ""


Sources = Mapping[str, Source]


def guessed(columns: Sequence[Column], header: Sequence[str]) -> dict[str, Source]:
    """For each of our columns the column of the file whose heading means it most surely."""
    found = {}
    for column in columns:
        ranks = [(column.rank(heading), place) for place, heading in enumerate(header)]
        named = [(rank, place) for rank, place in ranks if rank is not None]
        found[column.name] = Source(min(named)[1] if named else None)
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
