"""What may happen to a step besides being done: start, skip, unskip, undo a completion.

Each changes the visit's status and what is reserved for it, under the branch's lock.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from supply.domain.ledger import service as ledger
from supply.domain.ledger.moment import happened
from supply.domain.ledger.service import Writer
from supply.domain.tasks import service as tasks
from supply.domain.visits.completions import SOURCE, tell_finished
from supply.domain.visits.models import (
    Completion,
    CompletionLine,
    SkipReason,
    StepStatus,
    Visit,
    VisitStatus,
    VisitStep,
)
from supply.domain.visits.steps import (
    REOPENABLE,
    UNDER_WAY,
    StepFacts,
    lock_branch_of,
    read_step,
    require_hand_on,
    status_after,
)
from supply.domain.visits.warnings import refuse_blocked, step_findings, unread
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.permissions import Actor


def start_step(
    session: Session,
    actor: Actor,
    *,
    visit_id: uuid.UUID,
    position: int,
    happened_at: datetime | None = None,
    acknowledged: Sequence[str] = (),
) -> None:
    """Begin a step. Its warnings must be acknowledged by condition code; who did so is kept.

    Raises Conflict "step_not_planned", "visit_closed", "safety_block" (details: what stands against it by
    today's rules) and "warnings_unacknowledged" (details: the codes).
    """
    _writer, step = _take_up(session, actor, visit_id, position)
    _require_under_way(step)
    if step.status is not StepStatus.PLANNED:
        raise Conflict("step_not_planned", lazy("Only a step that still waits can be started."))
    findings = step_findings(session, step)
    refuse_blocked(findings)
    codes = unread(findings)
    missing = unread(findings, acknowledged)
    if missing:
        raise Conflict(
            "warnings_unacknowledged",
            lazy("Read the warnings of this step and confirm each one before you start."),
            details={"conditions": missing},
        )
    _set_step(
        session,
        step,
        status=StepStatus.STARTED,
        started_at=happened(happened_at),
        acknowledged=codes or None,
        acknowledged_by=actor.person_id if codes else None,
    )
    _move_on(session, step)


def skip_step(
    session: Session, actor: Actor, *, visit_id: uuid.UUID, position: int, reason: SkipReason
) -> None:
    """Leave a step out, with a reason; what was reserved for it is free again.

    Raises Conflict "step_not_open" where it is done or skipped already.
    """
    writer, step = _take_up(session, actor, visit_id, position)
    if not step.open:
        raise Conflict("step_not_open", lazy("This step is already done or skipped."))
    _set_step(
        session,
        step,
        status=StepStatus.SKIPPED,
        skip_reason=reason,
        skipped_at=writer.recorded_at,
        skipped_by=actor.person_id,
    )
    ledger.reserve(writer, {item_id: -quantity for item_id, quantity in standards(step).items()})
    if _move_on(session, step) is VisitStatus.FINISHED is not step.visit_status:
        tell_finished(writer, {step.visit_id: writer.recorded_at})


def unskip_step(session: Session, actor: Actor, *, visit_id: uuid.UUID, position: int) -> None:
    """Take a skipped step back into a visit that is not closed. Raises Conflict "step_not_skipped"."""
    writer, step = _take_up(session, actor, visit_id, position)
    if step.status is not StepStatus.SKIPPED:
        raise Conflict("step_not_skipped", lazy("This step is not skipped."))
    if step.visit_status not in REOPENABLE:
        raise _closed()
    _set_step(session, step, status=StepStatus.PLANNED, skip_reason=None, started_at=None)
    ledger.reserve(writer, standards(step))
    _move_on(session, step)


def reverse_completion(
    session: Session,
    actor: Actor,
    *,
    visit_id: uuid.UUID,
    position: int,
    completion_id: uuid.UUID | None = None,
) -> None:
    """Undo the live completion of a step: its quantities return to where they came from.

    The step waits again and its standard is reserved again, unless the visit was broken off: then it counts
    as skipped. A completion_id that is not the live one: Conflict "already_reversed".
    """
    writer, step = _take_up(session, actor, visit_id, position)
    live = session.execute(
        select(Completion.id, Completion.happened_at).where(
            Completion.visit_step_id == step.id, Completion.reversed_at.is_(None)
        )
    ).first()
    if live is None or completion_id not in (None, live.id):
        raise Conflict("already_reversed", lazy("This is undone already, or was never recorded."))
    waits = step.visit_status is not VisitStatus.BROKEN_OFF
    ledger.reverse(
        writer,
        SOURCE,
        live.id,
        happened_at=writer.recorded_at,
        reserved=standards(step) if waits else None,
        shorts=_shorts(session, live.id, live.happened_at),
    )
    session.execute(
        update(Completion)
        .where(Completion.id == live.id)
        .values(reversed_at=writer.recorded_at, reversed_by=actor.person_id)
    )
    tasks.close_tasks(
        session, actor, branch_id=writer.branch_id, source=(SOURCE, live.id), outcome="reversed"
    )
    if waits:
        _set_step(session, step, status=StepStatus.PLANNED, started_at=None)
    else:
        _set_step(session, step, status=StepStatus.SKIPPED, skip_reason=SkipReason.BROKEN_OFF)
    _move_on(session, step)


def _shorts(
    session: Session, completion_id: uuid.UUID, happened_at: datetime
) -> list[tuple[uuid.UUID, datetime, int]]:
    """What a completion could not have, as the ledger takes it back from the demand."""
    query = select(CompletionLine.item_id, CompletionLine.shortfall).where(
        CompletionLine.completion_id == completion_id, CompletionLine.shortfall > 0
    )
    return [(row.item_id, happened_at, row.shortfall) for row in session.execute(query)]


def standards(step: StepFacts) -> Counter[uuid.UUID]:
    """Per item what the recipe wants of this step, as it is reserved while the step waits."""
    wanted: Counter[uuid.UUID] = Counter()
    for line in step.lines:
        wanted[line.item.id] += line.quantity
    return wanted


def _take_up(session: Session, actor: Actor, visit_id: uuid.UUID, position: int) -> tuple[Writer, StepFacts]:
    """Lock the step's branch, then read the step as it is now."""
    writer = lock_branch_of(session, actor, visit_id)
    step = read_step(session, visit_id, position)
    if step is None:
        raise NotFound("step_not_found", lazy("The visit has no such step."))
    require_hand_on(actor, step)
    return writer, step


def _require_under_way(step: StepFacts) -> None:
    if step.visit_status not in UNDER_WAY:
        raise _closed()


def _closed() -> Conflict:
    return Conflict("visit_closed", lazy("This visit is finished, broken off or cancelled."))


def _set_step(session: Session, step: StepFacts, **values: object) -> None:
    session.execute(update(VisitStep).where(VisitStep.id == step.id).values(**values))


def _move_on(session: Session, step: StepFacts) -> VisitStatus:
    """Give the visit the status that its steps have now, and its next version. Returns the status."""
    waiting, untouched, total = session.execute(
        select(
            func.count().filter(VisitStep.status.in_((StepStatus.PLANNED, StepStatus.STARTED))),
            func.count().filter(VisitStep.status == StepStatus.PLANNED),
            func.count(),
        ).where(VisitStep.visit_id == step.visit_id)
    ).one()
    status = step.visit_status
    if status is not VisitStatus.CANCELLED:
        status = status_after(status, open_steps=waiting, untouched=untouched == total)
    session.execute(
        update(Visit).where(Visit.id == step.visit_id).values(status=status, version=Visit.version + 1)
    )
    return status
