"""What the plan said of an item, read back from its numbers: its reasons as people read them."""

from __future__ import annotations

from typing import Any

from supply.domain.purchasing.explaining import Show, sentences
from supply.domain.purchasing.lines import Line
from supply.presenting import format_quantity
from supply.quantity import UNITS, Dimension

# More would pretend to know what a forecast does not.
FIGURES = 4


def reasons(numbers: dict[str, Any]) -> list[str]:
    """Every sentence, in the reader's language."""
    line = Line.of(numbers)
    return [str(sentence) for sentence in sentences(line, shown_in(line.unit))]


def headline(numbers: dict[str, Any]) -> str:
    """Where the item stands and what to do, without what lies between."""
    told = reasons(numbers)
    return " ".join(dict.fromkeys((told[0], told[-1])))


def shown_in(unit: str) -> Show:
    """How an amount of a unit is written: four figures of it, pieces to the tenth."""
    return lambda amount: format_quantity(_rounded(amount, unit), UNITS[unit].dimension)


def _rounded(amount: float, unit: str) -> int:
    base = round(amount * UNITS[unit].factor)
    fewest = 2 if UNITS[unit].dimension is Dimension.COUNT else 0
    return round(base, -max(len(str(abs(base))) - FIGURES, fewest))
