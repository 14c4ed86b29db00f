"""What somebody takes upon themselves: consents to a rule, overrides of a block, with who and when.

Refuses to lift anything that does not stand: a consent is to a wording, an override to what it names.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.ledger.moment import happened
from supply.domain.treatments.models import Effect
from supply.domain.visits.models import RecordKind, SafetyRecord
from supply.domain.visits.noting import note, require_under_way
from supply.domain.visits.safety import Finding
from supply.domain.visits.steps import (
    lock_branch_of,
    read_step,
    read_visit_steps,
    require_hand_on,
)
from supply.domain.visits.warnings import read_grounds, step_findings, used
from supply.errors import Conflict, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def record_consent(
    session: Session,
    actor: Actor,
    visit_id: uuid.UUID,
    *,
    guest_position: int,
    rule_id: uuid.UUID,
    rule_version: int,
    happened_at: datetime | None = None,
) -> None:
    """A qualified person says that a guest was told and agrees: to a rule's wording, in the whole visit.

    Raises Conflict "visit_closed", "nothing_to_consent" (no such rule asks this guest for it, or it is on
    record) and "rule_changed" (the wording is another one by now).
    """
    writer = lock_branch_of(session, actor, visit_id)
    require(actor, Permission.SAFETY_CONSENT, writer.branch_id)
    visit = require_under_way(session, visit_id)
    steps = [step for step in read_visit_steps(session, visit_id) if step.open]
    for step in steps:
        require_hand_on(actor, step)
    grounds = read_grounds(session, [visit_id])
    asked = [
        finding.rule
        for step in steps
        for finding in grounds.findings(visit_id, step.position, used(step))
        if finding.effect is Effect.CONSENT
        and finding.rule.rule_id == rule_id
        and guest_position in finding.standing
    ]
    if not asked:
        raise Conflict("nothing_to_consent", lazy("Nothing asks for this consent, or it is on record."))
    rule = asked[0]
    if rule.version != rule_version:
        raise Conflict(
            "rule_changed", lazy("The rule was changed meanwhile. Read it again, then record the consent.")
        )
    record = _record(writer.branch_id, visit_id, actor, RecordKind.CONSENT, guest_position, rule)
    session.add(SafetyRecord(**record, happened_at=happened(happened_at)))
    note(session, actor, visit, "visit.consent", {f"guest {guest_position}": [None, rule.condition]})


def override_step(
    session: Session, actor: Actor, visit_id: uuid.UUID, position: int, *, version: int, reason: str
) -> None:
    """Let a step be done although rules stand against it, each of them, with a reason that is kept.

    Raises Forbidden, Stale, Conflict "visit_closed", "step_not_open", "nothing_to_override".
    """
    writer = lock_branch_of(session, actor, visit_id)
    require(actor, Permission.SAFETY_OVERRIDE, writer.branch_id)
    visit = require_under_way(session, visit_id)
    if visit.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this visit meanwhile. Look at it again, then repeat your change."),
            details={"version": visit.version},
        )
    step = read_step(session, visit_id, position)
    if step is None:
        raise NotFound("step_not_found", lazy("The visit has no such step."))
    if not step.open:
        raise Conflict("step_not_open", lazy("This step is already done or skipped."))
    standing = [finding for finding in step_findings(session, step) if finding.blocks]
    if not standing:
        raise Conflict("nothing_to_override", lazy("Nothing stands against this step."))
    rows = records_of(
        writer.branch_id, visit_id, actor, RecordKind.OVERRIDE, standing, reason=reason, at=clock.now()
    )
    session.add_all([SafetyRecord(**row) for row in rows])
    note(session, actor, visit, "visit.override", told(standing), reason=reason)


def records_of(
    branch_id: uuid.UUID,
    visit_id: uuid.UUID,
    actor: Actor,
    kind: RecordKind,
    standing: Iterable[Finding],
    **facts: Any,
) -> list[dict[str, Any]]:
    """Rows of what stands against a step, one for each rule and guest. facts: reason, at, completion_id."""
    return [
        _record(branch_id, visit_id, actor, kind, guest, one.rule, step_position=one.step_position, **facts)
        for one in standing
        for guest in one.standing
    ]


def _record(
    branch_id: uuid.UUID,
    visit_id: uuid.UUID,
    actor: Actor,
    kind: RecordKind,
    guest_position: int,
    rule: Any,
    *,
    at: datetime | None = None,
    step_position: int | None = None,
    reason: str | None = None,
    completion_id: uuid.UUID | None = None,
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "branch_id": branch_id,
        "visit_id": visit_id,
        "kind": kind,
        "guest_position": guest_position,
        "step_position": step_position,
        "condition": rule.condition,
        "rule_id": rule.rule_id,
        "rule_version": rule.version,
        "completion_id": completion_id,
        "reason": reason,
        "person_id": actor.person_id,
        "recorded_at": at or clock.now(),
    }


def told(standing: Sequence[Finding]) -> dict[str, list[Any]]:
    """What stood against a step, for the audit: {"step 4": [["guest 2: pregnancy, block"], None]}."""
    said: dict[str, list[Any]] = {}
    for one in standing:
        words = [f"guest {guest}: {one.condition}, {one.effect.value}" for guest in one.standing]
        said.setdefault(f"step {one.step_position}", [[], None])[0].extend(words)
    return said
