"""Correcting the book by hand: opening stock, adjustments, and taking an adjustment back.

Counting a shelf is in counting.py. Refuses to decide what stock allows: the ledger does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Holding, Lot, MovementType
from supply.domain.ledger.moment import happened
from supply.domain.people.models import Person
from supply.domain.stocktake.first_stock import Opening, read_opening
from supply.domain.stocktake.models import Adjustment, AdjustmentReason
from supply.errors import Conflict, Invalid, NotFound
from supply.i18n import lazy
from supply.pacing import paced
from supply.permissions import Actor, Permission, require

SOURCE = "adjustment"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


# What people may choose for a correction, and which way it can go. Counts and opening stock choose their own.
WAYS: dict[AdjustmentReason, frozenset[Direction]] = {
    AdjustmentReason.FOUND: frozenset({Direction.IN}),
    AdjustmentReason.LOST: frozenset({Direction.OUT}),
    AdjustmentReason.UNRECORDED_USE: frozenset({Direction.OUT}),
    AdjustmentReason.ENTRY_ERROR: frozenset(Direction),
    AdjustmentReason.DELIVERY_CORRECTION: frozenset(Direction),
}


def log_opening_stock(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lines: Sequence[Mapping[str, Any]],
    happened_at: datetime | None = None,
    note: str | None = None,
) -> list[Adjustment]:
    """What stood on the shelves when the book began: one adjustment per line, reason "opening".

    A line: item_id, number, expires_on, amount, unit, cost_minor (paid for the whole line), location_id.
    """
    require(actor, Permission.COUNT_LOG, branch_id)
    when = happened(happened_at)
    writer = ledger.lock(session, actor, branch_id)
    openings = _openings(session, writer, lines, when)
    lots = ledger.obtain_lots(writer, [opening.facts for opening, _location in openings])
    reason = AdjustmentReason.OPENING
    adjustments, receipts = [], []
    for (opening, location_id), lot in zip(openings, lots, strict=True):
        adjustment = _adjustment(writer, lot, opening.quantity, reason, when, note)
        adjustments.append(adjustment)
        receipts.append(
            ledger.Receipt(
                lot.item_id,
                lot.id,
                location_id,
                opening.quantity,
                SOURCE,
                adjustment.id,
                None,
                when,
                reason.value,
            )
        )
    ledger.receive(writer, receipts, lots, type=MovementType.ADJUSTMENT)
    session.add_all(adjustments)
    session.flush()
    return adjustments


def _openings(
    session: Session, writer: ledger.Writer, lines: Sequence[Mapping[str, Any]], when: datetime
) -> list[tuple[Opening, UUID]]:
    items = catalog.items_by_id(session, [line["item_id"] for line in lines])
    known = open_locations(session, writer.branch_id)
    number = number_of_day(writer, when)
    openings = []
    for position, line in enumerate(lines):
        prefix = f"lines.{position}."
        item = items.get(line["item_id"])
        if item is None:
            raise Invalid("item_unknown", lazy("There is no such item."), field=f"{prefix}item_id")
        opening = read_opening(item, line, writer.currency, number, prefix)
        openings.append((opening, location_among(known, line.get("location_id"), f"{prefix}location_id")))
    return openings


def number_of_day(writer: ledger.Writer, when: datetime) -> str:
    """What bears no lot number can still be told apart by the day it came."""
    return f"{clock.day_of(when, writer.timezone):%Y%m%d}"


def open_locations(session: Session, branch_id: UUID) -> list[UUID]:
    """The branch's storage locations, first the one where things stand unless somebody says otherwise."""
    return [location.id for location in branches.list_locations(session, branch_id)] or [
        branches.first_location(session, branch_id).id
    ]


def location_among(known: Sequence[UUID], location_id: UUID | None, field: str) -> UUID:
    """The location named, or the first. Raises Invalid naming the field for one of another branch."""
    if location_id is None:
        return known[0]
    if location_id not in known:
        raise Invalid(
            "location_unknown", lazy("There is no such storage location in this branch."), field=field
        )
    return location_id


