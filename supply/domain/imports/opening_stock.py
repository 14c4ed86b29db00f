"""Importing opening stock: lot by lot, through the service that opens the book. It opens and never corrects.

What the book holds already is skipped where the amounts agree and refused where they do not: that is a count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Location
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.catalog.search import search_key
from supply.domain.imports.columns import Cells, Column
from supply.domain.imports.known import KnownItems, known_items
from supply.domain.imports.models import ImportKind, Outcome
from supply.domain.imports.planning import (
    Counts,
    Fault,
    Kind,
    Place,
    Planned,
    Told,
    failed,
    faults_of,
    loaded,
)
from supply.domain.imports.words import day_meant, unit_meant
from supply.domain.ledger.models import Holding, Lot
from supply.domain.stocktake import service as stocktake
from supply.domain.stocktake.first_stock import Opening, read_opening
from supply.domain.stocktake.schemas import OpeningLine
from supply.errors import Invalid
from supply.i18n import lazy
from supply.pacing import in_portions, paced
from supply.permissions import Actor, Permission
from supply.quantity import MINOR_DIGITS

COLUMNS = (
    Column(
        "item",
        lazy("Item"),
        "mat hang|ma|ma hang|hang|code|sku|ipn|product id|product|product name|part|part name|name",
        True,
        "ginger-fresh",
    ),
    Column("lot_number", lazy("Lot number"), "so lo|lo|lot|batch|batch code|stock id", False, "GN-2611"),
    Column(
        "expires_on",
        lazy("Expiry"),
        "expiry|han dung|hsd|ngay het han|expiry date|best before date|next best before date",
        False,
        "31/03/2027",
    ),
    Column(
        "location",
        lazy("Place"),
        "place|vi tri|kho|noi de|location|stock location|location name",
        False,
        "Storeroom",
    ),
    Column("amount", lazy("Amount"), "so luong|ton|ton kho|quantity|stock|amount", True, "2,5"),
    Column("unit", lazy("Unit"), "don vi|dvt|units|quantity unit|qu stock|unit name", True, "kg"),
    Column("cost", lazy("Cost"), "gia von|gia tri|thanh tien|value|total price|stock value", False, "150000"),
)
_FIELDS = {"number": "lot_number", "cost_minor": "cost", "location_id": "location", "item_id": "item"}
_SCHEMA = OpeningLine()
NEVER = "2999-12-31"
# Each portion reads all that stands of its items by then: few of them, and large.
_AT_ONCE = 2_500
PlaceKey = tuple[UUID, str, date | None, UUID]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What a plan must know of the branch: its items and places; what the book holds, each with its cost."""

    items: KnownItems
    locations: Mapping[str, UUID]
    first: UUID
    number: str
    standing: Mapping[PlaceKey, list[tuple[tuple[int | None, int | None], int]]]


def plan(session: Session, actor: Actor, place: Place, rows: Sequence[Told]) -> list[Planned]:
    items = known_items(session, [told.get("item", "") for _number, told in rows])
    open_ones = branches.list_locations(session, place.branch_id)
    shelf = _Shelf(
        items,
        {search_key(location.name): location.id for location in open_ones},
        stocktake.open_locations(session, place.branch_id)[0],
        f"{place.today:%Y%m%d}",
        _standing(session, place, items),
    )
    seen: dict[tuple[Any, ...], int] = {}
    planned = []
    for number, told in paced(rows):
        row = _planned(place, shelf, number, told)
        key = row.facts["key"] if row.outcome is Outcome.CREATE else None
        if key in seen:
            words = str(lazy("Each lot once at a place: it stands in row %(row)s already.", row=seen[key]))
            row = failed(number, row.subject, [Fault("lot_number", words, told.get("lot_number", ""))])
        elif key is not None:
            seen[key] = number
        planned.append(row)
    return planned


def _standing(
    session: Session, place: Place, items: KnownItems
) -> dict[PlaceKey, list[tuple[tuple[int | None, int | None], int]]]:
    ids = sorted({item.id for item in (*items.by_code.values(), *items.by_name.values())})
    query = (
        select(Lot, Holding.location_id, func.sum(Holding.quantity))
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == place.branch_id, Holding.item_id.in_(ids))
        .group_by(Lot.id, Holding.location_id)
    )
    standing = defaultdict(list)
    for lot, location_id, quantity in session.execute(query) if ids else ():
        key = (lot.item_id, lot.number, lot.expires_on, location_id)
        standing[key].append(((lot.cost_minor, lot.cost_quantity), int(quantity)))
    return standing


