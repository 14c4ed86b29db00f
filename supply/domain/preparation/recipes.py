"""Brew recipes: reading, writing, confirming. Owns what a batch should be; refuses to own what was brewed.

A batch keeps what its recipe said then, so a recipe may be changed at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

_WHOLE = (
    joinedload(BrewRecipe.item).joinedload(Item.units),
    selectinload(BrewRecipe.lines).joinedload(BrewRecipeLine.item).joinedload(Item.units),
)

# Enough to show a recipe; units are only needed to write in them.
_SHOWN = (joinedload(BrewRecipe.item), selectinload(BrewRecipe.lines).joinedload(BrewRecipeLine.item))


def list_recipes(session: Session, *, active: bool | None = True) -> list[BrewRecipe]:
    """Recipes with their items and lines, by the name of what comes of them."""
    query = select(BrewRecipe).join(Item, Item.id == BrewRecipe.item_id).options(*_SHOWN)
    if active is not None:
        query = query.where(BrewRecipe.active.is_(active))
    return list(session.scalars(query.order_by(Item.sort_key, Item.id)))


def get_recipe(session: Session, recipe_id: UUID) -> BrewRecipe:
    """A recipe with its items and lines. Raises NotFound."""
    recipe = _find(session, BrewRecipe.id == recipe_id)
    if recipe is None:
        raise NotFound("brew_recipe_not_found", lazy("There is no such brew recipe."))
    return recipe


def find_recipe_of(session: Session, item_id: UUID) -> BrewRecipe | None:
    """The recipe by which an item is brewed, if it is."""
    return _find(session, BrewRecipe.item_id == item_id)


def _find(session: Session, which: ColumnElement[bool]) -> BrewRecipe | None:
    return session.scalars(select(BrewRecipe).where(which).options(*_WHOLE)).unique().one_or_none()


def ingredients_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Of each item that is brewed: every item it is made from, however deep. Others are left out."""
    rows = session.execute(
        select(BrewRecipe.item_id, BrewRecipeLine.item_id).join(
            BrewRecipeLine, BrewRecipeLine.recipe_id == BrewRecipe.id
        )
    )
    made_of: dict[UUID, set[UUID]] = {}
    for item_id, herb_id in rows:
        made_of.setdefault(item_id, set()).add(herb_id)
    return {item_id: all_behind(made_of, item_id) for item_id in item_ids if item_id in made_of}


