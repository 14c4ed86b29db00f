"""Audit: who changed what of the reference data, people and policies. Owns writing and listing its entries.

Refuses to own stock: what moved is told by the ledger. It needs nobody else, so everybody may call it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit.models import AuditEntry
from supply.permissions import Actor


def record(
    session: Session,
    actor: Actor,
    *,
    action: str,
    entity: str,
    entity_id: UUID,
    branch_id: UUID | None = None,
    changes: Mapping[str, Sequence[Any]] | None = None,
    reason: str | None = None,
) -> None:
    """Write down one change: {"field": [before, after]}. Never pass a secret."""
    told = {name: [_plain(value) for value in pair] for name, pair in (changes or {}).items()}
    session.add(
        AuditEntry(
            id=new_id(),
            branch_id=branch_id,
            recorded_at=clock.now(),
            person_id=actor.person_id,
            action=action,
            entity=entity,
            entity_id=entity_id,
            changes=told,
            reason=reason,
        )
    )


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
