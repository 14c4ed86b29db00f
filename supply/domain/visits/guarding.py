"""What was done asks safety: what was used, against what the guests of the visit must not have.

Asked when a step is completed, and of completed steps when a condition becomes known later. Only visits with
a guest of a condition are asked about; the others pay nothing. What was really done is recorded all the same
when somebody says so, and stays on record as an incident.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.ledger.service import Writer
from supply.domain.preparation.contents import contents_of_lots
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.tasks.service import Finding as TaskFinding
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.models import RecordKind, SafetyRecord
from supply.domain.visits.records import records_of, told
from supply.domain.visits.safety import Finding
from supply.domain.visits.warnings import BLOCKED, NOTHING, Grounds, read_grounds, safety_block
from supply.writing import write_later

# Why a task is opened: knowingly, or because a condition was told only afterwards.
SAFETY_RULE, KNOWN_LATER = "safety-rule", "known-later"
_ACTIONS = {SAFETY_RULE: "visit.incident", KNOWN_LATER: "visit.hindsight"}


@dataclass(frozen=True, slots=True)
class UsedLine:
    """What a step used of an item, for a guest or the party, from which lots. `whole`: from those alone."""

    position: int
    item_id: uuid.UUID
    guest_position: int | None
    lot_ids: frozenset[uuid.UUID] = frozenset()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A step as it was done, by its completion's id."""

    completion_id: uuid.UUID
    branch_id: uuid.UUID
    visit_id: uuid.UUID
    position: int
    lines: Sequence[UsedLine]


# What stands against a step, by its completion's id.
Standing = Mapping[uuid.UUID, Sequence[Finding]]


def grounds_for(session: Session, visit_ids: Collection[uuid.UUID]) -> Grounds:
    """What is known of visits; nothing is read where no visit has a condition."""
    return read_grounds(session, visit_ids) if visit_ids else NOTHING


def certain_against(grounds: Grounds, done: Iterable[Done]) -> Standing:
    """What nothing settles of what speaks against steps, whichever lots they take from."""
    bare = replace(grounds, contents={})
    return {one.completion_id: found for one in done if (found := _standing(bare, one, None))}


def standing_against(session: Session, grounds: Grounds, done: Sequence[Done]) -> Standing:
    """What nothing settles of what speaks against steps as they were done; those without any are left out.

    What was brewed is judged by what went into the very batches that were used. Where nobody knows which,
    by what might have been in it.
    """
    brewed = {
        (one.branch_id, lot_id)
        for one in done
        if one.visit_id in grounds.parties
        for line in one.lines
        if line.item_id in grounds.contents
        for lot_id in line.lot_ids
    }
    lots: dict[uuid.UUID, frozenset[uuid.UUID]] = {}
    for branch_id in {branch_id for branch_id, _lot_id in brewed}:
        lots |= contents_of_lots(session, branch_id, {lot for branch, lot in brewed if branch == branch_id})
    return {one.completion_id: found for one in done if (found := _standing(grounds, one, lots))}


def _standing(
    grounds: Grounds, done: Done, lots: Mapping[uuid.UUID, frozenset[uuid.UUID]] | None
) -> list[Finding]:
    used = [(line.position, line.item_id, line.guest_position) for line in done.lines]
    known = {
        line.position: frozenset(herb for lot_id in line.lot_ids for herb in lots[lot_id])
        for line in done.lines
        if lots and line.whole and line.lot_ids <= lots.keys()
    }
    return [one for one in grounds.findings(done.visit_id, done.position, used, known=known) if one.blocks]


def refuse(standing: Standing, paths: Mapping[uuid.UUID, str]) -> None:
    """Raises Conflict "safety_block" naming each finding; `paths` lead from completions to the input."""
    if standing:
        errors = {f"{paths[one]}position": [BLOCKED] for one in standing if paths[one]}
        raise safety_block([one for some in standing.values() for one in some], errors=errors)


def record_incidents(
    session: Session, writer: Writer, done: Iterable[Done], standing: Standing, why: str = SAFETY_RULE
) -> None:
    """Keep which rules were broken, with a task for a manager and the audit."""
    for one in done:
        broken = standing.get(one.completion_id)
        if not broken:
            continue
        facts: dict[str, Any] = {"at": writer.recorded_at, "completion_id": one.completion_id}
        reason = None if why == SAFETY_RULE else why
        write_later(
            session,
            SafetyRecord,
            records_of(
                one.branch_id,
                one.visit_id,
                writer.actor,
                RecordKind.INCIDENT,
                broken,
                reason=reason,
                **facts,
            ),
        )
        items = {line.position: line.item_id for line in one.lines}
        lines = [position for finding in broken for position in finding.lines]
        item_id = items[lines[0]] if lines else None
        task = TaskFinding(TaskKind.INCIDENT, SOURCE, one.completion_id, why, item_id)
        tasks.open_tasks(session, writer.actor, writer.branch_id, [task])
        audit.record(
            session,
            writer.actor,
            action=_ACTIONS[why],
            entity="visit",
            entity_id=one.visit_id,
            branch_id=one.branch_id,
            changes=told(broken),
        )
