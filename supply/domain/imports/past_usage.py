"""Importing what was used before the book began: a day's use of an item, for demand and forecasts.

It fills days of which the book knows nothing, before the day on which its own first use was recorded, and
moves no stock (see ledger.before).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marshmallow import ValidationError, fields
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
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
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import DEMANDED, DemandDay, Movement
from supply.errors import Invalid
from supply.fields import Amount, BaseSchema, Code, Day
from supply.i18n import lazy
from supply.pacing import in_portions, paced
from supply.permissions import Actor, Permission

SOURCE = "import"
COLUMNS = (
    Column(
        "item",
        lazy("Item"),
        "mat hang|ma|ma hang|hang|code|sku|ipn|product|product name|part|name",
        True,
        "ginger-fresh",
    ),
    Column(
        "day",
        lazy("Day"),
        "ngay|date|used on|used date|transaction time|row created timestamp",
        True,
        "22/11/2026",
    ),
    Column("amount", lazy("Amount"), "so luong|da dung|luong dung|quantity|used|amount", True, "350"),
    Column("unit", lazy("Unit"), "don vi|dvt|units|quantity unit|unit name", True, "g"),
)


class PastUse(BaseSchema):
    """So much of an item was used on a day."""

    item = fields.String(required=True)
    day = Day(required=True)
    amount = Amount(required=True)
    unit = Code(required=True, max_length=20)


_SCHEMA = PastUse()


@dataclass(frozen=True, slots=True)
class _Books:
    """What a plan must know: the items, the use that the book knows, the day since when it records use."""

    items: KnownItems
    known: Mapping[tuple[UUID, date], int]
    since: date


def plan(session: Session, actor: Actor, place: Place, rows: Sequence[Told]) -> list[Planned]:
    items = known_items(session, [told.get("item", "") for _number, told in rows])
    books = _Books(items, _known(session, place, items), _kept_since(session, place))
    seen: dict[tuple[UUID, date], int] = {}
    planned = []
    for number, told in paced(rows):
        row = _planned(place, books, number, told)
        key = row.facts[:2] if row.outcome is Outcome.CREATE else None
        if key in seen:
            words = str(lazy("Each day of an item once: it stands in row %(row)s already.", row=seen[key]))
            row = failed(number, row.subject, [Fault("day", words, told.get("day", ""))])
        elif key is not None:
            seen[key] = number
        planned.append(row)
    return planned


def _known(session: Session, place: Place, items: KnownItems) -> dict[tuple[UUID, date], int]:
    ids = sorted({item.id for item in (*items.by_code.values(), *items.by_name.values())})
    query = select(DemandDay.item_id, DemandDay.day_on, DemandDay.used).where(
        DemandDay.branch_id == place.branch_id, DemandDay.item_id.in_(ids), DemandDay.used > 0
    )
    return {(item_id, day): used for item_id, day, used in session.execute(query)} if ids else {}


def _kept_since(session: Session, place: Place) -> date:
    """The day on which the book itself recorded a first use; today where it has none yet."""
    query = (
        select(Movement.recorded_at)
        .where(
            Movement.branch_id == place.branch_id, Movement.type.in_(DEMANDED), Movement.source_type != SOURCE
        )
        .order_by(Movement.seq)
        .limit(1)
    )
    first = session.scalar(query)
    return place.today if first is None else clock.day_of(first, place.timezone)


def _planned(place: Place, books: _Books, number: int, told: Cells) -> Planned:
    subject = told.get("item", "")
    item = books.items.find(subject)
    data = {**told}
    if "day" in data:
        data["day"] = day_meant(data["day"])
    if "unit" in data:
        data["unit"] = unit_meant(data["unit"])
    try:
        use = loaded(_SCHEMA, data, place)
        if item is None:
            raise Invalid("item_unknown", lazy("Write the code of an item of the catalogue."), field="item")
        quantity = catalog.base_quantity(item, use["amount"], use["unit"])
    except (ValidationError, Invalid) as refusal:
        return failed(number, subject, faults_of(refusal, told, {}, "item"))
    return _beside_the_book(books, number, told, item, use["day"], quantity)


def _beside_the_book(
    books: _Books, number: int, told: Cells, item: Item, day: date, quantity: int
) -> Planned:
    subject = f"{item.code} {day.isoformat()}"
    known = books.known.get((item.id, day), 0)
    if known == quantity:
        return Planned(number, subject, Outcome.SKIP, entity_id=item.id)
    if day >= books.since:
        words = lazy(
            "A day before %(day)s: since then the book itself records what is used.",
            day=books.since.isoformat(),
        )
        return failed(number, subject, [Fault("day", str(words), told["day"])])
    if known:
        amount, unit = catalog.stock_amount(item, known)
        words = lazy(
            "The book knows already that %(amount)s %(unit)s were used on this day.", amount=amount, unit=unit
        )
        return failed(number, subject, [Fault("amount", str(words), told["amount"])])
    changes = {name: ["", text] for name, text in told.items()}
    facts = (item.id, day, quantity)
    return Planned(number, subject, Outcome.CREATE, changes, facts=facts, entity_id=item.id)


def apply(session: Session, actor: Actor, place: Place, import_id: UUID, planned: Sequence[Planned]) -> None:
    writer = ledger.lock(session, actor, place.branch_id)
    uses = []
    for row in planned:
        item_id, day, quantity = row.facts
        began, _ended = clock.span_of(day, place.timezone)
        uses.append(ledger.Use(item_id, quantity, SOURCE, import_id, row.number, began))
    location = branches.first_location(session, place.branch_id)
    for portion in in_portions(uses):
        ledger.note_past_use(writer, portion, location.id)


def undo(session: Session, actor: Actor, place: Place, import_id: UUID, rows: Sequence[Planned]) -> Counts:
    writer = ledger.lock(session, actor, place.branch_id)
    count = 0
    for portion in in_portions(rows):
        lines = [row.number for row in portion]
        count += len(ledger.forget_past_use(writer, SOURCE, import_id, lines, happened_at=writer.recorded_at))
    return {"reversed": count}


def export(session: Session, place: Place, first: date, last: date) -> Iterator[Cells]:
    """What was used, by the day on which it was, whether it was imported or recorded here."""
    query = (
        select(Item, DemandDay.day_on, DemandDay.used)
        .join(Item, Item.id == DemandDay.item_id)
        .options(selectinload(Item.units))
        .where(
            DemandDay.branch_id == place.branch_id, DemandDay.day_on.between(first, last), DemandDay.used > 0
        )
        .order_by(DemandDay.day_on, Item.code)
    )
    for item, day, used in session.execute(query):
        amount, unit = catalog.stock_amount(item, used)
        yield {"item": item.code, "day": day.isoformat(), "amount": format(amount, "f"), "unit": unit}


PAST_USAGE = Kind(ImportKind.PAST_USAGE, Permission.VISIT_COMPLETE_ANY, COLUMNS, plan, apply, undo, export)
