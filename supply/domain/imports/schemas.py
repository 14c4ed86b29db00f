"""What imports look like coming in and going out."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from supply.domain.imports.faults import expected_in
from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportFile, ImportKind, ImportRow, ImportState, Outcome
from supply.domain.imports.parsing import read_table
from supply.domain.imports.running import progress_of
from supply.domain.imports.service import sources_of
from supply.domain.imports.tables import MOST_BYTES, MOST_COLUMNS, MOST_TEXT, Table
from supply.errors import Invalid
from supply.fields import BaseSchema, Code, Day, Id, Moment, OutSchema, Text, Whole, some
from supply.i18n import lazy, locale_now

# Base64 takes four bytes for three; the rest is what stands around it.
MOST_BODY = MOST_BYTES * 4 // 3 + 64 * 1024
MOST_NAMED = 30


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that was read: the digest of its bytes, and its table."""

    digest: str
    table: Table


def given_file(content: bytes) -> GivenFile:
    """Raises Invalid naming "file"."""
    return GivenFile(hashlib.sha256(content).hexdigest(), read_table(content))


class FileContent(fields.Field[GivenFile]):
    """A CSV or XLSX file in base64, read as it is loaded."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {}).update({"type": "string", "contentEncoding": "base64"})
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> GivenFile:
        try:
            content = b64decode(value, validate=True)
        except (TypeError, ValueError) as error:
            raise ValidationError(str(lazy("Send the file in base64."))) from error
        try:
            return given_file(content)
        except Invalid as error:
            raise ValidationError(str(error.message)) from error


class ChooseKind(BaseSchema):
    """What a file is about; the file itself comes beside it."""

    branch_id = Id(required=True)
    kind = fields.Enum(
        ImportKind, by_value=True, required=True, metadata={"label": lazy("What the file holds")}
    )


class OpenImport(ChooseKind):
    file_name = Text(
        required=True, max_length=200, metadata={"label": lazy("Name of the file"), "example": "items.csv"}
    )
    content = FileContent(required=True)


class NameColumn(BaseSchema):
    """Which column of the file is a column of ours, and what holds where its cell is empty."""

    column = Code(required=True, metadata={"example": "code"})
    place = Whole(
        minimum=1,
        maximum=MOST_COLUMNS,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Column of the file"), "description": "Counted from 1.", "example": 1},
    )
    otherwise = Text(
        min_length=0,
        max_length=MOST_TEXT,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Where it is empty"), "description": "What holds where the cell is empty."},
    )


class PreviewImport(BaseSchema):
    columns = fields.List(
        fields.Nested(NameColumn),
        required=True,
        validate=some(MOST_NAMED),
        metadata={"label": lazy("Columns")},
    )


class ListImports(BaseSchema):
    branch_id = Id(required=True)


class ListImportRows(BaseSchema):
    outcome = fields.Enum(
        Outcome, by_value=True, load_default=None, metadata={"description": "Only rows with it."}
    )


class ExportQuery(BaseSchema):
    branch_id = Id(required=True)
    kind = fields.Enum(ImportKind, by_value=True, required=True, metadata={"label": lazy("What to export")})
    first_on = Day(load_default=None, metadata={"label": lazy("First day"), "description": "Of past usage."})
    last_on = Day(load_default=None, metadata={"label": lazy("Last day"), "description": "Of past usage."})


class ExportOut(OutSchema):
    """Headings in the reader's language, and rows of texts below them: what an import of this kind takes."""

    header = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)


class ImportColumnOut(OutSchema):
    """A column of ours and where its text comes from: the place of a column of the file, counted from 1."""

    column = fields.String(required=True, metadata={"example": "code"})
    label = fields.String(required=True)
    required = fields.Boolean(required=True)
    place = fields.Integer(required=True, allow_none=True)
    otherwise = fields.String(required=True)


class ImportCountsOut(OutSchema):
    """How many rows are planned to do what."""

    create = fields.Integer(required=True)
    change = fields.Integer(required=True)
    skip = fields.Integer(required=True)
    error = fields.Integer(required=True)


