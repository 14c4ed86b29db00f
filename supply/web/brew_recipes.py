"""Pages of brew recipes: the list, a recipe in one form, and standing by what was assumed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.preparation import recipes
from supply.domain.preparation.models import BrewRecipe
from supply.domain.preparation.schemas import ChangeBrewRecipe, CreateBrewRecipe
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_quantity, unit_symbol
from supply.quantity import UNITS
from supply.web.frame import named
from supply.web.pages import Pages, render, say
from supply.web.session import find_current_branch
from supply.web.units import unit_options

bp = Pages("brew_recipes", __name__)
Target = tuple[str, dict[str, Any]]
_SEE, _MANAGE = Permission.STOCK_SEE, Permission.CATALOG_MANAGE
# As many items as one select can still be used with; a spa's catalogue is far smaller.
MOST_ITEMS = 500


@bp.page("/brew-recipes", permission=_SEE)
def list_recipes(session: Session, actor: Actor) -> str:
    rows = [_row(recipe) for recipe in recipes.list_recipes(session, active=None)]
    return render("preparations/recipes.html", rows=rows)


def _row(recipe: BrewRecipe) -> dict[str, Any]:
    return {
        "id": recipe.id,
        "name": named(recipe.item),
        "yield": format_quantity(recipe.yield_quantity, recipe.item),
        "hours": recipe.use_by_hours,
        "herbs": ", ".join(
            f"{named(line.item)} {format_quantity(line.quantity, line.item)}" for line in recipe.lines
        ),
        "active": recipe.active,
        "assumed": _assumed(recipe),
        "version": recipe.version,
    }


def _assumed(recipe: BrewRecipe) -> bool:
    return recipe.assumed or any(line.assumed for line in recipe.lines)


@bp.page("/brew-recipes/new", permission=_MANAGE)
def new_recipe(session: Session, actor: Actor) -> str:
    items = catalog.list_items(session, limit=MOST_ITEMS)
    return _form(session, None, items)


@bp.page("/brew-recipes/<uuid:recipe_id>", permission=_MANAGE)
def edit_recipe(session: Session, actor: Actor, recipe_id: UUID) -> str:
    recipe = recipes.get_recipe(session, recipe_id)
    items = catalog.list_items(session, limit=MOST_ITEMS)
    return _form(session, recipe, [*items, *(line.item for line in recipe.lines)])


def _form(session: Session, recipe: BrewRecipe | None, items: list[Item]) -> str:
    known = {item.id: item for item in items}
    own = {unit.code: named(unit) for item in known.values() for unit in item.units}
    common = [(unit.code, unit_symbol(unit.code), unit.factor) for unit in UNITS.values()]
    units = common + [(code, name, "") for code, name in sorted(own.items())]
    branch = find_current_branch()
    places = branches.list_locations(session, branch.id) if branch else []
    return render(
        "preparations/recipe.html",
        schema=CreateBrewRecipe,
        recipe=recipe,
        present=_present(recipe) if recipe else {},
        lines=[_line(line) for line in recipe.lines] if recipe else [],
        items=[(item.id, named(item)) for item in known.values()],
        units=units,
        yield_units=unit_options(recipe.item) if recipe else units,
        places=[place.name for place in places],
    )


def _present(recipe: BrewRecipe) -> dict[str, Any]:
    amount, unit = catalog.stock_amount(recipe.item, recipe.yield_quantity)
    return {
        "yield_amount": format(amount, "f"),
        "yield_unit": unit,
        "use_by_hours": recipe.use_by_hours,
        "storage_place": recipe.storage_place or "",
        "active": recipe.active,
        "assumed": recipe.assumed,
    }


def _line(line: Any) -> dict[str, Any]:
    amount, unit = catalog.told_amount(line.item, line.quantity)
    return {
        "item_id": line.item_id,
        "amount": format(amount, "f"),
        "unit": unit,
        "assumed": line.assumed,
    }


@bp.action("/brew-recipes/new", permission=_MANAGE, schema=CreateBrewRecipe, back="brew_recipes.new_recipe")
def create_recipe(session: Session, actor: Actor, data: dict[str, Any]) -> Target:
    recipes.create_recipe(session, actor, **data)
    say(_("Saved. It can be brewed from now on."))
    return "brew_recipes.list_recipes", {}


@bp.action(
    "/brew-recipes/<uuid:recipe_id>",
    permission=_MANAGE,
    schema=ChangeBrewRecipe,
    back="brew_recipes.edit_recipe",
    versioned=True,
)
def change_recipe(
    session: Session, actor: Actor, data: dict[str, Any], recipe_id: UUID, version: int
) -> Target:
    recipes.update_recipe(session, actor, recipe_id, version=version, **data)
    say(_("Saved. Batches that were brewed before keep what the recipe said then."))
    return "brew_recipes.list_recipes", {}


@bp.action(
    "/brew-recipes/<uuid:recipe_id>/confirmation",
    permission=_MANAGE,
    back="brew_recipes.edit_recipe",
    versioned=True,
)
def confirm_recipe(session: Session, actor: Actor, recipe_id: UUID, version: int) -> Target:
    recipes.confirm_recipe(session, actor, recipe_id, version=version)
    say(_("Confirmed: no longer an assumption."))
    return "brew_recipes.list_recipes", {}
