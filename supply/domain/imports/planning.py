"""What a row is going to do, and what a kind of import must be able to say. Plain values, no rows.

Everything that is compared is compared as the text of an export's cells: what an export says is by that what
an import of it leaves as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from supply.domain.imports.columns import Cells, Column
from supply.domain.imports.models import ImportKind, Outcome
from supply.errors import SupplyError
from supply.fields import reading_form
from supply.permissions import Actor, Permission

Changes = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """The branch an import is done in: prices are told in its currency, days are its days."""

    branch_id: UUID
    timezone: str
    currency: str
    today: date


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be taken in: the column, what would be right, what stands there."""

    column: str
    expected: str
    found: str


@dataclass(slots=True)
class Planned:
    """What a row will do. `facts` is what the service takes; `entity_id` what it is about, once known."""

    number: int
    subject: str
    outcome: Outcome
    changes: Changes = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    facts: Any = None
    entity_id: UUID | None = None

    def told(self) -> tuple[Any, ...]:
        """What somebody who saw the preview agreed to."""
        return self.number, self.subject, self.outcome, self.changes


Told = tuple[int, dict[str, str]]
Counts = dict[str, int]


@dataclass(frozen=True)
class Kind:
    """What can be imported: its columns, who may, and the four verbs."""

    kind: ImportKind
    permission: Permission
    columns: tuple[Column, ...]
    plan: Callable[[Session, Actor, Place, Sequence[Told]], list[Planned]]
    apply: Callable[[Session, Actor, Place, UUID, Sequence[Planned]], None]
    undo: Callable[[Session, Actor, Place, UUID, Sequence[Planned]], Counts]
    export: Callable[[Session, Place, date, date], Iterable[Cells]]

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def failed(number: int, subject: str, faults: Iterable[Fault]) -> Planned:
    return Planned(number, subject[:120], Outcome.ERROR, faults=list(faults))


def differences(before: Cells, after: Cells) -> Changes:
    """Column by column, as text."""
    return {
        name: [before.get(name, ""), after.get(name, "")]
        for name in after
        if before.get(name, "") != after.get(name, "")
    }


def loaded(schema: Schema, data: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """By the schema of the API, in the spelling of a form. Raises ValidationError."""
    with reading_form(place.currency):
        result: dict[str, Any] = schema.load(dict(data))
    return result


def faults_of(
    error: ValidationError | SupplyError, cells: Cells, columns: Mapping[str, str], otherwise: str
) -> list[Fault]:
    """A refusal by field as faults by column. `columns`: the column of a field where the names differ."""
    told = _flat(error.messages, "") if isinstance(error, ValidationError) else error.errors.items()
    faults = []
    for path, texts in told:
        first = path.split(".")[0]
        name = columns.get(path, columns.get(first, first)) or otherwise
        faults.append(Fault(name, " ".join(str(text) for text in texts), cells.get(name, "")))
    if not faults:
        faults = [Fault(otherwise, str(getattr(error, "message", error)), cells.get(otherwise, ""))]
    return faults


def _flat(messages: Any, path: str) -> list[tuple[str, list[str]]]:
    if isinstance(messages, Mapping):
        return [
            one
            for key, below in messages.items()
            for one in _flat(below, path if key == "_schema" else f"{path}.{key}" if path else str(key))
        ]
    return [(path, [str(text) for text in (messages if isinstance(messages, list) else [messages])])]
