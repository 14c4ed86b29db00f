"""Changes of a visit under way that the audit keeps: disclosures, consents, overrides, substitutes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from supply.domain.audit import service as audit
from supply.domain.visits.models import Visit, VisitStatus
from supply.domain.visits.steps import UNDER_WAY
from supply.errors import Conflict
from supply.i18n import lazy
from supply.permissions import Actor


def require_under_way(session: Session, visit_id: uuid.UUID) -> Any:
    """id, branch_id, status and version of a visit that is not over. Raises Conflict "visit_closed"."""
    visit = _read(session, visit_id)
    if visit.status not in UNDER_WAY:
        raise Conflict("visit_closed", lazy("This visit is finished, broken off or cancelled."))
    return visit


def require_not_cancelled(session: Session, visit_id: uuid.UUID) -> Any:
    """As require_under_way, of a visit that takes or took place."""
    visit = _read(session, visit_id)
    if visit.status is VisitStatus.CANCELLED:
        raise Conflict("visit_closed", lazy("This visit was cancelled: nothing of it was done."))
    return visit


def _read(session: Session, visit_id: uuid.UUID) -> Any:
    return session.execute(
        select(Visit.id, Visit.branch_id, Visit.status, Visit.version).where(Visit.id == visit_id)
    ).one()


def note(
    session: Session,
    actor: Actor,
    visit: Row[Any],
    action: str,
    changes: Mapping[str, Sequence[Any]],
    *,
    reason: str | None = None,
    **values: Any,
) -> None:
    """Give a visit its next version, with whatever else changes of it, and write down why."""
    session.execute(update(Visit).where(Visit.id == visit.id).values(version=Visit.version + 1, **values))
    audit.record(
        session,
        actor,
        action=action,
        entity="visit",
        entity_id=visit.id,
        branch_id=visit.branch_id,
        changes=changes,
        reason=reason,
    )
