"""The door of visits: plan, change, start, complete, skip, undo, end, look.

Owns what a treatment was to use and what it used. Refuses to own stock (ledger) and recipes (treatments).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from supply.domain.ledger import service as ledger
from supply.domain.visits.booking import complete_steps
from supply.domain.visits.completing import complete_step
from supply.domain.visits.correcting import correct_step
from supply.domain.visits.disclosing import disclose, list_offers, replace_line
from supply.domain.visits.listing import (
    list_lots_at_hand,
    list_open_steps,
    list_own_actions,
    list_therapists,
    list_visits,
)
from supply.domain.visits.planning import plan_visits, require_near
from supply.domain.visits.plans import Guest, Plan
from supply.domain.visits.reading import get_visit
from supply.domain.visits.records import override_step, record_consent
from supply.domain.visits.replanning import break_off_visit, cancel_visit, change_visit
from supply.domain.visits.stepping import reverse_completion, skip_step, start_step, unskip_step
from supply.domain.visits.views import VisitView
from supply.permissions import Actor, Permission, require

__all__ = [
    "break_off_visit",
    "cancel_visit",
    "change_visit",
    "complete_step",
    "complete_steps",
    "correct_step",
    "disclose",
    "get_visit",
    "list_lots_at_hand",
    "list_offers",
    "list_open_steps",
    "list_own_actions",
    "list_therapists",
    "list_visits",
    "override_step",
    "plan_visit",
    "record_consent",
    "replace_line",
    "reverse_completion",
    "skip_step",
    "start_step",
    "unskip_step",
]


def plan_visit(
    session: Session,
    actor: Actor,
    *,
    branch_id: uuid.UUID,
    procedure: str,
    guests: Sequence[Mapping[str, Any]],
    planned_at: datetime,
    package: str | None = None,
    room_id: uuid.UUID | None = None,
    therapist_id: uuid.UUID | None = None,
    booking_reference: str | None = None,
    note: str | None = None,
) -> VisitView:
    """Plan a visit by the newest published recipe and reserve what it will need.

    `guests` are {conditions: [code, …], factors: [code, …]}, one to fourteen. The answer bears what
    speaks against the steps and what was put in the place of what. Raises Invalid naming the field, Conflict
    "recipe_not_published" and "booking_known".
    """
    require(actor, Permission.VISIT_PLAN, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    plan = Plan(
        procedure=procedure,
        guests=[Guest.told(guest) for guest in guests],
        planned_at=planned_at,
        package=package,
        room_id=room_id,
        therapist_id=therapist_id,
        booking_reference=booking_reference,
        note=note,
    )
    require_near(plan, writer.recorded_at)
    return get_visit(session, actor, plan_visits(session, writer, [plan])[0])
