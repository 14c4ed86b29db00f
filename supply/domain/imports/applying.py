"""Doing what a preview showed, all of it or nothing, once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.audit import service as audit
from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportFile, ImportRow, ImportState, Outcome
from supply.domain.imports.service import (
    get_import,
    import_to_change,
    note,
    place_of,
    plan_rows,
)
from supply.errors import Conflict
from supply.i18n import lazy
from supply.permissions import Actor

DONE = (Outcome.CREATE, Outcome.CHANGE)


def apply_import(session: Session, actor: Actor, import_id: UUID, *, version: int) -> ImportFile:
    """Carry every row out in this one transaction. It is planned anew, and must be what was looked at.

    Raises Conflict: "import_applied", "import_unseen", "import_faulty" (a row has an error), "import_empty",
    "import_outdated" (something changed since the preview).
    """
    file = import_to_change(session, actor, import_id, version)
    require_ready(file)
    planned = plan_rows(session, actor, file)
    if [row.told() for row in planned] != _seen(session, file):
        raise Conflict(
            "import_outdated",
            lazy("Something changed since the preview. Look at the preview again, then apply it."),
        )
    doing = [row for row in planned if row.outcome in DONE]
    KINDS[file.kind].apply(session, actor, place_of(session, actor, file.branch_id), file.id, doing)
    note(session, file, doing)
    file.begun_at = file.refusal = None
    file.state, file.applied_at, file.applied_by = ImportState.APPLIED, clock.now(), actor.person_id
    session.flush()
    told: dict[str, list[object]] = {
        name: [None, file.counts[name]] for name in (Outcome.CREATE.value, Outcome.CHANGE.value)
    }
    record(session, actor, file, "import.apply", {"file": [None, file.file_name], **told})
    return get_import(session, actor, file.id)


def require_ready(file: ImportFile) -> None:
    """Refuse what cannot be applied, whatever else has changed since the preview. Raises Conflict."""
    if file.state in (ImportState.APPLIED, ImportState.UNDONE):
        raise Conflict("import_applied", lazy("This import was applied already. Give the file once more."))
    if file.state is ImportState.READ:
        raise Conflict("import_unseen", lazy("Name the columns and look at the preview first."))
    if file.counts[Outcome.ERROR.value]:
        raise Conflict(
            "import_faulty",
            lazy("Rows with an error keep the whole file out. Correct them in the file and give it again."),
        )
    if not any(file.counts[outcome.value] for outcome in DONE):
        raise Conflict("import_empty", lazy("There is nothing to do: everything stands like this already."))


def _seen(session: Session, file: ImportFile) -> list[tuple[object, ...]]:
    query = select(ImportRow.number, ImportRow.subject, ImportRow.outcome, ImportRow.changes)
    return [
        tuple(row)
        for row in session.execute(query.where(ImportRow.import_id == file.id).order_by(ImportRow.number))
    ]


def record(
    session: Session, actor: Actor, file: ImportFile, action: str, changes: dict[str, list[object]]
) -> None:
    audit.record(
        session,
        actor,
        action=action,
        entity="import",
        entity_id=file.id,
        branch_id=file.branch_id,
        changes=changes,
    )
