"""What is wrong with a row, in every language: whoever opens the import reads it in their own.

Refusals become words where they are raised, so a file with a faulty row is planned once a language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from supply.domain.imports.planning import Planned
from supply.i18n import LOCALES, locale_now, speaking

Faults = list[dict[str, Any]]


def in_all_languages(
    planned: Sequence[Planned], plan_again: Callable[[], Sequence[Planned]]
) -> dict[int, Faults]:
    """By the number of a row: the column, what stands there, and by language what would be right."""
    if not any(row.faults for row in planned):
        return {}
    told = {locale_now(): planned}
    for language in LOCALES:
        if language not in told:
            with speaking(language):
                told[language] = plan_again()
    return {row.number: _faults(row, place, told) for place, row in enumerate(planned) if row.faults}


def _faults(row: Planned, place: int, told: Mapping[str, Sequence[Planned]]) -> Faults:
    return [
        {
            "column": fault.column,
            "found": fault.found,
            "expected": {language: rows[place].faults[number].expected for language, rows in told.items()},
        }
        for number, fault in enumerate(row.faults)
    ]


def expected_in(fault: Mapping[str, Any], language: str) -> str:
    """What would be right; what an older version kept is in the language of whoever gave the file."""
    words: str | dict[str, str] = fault["expected"]
    return words if isinstance(words, str) else words[language]
