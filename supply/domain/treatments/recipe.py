"""From a recipe to what a visit needs: the rules of scale. Pure: no model, no database.

A line's quantity is for one client, one tub or the room. Each resolved line says which rule gave it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from supply.i18n import Text, lazy


class Scale(StrEnum):
    """What a recipe line's quantity is for."""

    CLIENT = "client"
    TUB = "tub"
    ROOM = "room"


class Line(Protocol):
    """What a recipe says, in base units."""

    @property
    def item_id(self) -> UUID: ...
    @property
    def quantity(self) -> int: ...
    @property
    def scale(self) -> Scale: ...


@dataclass(frozen=True, slots=True)
class Expected:
    """One line as a visit needs it. `position` counts from 1 within the step.

    guest_position is None for what the party shares. `rule` is "client", "tub:<tubs>" or "room".
    """

    position: int
    item_id: UUID
    guest_position: int | None
    quantity: int
    rule: str


def tubs_used(party_size: int, tubs: int = 1, seats_per_tub: int = 2) -> int:
    """How many tubs are filled: as few as seat the party, never more than the room has."""
    return min(tubs, -(-party_size // seats_per_tub))


def expected_lines(lines: Iterable[Line], *, party_size: int, tubs: int) -> list[Expected]:
    """The standard quantities of a step for a party, in the recipe's order.

    `tubs` is the number of tubs used (see tubs_used). Per client: one line for each guest. Per tub: one
    line for all the tubs used. Per room: one line, once.
    """
    resolved: list[Expected] = []
    for line in lines:
        for guest, quantity, rule in _shares(line, party_size, tubs):
            resolved.append(Expected(len(resolved) + 1, line.item_id, guest, quantity, rule))
    return resolved


def _shares(line: Line, party_size: int, tubs: int) -> list[tuple[int | None, int, str]]:
    if line.scale == Scale.CLIENT:
        return [(guest, line.quantity, "client") for guest in range(1, party_size + 1)]
    if line.scale == Scale.TUB:
        return [(None, line.quantity * tubs, f"tub:{tubs}")]
    return [(None, line.quantity, "room")]


def rule_words(rule: str) -> Text:
    """A rule's code in words for people."""
    scale, _, count = rule.partition(":")
    if scale == Scale.CLIENT:
        return lazy("per client")
    if scale == Scale.TUB:
        return lazy("per tub, %(tubs)s in use", tubs=count or "1")
    return lazy("once per room")