def _planned(place: Place, shelf: _Shelf, number: int, told: Cells) -> Planned:
    subject = told.get("item", "")
    item = shelf.items.find(subject)
    location_id = shelf.locations.get(search_key(told["location"])) if "location" in told else shelf.first
    faults = []
    if subject and item is None:
        faults.append(Fault("item", str(lazy("Write the code of an item of the catalogue.")), subject))
    if location_id is None:
        words = str(lazy("Write one of the branch's places, or leave it empty."))
        faults.append(Fault("location", words, told["location"]))
    data = _data(told) | {"item_id": str(item.id if item is not None else place.branch_id)}
    try:
        line = loaded(_SCHEMA, data if subject else {**data, "item_id": None}, place)
        if item is None or location_id is None:
            return failed(number, subject, faults)
        opening = read_opening(item, line, place.currency, shelf.number)
    except (ValidationError, Invalid) as refusal:
        return failed(number, subject, [*faults, *faults_of(refusal, told, _FIELDS, "item")])
    line |= {"item_id": item.id, "location_id": location_id}
    return _beside_the_book(shelf, number, told, item, opening, line)


def _data(told: Cells) -> dict[str, Any]:
    """The cells as a form would send them."""
    names = {"lot_number": "number", "cost": "cost_minor"}
    data: dict[str, Any] = {
        names.get(name, name): text for name, text in told.items() if name not in ("item", "location")
    }
    if "expires_on" in data:
        data["expires_on"] = day_meant(data["expires_on"])
        # Other programs write so that it does not expire.
        if data["expires_on"] == NEVER:
            del data["expires_on"]
    if "unit" in data:
        data["unit"] = unit_meant(data["unit"])
    return data


def _beside_the_book(
    shelf: _Shelf, number: int, told: Cells, item: Item, opening: Opening, line: dict[str, Any]
) -> Planned:
    facts, subject = opening.facts, f"{item.code} {opening.facts.number}"
    standing = shelf.standing.get((item.id, facts.number, facts.expires_on, line["location_id"]), [])
    held = [quantity for cost, quantity in standing if cost == (facts.cost_minor, facts.cost_quantity)]
    held = held or [quantity for _cost, quantity in standing]
    if opening.quantity in (*held, sum(held)):
        return Planned(number, subject, Outcome.SKIP)
    if held:
        amount, unit = catalog.stock_amount(item, sum(held))
        words = lazy(
            "The book holds %(amount)s %(unit)s of this lot here: count it instead.", amount=amount, unit=unit
        )
        return failed(number, subject, [Fault("amount", str(words), told.get("amount", ""))])
    line["key"] = (facts, line["location_id"])
    changes = {name: ["", text] for name, text in told.items()}
    return Planned(number, subject, Outcome.CREATE, changes, facts=line)


def apply(session: Session, actor: Actor, place: Place, import_id: UUID, planned: Sequence[Planned]) -> None:
    when = clock.now()
    for portion in in_portions(planned, _AT_ONCE):
        lines = [{name: value for name, value in row.facts.items() if name != "key"} for row in portion]
        made = stocktake.log_opening_stock(
            session, actor, branch_id=place.branch_id, lines=lines, happened_at=when
        )
        for row, adjustment in zip(portion, made, strict=True):
            row.entity_id = adjustment.id


def undo(session: Session, actor: Actor, place: Place, import_id: UUID, rows: Sequence[Planned]) -> Counts:
    """The ledger reverses what nobody reversed yet. Raises Conflict("already_used")."""
    ids = [row.entity_id for row in rows if row.entity_id]
    count = stocktake.reverse_adjustments(session, actor, place.branch_id, ids)
    return {"reversed": count, "kept": len(ids) - count}


def export(session: Session, place: Place, first: date, last: date) -> Iterator[Cells]:
    """What stands now, lot by lot and place by place; what is opened counts with its lot."""
    query = (
        select(Item, Lot, Location, func.sum(Holding.quantity))
        .select_from(Holding)
        .join(Lot, Lot.id == Holding.lot_id)
        .join(Item, Item.id == Holding.item_id)
        .join(Location, Location.id == Holding.location_id)
        .options(selectinload(Item.units))
        .where(Holding.branch_id == place.branch_id, Holding.quantity > 0)
        .group_by(Item.id, Lot.id, Location.id)
        .order_by(Item.code, Lot.number, Lot.id, Location.name)
    )
    for item, lot, location, quantity in session.execute(query):
        amount, unit = catalog.stock_amount(item, int(quantity))
        yield {
            "item": item.code,
            "lot_number": lot.number,
            "expires_on": lot.expires_on.isoformat() if lot.expires_on else "",
            "location": location.name,
            "amount": format(amount, "f"),
            "unit": unit,
            "cost": _paid(lot, int(quantity), place.currency),
        }


def _paid(lot: Lot, quantity: int, currency: str) -> str:
    """What was paid for so much of a lot, where that is exact."""
    if lot.cost_minor is None or lot.cost_quantity is None or lot.currency != currency:
        return ""
    whole, rest = divmod(lot.cost_minor * quantity, lot.cost_quantity)
    return "" if rest else format(Decimal(whole).scaleb(-MINOR_DIGITS[currency]), "f")


OPENING_STOCK = Kind(ImportKind.OPENING_STOCK, Permission.COUNT_LOG, COLUMNS, plan, apply, undo, export)
