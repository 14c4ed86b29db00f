"""What was done before it was known: completed steps against a condition that a guest told of afterwards.

Keeps on record which rules they went against, with a task for a manager. Moves no stock and undoes nothing:
what was done was done.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from supply.domain.ledger.models import Movement, MovementType
from supply.domain.ledger.service import Writer
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.guarding import (
    KNOWN_LATER,
    Done,
    UsedLine,
    record_incidents,
    standing_against,
)
from supply.domain.visits.models import Completion, CompletionLine, Visit, VisitStep
from supply.domain.visits.warnings import Party, grounds_of


def judge_done(
    session: Session, writer: Writer, visit_id: uuid.UUID, guest_position: int, told: Iterable[str]
) -> list[int]:
    """Record what completed steps went against by conditions that one guest was not known to bear; the steps.

    No consent can have been given to a condition that nobody knew.
    """
    done = _live(session, writer.branch_id, visit_id)
    if not done:
        return []
    procedure_id = session.scalars(select(Visit.procedure_id).where(Visit.id == visit_id)).one()
    party = Party(writer.branch_id, procedure_id, {guest_position: sorted(told)})
    standing = standing_against(session, grounds_of(session, {visit_id: party}), done)
    record_incidents(session, writer, done, standing, KNOWN_LATER)
    return [one.position for one in done if one.completion_id in standing]


def _live(session: Session, branch_id: uuid.UUID, visit_id: uuid.UUID) -> Sequence[Done]:
    """The visit's completed steps with what each line used, from which lots. One statement."""
    usage = and_(
        Movement.branch_id == branch_id,
        Movement.source_id == Completion.id,
        Movement.source_line == CompletionLine.position,
        Movement.source_type == SOURCE,
        Movement.type == MovementType.USAGE,
    )
    query = (
        select(
            Completion.id,
            VisitStep.position.label("step"),
            CompletionLine.position,
            CompletionLine.item_id,
            CompletionLine.guest_position,
            CompletionLine.actual,
            CompletionLine.shortfall,
            Movement.lot_id,
        )
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .outerjoin(CompletionLine, CompletionLine.completion_id == Completion.id)
        .outerjoin(Movement, usage)
        .where(VisitStep.visit_id == visit_id, Completion.reversed_at.is_(None))
        .order_by(VisitStep.position, CompletionLine.position)
    )
    lines: dict[tuple[uuid.UUID, int], dict[int, UsedLine]] = {}
    for row in session.execute(query):
        of_step = lines.setdefault((row.id, row.step), {})
        if row.actual:
            before = of_step.get(row.position)
            lots = before.lot_ids if before else frozenset()
            lots |= {row.lot_id} if row.lot_id else set()
            of_step[row.position] = UsedLine(
                row.position, row.item_id, row.guest_position, lots, whole=not row.shortfall
            )
    return [
        Done(completion_id, branch_id, visit_id, step, list(used.values()))
        for (completion_id, step), used in lines.items()
    ]
