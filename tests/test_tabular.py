"""Tables as CSV: the marks of the language, and no number that a spreadsheet reads as another or as a day."""

from __future__ import annotations

from decimal import Decimal

import pytest

from supply.tabular import csv_text


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", '1.5,-1250000.25,3,,x;y,"1,5"'), ("vi", '1,5;-1250000,25;3;;"x;y";1,5')],
)
def test_a_spreadsheet_of_the_language_reads_the_numbers(language: str, line: str) -> None:
    cells = [Decimal("1.50").normalize(), Decimal("-1250000.25"), 3, None, "x;y", "1,5"]
    assert csv_text([cells], language) == f"{line}\r\n"