class ImportUndoneOut(OutSchema):
    """What taking it back did, in things; what was changed since is kept."""

    removed = fields.Integer(required=True)
    hidden = fields.Integer(required=True)
    restored = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    reversed = fields.Integer(required=True)


class ImportProgressOut(OutSchema):
    """How much of the work is through, null where another machine is at it; all of it is done, or nothing."""

    done = fields.Integer(required=True, allow_none=True)
    total = fields.Integer(required=True)
    under_way = fields.Boolean(required=True)


class ImportOut(OutSchema):
    id = fields.UUID(required=True)
    branch_id = fields.UUID(required=True)
    kind = fields.Enum(ImportKind, by_value=True, required=True)
    state = fields.Enum(ImportState, by_value=True, required=True)
    file_name = fields.String(required=True)
    header = fields.List(fields.String(), required=True)
    columns = fields.List(fields.Nested(ImportColumnOut), required=True)
    row_count = fields.Integer(required=True)
    counts = fields.Nested(ImportCountsOut, required=True)
    undone = fields.Nested(ImportUndoneOut, required=True)
    created_at = Moment(required=True)
    person_id = fields.UUID(required=True)
    applied_at = Moment(required=True, allow_none=True)
    progress = fields.Nested(
        ImportProgressOut,
        required=True,
        allow_none=True,
        metadata={"description": "While a page has it previewed, applied or taken back after its answer."},
    )
    undone_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class ImportChangeOut(OutSchema):
    """A column before and after, as text."""

    column = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class ImportFaultOut(OutSchema):
    """Why a row cannot be taken in: the column, what would be right, what stands there."""

    column = fields.String(required=True)
    expected = fields.String(required=True)
    found = fields.String(required=True)


class ImportRowOut(OutSchema):
    """A row as a spreadsheet numbers it, what it is about, and what it does."""

    number = fields.Integer(required=True)
    cells = fields.List(fields.String(), required=True)
    outcome = fields.Enum(Outcome, by_value=True, required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    entity_id = fields.UUID(required=True, allow_none=True)
    changes = fields.List(fields.Nested(ImportChangeOut), required=True)
    faults = fields.List(fields.Nested(ImportFaultOut), required=True)


def export_view(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    return {"header": rows[0], "rows": rows[1:]}


def import_view(file: ImportFile) -> dict[str, Any]:
    names = ("id", "branch_id", "kind", "state", "file_name", "header", "row_count", "created_at")
    more = ("person_id", "applied_at", "undone_at", "version")
    told = {name: getattr(file, name) for name in (*names, *more)}
    told["progress"] = progress_of(file)
    told["columns"] = columns_view(file)
    told["counts"] = {outcome.value: file.counts.get(outcome.value, 0) for outcome in Outcome}
    told["undone"] = {name: file.undone.get(name, 0) for name in ImportUndoneOut().fields}
    return told


def columns_view(file: ImportFile) -> list[dict[str, Any]]:
    sources = sources_of(file)
    return [
        {
            "column": column.name,
            "label": str(column.label),
            "required": column.required,
            "place": None if (place := sources[column.name].place) is None else place + 1,
            "otherwise": sources[column.name].otherwise,
        }
        for column in KINDS[file.kind].columns
    ]


def row_view(row: ImportRow) -> dict[str, Any]:
    names = ("number", "cells", "outcome", "subject", "entity_id")
    language = locale_now()
    faults = [{**fault, "expected": expected_in(fault, language)} for fault in row.faults]
    changes = [
        {"column": name, "before": before, "after": after}
        for name, (before, after) in row.changes.items()
        if not name.startswith("_")
    ]
    return {**{name: getattr(row, name) for name in names}, "changes": changes, "faults": faults}


def named_columns(columns: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What service.preview takes: places counted from 0."""
    return {
        row["column"]: {
            "place": None if row["place"] is None else row["place"] - 1,
            "otherwise": row["otherwise"] or "",
        }
        for row in columns
    }
