"""Taking an import back: what nobody used is removed or put back, what was used stays and is told."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.imports.applying import DONE, record
from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportFile, ImportRow, ImportState, Outcome
from supply.domain.imports.planning import Planned
from supply.domain.imports.service import get_import, import_to_change, place_of
from supply.errors import Conflict
from supply.i18n import lazy
from supply.pacing import paced
from supply.permissions import Actor


def undo_import(session: Session, actor: Actor, import_id: UUID, *, version: int) -> ImportFile:
    """New things are removed, or hidden once something refers to them; changed fields are put back unless
    they were changed since; stock and usage are reversed in the ledger.

    Raises Conflict("import_not_applied"), Conflict("already_used") where stock of it is gone.
    """
    file = import_to_change(session, actor, import_id, version)
    require_applied(file)
    place = place_of(session, actor, file.branch_id)
    counts = KINDS[file.kind].undo(session, actor, place, file.id, _done(session, file))
    file.undone = {name: count for name, count in counts.items() if count}
    file.begun_at = file.refusal = None
    file.state, file.undone_at, file.undone_by = ImportState.UNDONE, clock.now(), actor.person_id
    session.flush()
    told: dict[str, list[object]] = {name: [None, count] for name, count in file.undone.items()}
    record(session, actor, file, "import.undo", {"file": [file.file_name, None], **told})
    return get_import(session, actor, file.id)


def require_applied(file: ImportFile) -> None:
    """Refuse what cannot be taken back, whatever became of it since. Raises Conflict."""
    if file.state is not ImportState.APPLIED:
        raise Conflict("import_not_applied", lazy("Only an import that was applied can be taken back."))


def _done(session: Session, file: ImportFile) -> list[Planned]:
    query = select(ImportRow).where(ImportRow.import_id == file.id, ImportRow.outcome.in_(DONE))
    return [
        Planned(row.number, row.subject or "", Outcome(row.outcome), row.changes, entity_id=row.entity_id)
        for row in paced(session.scalars(query.order_by(ImportRow.number)))
        if row.outcome is not None
    ]
