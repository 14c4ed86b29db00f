"""Files for imports, and an import from the file to its end, through the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.imports import applying, service, undoing
from supply.domain.imports.models import ImportFile, ImportKind, ImportRow
from supply.domain.imports.schemas import GivenFile, given_file
from supply.permissions import Actor


def csv_file(*lines: Sequence[str], separator: str = ";", encoding: str = "utf-8") -> bytes:
    """Lines of cells that need no quotes."""
    return "\r\n".join(separator.join(line) for line in lines).encode(encoding)


def give(actor: Actor, branch_id: UUID, kind: ImportKind, content: bytes, **otherwise: str) -> ImportFile:
    """A file given and looked at as its columns were guessed; `otherwise`: what holds for all rows."""
    given: GivenFile = given_file(content)

    def work(session: Session) -> ImportFile:
        file = service.open_import(
            session,
            actor,
            branch_id=branch_id,
            kind=kind,
            file_name="a file",
            digest=given.digest,
            table=given.table,
        )
        return looked_at(session, actor, file, otherwise)

    return write_transaction(work)


def looked_at(
    session: Session, actor: Actor, file: ImportFile, otherwise: Mapping[str, str] = {}
) -> ImportFile:
    columns: dict[str, dict[str, Any]] = {
        name: {"place": source.place, "otherwise": otherwise.get(name, source.otherwise)}
        for name, source in service.sources_of(file).items()
    }
    return service.preview(session, actor, file.id, version=file.version, columns=columns)


def apply(actor: Actor, file: ImportFile) -> ImportFile:
    return write_transaction(lambda s: applying.apply_import(s, actor, file.id, version=file.version))


def undo(actor: Actor, file: ImportFile) -> ImportFile:
    return write_transaction(lambda s: undoing.undo_import(s, actor, file.id, version=file.version))


def rows_of(file: ImportFile) -> list[ImportRow]:
    return read_snapshot(lambda session: service.list_rows(session, file, limit=20_000))


def outcomes(file: ImportFile) -> list[str]:
    return [row.outcome.value for row in rows_of(file) if row.outcome]
