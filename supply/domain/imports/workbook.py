"""The first sheet of an XLSX file → lines of text. Pure; the file is somebody else's and not trusted.

Formulas are read as the values that were saved with them. What unpacks to far more than a table holds, or
declares entities of its own, is refused before or while it is read.
"""

from __future__ import annotations

import io
import threading
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl

from supply.domain.imports.tables import MOST_COLUMNS, MOST_ROWS
from supply.errors import Invalid, Unavailable
from supply.i18n import lazy

MOST_UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 500
# Of all parts together: a cell with its value takes from four to eight.
MOST_MARKS = 2_000_000
_QUEUE_SECONDS = 20
_turn = threading.BoundedSemaphore(1)
# Without it openpyxl would follow what an XML file says of itself.
if not openpyxl.DEFUSEDXML:  # pragma: no cover - the pins hold it
    raise ImportError("defusedxml must be installed beside openpyxl")


def read_workbook(content: bytes) -> list[tuple[int, Sequence[str]]]:
    """(row number, cells as text) of the first sheet, one file at a time, so that the memory is bounded.

    Raises Invalid naming "file", Unavailable where too many wait.
    """
    if not _turn.acquire(timeout=_QUEUE_SECONDS):
        busy = lazy("Too many files are being read. Try again in a moment.")
        raise Unavailable("files_busy", busy, details={"retry_after": 10})
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
    finally:
        _turn.release()


def _require_small(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
        # zipfile never gives more of a part than is declared, so the declared sizes bound what is read.
        small = len(parts) <= MOST_PARTS and sum(part.file_size for part in parts) <= MOST_UNPACKED
        # What is small in bytes can still be large in elements, and each takes far more than its bytes.
        if small and sum(packed.read(part).count(b"<") for part in parts) <= MOST_MARKS:
            return
    words = lazy("This workbook holds far more than a table of 10,000 rows. Save only the table.")
    raise Invalid("file_too_large", words, field="file")


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
