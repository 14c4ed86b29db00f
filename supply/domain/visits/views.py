"""A visit as people and programs see it: what its steps want, what speaks against them, what they used."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from supply.domain.branches.models import Room
from supply.domain.catalog.models import Item
from supply.domain.treatments.models import Condition, Package, Procedure
from supply.domain.visits.carrying import Fallen
from supply.domain.visits.models import RecordKind, SkipReason, StepStatus, Visit, VisitGuest
from supply.domain.visits.safety import Finding
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
    replaces: Item | None = None
    replaces_quantity: int | None = None
    replaces_because: str | None = None


@dataclass(slots=True)
class SafetyRecorded:
    """A consent, an override or an incident as it stands on record; `void`: it was about other guests."""

    kind: RecordKind
    guest_position: int
    step_position: int | None
    condition: str
    rule_id: uuid.UUID | None
    reason: str | None
    person: str
    happened_at: datetime
    recorded_at: datetime
    completion_id: uuid.UUID | None
    void: bool
    # What bears the names: the condition, or of an allergy its ingredient.
    named_by: Condition | Item | None


@dataclass(slots=True)
class StepView:
    """A step of a visit with what it wants, what speaks against it and what was recorded."""

    id: uuid.UUID
    position: int
    name_en: str
    name_vi: str
    note_en: str | None
    note_vi: str | None
    status: StepStatus
    started_at: datetime | None
    skip_reason: SkipReason | None
    skipped_at: datetime | None
    skipped_by: str | None
    acknowledged: Sequence[str]
    acknowledged_by: str | None
    lines: list[PlannedLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    history: list[Recorded] = field(default_factory=list)

    @property
    def completion(self) -> Recorded | None:
        """The live completion."""
        return next((done for done in self.history if done.reversed_at is None), None)

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def left_out_at(self) -> datetime | None:
        """When somebody left it out, while that stands: a visit that broke off left out what was open."""
        stands = self.status is StepStatus.SKIPPED and self.skip_reason is not SkipReason.BROKEN_OFF
        return self.skipped_at if stands else None


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
    records: list[SafetyRecorded]
    # Substitutes that the change of plan just made could not keep.
    fell: Sequence[Fallen] = ()

    @property
    def version(self) -> int:
        return self.visit.version

    @property
    def findings(self) -> list[Finding]:
        """What speaks against the steps that are still to be done."""
        return [finding for step in self.steps for finding in step.findings]

    @property
    def package_code(self) -> str | None:
        return self.package.code if self.package else None

    def step(self, position: int) -> StepView:
        """The step at a position. Raises NotFound."""
        for step in self.steps:
            if step.position == position:
                return step
        raise NotFound("step_not_found", lazy("The visit has no such step."))
