"""A visit as people and programs look at it: steps with what they want, warn of and used. Only shapes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from supply.domain.branches.models import Room
from supply.domain.catalog.models import Item
from supply.domain.treatments.models import Package, Procedure
from supply.domain.visits.models import SkipReason, StepStatus, Visit, VisitGuest
from supply.domain.visits.safety import SafetyWarning
from supply.domain.visits.steps import OPEN
from supply.errors import NotFound
from supply.i18n import lazy


@dataclass(slots=True)
class LotUsed:
    lot_id: uuid.UUID
    number: str
    quantity: int


@dataclass(slots=True)
class RecordedLine:
    """Standard beside actual; base units."""

    position: int
    item: Item
    guest_position: int | None
    standard: int
    actual: int
    shortfall: int
    incident: str | None
    taken: list[LotUsed] = field(default_factory=list)

    @property
    def variance(self) -> int:
        return self.actual - self.standard


@dataclass(slots=True)
class Recorded:
    """A completion, live or reversed."""

    id: uuid.UUID
    person_id: uuid.UUID
    person: str
    happened_at: datetime
    recorded_at: datetime
    reversed_at: datetime | None
    reversed_by: str | None
    lines: list[RecordedLine] = field(default_factory=list)


@dataclass(slots=True)
class PlannedLine:
    position: int
    item: Item
    guest_position: int | None
    quantity: int
    rule: str


@dataclass(slots=True)
class StepView:
    """A step of a visit with what it wants, what warns of it and what was recorded."""

    id: uuid.UUID
    position: int
    name_en: str
    name_vi: str
    note_en: str | None
    note_vi: str | None
    status: StepStatus
    started_at: datetime | None
    skip_reason: SkipReason | None
    acknowledged: Sequence[str]
    acknowledged_by: str | None
    lines: list[PlannedLine] = field(default_factory=list)
    warnings: list[SafetyWarning] = field(default_factory=list)
    history: list[Recorded] = field(default_factory=list)

    @property
    def completion(self) -> Recorded | None:
        """The live completion."""
        return next((done for done in self.history if done.reversed_at is None), None)

    @property
    def open(self) -> bool:
        return self.status in OPEN


@dataclass(slots=True)
class VisitView:
    """A visit whole."""

    visit: Visit
    procedure: Procedure
    recipe_number: int
    package: Package | None
    room: Room | None
    therapist: str | None
    guests: list[VisitGuest]
    steps: list[StepView]
    warnings: list[SafetyWarning]

    @property
    def version(self) -> int:
        return self.visit.version

    @property
    def package_code(self) -> str | None:
        return self.package.code if self.package else None

    def step(self, position: int) -> StepView:
        """The step at a position. Raises NotFound."""
        for step in self.steps:
            if step.position == position:
                return step
        raise NotFound("step_not_found", lazy("The visit has no such step."))
