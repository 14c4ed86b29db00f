"""The first sheet of an XLSX file → lines of text. Pure; the file is somebody else's and not trusted.

Formulas are read as the values that were saved with them. What unpacks to far more than a table holds, or
declares entities of its own, is refused before or while it is read.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl

from supply.domain.imports.tables import MOST_COLUMNS, MOST_ROWS
from supply.errors import Invalid
from supply.i18n import lazy

MOST_UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 500
# Without it openpyxl would follow what an XML file says of itself.
if not openpyxl.DEFUSEDXML:  # pragma: no cover - the pins hold it
    raise ImportError("defusedxml must be installed beside openpyxl")


def read_workbook(content: bytes) -> list[tuple[int, Sequence[str]]]:
    """(row number, cells as text) of the first sheet. Raises Invalid naming "file"."""
    try:
        _require_small(content)
        with warnings.catch_warnings():
            # What the library does not know of a workbook (styles, validations) is no matter of ours.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            try:
                return _lines(book)
            finally:
                book.close()
    except Invalid:
        raise
    except Exception as fault:
        # A workbook can be broken in as many ways as the library has lines; none of them is ours.
        raise _malformed() from fault


def _require_small(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
    # zipfile never gives more of a part than is declared, so the declared sizes bound what is read.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Invalid(
            "file_too_large",
            lazy(
                "This workbook unpacks to more than %(most)s MB. Save only the table.",
                most=MOST_UNPACKED // 2**20,
            ),
            field="file",
        )


def _lines(book: Any) -> list[tuple[int, Sequence[str]]]:
    sheets = book.worksheets
    if not sheets:
        raise _malformed()
    sheet = sheets[0]
    # The size that a sheet declares is only its own word.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True)
    return [(number, [told(value) for value in row]) for number, row in enumerate(rows, 1)]


def told(value: Any) -> str:
    """A cell's value as somebody would type it: 1.25, 2026-11-22, yes. At most 15 digits, as Excel shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return str(value)


def _malformed() -> Invalid:
    words = lazy(
        "This workbook cannot be read. Open it in your spreadsheet program and save it again as XLSX."
    )
    return Invalid("workbook_malformed", words, field="file")
