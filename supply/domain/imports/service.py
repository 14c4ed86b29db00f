"""Imports from the file to the preview: read, columns named, every row planned. Nothing of it is done yet.

Owns the imports themselves. What a row means is for the kinds; doing it is in applying, taking it back in
undoing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, joinedload

from supply import clock
from supply.database import new_id
from supply.domain.branches import service as branches
from supply.domain.imports.columns import Source, guessed, told_rows
from supply.domain.imports.faults import Faults, in_all_languages
from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportFile, ImportKind, ImportRow, ImportState, Outcome
from supply.domain.imports.planning import Kind, Place, Planned
from supply.domain.imports.tables import Table
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.writing import write_later

LIFE = timedelta(days=30)
Given = Mapping[str, Mapping[str, Any]]


def open_import(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    kind: ImportKind,
    file_name: str,
    digest: str,
    table: Table,
) -> ImportFile:
    """Keep what a file holds; its columns are named as for the last file with these headings, or guessed."""
    _require(actor, KINDS[kind], branch_id)
    marked = hashlib.sha256(json.dumps(table.header).encode()).hexdigest()
    file = ImportFile(
        id=new_id(),
        branch_id=branch_id,
        kind=kind,
        state=ImportState.READ,
        file_name=file_name[:200],
        digest=digest,
        header=list(table.header),
        header_digest=marked,
        sources={},
        row_count=len(table.rows),
        counts={},
        undone={},
        created_at=clock.now(),
        person_id=actor.person_id,
    )
    file.sources = _remembered(session, file) or kept(guessed(KINDS[kind].columns, table.header))
    session.add(file)
    session.flush()
    blank: dict[str, Any] = {
        "import_id": file.id,
        "outcome": None,
        "subject": None,
        "entity_id": None,
        "changes": {},
        "faults": [],
    }
    rows = [{**blank, "number": number, "cells": list(cells)} for number, cells in table.rows]
    session.execute(insert(ImportRow), rows)
    return get_import(session, actor, file.id)


def _remembered(session: Session, file: ImportFile) -> dict[str, Any] | None:
    """How the columns of the last such file were named that somebody looked at."""
    query = (
        select(ImportFile.sources)
        .where(
            ImportFile.branch_id == file.branch_id,
            ImportFile.kind == file.kind,
            ImportFile.header_digest == file.header_digest,
            ImportFile.state != ImportState.READ,
        )
        .order_by(ImportFile.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def kept(sources: Mapping[str, Source]) -> dict[str, Any]:
    return {name: [source.place, source.otherwise] for name, source in sources.items()}


def sources_of(file: ImportFile) -> dict[str, Source]:
    """By every column of its kind, also one that came later than the file."""
    told = {column.name: file.sources.get(column.name, (None, "")) for column in KINDS[file.kind].columns}
    return {name: Source(place, otherwise) for name, (place, otherwise) in told.items()}


def get_import(session: Session, actor: Actor, import_id: UUID) -> ImportFile:
    """An import of one of the person's branches. Raises NotFound."""
    query = select(ImportFile).where(ImportFile.id == import_id).options(joinedload(ImportFile.person))
    file = session.scalar(query)
    if file is None or not actor.belongs_to(file.branch_id):
        raise NotFound("import_not_found", lazy("There is no such import in your branches."))
    _require(actor, KINDS[file.kind], file.branch_id)
    return file


