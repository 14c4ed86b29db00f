"""Imports in words for people: the list, the columns to name, what each row does and why one cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from flask import url_for

from supply.domain.catalog.models import Category
from supply.domain.imports.columns import Column
from supply.domain.imports.faults import expected_in
from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportFile, ImportRow, ImportState, Outcome
from supply.domain.imports.running import progress_of
from supply.domain.imports.schemas import columns_view
from supply.domain.treatments.recipe import Scale
from supply.i18n import _, lazy, locale_now
from supply.presenting import format_instant, format_number, unit_symbol
from supply.quantity import Dimension
from supply.web.session import current_branch
from supply.web.supplier_days import days_named
from supply.web.words import word

_STATES = {
    ImportState.READ: "info",
    ImportState.PREVIEWED: "warning",
    ImportState.APPLIED: "ok",
    ImportState.UNDONE: "neutral",
}
# What goes on after the answer, by the state that it begins in.
_UNDER_WAY = {
    ImportState.READ: lazy("Being looked through"),
    ImportState.PREVIEWED: lazy("Being applied"),
    ImportState.APPLIED: lazy("Being taken back"),
}
_WORDS = {
    Outcome.CREATE: lazy("New"),
    Outcome.CHANGE: lazy("Changed"),
    Outcome.SKIP: lazy("As it is"),
    Outcome.ERROR: lazy("Error"),
}
_OUTCOMES = {Outcome.CREATE: "ok", Outcome.CHANGE: "info", Outcome.SKIP: "neutral", Outcome.ERROR: "danger"}


# What a column's codes are codes of, and which columns hold a unit.
_CODES: dict[str, type[StrEnum]] = {"category": Category, "dimension": Dimension, "scale": Scale}
_UNITS = frozenset({"unit", "stock_unit", "usage_unit"})


def file_row(file: ImportFile) -> dict[str, Any]:
    when = format_instant(file.created_at, current_branch().timezone)
    return {
        "title": f"{word(file.kind)}: {file.file_name}",
        "detail": f"{when} · {file.person.name} · {rows_told(file.row_count)}",
        "url": url_for("imports.show_import", import_id=file.id),
        "status": _status(file),
    }


def _status(file: ImportFile) -> tuple[str, str]:
    progress = progress_of(file)
    if progress is not None and progress.under_way:
        return "info", str(_UNDER_WAY[file.state])
    return _STATES[file.state], word(file.state)


def refusal_told(file: ImportFile) -> str | None:
    """Why what was begun last came to nothing, in the reader's language."""
    if file.refusal is None:
        return None
    return file.refusal.get(locale_now()) or _("Something went wrong in the program. It has been noted down.")


def rows_told(count: int) -> str:
    return _("%(count)s rows", count=format_number(count))


def column_rows(file: ImportFile, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each of our columns: what can be chosen, what is, and what holds where it is empty."""
    choices = [
        (place, heading or _("Column %(number)s", number=place))
        for place, heading in enumerate(file.header, 1)
    ]
    rows = []
    for number, told in enumerate(columns_view(file)):
        column = KINDS[file.kind].column(told["column"])
        assert column is not None
        rows.append(
            {
                **told,
                "choices": choices,
                "example": told_cell(column.example, column.name),
                "place": typed.get(f"columns-{number}-place", told["place"] or ""),
                "otherwise": typed.get(f"columns-{number}-otherwise", told["otherwise"]),
            }
        )
    return rows


def figures(file: ImportFile) -> list[tuple[Outcome, str, str]]:
    """(outcome, its word, how many rows) of a preview."""
    return [
        (outcome, str(_WORDS[outcome]), format_number(file.counts.get(outcome.value, 0)))
        for outcome in Outcome
    ]


def undone_facts(file: ImportFile) -> list[tuple[str, str]]:
    words = {
        "removed": _("Removed, since nothing was made of it"),
        "hidden": _("Hidden, since it was used"),
        "restored": _("Put back as it was"),
        "kept": _("Kept, since it was changed later"),
        "reversed": _("Reversed in the ledger"),
    }
    return [(words[name], format_number(count)) for name, count in file.undone.items() if name in words]


def told_cell(text: str, column: str) -> str:
    """A cell as the reader says it: yes, no, units, days and codes of the file in words of theirs."""
    if column == "order_days":
        return days_named(text)
    kind = _CODES.get(column)
    if kind is not None and text in list(kind):
        return word(kind(text))
    if column in _UNITS:
        return unit_symbol(text)
    return {"yes": _("yes"), "no": _("no")}.get(text, text)


def line_row(row: ImportRow, columns: Sequence[Column]) -> dict[str, Any]:
    """A row of the preview: what it is about, what changes, what is wrong with it."""
    labels = {column.name: str(column.label) for column in columns} | {"left_out": _("Left out")}
    outcome = Outcome(row.outcome) if row.outcome else Outcome.SKIP
    language = locale_now()
    shown = {name: pair for name, pair in row.changes.items() if not name.startswith("_")}
    return {
        "number": row.number,
        "subject": row.subject or next((cell for cell in row.cells if cell), ""),
        "status": (_OUTCOMES[outcome], str(_WORDS[outcome])),
        "changes": [
            (
                labels.get(name, name),
                told_cell(before, name) if outcome is Outcome.CHANGE else "",
                told_cell(after, name) or _("(empty)"),
            )
            for name, (before, after) in shown.items()
        ],
        "faults": [
            (labels.get(fault["column"], fault["column"]), expected_in(fault, language), fault["found"])
            for fault in row.faults
        ],
    }


def rejects(file: ImportFile, rows: Sequence[ImportRow]) -> list[list[str]]:
    """The rows with an error as they stood, what is wrong in a last column."""
    labels = {column.name: str(column.label) for column in KINDS[file.kind].columns}
    language = locale_now()
    told = []
    for row in rows:
        said = [
            f"{labels.get(fault['column'], fault['column'])}: {expected_in(fault, language)}"
            for fault in row.faults
        ]
        told.append([*row.cells, " ".join(said)])
    return [[*file.header, _("Error")], *told]
