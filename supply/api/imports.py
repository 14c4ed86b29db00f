"""Imports over the API: a file given, its columns named, its rows planned, applied as a whole, taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import identified, numbered
from supply.api.endpoint import ApiBlueprint
from supply.domain.imports import applying, exporting, service, undoing
from supply.domain.imports.schemas import (
    MOST_BODY,
    ExportOut,
    ExportQuery,
    ImportOut,
    ImportRowOut,
    ListImportRows,
    ListImports,
    OpenImport,
    PreviewImport,
    export_view,
    import_view,
    named_columns,
    row_view,
)
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "imports",
    description="Items, suppliers, recipes, opening stock and past usage from CSV and XLSX: planned row by "
    "row, applied as a whole or not at all, taken back.",
)
_RUN = Permission.IMPORT_RUN
_BRANCH = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"
# code;name_vi;category;stock_unit / gung;Gừng tươi;root;kg
_FILE = "Y29kZTtuYW1lX3ZpO2NhdGVnb3J5O3N0b2NrX3VuaXQKZ3VuZztH4burbmcgdMawxqFpO3Jvb3Q7a2cK"


@blp.get(
    "/exports",
    permission=Permission.STOCK_SEE,
    query=ExportQuery,
    out=ExportOut,
    summary="Export what can be imported",
    description="`items`, `suppliers`, `recipes`, `opening-stock` (what stands now) or `past-usage`, in the "
    "columns in which it is imported, at most 10,000 rows. An import of it changes nothing.",
)
def export_rows(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    return export_view(exporting.export_rows(session, actor, **query))


@blp.get(
    "/imports",
    permission=_RUN,
    query=ListImports,
    page_of=ImportOut,
    summary="List imports",
    description="Those of a branch, newest first, of the kinds that you may import.",
)
def list_imports(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    limit, before = query["limit"], identified(query["cursor"])
    found = service.list_imports(session, actor, query["branch_id"], limit=limit + 1, before=before)
    more = (str(found[limit - 1].id),) if len(found) > limit else None
    return [import_view(file) for file in found[:limit]], more


@blp.post(
    "/imports",
    permission=_RUN,
    body=OpenImport,
    out=ImportOut,
    status=201,
    etag=True,
    most_bytes=MOST_BODY,
    summary="Give a file to import",
    description="CSV (UTF-8, UTF-16 or cp1258; parted by ; or tab or comma) or XLSX in base64, at most 5 MB "
    "and 10,000 rows. Its columns are named as for the last file with these headings, else guessed; "
    "nothing is planned or changed yet. Takes the right to change by hand what it holds.",
    example={"branch_id": _BRANCH, "kind": "items", "file_name": "items.csv", "content": _FILE},
)
def open_import(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    given = data.pop("content")
    return import_view(service.open_import(session, actor, digest=given.digest, table=given.table, **data))


@blp.get(
    "/imports/<uuid:import_id>",
    permission=_RUN,
    out=ImportOut,
    etag=True,
    summary="Get an import",
    description="Where it stands, how its columns are named, and how many rows do what.",
)
def get_import(session: Session, actor: Actor, import_id: UUID) -> Any:
    return import_view(service.get_import(session, actor, import_id))


@blp.get(
    "/imports/<uuid:import_id>/rows",
    permission=_RUN,
    query=ListImportRows,
    page_of=ImportRowOut,
    summary="List the rows of an import",
    description="In the order of the file: what each does, field by field, and why a row cannot be taken in.",
)
def list_import_rows(session: Session, actor: Actor, query: dict[str, Any], import_id: UUID) -> Any:
    file = service.get_import(session, actor, import_id)
    limit, after = query["limit"], numbered(query["cursor"]) or 0
    found = service.list_rows(session, file, outcome=query["outcome"], limit=limit + 1, after=after)
    more = (found[limit - 1].number,) if len(found) > limit else None
    return [row_view(row) for row in found[:limit]], more


@blp.put(
    "/imports/<uuid:import_id>/preview",
    permission=_RUN,
    body=PreviewImport,
    out=ImportOut,
    etag=True,
    versioned=True,
    summary="Name the columns and plan every row",
    description="What is not named is not told by the file. May be repeated until the import is applied; the "
    "columns are remembered for the next file with these headings.",
    example={"columns": [{"column": "code", "place": 1}, {"column": "category", "otherwise": "root"}]},
    conflicts=("import_applied",),
)
def preview_import(
    session: Session, actor: Actor, data: dict[str, Any], import_id: UUID, version: int
) -> Any:
    columns = named_columns(data["columns"])
    return import_view(service.preview(session, actor, import_id, version=version, columns=columns))


@blp.post(
    "/imports/<uuid:import_id>/application",
    permission=_RUN,
    out=ImportOut,
    status=201,
    etag=True,
    versioned=True,
    summary="Apply an import",
    description="Every row in one transaction, or none. It is planned anew and must be what was previewed.",
    conflicts=("import_applied", "import_unseen", "import_faulty", "import_empty", "import_outdated"),
)
def apply_import(session: Session, actor: Actor, import_id: UUID, version: int) -> Any:
    return import_view(applying.apply_import(session, actor, import_id, version=version))


@blp.post(
    "/imports/<uuid:import_id>/undoing",
    permission=_RUN,
    out=ImportOut,
    status=201,
    etag=True,
    versioned=True,
    summary="Take an import back",
    description="New things are removed, or hidden once something refers to them; changed fields are put "
    "back unless they were changed since; stock and usage are reversed in the ledger.",
    conflicts=("import_not_applied", "already_used"),
)
def undo_import(session: Session, actor: Actor, import_id: UUID, version: int) -> Any:
    return import_view(undoing.undo_import(session, actor, import_id, version=version))
