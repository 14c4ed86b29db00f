"""Completing asks safety: what was used, against what the guests of the visit must not have.

Only visits with a guest of a condition are asked about; the others pay nothing. What was really done is
recorded all the same when somebody says so, and stays on record as an incident.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.ledger.service import Writer
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.tasks.service import Finding as TaskFinding
from supply.domain.visits.actuals import Actual
from supply.domain.visits.completions import SOURCE, CompletedStep
from supply.domain.visits.models import RecordKind, SafetyRecord
from supply.domain.visits.records import records_of, told
from supply.domain.visits.safety import Finding
from supply.domain.visits.steps import StepFacts
from supply.domain.visits.warnings import BLOCKED, read_grounds, safety_block
from supply.writing import write_later

SAFETY_RULE = "safety-rule"
# What stands against a step, by the visit step's id.
Standing = Mapping[uuid.UUID, Sequence[Finding]]


def standing_against(session: Session, done: Iterable[tuple[StepFacts, Sequence[Actual]]]) -> Standing:
    """What nothing settles of what speaks against steps as they were done; those without any are left out."""
    asked = [(step, actuals) for step, actuals in done if step.has_conditions]
    if not asked:
        return {}
    grounds = read_grounds(session, {step.visit_id for step, _actuals in asked})
    found = {}
    for step, actuals in asked:
        used = [
            (position, line.item.id, line.guest_position)
            for position, line in enumerate(actuals, start=1)
            if line.actual
        ]
        blocking = [one for one in grounds.findings(step.visit_id, step.position, used) if one.blocks]
        if blocking:
            found[step.id] = blocking
    return found


def refuse(standing: Standing, paths: Mapping[uuid.UUID, str]) -> None:
    """Raises Conflict "safety_block" naming each finding; `paths` lead to the steps in the input."""
    if standing:
        errors = {f"{paths[step_id]}position": [BLOCKED] for step_id in standing if paths[step_id]}
        raise safety_block([one for some in standing.values() for one in some], errors=errors)


def record_incidents(
    session: Session, writer: Writer, completed: Iterable[CompletedStep], standing: Standing
) -> None:
    """Keep which rules were broken, with a task for a manager and the audit."""
    for done in completed:
        broken = standing.get(done.visit_step_id)
        if not broken:
            continue
        rows = records_of(
            done.branch_id,
            done.visit_id,
            writer.actor,
            RecordKind.INCIDENT,
            broken,
            at=done.recorded_at,
            completion_id=done.id,
        )
        write_later(session, SafetyRecord, rows)
        lines = [position for one in broken for position in one.lines]
        item_id = done.lines[lines[0] - 1].item.id if lines else None
        task = TaskFinding(TaskKind.INCIDENT, SOURCE, done.id, SAFETY_RULE, item_id)
        tasks.open_tasks(session, writer.actor, writer.branch_id, [task])
        audit.record(
            session,
            writer.actor,
            action="visit.incident",
            entity="visit",
            entity_id=done.visit_id,
            branch_id=done.branch_id,
            changes=told(broken),
        )
