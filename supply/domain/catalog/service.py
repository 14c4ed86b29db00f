"""The catalogue: items, their units, search. Owns every change to an item.

Refuses to own stock and reorder policy (ledger) and what suppliers sell (suppliers). An item's dimension
never changes: all that was ever moved is counted in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from supply.alphabet import sort_key
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.catalog.models import Category, Item, ItemUnit
from supply.domain.catalog.search import search_key, search_words
from supply.domain.catalog.units import base_quantity, stock_amount, told_amount, unit_choices, unit_factor
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.ordering import Order, ordered
from supply.permissions import Actor, Permission, require
from supply.quantity import DENSITY_FACTOR, UNITS, Dimension, to_base

__all__ = ["base_quantity", "search_key", "stock_amount", "told_amount", "unit_choices", "unit_factor"]

GRAM = UNITS["g"].factor
_FACTS = (
    "code",
    "name_en",
    "name_vi",
    "category",
    "stock_unit",
    "usage_unit",
    "natural_step",
    "lot_required",
    "expiry_required",
    "shelf_life_days",
    "opened_life_days",
)


def get_item(session: Session, item_id: UUID) -> Item:
    """The item with its units, whether active or not. Raises NotFound."""
    item = session.get(Item, item_id, options=[joinedload(Item.units)])
    if item is None:
        raise NotFound("item_not_found", lazy("There is no such item in the catalogue."))
    return item


def find_item_by_code(session: Session, code: str) -> Item | None:
    query = select(Item).options(joinedload(Item.units)).where(Item.code == code)
    return session.scalars(query).unique().one_or_none()


def items_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Item]:
    """Those of the ids that exist, with their units, in one statement however many."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    query = select(Item).options(joinedload(Item.units)).where(Item.id.in_(wanted))
    return {item.id: item for item in session.scalars(query).unique()}


def items_by_code(session: Session, codes: Iterable[str]) -> dict[str, Item]:
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    return {item.code: item for item in session.scalars(select(Item).where(Item.code.in_(wanted)))}


def list_items(
    session: Session,
    *,
    search: str = "",
    category: Category | None = None,
    active: bool | None = True,
    limit: int = 50,
    after: tuple[str, UUID] | None = None,
    order: Order | None = None,
) -> list[Item]:
    """Items in Vietnamese alphabetical order; `after` is the (sort_key, id) of the last one seen.

    Every word of `search` must occur in the code or a name, whatever its marks. active=None lists all.
    `order`: by name, code or category.
    """
    query = select(Item).options(selectinload(Item.units)).order_by(Item.sort_key, Item.id)
    for pattern in search_words(search):
        query = query.where(Item.search_key.like(pattern, escape="\\"))
    if category is not None:
        query = query.where(Item.category == category)
    if active is not None:
        query = query.where(Item.active.is_(active))
    if after is not None:
        query = query.where(tuple_(Item.sort_key, Item.id) > after)
    if order is not None:
        columns = {"name": Item.sort_key, "code": Item.code, "category": Item.category}
        query = ordered(query, order, columns, Item.sort_key, Item.id)
    return list(session.scalars(query.limit(limit)))


def create_item(
    session: Session,
    actor: Actor,
    *,
    dimension: Dimension,
    units: Sequence[Mapping[str, Any]] = (),
    assumed: bool = False,
    **facts: Any,
) -> Item:
    """Add an item. `facts` are its columns, but natural_step is an amount in the usage unit, density in g/ml;
    `units` are its own: code, name_en, name_vi, amount + unit of a common unit, tare in grams."""
    require(actor, Permission.CATALOG_MANAGE)
    _code_free(session, facts["code"])
    item = Item(id=new_id(), dimension=dimension, assumed=assumed, active=True, units=[])
    apply_facts(item, facts, units)
    session.add(item)
    session.flush()
    audit.record(
        session,
        actor,
        action="item.create",
        entity="item",
        entity_id=item.id,
        changes=told_changes({}, item_told(item)),
    )
    return item


def update_item(
    session: Session,
    actor: Actor,
    item_id: UUID,
    *,
    version: int,
    units: Sequence[Mapping[str, Any]] = (),
    dimension: Dimension | None = None,
    **facts: Any,
) -> Item:
    """Replace the facts and units of an item. A dimension other than the stored one: Invalid."""
    item = item_to_change(session, actor, item_id, version)
    keep_dimension(item, dimension)
    if facts["code"] != item.code:
        _code_free(session, facts["code"])
    before = item_told(item)
    apply_facts(item, facts, units)
    return _changed(session, actor, item, "item.update", before)


def sketch_item(*, dimension: Dimension, units: Sequence[Mapping[str, Any]] = (), **facts: Any) -> Item:
    """The item that these facts make, checked as it would be saved, and not saved. Raises Invalid."""
    item = Item(dimension=dimension, assumed=False, active=True, units=[])
    apply_facts(item, facts, units)
    return item


def keep_dimension(item: Item, dimension: Dimension | None) -> None:
    """Raises Invalid("dimension_fixed") where another one is told."""
    if dimension is not None and dimension is not item.dimension:
        raise Invalid(
            "dimension_fixed",
            lazy("An item keeps its dimension. Add a new item and deactivate this one."),
            field="dimension",
        )


