"""Recording a completed step anew over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.visits import service as visits
from supply.domain.visits.answers import CompletedStepOut
from supply.domain.visits.schemas import CorrectStep
from supply.permissions import Actor, Permission

blp = ApiBlueprint("corrections", description="Completed steps, recorded anew as they were.")
_ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a10"


@blp.post(
    "/visits/<uuid:visit_id>/steps/<int(min=1, max=50):position>/completion/correction",
    permission=Permission.VISIT_COMPLETE_OWN,
    body=CorrectStep,
    out=CompletedStepOut,
    status=201,
    summary="Correct a completion",
    description="Takes back the completion that you saw and records the step anew in one go, at the same "
    "time unless you tell another. Lines are as in completing; both completions stay on record. Refused, "
    "nothing has changed.",
    example={
        "completion_id": _ITEM,
        "lines": [{"item_id": _ITEM, "amount": "12.5", "unit": "ml", "guest_position": 1}],
    },
    conflicts=("already_reversed", "safety_block", "stock_short"),
)
def correct_completion(
    session: Session, actor: Actor, data: dict[str, Any], visit_id: UUID, position: int
) -> Any:
    return visits.correct_step(session, actor, visit_id=visit_id, position=position, **data)
