"""Pages of the catalogue: the list with its search, an item's facts and units, its assumption mark."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category, Item, ItemUnit
from supply.domain.catalog.schemas import WriteActive, WriteItem, density_out, grams_out
from supply.domain.treatments.substitutes import list_substitutes
from supply.fields import BaseSchema, Text, Tick
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.presenting import format_amount, unit_symbol
from supply.quantity import UNITS
from supply.web import sheet_lines
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.sheets import Sheet
from supply.web.substitutes import told_substitute
from supply.web.words import word

bp = Pages("catalog", __name__)
bp.nav(
    label=lazy("Catalogue"),
    icon="leaf",
    endpoint="catalog.list_items",
    permission=Permission.CATALOG_MANAGE,
    order=60,
    group=NavGroup.SETUP,
    also=("substitutes",),
)
PAGE = 50
Target = tuple[str, dict[str, Any]]


class ItemFilter(BaseSchema):
    q = Text(max_length=100, load_default="")
    category = fields.Enum(Category, by_value=True, load_default=None)
    hidden = Tick(load_default=False, metadata={"label": lazy("Hidden")})
    after = Text(max_length=500, load_default="")


ITEMS = Sheet("catalog.list_items", ItemFilter, ("name", "code", "category"), "name", PAGE)


@bp.page("/items", permission=Permission.STOCK_SEE)
def list_items(session: Session, actor: Actor) -> str | Response:
    chosen, view = query(ItemFilter), ITEMS.view(session, actor)
    found = catalog.list_items(
        session,
        search=chosen["q"],
        category=chosen["category"],
        active=not chosen["hidden"],
        limit=view.limit,
        after=_place(chosen["after"]),
        order=view.order,
    )
    if view.kind:
        return view.file("items", _("Items"), sheet_lines.item_lines(found))
    items = found[:PAGE]
    view.turn(len(found), after=f"{items[-1].sort_key}.{items[-1].id}" if items else None)
    return render(
        "catalog/list.html",
        items=items,
        chosen=chosen,
        categories=[(category.value, word(category)) for category in Category],
        view=view,
    )


def _place(told: str) -> tuple[str, UUID] | None:
    """The cursor of a link; one that nobody could have been given counts as none."""
    sort_key, _dot, item_id = told.partition(".")
    try:
        return sort_key, UUID(item_id)
    except ValueError:
        return None


@bp.page("/items/new", permission=Permission.CATALOG_MANAGE)
def new_item(session: Session, actor: Actor) -> str:
    return render("catalog/new.html", schema=WriteItem, units=[], **_unit_choices(None))


@bp.action("/items/new", permission=Permission.CATALOG_MANAGE, schema=WriteItem, back="catalog.new_item")
def create_item(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    item = catalog.create_item(session, actor, **data)
    say(_("%(item)s is in the catalogue.", item=item.name_vi))
    return "catalog.edit_item", {"item_id": item.id}


@bp.page("/items/<uuid:item_id>/edit", permission=Permission.CATALOG_MANAGE)
def edit_item(session: Session, actor: Actor, item_id: UUID) -> str:
    item = catalog.get_item(session, item_id)
    step, unit = catalog.told_amount(item, item.natural_step)
    own = [_unit_row(item, row) for row in item.units]
    return render(
        "catalog/edit.html",
        schema=WriteItem,
        item=item,
        units=own,
        natural_step=format(step, "f") if unit == item.usage_unit else "1",
        substitutes=[told_substitute(row) for row in list_substitutes(session, item_id).substitutes],
        density=density_out(item.density_mg_per_l) or "",
        **_unit_choices(item),
    )


@bp.action(
    "/items/<uuid:item_id>/edit",
    permission=Permission.CATALOG_MANAGE,
    schema=WriteItem,
    back="catalog.edit_item",
    versioned=True,
)
def change_item(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int) -> Target:
    catalog.update_item(session, actor, item_id, version=version, **data)
    say(_("Saved."))
    return "catalog.edit_item", {"item_id": item_id}


@bp.action(
    "/items/<uuid:item_id>/activity",
    permission=Permission.CATALOG_MANAGE,
    schema=WriteActive,
    back="catalog.edit_item",
    versioned=True,
)
def set_activity(session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int) -> Target:
    item = catalog.set_item_active(session, actor, item_id, version=version, active=data["active"])
    say(
        _("Offered for new work again.")
        if item.active
        else _("Hidden from new work. Its stock can be used up.")
    )
    return "catalog.edit_item", {"item_id": item_id}


@bp.action(
    "/items/<uuid:item_id>/confirmation",
    permission=Permission.CATALOG_MANAGE,
    back="catalog.edit_item",
    versioned=True,
)
def confirm_item(session: Session, actor: Actor, item_id: UUID, version: int) -> Target:
    catalog.confirm_item(session, actor, item_id, version=version)
    say(_("Confirmed: no longer an assumption."))
    return "catalog.edit_item", {"item_id": item_id}


def _unit_row(item: Item, own: ItemUnit) -> dict[str, str]:
    amount, unit = catalog.told_amount(item, own.factor)
    if unit not in UNITS:
        amount, unit = catalog.stock_amount(item, own.factor)
    tare = grams_out(own.tare_mg)
    return {
        "code": own.code,
        "name_en": own.name_en,
        "name_vi": own.name_vi,
        "tare": format(tare["amount"], "f") if tare else "",
        "amount": format(amount, "f"),
        "unit": unit,
        "holds": format_amount(amount, unit),
    }


def _unit_choices(item: Item | None) -> dict[str, Any]:
    """What the selects offer: common units, of the item's dimension where it is known already."""
    fitting = [unit for unit in UNITS.values() if item is None or unit.dimension is item.dimension]
    common = [(unit.code, unit_symbol(unit.code), unit.factor) for unit in fitting]
    own = [(unit.code, unit.name_vi, unit.factor) for unit in item.units] if item else []
    return {
        "common": common,
        "usage": [pair[:2] for pair in common + own],
        "stock": [pair[:2] for pair in common],
    }
