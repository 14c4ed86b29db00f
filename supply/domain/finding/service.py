"""Finds items, lots, visits, orders, requisitions, suppliers, recipes and people by a few letters of them.

A few of each kind, what the person may see. Marks and case do not count: "gung" finds "Gừng". Looks only, and
never at what grows with the ledger.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, and_, case, cast, func, or_, select, union
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Room
from supply.domain.catalog import gtin
from supply.domain.catalog.models import Item, ItemCode
from supply.domain.catalog.search import search_key, search_words, written_words
from supply.domain.finding import lots
from supply.domain.finding.found import Found, Kind
from supply.domain.ledger.models import Holding, Lot, StockLevel
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.domain.purchasing.models import PurchaseOrder, Requisition
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.treatments.models import Procedure
from supply.domain.visits.models import Visit
from supply.permissions import Actor, Permission, require

# So many of each kind; whoever looks for more types another letter.
MOST = 6
# Of what bears the letters, so many are looked at for those that are wanted most.
LOOKED_AT = 60
# Visits are found by room, therapist and treatment from so many days ago until so many ahead.
DAYS_BEFORE, DAYS_AHEAD = 2, 7
# By a part of the booking from so many days ago on: what is older would be looked through year by year.
DAYS_BOOKED = 90
MOST_VISITS = 400
# "17", "order 17", "#17", and an order's number on paper: "HN-17".
_NUMBER = re.compile(r"(?:^|[\s#-])([0-9]{1,9})$", re.ASCII)


def find(session: Session, actor: Actor, branch_id: UUID, text: str) -> list[Found]:
    """What bears all the words of the text, kind by kind, the most wanted first. One letter finds nothing."""
    require(actor, Permission.STOCK_SEE, branch_id)
    text = text.strip()
    key = search_key(text)
    if len(key) < 2 and not key.isdigit():
        return []
    words = search_words(text)
    return [
        *_items(session, branch_id, text, words),
        *_lots(session, branch_id, text),
        *_visits(session, branch_id, text),
        *_orders(session, branch_id, text, words),
        *_requisitions(session, branch_id, text),
        *_suppliers(session, words),
        *_procedures(session, words),
        *_people(session, actor, key),
    ]


def _bearing(column: Any, words: list[str]) -> ColumnElement[bool]:
    """Whether a search key holds every word."""
    return and_(*(column.like(word, escape="\\") for word in words))


def _begins(column: Any, words: list[str]) -> ColumnElement[int]:
    """0 where some word of the search key begins with the first word, else 1."""
    return case(((" " + column).like(f"% {words[0][1:]}", escape="\\"), 0), else_=1)


def _items(session: Session, branch_id: UUID, text: str, words: list[str]) -> list[Found]:
    """Also by the number of a package and by a supplier's code for it; what is in use comes first."""
    by_package = select(ItemCode.item_id).where(ItemCode.code.in_(_package_codes(text)))
    by_terms = select(SupplierTerms.item_id).where(
        SupplierTerms.supplier_code.istartswith(text, autoescape=True)
    )
    bearing = or_(_bearing(Item.search_key, words), Item.id.in_(by_package), Item.id.in_(by_terms))
    query = (
        select(Item, StockLevel.on_hand)
        .outerjoin(StockLevel, and_(StockLevel.branch_id == branch_id, StockLevel.item_id == Item.id))
        .where(bearing)
        .order_by(Item.active.desc(), _begins(Item.search_key, words), Item.sort_key, Item.id)
        .limit(MOST)
    )
    return [
        Found(Kind.ITEM, item.id, item.code, item.name_en, item.name_vi, item=item, quantity=on_hand)
        for item, on_hand in session.execute(query)
    ]


def _package_codes(text: str) -> list[str]:
    number = gtin.normalised(text) or gtin.expanded(text)
    return [text, number] if number else [text]


