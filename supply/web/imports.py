"""Pages of imports: give a file, name its columns, look at every row, apply it, take it back; exports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import importing
from supply.domain.imports import applying, exporting, running, service, undoing
from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportFile, ImportKind, ImportState, Outcome
from supply.domain.imports.schemas import ChooseKind, PreviewImport, given_file, named_columns
from supply.domain.imports.tables import MOST_BYTES, MOST_ROWS
from supply.errors import Invalid
from supply.fields import BaseSchema, Day, Id, Whole
from supply.i18n import _, lazy, locale_now
from supply.permissions import Actor, Permission
from supply.tabular import csv_text, xlsx_bytes
from supply.web import import_rows
from supply.web.pages import NavGroup, Pages, current_form, query, render, say
from supply.web.session import current_branch
from supply.web.words import word

bp = Pages("imports", __name__)
_RUN = Permission.IMPORT_RUN
bp.nav(
    label=lazy("Import and export"),
    icon="upload",
    endpoint="imports.list_imports",
    permission=_RUN,
    order=66,
    group=NavGroup.SETUP,
)
PAGE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BODY = MOST_BYTES + 64 * 1024
Target = tuple[str, dict[str, Any]]


class ImportFilter(BaseSchema):
    kind = fields.Enum(ImportKind, by_value=True, load_default=None)
    before = Id(load_default=None)


class RowFilter(BaseSchema):
    outcome = fields.Enum(Outcome, by_value=True, load_default=None)
    after = Whole(minimum=0, maximum=1_000_000, load_default=0)


class ExportFilter(BaseSchema):
    format = fields.String(load_default="csv")
    first_on = Day(load_default=None)
    last_on = Day(load_default=None)


@bp.page("/imports", permission=_RUN)
def list_imports(session: Session, actor: Actor) -> str:
    chosen, branch = query(ImportFilter), current_branch()
    found = service.list_imports(session, actor, branch.id, limit=PAGE + 1, before=chosen["before"])
    may = [kind for kind, said in KINDS.items() if actor.may(said.permission, branch.id)]
    following = found[PAGE - 1].id if len(found) > PAGE else None
    return render(
        "imports/list.html",
        files=[import_rows.file_row(file) for file in found[:PAGE]],
        kinds=[(kind.value, word(kind)) for kind in may],
        chosen=chosen["kind"].value if chosen["kind"] in may else "",
        exports=[(word(kind), kind.value) for kind in KINDS],
        schema=ChooseKind,
        next_url=following and url_for("imports.list_imports", before=following),
        first_url=url_for("imports.list_imports") if chosen["before"] else None,
    )


def _read_file(data: dict[str, Any]) -> None:
    """The file beside the form, read before any transaction begins."""
    given = request.files.get("file")
    if given is None or not given.filename:
        raise Invalid("file_missing", lazy("Choose a file first."), field="file")
    read = given_file(given.stream.read(MOST_BYTES + 1))
    name = "".join(char for char in given.filename if char.isprintable())
    data |= {"digest": read.digest, "table": read.table, "file_name": name[:200] or "file"}


@bp.action(
    "/imports",
    permission=_RUN,
    schema=ChooseKind,
    back="imports.list_imports",
    first=_read_file,
    most_bytes=MOST_BODY,
)
def open_import(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    file = service.open_import(session, actor, **data)
    return "imports.name_columns", {"import_id": file.id}


@bp.page("/imports/<uuid:import_id>/columns", permission=_RUN)
def name_columns(session: Session, actor: Actor, import_id: UUID) -> str:
    file = service.get_import(session, actor, import_id)
    first = service.list_rows(session, file, limit=3)
    return render(
        "imports/columns.html",
        file=file,
        title=import_rows.file_row(file)["title"],
        columns=import_rows.column_rows(file, current_form().values),
        header=file.header,
        examples=[row.cells for row in first],
    )


@bp.action(
    "/imports/<uuid:import_id>/columns",
    permission=_RUN,
    schema=PreviewImport,
    versioned=True,
    back="imports.name_columns",
)
def preview_import(
    session: Session, actor: Actor, data: dict[str, Any], import_id: UUID, version: int
) -> Target:
    columns = named_columns(data["columns"])
    if _is_large(session, actor, import_id):
        begun = running.begin_previewing(session, actor, import_id, version=version, columns=columns)
        importing.go_on_soon(begun)
    else:
        service.preview(session, actor, import_id, version=version, columns=columns)
    return "imports.show_import", {"import_id": import_id}


@bp.page("/imports/<uuid:import_id>", permission=_RUN)
def show_import(session: Session, actor: Actor, import_id: UUID) -> str:
    file, chosen = service.get_import(session, actor, import_id), query(RowFilter)
    outcome = chosen["outcome"] or _first_shown(file)
    rows = service.list_rows(session, file, outcome=outcome, limit=PAGE + 1, after=chosen["after"])
    here: dict[str, Any] = {"import_id": import_id, "outcome": outcome.value}
    columns = KINDS[file.kind].columns
    return render(
        "imports/show.html",
        file=file,
        row=import_rows.file_row(file),
        figures=import_rows.figures(file),
        shown=outcome,
        rows=[import_rows.line_row(row, columns) for row in rows[:PAGE]],
        undone=import_rows.undone_facts(file),
        pace=running.progress_of(file),
        refusal=import_rows.refusal_told(file),
        doing=sum(file.counts.get(one.value, 0) for one in applying.DONE),
        faulty=file.counts.get(Outcome.ERROR.value, 0),
        again=file.state is ImportState.PREVIEWED and service.applied_before(session, file),
        next_url=url_for("imports.show_import", **here, after=rows[PAGE - 1].number)
        if len(rows) > PAGE
        else None,
        first_url=url_for("imports.show_import", **here) if chosen["after"] else None,
    )


def _first_shown(file: ImportFile) -> Outcome:
    """What needs to be looked at first: errors, then what is new."""
    order = (Outcome.ERROR, Outcome.CREATE, Outcome.CHANGE)
    return next((one for one in order if file.counts.get(one.value)), Outcome.SKIP)


@bp.page("/imports/<uuid:import_id>/rejects", permission=_RUN)
def download_rejects(session: Session, actor: Actor, import_id: UUID) -> Response:
    file = service.get_import(session, actor, import_id)
    rows = service.list_rows(session, file, outcome=Outcome.ERROR, limit=MOST_ROWS)
    return _csv(import_rows.rejects(file, rows), f"rejects-{import_id}")


@bp.action("/imports/<uuid:import_id>", permission=_RUN, versioned=True, back="imports.show_import")
def apply_import(session: Session, actor: Actor, import_id: UUID, version: int) -> str:
    if _is_large(session, actor, import_id):
        importing.go_on_soon(running.begin_applying(session, actor, import_id, version=version))
    else:
        applying.apply_import(session, actor, import_id, version=version)
        say(_("Applied: everything in the file is in."))
    return url_for("imports.show_import", import_id=import_id)


@bp.page("/imports/<uuid:import_id>/undoing", permission=_RUN)
def confirm_undoing(session: Session, actor: Actor, import_id: UUID) -> str:
    file = service.get_import(session, actor, import_id)
    return render("imports/undo.html", file=file, row=import_rows.file_row(file))


@bp.action(
    "/imports/<uuid:import_id>/undoing", permission=_RUN, versioned=True, back="imports.confirm_undoing"
)
def undo_import(session: Session, actor: Actor, import_id: UUID, version: int) -> str:
    if _is_large(session, actor, import_id):
        importing.go_on_soon(running.begin_undoing(session, actor, import_id, version=version))
    else:
        undoing.undo_import(session, actor, import_id, version=version)
        say(_("Taken back, as far as nobody had gone on with it."))
    return url_for("imports.show_import", import_id=import_id)


def _is_large(session: Session, actor: Actor, import_id: UUID) -> bool:
    """Whether it is gone on with after the answer."""
    return service.get_import(session, actor, import_id).row_count > running.SMALL


@bp.page("/exports/<kind>", permission=Permission.STOCK_SEE)
def download_export(session: Session, actor: Actor, kind: str) -> Response:
    chosen = query(ExportFilter)
    days = {name: chosen[name] for name in ("first_on", "last_on")}
    known = exporting.kind_named(kind)
    plain = exporting.export_rows(session, actor, current_branch().id, known, **days)
    rows = exporting.with_numbers(known, plain)
    if chosen["format"] != "xlsx":
        return _csv(rows, known.value)
    response = Response(xlsx_bytes(word(known), rows), mimetype=_XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{known.value}.xlsx"'
    return response


def _csv(rows: Iterable[Sequence[object]], name: str) -> Response:
    response = Response(csv_text(rows, locale_now()).encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
