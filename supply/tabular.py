"""Tables as text for spreadsheets: CSV of which no cell can be a formula; how such a cell is read again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# A cell that begins so is a formula to a spreadsheet; behind a quote it is none.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV. Whoever sends it encodes it as utf-8-sig, so that Vietnamese is read as such."""
    file = io.StringIO()
    csv.writer(file).writerows([_harmless(cell) for cell in row] for row in rows)
    return file.getvalue()


def _harmless(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def meant(cell: str) -> str:
    """The text of a cell that was written here: without the quote that keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
