"""Tables for spreadsheets: CSV and XLSX of which no cell can be a formula; how such a cell is read again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# A cell that begins so is a formula to a spreadsheet; behind a quote it is none.
# The wide signs too: a spreadsheet that is set to an East Asian language takes them for the plain ones.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Between cells, and in numbers.
_MARKS = {"vi": (";", ",")}


def csv_text(rows: Iterable[Sequence[object]], language: str = "en") -> str:
    """The rows as CSV, with the marks of a spreadsheet set to this language: in Vietnamese 1.5 is a day.

    Whoever sends it encodes it as utf-8-sig, so that Vietnamese is read as such.
    """
    separator, mark = _MARKS.get(language, (",", "."))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator)
    writer.writerows([_harmless(cell, mark) for cell in row] for row in rows)
    return file.getvalue()


def _harmless(cell: object, mark: str) -> str:
    if isinstance(cell, int | Decimal):
        # A number below zero is no formula.
        return format(cell, "f").replace(".", mark) if isinstance(cell, Decimal) else str(cell)
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def meant(cell: str) -> str:
    """The text of a cell that was written here: without the quote that keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def xlsx_bytes(title: str, rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as a workbook of one sheet: numbers and days as such, everything else as text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: object) -> Any:
    if value is None or isinstance(value, int | Decimal | date):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value)))
    # Said to be text, "=1+1" is no formula.
    cell.data_type = "s"
    return cell
