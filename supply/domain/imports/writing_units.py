"""An item's own units in one cell: "bottle-500 = 500 ml | bottle | chai | 210; bundle = 250 g". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from supply.domain.imports.words import unit_meant

_HOLDS = re.compile(r"([0-9.,]+)\s*(\S+)")
_MARKS = re.compile(r"([\\;|=])")


def units_cell(units: Iterable[Sequence[str]]) -> str:
    """(code, amount, unit, English name, Vietnamese name, grams when empty) of each as one cell."""
    told = []
    for code, amount, unit, name_en, name_vi, tare in units:
        parts = [f"{amount} {unit}", *(_MARKS.sub(r"\\\1", name) for name in (name_en, name_vi)), tare]
        told.append(f"{code} = {' | '.join(parts if tare else parts[:-1])}")
    return "; ".join(told)


def units_told(cell: str) -> list[dict[str, str | None]]:
    """What catalog.schemas.WriteItemUnit takes. Raises ValueError with the part that cannot be meant."""
    return [_unit(part) for part in _split(cell, ";") if part.strip()]


def _unit(part: str) -> dict[str, str | None]:
    code, *rest = _split(part, "=")
    parts = [_unmarked(text) for text in _split(rest[0], "|")] if len(rest) == 1 else []
    holds = _HOLDS.fullmatch(parts[0]) if parts else None
    if holds is None or len(parts) > 4:
        raise ValueError(part.strip())
    code = code.strip()
    name_en = parts[1] if len(parts) > 1 and parts[1] else code
    return {
        "code": code,
        "name_en": name_en,
        "name_vi": parts[2] if len(parts) > 2 and parts[2] else name_en,
        "amount": holds[1],
        "unit": unit_meant(holds[2]),
        "tare": parts[3] if len(parts) > 3 and parts[3] else None,
    }


def _split(text: str, mark: str) -> list[str]:
    """At each mark that no backslash stands before; backslashes stay."""
    parts, start, place = [], 0, 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == mark:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [*parts, text[start:]]


def _unmarked(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.strip())
