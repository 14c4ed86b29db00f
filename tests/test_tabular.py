"""Tables as CSV: the marks of the language, and no number that a spreadsheet reads as another or as a day."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from supply.tabular import csv_text, meant


@pytest.mark.parametrize("mark", list("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
def test_no_cell_is_a_formula_and_each_is_read_as_it_was(mark: str) -> None:
    (cell,) = next(csv.reader(io.StringIO(csv_text([[f"{mark}1+1"]]), newline="")))
    assert cell == f"'{mark}1+1"
    assert meant(cell) == f"{mark}1+1"


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", '1.5,-1250000.25,3,,x;y,"1,5"'), ("vi", '1,5;-1250000,25;3;;"x;y";1,5')],
)
def test_a_spreadsheet_of_the_language_reads_the_numbers(language: str, line: str) -> None:
    cells = [Decimal("1.50").normalize(), Decimal("-1250000.25"), 3, None, "x;y", "1,5"]
    assert csv_text([cells], language) == f"{line}\r\n"