def set_item_active(session: Session, actor: Actor, item_id: UUID, *, version: int, active: bool) -> Item:
    """Hide an item from new work, or bring it back. What is on the shelf stays and can be used up."""
    item = item_to_change(session, actor, item_id, version)
    before = item_told(item)
    item.active = active
    return _changed(session, actor, item, "item.activate" if active else "item.deactivate", before)


def confirm_item(session: Session, actor: Actor, item_id: UUID, *, version: int) -> Item:
    """A manager stands by what the starter catalogue assumed about this item."""
    item = item_to_change(session, actor, item_id, version)
    before = item_told(item)
    item.assumed = False
    return _changed(session, actor, item, "item.confirm", before)


def item_to_change(session: Session, actor: Actor, item_id: UUID, version: int) -> Item:
    require(actor, Permission.CATALOG_MANAGE)
    # Whoever comes second waits here and then sees the newer version.
    item = session.get(Item, item_id, with_for_update={"of": Item}, populate_existing=True)
    if item is None:
        raise NotFound("item_not_found", lazy("There is no such item in the catalogue."))
    if item.version != version:
        raise Stale(
            "stale",
            lazy("Somebody changed this item meanwhile. Look at it again, then repeat your change."),
            details={"version": item.version},
        )
    return item


def _changed(session: Session, actor: Actor, item: Item, action: str, before: dict[str, Any]) -> Item:
    # A change of units alone must also count as a new version of the item.
    flag_modified(item, "search_key")
    session.flush()
    changes = told_changes(before, item_told(item))
    audit.record(session, actor, action=action, entity="item", entity_id=item.id, changes=changes)
    return item


def _code_free(session: Session, code: str) -> None:
    if session.scalar(select(Item.id).where(Item.code == code)) is not None:
        raise Conflict(
            "code_taken", lazy("Another item bears this code. Choose a different one."), field="code"
        )


def apply_facts(item: Item, facts: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> None:
    for name in _FACTS:
        if name != "natural_step" and name in facts:
            setattr(item, name, facts[name])
    _apply_units(item, units)
    _check_stock_unit(item)
    usage_factor = unit_factor(item, item.usage_unit, field="usage_unit")
    step: Decimal = facts["natural_step"]
    item.natural_step = to_base(step, usage_factor, field="natural_step")
    item.density_mg_per_l = _density(item, facts.get("density"))
    item.search_key = search_key(item.code, item.name_vi, item.name_en)
    item.sort_key = sort_key(item.name_vi)


def _density(item: Item, told: Decimal | None) -> int | None:
    """Grams in a millilitre as milligrams in a litre; only what is counted as a volume has one."""
    if told is None:
        return None
    if item.dimension is not Dimension.VOLUME:
        raise Invalid(
            "density_unfit", lazy("Only what is counted as a volume has a density."), field="density"
        )
    if not Decimal("0.1") <= told <= 20:
        raise Invalid("density_unlikely", lazy("A millilitre weighs from 0.1 to 20 grams."), field="density")
    return to_base(told, DENSITY_FACTOR, field="density")


def _check_stock_unit(item: Item) -> None:
    """Stock is told in a common unit, since every amount has an exact decimal form in one."""
    unit = UNITS.get(item.stock_unit)
    if unit is None or unit.dimension is not item.dimension:
        fitting = ", ".join(unit.code for unit in UNITS.values() if unit.dimension is item.dimension)
        raise Invalid(
            "unit_unfit",
            lazy("Stock of this item is counted in one of: %(units)s.", units=fitting),
            field="stock_unit",
        )


def _apply_units(item: Item, units: Sequence[Mapping[str, Any]]) -> None:
    kept: dict[str, ItemUnit] = {unit.code: unit for unit in item.units}
    wanted: dict[str, ItemUnit] = {}
    for index, row in enumerate(units):
        code = row["code"]
        if code in UNITS:
            raise Invalid(
                "unit_code_common",
                lazy("This code means a common unit. Choose another, such as bottle-500."),
                field=f"units.{index}.code",
            )
        if code in wanted:
            raise Invalid("unit_twice", lazy("This unit is named twice."), field=f"units.{index}.code")
        unit = kept.get(code) or ItemUnit(id=new_id(), code=code)
        unit.name_en, unit.name_vi = row["name_en"], row["name_vi"]
        unit.factor = _own_factor(item, row, index)
        tare: Decimal | None = row.get("tare")
        unit.tare_mg = None if tare is None else to_base(tare, GRAM, field=f"units.{index}.tare")
        wanted[code] = unit
    item.units[:] = list(wanted.values())


def _own_factor(item: Item, row: Mapping[str, Any], index: int) -> int:
    common = UNITS.get(row["unit"])
    if common is None or common.dimension is not item.dimension:
        raise Invalid(
            "unit_unfit",
            lazy("Tell what it holds in a common unit of the item's dimension."),
            field=f"units.{index}.unit",
        )
    return to_base(row["amount"], common.factor, field=f"units.{index}.amount")


def item_told(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(item, name) for name in (*_FACTS, "assumed", "active")}
    told["density_mg_per_l"] = item.density_mg_per_l
    told["units"] = {unit.code: unit.factor for unit in item.units}
    told["tares"] = {unit.code: unit.tare_mg for unit in item.units if unit.tare_mg is not None}
    return told


def told_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
