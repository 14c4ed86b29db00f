"""How the demo's therapists heed the safety rules: consents are recorded, what stays blocked is skipped."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.treatments.models import Effect
from supply.domain.visits import service as visits
from supply.domain.visits.models import SkipReason
from supply.permissions import Actor


def allowed(session: Session, therapist: Actor, visit_id: UUID, positions: Sequence[int]) -> list[int]:
    """Those of the steps that may be done once the guests have agreed; the others are skipped."""
    for finding in visits.get_visit(session, therapist, visit_id).findings:
        rule = finding.rule
        if finding.effect is Effect.CONSENT and rule.rule_id and rule.version:
            for guest in _standing(session, therapist, visit_id, rule.rule_id):
                visits.record_consent(
                    session,
                    therapist,
                    visit_id,
                    guest_position=guest,
                    rule_id=rule.rule_id,
                    rule_version=rule.version,
                )
    view = visits.get_visit(session, therapist, visit_id)
    blocked = {one.step_position for one in view.findings if one.blocks} & set(positions)
    for position in sorted(blocked):
        visits.skip_step(session, therapist, visit_id=visit_id, position=position, reason=SkipReason.HEALTH)
    return [position for position in positions if position not in blocked]


def _standing(session: Session, therapist: Actor, visit_id: UUID, rule_id: UUID) -> list[int]:
    """The guests who have not agreed to a rule yet."""
    findings = visits.get_visit(session, therapist, visit_id).findings
    return sorted({guest for one in findings if one.rule.rule_id == rule_id for guest in one.standing})
