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
    asked = [
        (finding.rule.rule_id, finding.rule.version, guest)
        for finding in visits.get_visit(session, therapist, visit_id).findings
        if finding.effect is Effect.CONSENT and finding.rule.rule_id and finding.rule.version
        for guest in finding.standing
    ]
    # A rule is found with every step that it is about, and asked about once.
    for rule_id, version, guest in dict.fromkeys(asked):
        visits.record_consent(
            session, therapist, visit_id, guest_position=guest, rule_id=rule_id, rule_version=version
        )
    view = visits.get_visit(session, therapist, visit_id)
    blocked = {one.step_position for one in view.findings if one.blocks} & set(positions)
    for position in sorted(blocked):
        visits.skip_step(session, therapist, visit_id=visit_id, position=position, reason=SkipReason.HEALTH)
    return [position for position in positions if position not in blocked]
