"""Recording what was done: one completion or a thousand, through the same few set-based statements.

Order never matters. What was done can always be recorded; against a safety rule only where that is said.
Knows no ORM object; stock is moved by the ledger alone.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.ledger import service as ledger
from supply.domain.ledger.moment import happened
from supply.domain.ledger.service import Deducted, Use, Writer
from supply.domain.tasks import service as tasks
from supply.domain.visits.actuals import Actual, actual_lines, find_items
from supply.domain.visits.completions import (
    SOURCE,
    CompletedStep,
    DoneLine,
    findings,
    live_completions,
    tell_finished,
    told,
    write_completions,
)
from supply.domain.visits.guarding import (
    Done,
    UsedLine,
    certain_against,
    grounds_for,
    record_incidents,
    refuse,
    standing_against,
)
from supply.domain.visits.models import StepStatus, VisitStatus
from supply.domain.visits.steps import (
    StepFacts,
    StepKey,
    lock_branch_of,
    read_step_and_shelf,
    read_steps,
    require_hand_on,
    status_after,
)
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor


@dataclass(frozen=True, slots=True)
class Doing:
    """What somebody says was done. `lines` override the standard ones; `path` leads to it in the input."""

    visit_id: uuid.UUID
    position: int
    happened_at: datetime | None = None
    lines: Sequence[Mapping[str, Any]] = ()
    path: str = ""

    @property
    def key(self) -> StepKey:
        return (self.visit_id, self.position)


@dataclass(frozen=True, slots=True)
class _How:
    """What is said knowingly: deduct what is there; record what a safety rule stands against."""

    consent: bool
    incident: bool


@dataclass(slots=True)
class _Draft:
    """A completion on its way: its step, its lines, and later what the ledger gave for each use."""

    step: StepFacts
    happened_at: datetime
    actuals: list[Actual]
    id: uuid.UUID = field(default_factory=new_id)
    deducted: dict[int, Deducted] = field(default_factory=dict)


def complete_step(
    session: Session,
    actor: Actor,
    *,
    visit_id: uuid.UUID,
    position: int,
    happened_at: datetime | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    consent_to_shortage: bool = False,
    record_as_incident: bool = False,
) -> CompletedStep:
    """Record one step as done.

    Raises NotFound, Forbidden, Invalid, Conflict "already_completed" (details: the live completion),
    "safety_block" (details: each finding; only while nobody says that it happened all the same) and
    "stock_short" (details: each short item; only without consent).
    """
    writer = lock_branch_of(session, actor, visit_id)
    doing = Doing(visit_id, position, happened_at, lines)
    step = read_step_and_shelf(writer, visit_id, position)
    if step is None:
        raise NotFound("step_not_found", lazy("The visit has no such step."))
    require_hand_on(actor, step)
    _refuse_done(session, [doing], {doing.key: step})
    how = _How(consent_to_shortage, record_as_incident)
    return _record(session, writer, [doing], {doing.key: step}, how)[0]


def complete_known(
    session: Session, writer: Writer, doings: Sequence[Doing], *, consent: bool, incident: bool = False
) -> list[CompletedStep]:
    """Record many steps of the writer's branch: all or nothing, each key once."""
    steps = read_steps(session, {doing.key for doing in doings})
    _refuse_unknown(writer, doings, steps)
    for step in steps.values():
        require_hand_on(writer.actor, step)
    _refuse_done(session, doings, steps)
    return _record(session, writer, doings, steps, _How(consent, incident))


def _refuse_unknown(writer: Writer, doings: Sequence[Doing], steps: Mapping[StepKey, StepFacts]) -> None:
    wrong: dict[str, list[Any]] = {}
    seen: set[StepKey] = set()
    for doing in doings:
        step = steps.get(doing.key)
        if step is None or step.branch_id != writer.branch_id:
            wrong[f"{doing.path}position"] = [lazy("There is no such step in a visit of this branch.")]
        elif doing.key in seen:
            wrong[f"{doing.path}position"] = [lazy("This step is named twice in the same call.")]
        seen.add(doing.key)
    if wrong:
        raise Invalid("steps_unknown", lazy("Some steps cannot be recorded. Nothing was."), errors=wrong)


def _refuse_done(session: Session, doings: Sequence[Doing], steps: Mapping[StepKey, StepFacts]) -> None:
    done = [doing for doing in doings if steps[doing.key].status is StepStatus.COMPLETED]
    if not done:
        return
    live = live_completions(session, [steps[doing.key].id for doing in done])
    told_of = [
        {"visit_id": str(doing.visit_id), "position": doing.position, **told(live.get(steps[doing.key].id))}
        for doing in done
    ]
    message = lazy("This step is already recorded as done. Undo that first to record it anew.")
    errors = {f"{doing.path}position": [message] for doing in done if doing.path}
    raise Conflict(
        "already_completed",
        message,
        details={"completion": told_of[0], "completions": told_of},
        errors=errors,
    )


