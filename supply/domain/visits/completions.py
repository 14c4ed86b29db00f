"""Completions as they are written and told: their shape, the live ones, what they ask somebody to do.

Decides nothing about stock or rights.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.ledger.service import Taken, Writer
from supply.domain.outbox.models import Event
from supply.domain.outbox.telling import Fact, tell
from supply.domain.people.models import Person
from supply.domain.tasks.models import TaskKind
from supply.domain.tasks.service import Finding
from supply.domain.visits.models import (
    Completion,
    CompletionLine,
    StepStatus,
    Visit,
    VisitStatus,
    VisitStep,
)
from supply.domain.visits.steps import ItemFacts
from supply.writing import write_later

SOURCE = "completion"
SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class DoneLine:
    """Standard beside actual, in base units; `taken` says from which lots, `shortfall` what was missing."""

    position: int
    item: ItemFacts
    guest_position: int | None
    standard: int
    actual: int
    shortfall: int
    incident: str | None
    taken: Sequence[Taken]

    @property
    def variance(self) -> int:
        return self.actual - self.standard


@dataclass(frozen=True, slots=True)
class CompletedStep:
    """A live completion and what its visit has become."""

    id: uuid.UUID
    branch_id: uuid.UUID
    visit_id: uuid.UUID
    visit_step_id: uuid.UUID
    position: int
    person_id: uuid.UUID
    happened_at: datetime
    recorded_at: datetime
    visit_status: VisitStatus
    visit_version: int
    lines: Sequence[DoneLine]
    reversed_at: datetime | None = None


def live_completions(session: Session, step_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """The live completion of each step that has one, with its person's name."""
    rows = session.execute(
        select(
            Completion.visit_step_id,
            Completion.id,
            Completion.happened_at,
            Completion.recorded_at,
            Completion.person_id,
            Person.name.label("person"),
        )
        .join(Person, Person.id == Completion.person_id)
        .where(Completion.visit_step_id.in_(step_ids), Completion.reversed_at.is_(None))
    )
    return {row.visit_step_id: row for row in rows}


def told(live: Any) -> dict[str, str]:
    """A live completion in the words of an answer."""
    if live is None:
        return {}
    return {
        "id": str(live.id),
        "person_id": str(live.person_id),
        "person": live.person,
        "happened_at": live.happened_at.isoformat().replace("+00:00", "Z"),
        "recorded_at": live.recorded_at.isoformat().replace("+00:00", "Z"),
    }


def write_completions(session: Session, completed: Sequence[CompletedStep]) -> None:
    """Have completions, their lines and the states of steps and visits written together."""
    write_later(
        session,
        Completion,
        [
            {
                "id": done.id,
                "branch_id": done.branch_id,
                "visit_step_id": done.visit_step_id,
                "person_id": done.person_id,
                "happened_at": done.happened_at,
                "recorded_at": done.recorded_at,
            }
            for done in completed
        ],
    )
    write_later(session, CompletionLine, [_line(done, line) for done in completed for line in done.lines])
    steps = [
        {"id": done.visit_step_id, "status": StepStatus.COMPLETED, "skip_reason": None} for done in completed
    ]
    write_later(session, VisitStep, steps, key=("id",), update=True)
    visits = [
        {"id": done.visit_id, "status": done.visit_status, "version": done.visit_version}
        for done in completed
    ]
    write_later(session, Visit, visits, key=("id",), update=True)


def tell_finished(writer: Writer, finished: Mapping[uuid.UUID, datetime]) -> None:
    """Tell whoever listens of visits whose last open step is done or left out, and when that was."""
    facts: list[Fact] = [
        (visit_id, {"completed_at": when.isoformat()}) for visit_id, when in finished.items()
    ]
    tell(
        writer.session,
        writer.listeners,
        Event.VISIT_COMPLETED,
        writer.branch_id,
        facts,
        at=writer.recorded_at,
    )


def _line(done: CompletedStep, line: DoneLine) -> dict[str, Any]:
    return {
        "completion_id": done.id,
        "position": line.position,
        "item_id": line.item.id,
        "guest_position": line.guest_position,
        "standard": line.standard,
        "actual": line.actual,
        "shortfall": line.shortfall,
        "incident": line.incident,
    }


def findings(completed: Sequence[CompletedStep]) -> list[Finding]:
    """What somebody must look at: per completion and item a shelf to count, and each broken rule."""
    found: list[Finding] = []
    for done in completed:
        short: Counter[uuid.UUID] = Counter()
        for line in done.lines:
            if line.shortfall:
                short[line.item.id] += line.shortfall
            if line.incident:
                found.append(
                    Finding(TaskKind.INCIDENT, SOURCE, done.id, line.incident, line.item.id, line.actual)
                )
        found += [
            Finding(TaskKind.COUNT, SOURCE, done.id, SHORTFALL, item_id, quantity)
            for item_id, quantity in short.items()
        ]
    return found
