"""Page of what may stand in for an item: the whole list in one form, most wanted first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.treatments import substitutes
from supply.domain.treatments.schemas import SaveSubstitutes
from supply.domain.treatments.substitutes import SubstituteRow
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_quantity, unit_symbol
from supply.quantity import UNITS
from supply.web.frame import named
from supply.web.pages import Pages, render, say
from supply.web.units import unit_options

bp = Pages("substitutes", __name__)
Target = tuple[str, dict[str, Any]]
# As many items as one select can still be used with; a spa's catalogue is far smaller.
MOST_ITEMS = 500


@bp.page("/items/<uuid:item_id>/substitutes", permission=Permission.CATALOG_MANAGE)
def edit_substitutes(session: Session, actor: Actor, item_id: UUID) -> str:
    known = substitutes.list_substitutes(session, item_id)
    rows = known.substitutes
    others = catalog.list_items(session, limit=MOST_ITEMS)
    offered = {item.id: item for item in (*others, *(row.substitute for row in rows)) if item.id != item_id}
    return render(
        "catalog/substitutes.html",
        schema=SaveSubstitutes,
        item=known.item,
        rows=[_form_row(row) for row in rows],
        items=[(item.id, named(item)) for item in offered.values()],
        units=_units(list(offered.values())),
        for_units=unit_options(known.item),
    )


def _units(items: list[Item]) -> list[tuple[str, str, Any]]:
    own = {unit.code: named(unit) for item in items for unit in item.units}
    common = [(unit.code, unit_symbol(unit.code), unit.factor) for unit in UNITS.values()]
    return common + [(code, name, "") for code, name in sorted(own.items())]


def _form_row(row: SubstituteRow) -> dict[str, Any]:
    amount, unit = catalog.told_amount(row.substitute, row.numerator)
    for_amount, for_unit = catalog.told_amount(row.item, row.denominator)
    return {
        "substitute_id": row.substitute.id,
        "amount": format(amount, "f"),
        "unit": unit,
        "for_amount": format(for_amount, "f"),
        "for_unit": for_unit,
        "note": row.note,
        "assumed": row.assumed,
    }


@bp.action(
    "/items/<uuid:item_id>/substitutes",
    permission=Permission.CATALOG_MANAGE,
    schema=SaveSubstitutes,
    back="substitutes.edit_substitutes",
    versioned=True,
)
def save_substitutes(
    session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int
) -> Target:
    substitutes.save_substitutes(session, actor, item_id, version=version, **data)
    say(_("Saved."))
    return "catalog.edit_item", {"item_id": item_id}


def told_substitute(row: SubstituteRow) -> dict[str, Any]:
    """A substitute as the item's page lists it: what, and how much of it for how much."""
    words = _(
        "%(much)s stand in for %(so_much)s",
        much=format_quantity(row.numerator, row.substitute),
        so_much=format_quantity(row.denominator, row.item),
    )
    return {
        "title": named(row.substitute),
        "detail": f"{words} · {row.note}" if row.note else words,
        "side": _("assumed") if row.assumed else "",
    }
