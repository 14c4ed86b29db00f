"""Which warnings a visit, a step or a plan bears: reads guests and rules, lets safety weigh them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.treatments.models import Condition, Contraindication
from supply.domain.visits.models import Visit, VisitGuest
from supply.domain.visits.safety import SafetyWarning, weigh


def warnings_for(
    session: Session, procedure_id: uuid.UUID, guests: Mapping[int, Sequence[str]]
) -> list[SafetyWarning]:
    """What speaks against this procedure for such guests ({guest number: condition codes})."""
    codes = sorted({code for codes in guests.values() for code in codes})
    return weigh(_rules(session, procedure_id, codes), guests) if codes else []


def step_warnings(session: Session, visit_id: uuid.UUID, position: int) -> list[SafetyWarning]:
    """What must be read before this step of the visit starts."""
    rows = session.execute(
        select(VisitGuest.position, VisitGuest.conditions, Visit.procedure_id)
        .join(Visit, Visit.id == VisitGuest.visit_id)
        .where(VisitGuest.visit_id == visit_id)
    ).all()
    if not rows:
        return []
    found = warnings_for(session, rows[0].procedure_id, {row.position: row.conditions for row in rows})
    return [warning for warning in found if warning.concerns(position)]


def _rules(session: Session, procedure_id: uuid.UUID, codes: Iterable[str]) -> Sequence[Any]:
    # A retired condition still warns for the visits that bear it.
    return session.execute(
        select(
            Condition.code.label("condition"),
            Condition.name_en,
            Condition.name_vi,
            Condition.source,
            Contraindication.effect,
            Contraindication.advice_en,
            Contraindication.advice_vi,
            Contraindication.step_position,
        )
        .join(Condition, Condition.id == Contraindication.condition_id)
        .where(Contraindication.procedure_id == procedure_id, Condition.code.in_(list(codes)))
        .order_by(Condition.code, Contraindication.step_position, Contraindication.id)
    ).all()