def list_imports(
    session: Session, actor: Actor, branch_id: UUID, *, limit: int = 50, before: UUID | None = None
) -> list[ImportFile]:
    """Imports of a branch that the person may look at, newest first."""
    require(actor, Permission.IMPORT_RUN, branch_id)
    may = [kind for kind, said in KINDS.items() if actor.may(said.permission, branch_id)]
    query = (
        select(ImportFile)
        .options(joinedload(ImportFile.person))
        .where(ImportFile.branch_id == branch_id, ImportFile.kind.in_(may))
        .order_by(ImportFile.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ImportFile.id < before)
    return list(session.scalars(query))


def list_rows(
    session: Session, file: ImportFile, *, outcome: Outcome | None = None, limit: int = 50, after: int = 0
) -> list[ImportRow]:
    """Rows of an import in the order of the file."""
    query = select(ImportRow).where(ImportRow.import_id == file.id, ImportRow.number > after)
    if outcome is not None:
        query = query.where(ImportRow.outcome == outcome)
    return list(session.scalars(query.order_by(ImportRow.number).limit(limit)))


def applied_before(session: Session, file: ImportFile) -> bool:
    """Whether the very same file was applied here already and not taken back."""
    same = (
        ImportFile.branch_id == file.branch_id,
        ImportFile.kind == file.kind,
        ImportFile.digest == file.digest,
        ImportFile.header_digest == file.header_digest,
        ImportFile.state == ImportState.APPLIED,
    )
    return session.scalar(select(ImportFile.id).where(*same).limit(1)) is not None


def forget_old(session: Session) -> int:
    """Delete the files of more than thirty days ago that nobody applied, with their rows; how many."""
    idle = ImportFile.state.in_((ImportState.READ, ImportState.PREVIEWED))
    old = select(ImportFile.id).where(idle, ImportFile.created_at < clock.now() - LIFE)
    session.execute(delete(ImportRow).where(ImportRow.import_id.in_(old)))
    return int(getattr(session.execute(delete(ImportFile).where(ImportFile.id.in_(old))), "rowcount", 0))


def import_to_change(session: Session, actor: Actor, import_id: UUID, version: int) -> ImportFile:
    """The import, locked, if the person may and has seen its present version."""
    get_import(session, actor, import_id)
    locked = session.get(ImportFile, import_id, with_for_update={"of": ImportFile}, populate_existing=True)
    assert locked is not None
    if locked.version != version:
        raise Stale(
            "stale",
            lazy("Somebody went on with this import meanwhile. Look at it again, then repeat your change."),
            details={"version": locked.version},
        )
    return locked


def preview(session: Session, actor: Actor, import_id: UUID, *, version: int, columns: Given) -> ImportFile:
    """Name the columns and plan every row. columns: {column: {place (from 0, or None), otherwise (a text)}}.

    Raises Invalid naming "columns", Conflict("import_applied").
    """
    return _plan(session, actor, name_columns(session, actor, import_id, version=version, columns=columns))


def name_columns(
    session: Session, actor: Actor, import_id: UUID, *, version: int, columns: Given
) -> ImportFile:
    """Name the columns alone, as preview does and with its refusals: the rows have still to be planned."""
    file = import_to_change(session, actor, import_id, version)
    if file.state in (ImportState.APPLIED, ImportState.UNDONE):
        raise Conflict("import_applied", lazy("This import was applied already. Give the file once more."))
    file.sources, file.counts = kept(_named(file, columns)), {}
    file.state, file.begun_at, file.refusal = ImportState.READ, None, None
    return file


def plan_named(session: Session, actor: Actor, import_id: UUID, *, version: int) -> ImportFile:
    """Plan every row by the columns as they are named."""
    return _plan(session, actor, import_to_change(session, actor, import_id, version))


def _plan(session: Session, actor: Actor, file: ImportFile) -> ImportFile:
    file.state, file.begun_at, file.refusal = ImportState.PREVIEWED, None, None
    planned = plan_rows(session, actor, file)
    file.counts = counted(planned)
    note(session, file, planned, in_all_languages(planned, lambda: plan_rows(session, actor, file)))
    session.flush()
    return get_import(session, actor, file.id)


def _named(file: ImportFile, columns: Given) -> dict[str, Source]:
    kind = KINDS[file.kind]
    unknown = columns.keys() - {column.name for column in kind.columns}
    if unknown:
        words = lazy("There is no such column: %(names)s.", names=", ".join(sorted(unknown)))
        raise Invalid("column_unknown", words, field="columns")
    sources = {}
    for column in kind.columns:
        told = columns.get(column.name, {})
        place, otherwise = told.get("place"), told.get("otherwise") or ""
        if place is not None and place >= len(file.header):
            words = lazy("The file has only %(count)s columns.", count=len(file.header))
            raise Invalid("place_unknown", words, field=f"columns.{column.name}")
        if column.required and place is None and not otherwise:
            words = lazy("Say which column of the file this is, or what holds for all rows.")
            raise Invalid("column_missing", words, field=f"columns.{column.name}")
        sources[column.name] = Source(place, otherwise)
    return sources


def plan_rows(session: Session, actor: Actor, file: ImportFile) -> list[Planned]:
    """What each row does as things stand now."""
    query = select(ImportRow.number, ImportRow.cells).where(ImportRow.import_id == file.id)
    rows = tuple(
        (number, tuple(cells)) for number, cells in session.execute(query.order_by(ImportRow.number))
    )
    told = told_rows(Table(tuple(file.header), rows), sources_of(file))
    return KINDS[file.kind].plan(session, actor, place_of(session, actor, file.branch_id), told)


def place_of(session: Session, actor: Actor, branch_id: UUID) -> Place:
    branch = branches.get_branch(session, actor, branch_id)
    return Place(branch.id, branch.timezone, branch.currency, clock.today(branch.timezone))


def counted(planned: Sequence[Planned]) -> dict[str, int]:
    found = Counter(row.outcome for row in planned)
    return {outcome.value: found[outcome] for outcome in Outcome}


def note(
    session: Session, file: ImportFile, planned: Sequence[Planned], faults: Mapping[int, Faults] | None = None
) -> None:
    """Keep with each row what it is planned to do, or did."""
    faults = faults or {}
    rows = [
        {
            "import_id": file.id,
            "number": row.number,
            "outcome": row.outcome.value,
            "subject": row.subject[:120],
            "entity_id": row.entity_id,
            "changes": row.changes,
            "faults": faults.get(row.number, []),
        }
        for row in planned
    ]
    write_later(session, ImportRow, rows, key=("import_id", "number"), update=True)


def _require(actor: Actor, kind: Kind, branch_id: UUID) -> None:
    require(actor, Permission.IMPORT_RUN, branch_id)
    require(actor, kind.permission, branch_id)