def adjust_stock(
    session: Session,
    actor: Actor,
    *,
    branch_id: UUID,
    lot_id: UUID,
    amount: Decimal,
    unit: str,
    direction: Direction,
    reason: AdjustmentReason,
    location_id: UUID | None = None,
    container_id: UUID | None = None,
    note: str | None = None,
    happened_at: datetime | None = None,
) -> Adjustment:
    """Correct one lot at one place, up or down. Raises NotFound, Invalid, Conflict("stock_short")."""
    require(actor, Permission.COUNT_LOG, branch_id)
    when = happened(happened_at)
    if direction not in WAYS.get(reason, frozenset()):
        raise Invalid(
            "reason_direction", lazy("This reason does not fit. Choose another one."), field="reason"
        )
    writer = ledger.lock(session, actor, branch_id)
    lot = ledger.get_lot(session, branch_id, lot_id)
    quantity = catalog.base_quantity(catalog.get_item(session, lot.item_id), amount, unit, field="amount")
    place = _place(session, lot, location_id, container_id)
    delta = quantity if direction is Direction.IN else -quantity
    adjustment = _adjustment(writer, lot, delta, reason, when, note)
    change = ledger.Change(lot.id, place, container_id, delta, reason.value)
    ledger.adjust(
        writer, lot.item_id, [change], source_type=SOURCE, source_id=adjustment.id, happened_at=when
    )
    session.add(adjustment)
    session.flush()
    return adjustment


def _place(session: Session, lot: Lot, location_id: UUID | None, container_id: UUID | None) -> UUID:
    """Where the lot stands if nobody says: its only place, else the first location of the branch."""
    if location_id is not None:
        return location_among(open_locations(session, lot.branch_id), location_id, "location_id")
    query = select(Holding.location_id).where(
        Holding.branch_id == lot.branch_id,
        Holding.lot_id == lot.id,
        Holding.container_id == container_id if container_id else Holding.container_id.is_(None),
    )
    places = list(session.scalars(query.where(Holding.quantity > 0))) or list(session.scalars(query))
    if len(places) > 1:
        raise Invalid(
            "location_required", lazy("This lot stands in several places. Say which."), field="location_id"
        )
    return places[0] if places else branches.first_location(session, lot.branch_id).id


def _adjustment(
    writer: ledger.Writer,
    lot: Lot,
    quantity: int,
    reason: AdjustmentReason,
    when: datetime,
    note: str | None,
) -> Adjustment:
    return Adjustment(
        id=new_id(),
        branch_id=writer.branch_id,
        item_id=lot.item_id,
        lot_id=lot.id,
        quantity=quantity,
        reason=reason,
        note=note,
        happened_at=when,
        recorded_at=writer.recorded_at,
        person_id=writer.actor.person_id,
    )


def reverse_adjustment(
    session: Session, actor: Actor, adjustment_id: UUID, *, happened_at: datetime | None = None
) -> Adjustment:
    """Take a correction back. Raises Conflict("already_reversed"), Conflict("already_used")."""
    adjustment = get_adjustment(session, actor, adjustment_id)
    require(actor, Permission.COUNT_LOG, adjustment.branch_id)
    writer = ledger.lock(session, actor, adjustment.branch_id)
    session.refresh(adjustment)
    if adjustment.reversed_at is not None:
        raise Conflict("already_reversed", lazy("This adjustment was reversed already."))
    ledger.reverse(writer, SOURCE, adjustment.id, happened_at=happened(happened_at))
    adjustment.reversed_at = writer.recorded_at
    session.flush()
    return adjustment


def reverse_adjustments(session: Session, actor: Actor, branch_id: UUID, ids: Collection[UUID]) -> int:
    """Take corrections back together; those that were taken back before stay so. Returns how many were.

    Raises Conflict("already_used") where something of one is gone.
    """
    require(actor, Permission.COUNT_LOG, branch_id)
    writer = ledger.lock(session, actor, branch_id)
    standing = (Adjustment.branch_id == branch_id, Adjustment.reversed_at.is_(None))
    rows = session.scalars(select(Adjustment).where(*standing, Adjustment.id.in_(sorted(ids)))).all()
    ledger.reverse_all(writer, SOURCE, [row.id for row in rows], happened_at=writer.recorded_at)
    for row in paced(rows):
        row.reversed_at = writer.recorded_at
    session.flush()
    return len(rows)


def get_adjustment(session: Session, actor: Actor, adjustment_id: UUID) -> Adjustment:
    """An adjustment of one of the person's branches. Raises NotFound."""
    adjustment = session.get(Adjustment, adjustment_id)
    if adjustment is None or not actor.belongs_to(adjustment.branch_id):
        raise NotFound("adjustment_not_found", lazy("There is no such adjustment."))
    require(actor, Permission.STOCK_SEE, adjustment.branch_id)
    return adjustment


def list_adjustments(
    session: Session, actor: Actor, branch_id: UUID, *, limit: int = 50, before: UUID | None = None
) -> Sequence[Any]:
    """Adjustments newest first: (Adjustment, Item, Lot, Person)."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = (
        select(Adjustment, Item, Lot, Person)
        .join(Item, Item.id == Adjustment.item_id)
        .join(Lot, Lot.id == Adjustment.lot_id)
        .join(Person, Person.id == Adjustment.person_id)
        .where(Adjustment.branch_id == branch_id)
        .order_by(Adjustment.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Adjustment.id < before)
    return session.execute(query).all()
