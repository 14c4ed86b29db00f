"""The audit over the API: who changed which field of what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import identified
from supply.api.endpoint import ApiBlueprint
from supply.domain.audit.models import AuditEntry
from supply.domain.audit.schemas import AuditEntryOut, ListAuditEntries
from supply.domain.people.names import names_of
from supply.domain.reports.audited import search_audit
from supply.permissions import Actor, Permission

blp = ApiBlueprint("audit", description="Audit: who changed which field of what, before and after, and why.")


@blp.get(
    "/audit-entries",
    permission=Permission.AUDIT_SEE,
    query=ListAuditEntries,
    page_of=AuditEntryOut,
    summary="List audit entries",
    description="Newest first. Managers see what concerns their branches and what all branches share "
    "(catalogue, suppliers, recipes, rules); admins see everything. What moved is told by the movements.",
)
def list_audit_entries(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    limit, before = query.pop("limit"), identified(query.pop("cursor"))
    rows = search_audit(session, actor, limit=limit + 1, before=before, **query)
    shown = rows[:limit]
    names = names_of(session, [entry.person_id for entry in shown])
    more = (shown[-1].id,) if len(rows) > limit else None
    return [_view(entry, names) for entry in shown], more


def _view(entry: AuditEntry, names: dict[UUID, str]) -> dict[str, Any]:
    columns = ("id", "branch_id", "recorded_at", "person_id", "action", "entity", "entity_id", "reason")
    told = {name: getattr(entry, name) for name in columns}
    changes = [
        {"field": field, "before": before, "after": after} for field, (before, after) in entry.changes.items()
    ]
    return told | {
        "person_name": names.get(entry.person_id) if entry.person_id else None,
        "changes": changes,
    }