def _lots(session: Session, branch_id: UUID, text: str) -> list[Found]:
    """By the number, the very one first; what stands also by its item and supplier. The newest first."""
    standing = (
        select(func.coalesce(cast(func.sum(Holding.quantity), BigInteger), 0))
        .where(Holding.branch_id == branch_id, Holding.lot_id == Lot.id)
        .scalar_subquery()
    )
    by = case((func.lower(Lot.number) == text.lower(), 0), (lots.numbered(text), 1), else_=2).label("by")
    # Chosen first, so that what stands is added up of these alone.
    chosen = (
        select(Lot.id, by)
        .join(Item, Item.id == Lot.item_id)
        .where(Lot.branch_id == branch_id, lots.named(text))
        .order_by(by, Lot.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    query = (
        select(Lot, Item, standing.label("standing"), chosen.c.by)
        .join(chosen, chosen.c.id == Lot.id)
        .join(Item, Item.id == Lot.item_id)
        .order_by(Lot.id.desc())
    )
    found = [row for row in session.execute(query) if row.by < 2 or row.standing]
    rows = sorted(found, key=lambda row: (row.by > 0, not row.standing, row.by))
    return [
        Found(
            Kind.LOT,
            row.Lot.id,
            row.Lot.number,
            row.Item.name_en,
            row.Item.name_vi,
            item=row.Item,
            quantity=row.standing,
            expires_on=row.Lot.expires_on,
            quarantined=row.Lot.quarantined_at is not None,
        )
        for row in rows[:MOST]
    ]


def _visits(session: Session, branch_id: UUID, text: str) -> list[Found]:
    """By the whole booking, of any day; by a part of it, lately and to come; of these days also by treatment,
    room and therapist. Nearest first."""
    now = clock.now()
    query = (
        select(
            Visit.id,
            Visit.booking_reference,
            Visit.planned_at,
            Visit.status,
            Procedure.name_en,
            Procedure.name_vi,
            Room.name.label("room"),
            Person.name.label("therapist"),
        )
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
        .where(Visit.id.in_(_visits_to_look_at(branch_id, text, now)))
    )
    key = search_key(text)
    rows = [row for row in session.execute(query) if _holds(key, _told_of_visit(row))]
    nearest = sorted(rows, key=lambda row: (abs(row.planned_at - now), row.id))
    return [
        Found(
            Kind.VISIT,
            row.id,
            row.booking_reference or "",
            row.name_en,
            row.name_vi,
            at=row.planned_at,
            status=row.status,
            beside=tuple(part for part in (row.room, row.therapist) if part),
        )
        for row in nearest[:MOST]
    ]


def _visits_to_look_at(branch_id: UUID, text: str, now: datetime) -> CompoundSelect[tuple[UUID]]:
    """The one that was booked so, some that lately were, and those of these days."""
    named = select(Visit.id).where(
        Visit.branch_id == branch_id, Visit.booking_reference.in_({text, text.upper(), text.lower()})
    )
    booked = (
        select(Visit.id)
        .where(
            Visit.branch_id == branch_id,
            Visit.planned_at >= now - timedelta(days=DAYS_BOOKED),
            _bearing(func.lower(Visit.booking_reference), written_words(text)),
        )
        .limit(LOOKED_AT)
        .subquery()
    )
    near = (
        select(Visit.id)
        .where(
            Visit.branch_id == branch_id,
            Visit.planned_at >= now - timedelta(days=DAYS_BEFORE),
            Visit.planned_at < now + timedelta(days=DAYS_AHEAD),
        )
        .order_by(Visit.planned_at)
        .limit(MOST_VISITS)
        .subquery()
    )
    return union(named, select(booked.c.id), select(near.c.id))


def _told_of_visit(row: Any) -> str:
    return search_key(row.booking_reference, row.name_vi, row.name_en, row.room, row.therapist)


def _holds(key: str, told: str) -> bool:
    return all(word in told for word in key.split())


def _orders(session: Session, branch_id: UUID, text: str, words: list[str]) -> list[Found]:
    """By the number, and the newest of a supplier."""
    number = _number(text)
    wanted = [_bearing(Supplier.search_key, words)]
    if number is not None:
        wanted.append(PurchaseOrder.number == number)
    query = (
        select(
            PurchaseOrder.id,
            PurchaseOrder.number,
            PurchaseOrder.status,
            PurchaseOrder.expected_at,
            Supplier.name,
        )
        .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .where(PurchaseOrder.branch_id == branch_id, or_(*wanted))
        .order_by(case((PurchaseOrder.number == (number or 0), 0), else_=1), PurchaseOrder.number.desc())
        .limit(MOST)
    )
    return [
        Found(Kind.ORDER, row.id, str(row.number), row.name, row.name, at=row.expected_at, status=row.status)
        for row in session.execute(query)
    ]


def _requisitions(session: Session, branch_id: UUID, text: str) -> list[Found]:
    number = _number(text)
    if number is None:
        return []
    query = (
        select(Requisition.id, Requisition.status, Requisition.created_at, Person.name)
        .join(Person, Person.id == Requisition.requested_by)
        .where(Requisition.branch_id == branch_id, Requisition.number == number)
    )
    return [
        Found(Kind.REQUISITION, row.id, str(number), row.name, row.name, at=row.created_at, status=row.status)
        for row in session.execute(query)
    ]


def _number(text: str) -> int | None:
    """The number that an order or a requisition is called by."""
    told = _NUMBER.search(text)
    return int(told[1]) if told else None


def _suppliers(session: Session, words: list[str]) -> list[Found]:
    query = (
        select(Supplier.id, Supplier.code, Supplier.name)
        .where(_bearing(Supplier.search_key, words))
        .order_by(Supplier.active.desc(), _begins(Supplier.search_key, words), Supplier.code)
        .limit(MOST)
    )
    return [Found(Kind.SUPPLIER, row.id, row.code, row.name, row.name) for row in session.execute(query)]


def _procedures(session: Session, words: list[str]) -> list[Found]:
    query = (
        select(Procedure.id, Procedure.code, Procedure.name_en, Procedure.name_vi)
        .where(_bearing(Procedure.search_key, words))
        .order_by(Procedure.active.desc(), _begins(Procedure.search_key, words), Procedure.code)
        .limit(MOST)
    )
    return [
        Found(Kind.PROCEDURE, row.id, row.code, row.name_en, row.name_vi) for row in session.execute(query)
    ]


def _people(session: Session, actor: Actor, key: str) -> list[Found]:
    """Those whom one looks after, if any."""
    if not actor.may(Permission.PEOPLE_STAFF):
        return []
    known = people.list_people(session, actor, active=None)
    found = [one for one in known if _holds(key, search_key(one.name, one.login))]
    return [Found(Kind.PERSON, one.id, one.login, one.name, one.name) for one in found[:MOST]]