def all_behind(made_of: Mapping[UUID, Iterable[UUID]], item_id: UUID) -> set[UUID]:
    """Every item from which one is made, by what each is made of directly."""
    found: set[UUID] = set()
    waiting = list(made_of.get(item_id, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += made_of.get(one, ())
    return found


def create_recipe(session: Session, actor: Actor, *, item_id: UUID, **facts: Any) -> BrewRecipe:
    """Add an item's recipe; `facts` as of update_recipe. Raises Invalid, Conflict("brew_recipe_taken")."""
    require(actor, Permission.CATALOG_MANAGE)
    item = catalog.items_by_id(session, [item_id]).get(item_id)
    if item is None:
        raise Invalid("item_unknown", lazy("Choose an item of the catalogue."), field="item_id")
    if find_recipe_of(session, item_id) is not None:
        raise Conflict(
            "brew_recipe_taken", lazy("This item has a recipe already. Change that one."), field="item_id"
        )
    recipe = BrewRecipe(id=new_id(), item=item, item_id=item_id, lines=[])
    _write(session, recipe, **facts)
    session.add(recipe)
    session.flush()
    _record(session, actor, "brew-recipe.create", recipe, {})
    return recipe


def update_recipe(
    session: Session, actor: Actor, recipe_id: UUID, *, version: int, **facts: Any
) -> BrewRecipe:
    """Replace a recipe: yield_amount and yield_unit, use_by_hours, storage_place, active, assumed, and lines
    of item_id, amount, unit, assumed. Raises Invalid, NotFound, Stale."""
    recipe = _to_change(session, actor, recipe_id, version)
    before = _told(recipe)
    recipe.lines.clear()
    # The old lines go first: the new ones take their positions.
    session.flush()
    _write(session, recipe, **facts)
    # A change of lines alone is a new version of the recipe too.
    flag_modified(recipe, "yield_quantity")
    session.flush()
    _record(session, actor, "brew-recipe.update", recipe, before)
    return recipe


def confirm_recipe(session: Session, actor: Actor, recipe_id: UUID, *, version: int) -> BrewRecipe:
    """A manager stands by yield, hours and every quantity."""
    recipe = _to_change(session, actor, recipe_id, version)
    before = _told(recipe)
    recipe.assumed = False
    for line in recipe.lines:
        line.assumed = False
    flag_modified(recipe, "assumed")
    session.flush()
    _record(session, actor, "brew-recipe.confirm", recipe, before)
    return recipe


def _to_change(session: Session, actor: Actor, recipe_id: UUID, version: int) -> BrewRecipe:
    require(actor, Permission.CATALOG_MANAGE)
    locked = session.get(BrewRecipe, recipe_id, with_for_update=True, populate_existing=True)
    if locked is not None and locked.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this recipe meanwhile. Look at it again, then repeat your change."),
            details={"version": locked.version},
        )
    return get_recipe(session, recipe_id)


def _write(
    session: Session,
    recipe: BrewRecipe,
    *,
    yield_amount: Decimal,
    yield_unit: str,
    use_by_hours: int,
    lines: Sequence[Mapping[str, Any]],
    storage_place: str | None = None,
    active: bool = True,
    assumed: bool = False,
) -> None:
    # Read first: a read in between would write the recipe by halves, each half a version.
    items = catalog.items_by_id(session, [line["item_id"] for line in lines])
    _refuse_circle(session, recipe.item_id, items)
    recipe.yield_quantity = catalog.base_quantity(recipe.item, yield_amount, yield_unit, field="yield_amount")
    recipe.use_by_hours, recipe.storage_place = use_by_hours, storage_place
    recipe.active, recipe.assumed = active, assumed
    recipe.lines.extend(_drawn(line, index, items) for index, line in enumerate(lines))


def _refuse_circle(session: Session, item_id: UUID, items: Mapping[UUID, Item]) -> None:
    deep = ingredients_of(session, items.keys())
    if item_id in items or any(item_id in found for found in deep.values()):
        raise Invalid(
            "brew_circle", lazy("Nothing can be brewed from itself. Take it out of the lines."), field="lines"
        )


def _drawn(told: Mapping[str, Any], index: int, items: Mapping[UUID, Item]) -> BrewRecipeLine:
    path = f"lines.{index}"
    item = items.get(told["item_id"])
    if item is None:
        raise Invalid("item_unknown", lazy("Choose an item of the catalogue."), field=f"{path}.item_id")
    quantity = catalog.base_quantity(item, told["amount"], told["unit"], field=f"{path}.amount")
    return BrewRecipeLine(
        position=index + 1,
        item=item,
        item_id=item.id,
        quantity=quantity,
        assumed=told.get("assumed", False),
    )


def _told(recipe: BrewRecipe) -> dict[str, Any]:
    """The whole recipe as the audit keeps it, in base units."""
    names = ("yield_quantity", "use_by_hours", "storage_place", "active", "assumed")
    told: dict[str, Any] = {name: getattr(recipe, name) for name in names}
    told["lines"] = [[str(line.item_id), line.quantity, line.assumed] for line in recipe.lines]
    return told


def _record(
    session: Session, actor: Actor, action: str, recipe: BrewRecipe, before: Mapping[str, Any]
) -> None:
    after = _told(recipe)
    changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    changes["item"] = [recipe.item.code if before else None, recipe.item.code]
    audit.record(session, actor, action=action, entity="brew-recipe", entity_id=recipe.id, changes=changes)
