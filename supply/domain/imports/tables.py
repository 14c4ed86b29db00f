"""What a file holds once it is read, and its limits. Pure: no store, no format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from supply.errors import Invalid
from supply.i18n import lazy
from supply.tabular import meant

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 100
MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Table:
    """Header and rows as text, each row with its number in the file; every row as wide as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def table_of(lines: Sequence[tuple[int, Sequence[str]]]) -> Table:
    """The first line that says anything is the header; empty ones are left out.

    Raises Invalid naming "file": nothing in it, too much in it, a row wider than the header.
    """
    told = [(number, [_plain(cell, number) for cell in line]) for number, line in lines]
    told = [(number, line) for number, line in told if any(line)]
    if len(told) < 2:
        raise Invalid(
            "file_empty",
            lazy("The file needs a row of headings and at least one row below it."),
            field="file",
        )
    header = _trimmed(told[0][1])
    if len(header) > MOST_COLUMNS:
        raise Invalid(
            "too_many_columns",
            lazy("A file may have at most %(most)s columns.", most=MOST_COLUMNS),
            field="file",
        )
    rows = told[1:]
    if len(rows) > MOST_ROWS:
        raise Invalid(
            "too_many_rows",
            lazy("A file may have at most %(most)s rows. Split it into parts.", most=MOST_ROWS),
            field="file",
        )
    return Table(tuple(header), tuple((number, _fitted(line, len(header), number)) for number, line in rows))


def _plain(cell: str, number: int) -> str:
    """Composed, trimmed, on one line. Raises Invalid for what no table of text holds."""
    text = meant(re.sub(r"[\r\n\t]+", " ", unicodedata.normalize("NFC", cell)).strip())
    if len(text) > MOST_TEXT:
        raise Invalid(
            "cell_too_long",
            lazy("Row %(row)s: a cell holds more than %(most)s characters.", row=number, most=MOST_TEXT),
            field="file",
        )
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid(
            "not_a_table",
            lazy("Row %(row)s: this is not text. Save the file as CSV or XLSX.", row=number),
            field="file",
        )
    return text


def _trimmed(header: Sequence[str]) -> list[str]:
    width = max(index for index, name in enumerate(header, 1) if name)
    return list(header[:width])


def _fitted(line: Sequence[str], width: int, number: int) -> tuple[str, ...]:
    if any(line[width:]):
        raise Invalid(
            "row_too_wide",
            lazy(
                "Row %(row)s has more cells than there are headings (%(width)s). Put cells that hold the "
                "separator into quotes.",
                row=number,
                width=width,
            ),
            field="file",
        )
    return (*line[:width], *[""] * (width - len(line)))
