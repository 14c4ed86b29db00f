"""Audit: who changed what of the reference data, people and policies. Owns writing and listing its entries.

Refuses to own stock: what moved is told by the ledger. It needs nobody else, so everybody may call it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit.models import AuditEntry
from supply.permissions import Actor, Permission, require

# What all branches share and every manager may change. Entries of people and tokens bear no branch either;
# they are for admins.
SHARED = ("item", "supplier", "procedure", "package", "condition", "contraindication", "brew-recipe")
# Every kind of thing that is written down here, in the order in which a list of them is read.
ENTITIES = (
    *SHARED,
    "lot",
    "recall",
    "container",
    "delivery",
    "requisition",
    "purchase-order",
    "visit",
    "stocktake",
    "transfer",
    "calendar",
    "branch",
    "location",
    "room",
    "person",
    "token",
    "tablet",
    "webhook",
    "import",
)


# An id before that of every entry.
NO_ENTRY = UUID(int=0)


def record(
    session: Session,
    actor: Actor | None,
    *,
    action: str,
    entity: str,
    entity_id: UUID,
    branch_id: UUID | None = None,
    changes: Mapping[str, Sequence[Any]] | None = None,
    reason: str | None = None,
) -> None:
    """Write down one change: {"field": [before, after]}. Never pass a secret. No actor: the program."""
    told = {name: [_plain(value) for value in pair] for name, pair in (changes or {}).items()}
    session.add(
        AuditEntry(
            id=new_id(),
            branch_id=branch_id,
            recorded_at=clock.now(),
            person_id=actor.person_id if actor else None,
            action=action,
            entity=entity,
            entity_id=entity_id,
            changes=told,
            reason=reason,
        )
    )


def list_entries(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID | None = None,
    entity: str | None = None,
    entity_id: UUID | None = None,
    person_id: UUID | None = None,
    action: str | None = None,
    field: str | None = None,
    words: str | None = None,
    about: Select[tuple[UUID]] | None = None,
    recorded_from: datetime | None = None,
    recorded_before: datetime | None = None,
    limit: int = 50,
    before: UUID | None = None,
    after: UUID | None = None,
) -> Sequence[AuditEntry]:
    """What was changed, newest first; `after` an entry (or NO_ENTRY) oldest first.

    Managers see their branches and what all share; admins see all.

    `action` is a whole one ("item.update") or the verb alone. `words` stand in the reason or in a value
    before or after, or the entry is of a thing or person that `about` selects.
    Raises NotFound for a branch that is not the person's, Forbidden.
    """
    require(actor, Permission.AUDIT_SEE, branch_id)
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    own = actor.branch_ids()
    if own is not None:
        seen = [one for one in own if actor.may(Permission.AUDIT_SEE, one)]
        shared = and_(AuditEntry.branch_id.is_(None), AuditEntry.entity.in_(SHARED))
        query = query.where(or_(AuditEntry.branch_id.in_(seen), shared))
    wanted = {"branch_id": branch_id, "entity": entity, "entity_id": entity_id, "person_id": person_id}
    query = query.filter_by(**{name: value for name, value in wanted.items() if value is not None})
    if action is not None:
        query = query.where(or_(AuditEntry.action == action, AuditEntry.action.endswith(f".{action}")))
    told = cast(AuditEntry.changes, String)
    if field is not None:
        query = query.where(told.contains(f"{json.dumps(field)}: [", autoescape=True))
    if words:
        query = query.where(_says(told, words) if about is None else or_(_says(told, words), _of(about)))
    if recorded_from is not None:
        query = query.where(AuditEntry.recorded_at >= recorded_from)
    if recorded_before is not None:
        query = query.where(AuditEntry.recorded_at < recorded_before)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    if after is not None:
        query = query.where(AuditEntry.id > after).order_by(None).order_by(AuditEntry.id)
    return session.scalars(query).all()


def _says(told: Any, words: str) -> ColumnElement[bool]:
    """Whether the reason or the changes hold the words. JSON keeps letters with marks as numbers."""
    written = {words, words.lower(), words.upper(), words.capitalize(), words.title()}
    inside = [told.icontains(json.dumps(one)[1:-1], autoescape=True) for one in sorted(written)]
    said = [AuditEntry.reason.icontains(one, autoescape=True) for one in sorted(written)]
    return or_(*inside, *said)


def _of(about: Select[tuple[UUID]]) -> ColumnElement[bool]:
    return or_(AuditEntry.entity_id.in_(about), AuditEntry.person_id.in_(about))


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
