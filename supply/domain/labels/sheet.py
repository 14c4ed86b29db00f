"""How labels lie on paper: a roll of 62 × 29 mm, or sheets of three by eight. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

PER_SHEET = 24
MOST_COPIES = 100
MOST_PLACES = 480
T = TypeVar("T")


class Paper(StrEnum):
    ROLL = "roll"
    SHEET = "sheet"


def laid_out(wanted: Sequence[tuple[T, int]], paper: Paper, used: int = 0) -> list[list[T | None]]:
    """(label, copies) as the pages that a printer makes; None is a place that is empty.

    On a roll each label is a page. `used`: so many places of the first sheet were used before.
    """
    each: list[T | None] = [label for label, copies in wanted for _copy in range(copies)]
    if paper is Paper.ROLL:
        return [[label] for label in each]
    places = [None] * used + each
    return [places[start : start + PER_SHEET] for start in range(0, len(places), PER_SHEET)]
