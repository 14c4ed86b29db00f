"""Importing items: by their code, through the catalogue's own schema and service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import WriteItem, density_out
from supply.domain.catalog.several import Wanted, take_back_items, write_items
from supply.domain.imports.columns import Cells, Column
from supply.domain.imports.models import ImportKind, Outcome
from supply.domain.imports.planning import (
    Counts,
    Fault,
    Kind,
    Place,
    Planned,
    Told,
    differences,
    failed,
    faults_of,
    loaded,
)
from supply.domain.imports.restoring import restored
from supply.domain.imports.words import (
    CATEGORY_WORDS,
    DIMENSION_WORDS,
    is_tick,
    meant,
    tick_meant,
    unit_meant,
)
from supply.domain.imports.writing_units import units_cell, units_told
from supply.errors import SupplyError
from supply.i18n import lazy
from supply.pacing import in_portions, paced
from supply.permissions import Actor, Permission
from supply.quantity import UNITS, from_base

COLUMNS = (
    Column(
        "code", lazy("Code"), "ma|ma hang|sku|ipn|part number|item code|product code|id", True, "ginger-fresh"
    ),
    Column(
        "name_vi",
        lazy("Vietnamese name"),
        "vietnamese name|ten tieng viet|ten|ten hang|ten san pham|name|product|part",
        False,
        "Gừng tươi",
    ),
    Column(
        "name_en",
        lazy("English name"),
        "english name|ten tieng anh|english|name|part name|product name",
        False,
        "Fresh ginger",
    ),
    Column(
        "category",
        lazy("Category"),
        "nhom|loai|nhom hang|product group|category name|product group name",
        True,
        "root",
    ),
    Column("dimension", lazy("Counted as"), "counted as|tinh theo|dem theo", False, "mass"),
    Column(
        "stock_unit",
        lazy("Stock unit"),
        "don vi ton kho|don vi|dvt|unit|units|qu stock|quantity unit",
        True,
        "kg",
    ),
    Column(
        "usage_unit", lazy("Usage unit"), "don vi khi dung|don vi su dung|don vi dung|qu consume", False, "g"
    ),
    Column("natural_step", lazy("One tap of + or −"), "one tap of + or −|moi lan cham + hoac −", False, "50"),
    Column(
        "lot_required",
        lazy("Ask for the lot number"),
        "ask for the lot number|bat buoc ghi so lo|hoi so lo|trackable",
        False,
        "yes",
    ),
    Column(
        "expiry_required",
        lazy("Ask for the expiry date"),
        "ask for the expiry date|bat buoc ghi han dung|hoi han dung",
        False,
        "yes",
    ),
    Column(
        "shelf_life_days",
        lazy("Shelf life in days"),
        "shelf life in days|thoi han bao quan (ngay)|han dung (ngay)|default expiry|default best before days",
        False,
        "365",
    ),
    Column(
        "opened_life_days",
        lazy("Days after opening"),
        "days after opening|so ngay dung sau khi mo|so ngay sau khi mo|default best before days after open",
        False,
        "30",
    ),
    Column(
        "density",
        lazy("Grams in a millilitre"),
        "grams in a millilitre|so gam trong mot mililit|ty trong",
        False,
        "0.915",
    ),
    Column("own_units", lazy("Own units"), "don vi rieng", False, "bottle-500 = 500 ml | bottle | chai"),
    Column("active", lazy("In use"), "in use|dang dung", False, "yes"),
)
_TICKS = ("lot_required", "expiry_required", "active")
_SCHEMA = WriteItem()


def cells_of(item: Item) -> dict[str, str]:
    """An item as an export tells it."""
    usage = catalog.unit_factor(item, item.usage_unit)
    return {
        "code": item.code,
        "name_vi": item.name_vi,
        "name_en": item.name_en,
        "category": item.category.value,
        "dimension": item.dimension.value,
        "stock_unit": item.stock_unit,
        "usage_unit": item.usage_unit,
        "natural_step": format(from_base(item.natural_step, usage), "f"),
        "lot_required": "yes" if item.lot_required else "no",
        "expiry_required": "yes" if item.expiry_required else "no",
        "shelf_life_days": str(item.shelf_life_days or ""),
        "opened_life_days": str(item.opened_life_days or ""),
        "density": density_out(item.density_mg_per_l) or "",
        "own_units": units_cell(_own_units(item)),
        "active": "yes" if item.active else "no",
    }


def _own_units(item: Item) -> Iterator[Sequence[str]]:
    for unit in sorted(item.units, key=lambda own: own.code):
        amount, code = catalog.stock_amount(item, unit.factor)
        tare = "" if unit.tare_mg is None else format(from_base(unit.tare_mg, UNITS["g"].factor), "f")
        yield unit.code, format(amount, "f"), code, unit.name_en, unit.name_vi, tare


def plan(session: Session, actor: Actor, place: Place, rows: Sequence[Told]) -> list[Planned]:
    known = _known(session, [told.get("code", "") for _number, told in rows])
    seen: dict[str, int] = {}
    planned = []
    for number, told in paced(rows):
        code = told.get("code", "")
        if code in seen:
            words = str(lazy("Each code once: it stands in row %(row)s already.", row=seen[code]))
            planned.append(failed(number, code, [Fault("code", words, code)]))
            continue
        if code:
            seen[code] = number
        planned.append(planned_item(place, number, told, known.get(code)))
    return planned


def _known(session: Session, codes: Sequence[str]) -> dict[str, Item]:
    wanted = sorted({code for code in codes if code})
    query = select(Item).options(selectinload(Item.units)).where(Item.code.in_(wanted))
    return {item.code: item for item in session.scalars(query)} if wanted else {}


def planned_item(place: Place, number: int, told: Cells, item: Item | None) -> Planned:
    """One row. `told` may say "" to clear what is optional."""
    before = cells_of(item) if item is not None else {}
    subject = told.get("code", "")
    if item is not None and all(before[name] == text for name, text in told.items()):
        return Planned(number, subject, Outcome.SKIP, entity_id=item.id)
    cells = {**(before or _presumed(told)), **told}
    faults = [
        Fault(name, str(lazy("Write yes or no.")), cells[name])
        for name in _TICKS
        if cells.get(name) and not is_tick(cells[name])
    ]
    try:
        facts = loaded(_SCHEMA, _data(cells), place)
        if item is not None:
            catalog.keep_dimension(item, facts["dimension"])
        sketch = catalog.sketch_item(**facts)
    except ValueError as fault:
        words = str(lazy('Write each as "bottle-500 = 500 ml | bottle | chai", parted by ";".'))
        return failed(number, subject, [*faults, Fault("own_units", words, str(fault))])
    except (ValidationError, SupplyError) as fault:
        return failed(number, subject, [*faults, *faults_of(fault, cells, {"units": "own_units"}, "code")])
    if faults:
        return failed(number, subject, faults)
    sketch.active = tick_meant(cells.get("active", "yes")) == "true"
    changes = differences(before, cells_of(sketch))
    entity_id = item.id if item is not None else None
    outcome = Outcome.SKIP if not changes else Outcome.CREATE if item is None else Outcome.CHANGE
    return Planned(number, subject, outcome, changes, facts=(facts, sketch.active, item), entity_id=entity_id)


def _presumed(told: Cells) -> dict[str, str]:
    """What a new item is taken to be where the file does not say."""
    unit = unit_meant(told.get("stock_unit", ""))
    name = told.get("name_vi") or told.get("name_en", "")
    common = UNITS.get(unit)
    return {
        "name_vi": name,
        "name_en": told.get("name_en") or name,
        "dimension": common.dimension.value if common else "",
        "usage_unit": unit,
        "natural_step": "1",
        # Grocy's word for what never spoils: nobody could say its day.
        "expiry_required": "no" if told.get("shelf_life_days") == "-1" else "",
    }


def _data(cells: Cells) -> Mapping[str, Any]:
    """The cells as a form would send them. Raises ValueError with the own unit that cannot be meant."""
    data: dict[str, Any] = {
        name: text for name, text in cells.items() if text and name not in ("active", "own_units")
    }
    for name, words in (("category", CATEGORY_WORDS), ("dimension", DIMENSION_WORDS)):
        if name in data:
            data[name] = meant(words, data[name])
    for name in ("stock_unit", "usage_unit"):
        if name in data:
            data[name] = unit_meant(data[name])
    for name in ("lot_required", "expiry_required"):
        if name in data:
            data[name] = tick_meant(data[name])
    for name in ("shelf_life_days", "opened_life_days"):
        # Other programs write so that it does not spoil.
        if data.get(name) in ("0", "-1"):
            del data[name]
    return data | {"units": units_told(cells.get("own_units", ""))}


def apply(session: Session, actor: Actor, place: Place, import_id: UUID, planned: Sequence[Planned]) -> None:
    for portion in in_portions(planned):
        items = write_items(session, actor, [Wanted(*row.facts) for row in portion])
        for row, item in zip(portion, items, strict=True):
            row.entity_id = item.id


def undo(session: Session, actor: Actor, place: Place, import_id: UUID, rows: Sequence[Planned]) -> Counts:
    """New items go, or are hidden once something was made of them; changed fields are put back."""
    changed = [row for row in rows if row.outcome is Outcome.CHANGE]
    known = catalog.items_by_id(session, [row.entity_id for row in changed if row.entity_id])
    back, kept = [], 0
    for row in changed:
        item = known.get(row.entity_id) if row.entity_id else None
        told, later = restored(row.changes, cells_of(item)) if item else ({}, 1)
        kept += later
        if item is not None and told:
            back.append(planned_item(place, row.number, {"code": item.code, **told}, item))
    kept += sum(row.outcome is Outcome.ERROR for row in back)
    right = [row for row in back if row.outcome is Outcome.CHANGE]
    apply(session, actor, place, import_id, right)
    made = [row.entity_id for row in rows if row.outcome is Outcome.CREATE and row.entity_id]
    removed, hidden = take_back_items(session, actor, made)
    return {"removed": removed, "hidden": hidden, "restored": len(right), "kept": kept}


def export(session: Session, place: Place, first: date, last: date) -> Iterator[Cells]:
    query = select(Item).options(selectinload(Item.units)).order_by(Item.code)
    for item in session.scalars(query):
        yield cells_of(item)


ITEMS = Kind(ImportKind.ITEMS, Permission.CATALOG_MANAGE, COLUMNS, plan, apply, undo, export)
