"""What somebody asks to be planned: a visit and its guests, by codes. Only shapes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest of a plan: condition codes, and the codes of factors that change the quantities."""

    conditions: Sequence[str] = ()
    factors: Sequence[str] = ()

    @classmethod
    def told(cls, guest: Mapping[str, Any]) -> Guest:
        """As the schemas tell it: {conditions, factors?}."""
        return cls(guest["conditions"], guest.get("factors") or ())


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants: procedure and package by code."""

    procedure: str
    guests: Sequence[Guest]
    planned_at: datetime
    package: str | None = None
    room_id: uuid.UUID | None = None
    therapist_id: uuid.UUID | None = None
    booking_reference: str | None = None
    note: str | None = None
    path: str = ""

    @property
    def party_size(self) -> int:
        return len(self.guests)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A plan with the rows that it becomes."""

    id: uuid.UUID
    visit: dict[str, Any]
    guests: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    lines: list[dict[str, Any]]
