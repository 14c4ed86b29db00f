"""Writing out what can be imported, in the same columns: an import of it changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
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


def kind_named(name: str) -> ImportKind:
    """Raises NotFound for what cannot be exported."""
    if name not in set(ImportKind):
        raise NotFound("export_not_found", lazy("There is nothing of this name to export."))
    return ImportKind(name)