def _record(
    session: Session,
    writer: Writer,
    doings: Sequence[Doing],
    steps: Mapping[StepKey, StepFacts],
    how: _How,
) -> list[CompletedStep]:
    drafts = _drafts(session, writer, doings, steps)
    paths = {draft.id: doing.path for draft, doing in zip(drafts, doings, strict=True)}
    watched = [draft for draft in drafts if draft.step.has_conditions]
    grounds = grounds_for(session, {draft.step.visit_id for draft in watched})
    if not how.incident:
        refuse(certain_against(grounds, map(_done, watched)), paths)
    released: Counter[uuid.UUID] = Counter()
    for draft in drafts:
        if draft.step.open:
            for line in draft.step.lines:
                released[line.item.id] += line.quantity
    uses = [use for draft in drafts for use in _uses(draft)]
    drafts_by_id = {draft.id: draft for draft in drafts}
    for deducted in ledger.deduct(writer, uses, consent=how.consent, released=released):
        drafts_by_id[deducted.use.source_id].deducted[deducted.use.source_line or 0] = deducted
    done = [_done(draft) for draft in watched]
    standing = standing_against(session, grounds, done)
    if not how.incident:
        refuse(standing, paths)
    closing = Counter(draft.step.visit_id for draft in drafts if draft.step.open)
    completed = [_completed(writer, draft, closing[draft.step.visit_id]) for draft in drafts]
    write_completions(session, completed)
    _announce(writer, drafts, completed)
    tasks.open_tasks(session, writer.actor, writer.branch_id, findings(completed))
    record_incidents(session, writer, done, standing)
    return completed


def _announce(writer: Writer, drafts: Sequence[_Draft], completed: Sequence[CompletedStep]) -> None:
    """Whoever listens is told of each visit that this has finished, once."""
    finished = {
        done.visit_id: done.happened_at
        for draft, done in zip(drafts, completed, strict=True)
        if done.visit_status is VisitStatus.FINISHED is not draft.step.visit_status
    }
    tell_finished(writer, finished)


def _drafts(
    session: Session, writer: Writer, doings: Sequence[Doing], steps: Mapping[StepKey, StepFacts]
) -> list[_Draft]:
    items = find_items(session, (line for doing in doings for line in doing.lines))
    drafts = []
    for doing in doings:
        step = steps[doing.key]
        actuals = actual_lines(step, doing.lines, items, path=doing.path)
        when = writer.recorded_at
        if doing.happened_at is not None:
            when = happened(doing.happened_at, field=f"{doing.path}happened_at")
        drafts.append(_Draft(step, when, actuals))
    return drafts


def _done(draft: _Draft) -> Done:
    """What of a draft is asked about; from which lots is known once the ledger gave."""
    lines = []
    for position, line in enumerate(draft.actuals, start=1):
        if line.actual:
            gave = draft.deducted.get(position)
            lots = frozenset(part.lot_id for part in gave.taken) if gave else frozenset()
            whole = gave is not None and not gave.short
            lines.append(UsedLine(position, line.item.id, line.guest_position, lots, whole))
    return Done(draft.id, draft.step.branch_id, draft.step.visit_id, draft.step.position, lines)


def _uses(draft: _Draft) -> list[Use]:
    return [
        Use(
            item_id=line.item.id,
            quantity=line.actual,
            source_type=SOURCE,
            source_id=draft.id,
            source_line=position,
            happened_at=draft.happened_at,
            lot_id=line.lot_id,
            container_id=line.container_id,
            location_id=line.location_id,
            path=line.path,
        )
        for position, line in enumerate(draft.actuals, start=1)
        if line.actual
    ]


def _completed(writer: Writer, draft: _Draft, closing: int) -> CompletedStep:
    lines = []
    for position, line in enumerate(draft.actuals, start=1):
        gave = draft.deducted.get(position)
        short, incident, taken = (gave.short, gave.incident, gave.taken) if gave else (0, None, ())
        lines.append(
            DoneLine(
                position, line.item, line.guest_position, line.standard, line.actual, short, incident, taken
            )
        )
    return CompletedStep(
        draft.id,
        draft.step.branch_id,
        draft.step.visit_id,
        draft.step.id,
        draft.step.position,
        writer.actor.person_id,
        draft.happened_at,
        writer.recorded_at,
        status_after(draft.step.visit_status, open_steps=draft.step.open_steps - closing),
        draft.step.visit_version + 1,
        lines,
    )
