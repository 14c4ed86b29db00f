"""Recording a step that is done anew, with what was really used: one guest of a party took less.

What was said first is taken back and what is said now recorded, in one transaction; both stay in the ledger.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.visits.completing import complete_step
from supply.domain.visits.completions import CompletedStep
from supply.domain.visits.models import Completion
from supply.domain.visits.stepping import reverse_completion
from supply.permissions import Actor
from supply.writing import write_now


def correct_step(
    session: Session,
    actor: Actor,
    *,
    visit_id: uuid.UUID,
    position: int,
    completion_id: uuid.UUID,
    happened_at: datetime | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    consent_to_shortage: bool = False,
    record_as_incident: bool = False,
) -> CompletedStep:
    """Take back the completion that was seen and record the step as it was; by default at its own time.

    Raises what both do: Conflict "already_reversed" where that completion is not the live one any more,
    "stock_short" and "safety_block"; then nothing has changed.
    """
    told = session.scalar(select(Completion.happened_at).where(Completion.id == completion_id))
    reverse_completion(session, actor, visit_id=visit_id, position=position, completion_id=completion_id)
    write_now(session)
    return complete_step(
        session,
        actor,
        visit_id=visit_id,
        position=position,
        happened_at=happened_at or told,
        lines=lines,
        consent_to_shortage=consent_to_shortage,
        record_as_incident=record_as_incident,
    )
