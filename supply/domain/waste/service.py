"""Waste: what was thrown away, of which lot, why, and what it cost.

Owns waste entries and their reversal. The lot is always named: nobody throws away "some ginger".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger import service as ledger
from supply.domain.ledger.cost import cost_of
from supply.domain.ledger.models import Lot, MovementType
from supply.domain.ledger.moment import happened
from supply.domain.people.models import Person
from supply.domain.waste.models import WasteEntry, WasteReason
from supply.errors import Conflict, NotFound
from supply.i18n import lazy
from supply.ordering import Order, ordered
from supply.permissions import Actor, Permission, require

SOURCE = "waste"


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a lot in base units; without a place it is taken where the lot stands."""

    quantity: int
    location_id: UUID | None = None
    container_id: UUID | None = None


def log_waste(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lot_id: UUID,
    amount: Decimal,
    unit: str,
    reason: WasteReason,
    container_id: UUID | None = None,
    location_id: UUID | None = None,
    note: str | None = None,
    happened_at: datetime | None = None,
) -> WasteEntry:
    """Take from a lot what was thrown away. Raises NotFound, Invalid, Conflict("stock_short")."""
    require(actor, Permission.WASTE_LOG, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    quantity = catalog.base_quantity(catalog.get_item(session, lot.item_id), amount, unit, field="amount")
    return throw_away(writer, lot, [Part(quantity, location_id, container_id)], reason, when, note)


def throw_away(
    writer: ledger.Writer,
    lot: Lot,
    parts: Sequence[Part],
    reason: WasteReason,
    when: datetime,
    note: str | None = None,
) -> WasteEntry:
    """Write an entry for what is taken from a lot. For whoever has been let through."""
    quantity = sum(part.quantity for part in parts)
    entry = WasteEntry(
        id=new_id(),
        branch_id=writer.branch_id,
        item_id=lot.item_id,
        lot_id=lot.id,
        quantity=quantity,
        reason=reason,
        cost_minor=cost_of(quantity, lot.cost_minor, lot.cost_quantity),
        note=note,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=writer.actor.person_id,
    )
    uses = [
        ledger.Use(
            lot.item_id,
            part.quantity,
            SOURCE,
            entry.id,
            None,
            when,
            lot_id=lot.id,
            container_id=part.container_id,
            location_id=part.location_id,
            reason=reason.value,
        )
        for part in parts
    ]
    ledger.deduct(writer, uses, type=MovementType.WASTE)
    writer.session.add(entry)
    writer.session.flush()
    return entry


def reverse_waste(
    session: Session, actor: Actor, entry_id: UUID, *, happened_at: datetime | None = None
) -> WasteEntry:
    """The quantity returns to where it stood. Raises Conflict("already_reversed")."""
    entry = get_waste(session, actor, entry_id)
    require(actor, Permission.WASTE_LOG, entry.branch_id)
    writer = ledger.lock(session, actor, entry.branch_id)
    session.refresh(entry)
    if entry.reversed_at is not None:
        raise Conflict("already_reversed", lazy("This entry was reversed already."))
    ledger.reverse(writer, SOURCE, entry.id, happened_at=happened(happened_at))
    entry.reversed_at = writer.recorded_at
    session.flush()
    return entry


def get_waste(session: Session, actor: Actor, entry_id: UUID) -> WasteEntry:
    """A waste entry of one of the person's branches. Raises NotFound."""
    entry = session.get(WasteEntry, entry_id)
    if entry is None or not actor.belongs_to(entry.branch_id):
        raise NotFound("waste_not_found", lazy("There is no such waste entry."))
    require(actor, Permission.STOCK_SEE, entry.branch_id)
    return entry


def list_waste(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    item_id: UUID | None = None,
    limit: int = 50,
    before: UUID | None = None,
    order: Order | None = None,
) -> Sequence[Any]:
    """Waste entries newest first: (WasteEntry, Item, Lot, Person).

    An `order` is by item, reason, cost or when it happened.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(WasteEntry, Item, Lot, Person)
        .join(Item, Item.id == WasteEntry.item_id)
        .join(Lot, Lot.id == WasteEntry.lot_id)
        .join(Person, Person.id == WasteEntry.person_id)
        .where(WasteEntry.branch_id == branch_id)
        .order_by(WasteEntry.id.desc())
        .limit(limit)
    )
    if item_id is not None:
        query = query.where(WasteEntry.item_id == item_id)
    if before is not None:
        query = query.where(WasteEntry.id < before)
    if order is not None:
        columns: dict[str, Any] = {
            "item": Item.sort_key,
            "reason": WasteEntry.reason,
            "cost": WasteEntry.cost_minor,
            "when": WasteEntry.happened_at,
        }
        query = ordered(query, order, columns, WasteEntry.id.desc())
    return session.execute(query).all()


def expected_waste(session: Session, branch_id: UUID, item_id: UUID, today: date) -> list[Any]:
    """Places of an item, the likeliest waste first: expired, then quarantined, then by last day."""
    rows = reading.list_holdings(session, branch_id, item_id)
    return sorted(
        rows,
        key=lambda row: (
            not reading.is_expired(row.Holding, row.Lot, today),
            row.Lot.quarantined_at is None,
            row.Holding.expires_on or date.max,
        ),
    )
