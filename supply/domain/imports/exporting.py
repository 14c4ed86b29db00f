"""Writing out what can be imported, in the same columns: an import of it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.imports.kinds import KINDS
from supply.domain.imports.models import ImportKind
from supply.domain.imports.service import place_of
from supply.domain.imports.tables import MOST_ROWS
from supply.errors import Invalid, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

DAYS = 90
_NUMBERS = frozenset({"amount", "cost", "density", "natural_step", "order_fee"})


def export_rows(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    kind: ImportKind,
    *,
    first_on: date | None = None,
    last_on: date | None = None,
) -> list[list[str]]:
    """The headings and a row for each thing. Of past usage the days from first to last, else the last 90.

    Raises Invalid("export_too_large") where it would not go into one file.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    place = place_of(session, actor, branch_id)
    last = last_on or place.today
    first = first_on or last - timedelta(days=DAYS)
    columns = KINDS[kind].columns
    found = list(islice(KINDS[kind].export(session, place, first, last), MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise Invalid(
            "export_too_large",
            lazy("This is more than %(most)s rows. Choose fewer days.", most=MOST_ROWS),
            field="first_on",
        )
    return [
        [str(column.label) for column in columns],
        *([cells.get(column.name, "") for column in columns] for cells in found),
    ]


def with_numbers(kind: ImportKind, rows: Sequence[Sequence[str]]) -> list[list[str | Decimal]]:
    """The same rows for a spreadsheet, which takes numbers as its language writes them."""
    numbers = [column.name in _NUMBERS for column in KINDS[kind].columns]
    told = [
        [Decimal(cell) if number and cell else cell for cell, number in zip(row, numbers, strict=True)]
        for row in rows[1:]
    ]
    return [list(rows[0]), *told]


def kind_named(name: str) -> ImportKind:
    """Raises NotFound for what cannot be exported."""
    if name not in set(ImportKind):
        raise NotFound("export_not_found", lazy("There is nothing of this name to export."))
    return ImportKind(name)
