"""From the books to what the policy is told: dates to day numbers, base units to stock units.

A day number is the proleptic ordinal less one, so that day % 7 is the weekday with Monday as 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.models import Branch
from supply.domain.planning import attendance, books, condensed, offers
from supply.domain.planning.herbs import with_herbs
from supply.domain.planning.models import CalendarEntry, EntryKind
from supply.domain.planning.offers import Sold
from supply.domain.purchasing.observation import AHEAD, Event, Observation, SupplierSeen, SupplySeen
from supply.domain.purchasing.rules import get_rules
from supply.domain.suppliers.ordering import days_to_order

HOLDING_RATE = 0.25
# What bears no last day, as a life in days: longer than anything is planned for.
LASTS = 3650
FEWEST_LOTS = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What the policy is told of a branch or of some (`only`) of its items, and what its codes (ids as text)
    stand for."""

    branch: Branch
    only: Sequence[UUID] | None
    today: date
    sold: Mapping[str, Sold]
    observation: Observation


def number_of(day: date) -> int:
    return day.toordinal() - 1


def observe(session: Session, branch: Branch, *, only: Sequence[UUID] | None = None) -> Seen:
    """Look at the branch as its evening stands; `only` some items. A fixed number of statements."""
    today = clock.today(branch.timezone)
    sold: dict[UUID, Sold] = {}
    for offer in offers.sold_items(session, branch.id, only):
        sold.setdefault(offer.item_id, offer)
    coded = {str(item_id): one for item_id, one in sold.items()}
    since = books.first_day(session, branch.id, books.since_day(today)) or today
    count = (today - since).days + 1
    entries = books.calendar(session, branch.id, since)
    visits = books.visits_since(
        session, branch.id, _start(books.since_day(today), branch), _start(today, branch)
    )
    read = _Books(session, branch, today, since, only)
    deliveries = _deliveries(session, branch)
    booking = attendance.habits(visits, branch.timezone, today)
    observation: Observation = {
        "today": number_of(today),
        "weekday": today.weekday(),
        "holding_rate": HOLDING_RATE,
        "show_rate": booking.show_rate,
        "booked_share": booking.booked_share,
        "open_history": _open(entries, (since + timedelta(days=day) for day in range(count))),
        "open_ahead": _open(entries, (today + timedelta(days=day) for day in range(1, AHEAD + 1))),
        "events": _events(entries),
        "supplier_closed": [
            [number_of(entry.first_on), number_of(entry.last_on)]
            for entry in entries
            if entry.kind is EntryKind.SUPPLIERS_CLOSED
        ],
        "unlogged_history": attendance.unlogged(visits, branch.timezone, since, count),
        "suppliers": _suppliers(session, branch, sold.values(), deliveries, closed=_closed(entries, today)),
        "supplies": {code: read.supply(one) for code, one in coded.items()},
        "deliveries": deliveries,
    }
    return Seen(branch, only, today, coded, observation)


def _start(day: date, branch: Branch) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(branch.timezone))


def _open(entries: Sequence[CalendarEntry], days: Iterable[date]) -> list[int]:
    closed = [entry for entry in entries if entry.kind is EntryKind.CLOSED]
    return [int(not any(entry.first_on <= day <= entry.last_on for entry in closed)) for day in days]


def _events(entries: Sequence[CalendarEntry]) -> list[Event]:
    return [
        {
            "start": number_of(entry.first_on),
            "end": number_of(entry.last_on),
            "factor": (entry.factor_percent or 100) / 100,
        }
        for entry in entries
        if entry.kind is EntryKind.EVENT
    ]


def _closed(entries: Sequence[CalendarEntry], today: date) -> bool:
    """Whether no supplier takes orders today."""
    return any(
        entry.kind is EntryKind.SUPPLIERS_CLOSED and entry.first_on <= today <= entry.last_on
        for entry in entries
    )


def _deliveries(session: Session, branch: Branch) -> dict[str, list[list[int]]]:
    found: dict[str, list[list[int]]] = {}
    for supplier_id, *moments in books.lead_history(session, branch.id):
        found.setdefault(str(supplier_id), []).append(_days(moments, branch))
    return found


def _suppliers(
    session: Session,
    branch: Branch,
    sold: Collection[Sold],
    deliveries: Mapping[str, list[list[int]]],
    *,
    closed: bool,
) -> dict[str, SupplierSeen]:
    known = {one.seller: one for one in sold}
    slow = {one.item_id: one.seller for one in sold if one.own_lead_days is not None}
    leads = defaultdict(list, deliveries)
    for item_id, *moments in books.item_leads(session, branch.id, sorted(slow)):
        pair, own = _days(moments, branch), leads[slow[item_id]]
        if pair not in own:
            own.append(pair)
    now = clock.now()
    return {
        seller: {
            "order_days": [day for day in range(7) if one.supplier.order_days >> day & 1],
            "can_order": not closed and days_to_order(one.supplier, now, branch.timezone) == 0,
            "lead_stated": float(one.lead_days),
            "order_fee": float(one.supplier.order_fee_minor),
            "lead_history": leads[seller],
        }
        for seller, one in known.items()
    }


def _days(moments: Iterable[datetime], branch: Branch) -> list[int]:
    return [number_of(clock.day_of(at, branch.timezone)) for at in moments]


class _Books:
    """What was read of all items at once, dealt out item by item in stock units."""

    def __init__(
        self, session: Session, branch: Branch, today: date, since: date, only: Sequence[UUID] | None
    ) -> None:
        self.today, self.branch = today, branch
        self.count = (today - since).days + 1
        self.nothing = [0] * self.count
        self.used = condensed.demand(session, branch.id, since, self.count, only)
        self.lots = _grouped(books.shelf(session, branch.id, only))
        self.orders = _grouped(books.open_orders(session, branch.id, only))
        self.sent = _grouped(books.on_the_way(session, branch.id, today, only))
        ahead = _start(today + timedelta(days=AHEAD + 1), branch)
        booked = books.open_needs(session, branch.id, ahead, only)
        self.needs = _grouped(with_herbs(booked, books.brews(session, branch.id, clock.now())))
        year = _start(books.since_day(today, books.LIFE_DAYS), branch)
        self.lives = condensed.lot_lives(session, branch.id, branch.timezone, year, only)
        recent = _start(books.since_day(today, books.BOOKING_DAYS), branch)
        self.portions = {row[0]: row[1:] for row in books.portions(session, branch.id, recent, only)}
        self.step_cost = get_rules(session, branch.id).blocked_step_minor
        self.estimates = dict(map(tuple, books.estimates(session, branch.id, only)))

    def supply(self, sold: Sold) -> SupplySeen:
        item_id, factor = sold.item_id, sold.factor
        pack = sold.pack_quantity / factor
        cost = sold.price_minor / pack
        low, high = self._life(sold)
        pending, bookings = self._needs(item_id, factor)
        return {
            "unit": sold.stock_unit,
            "supplier": sold.seller,
            "unit_cost": cost,
            "shortage_cost": self._shortage_cost(item_id, factor, cost),
            "pack": pack,
            "moq": pack * sold.minimum_packs,
            "shelf_life": low,
            "shelf_life_max": high,
            "active": True,
            "prior_daily": self.estimates.get(item_id, 0) / factor,
            "history": [used / factor for used in self.used.get(item_id, self.nothing)],
            "lots": self._lots(item_id, factor),
            "on_order": self._on_order(item_id, factor),
            "bookings": bookings,
            "pending_usage": pending,
        }

    def _on_order(self, item_id: UUID, factor: int) -> list[list[float]]:
        """From suppliers, and from other branches: as if ordered today, since no supplier is late by it."""
        today = number_of(self.today)
        ordered = [
            [self._number(ordered), self._number(expected), left / factor]
            for ordered, expected, left in self.orders.get(item_id, ())
        ]
        return ordered + [
            [float(today), float(max(number_of(expected), today)), quantity / factor]
            for expected, quantity in self.sent.get(item_id, ())
        ]

    def _lots(self, item_id: UUID, factor: int) -> list[list[float]]:
        never = number_of(self.today) + LASTS
        return [
            # The policy's day is the morning on which the lot is gone, the day after its last.
            [float(never if last is None else number_of(last) + 1), int(quantity) / factor]
            for last, quantity in self.lots.get(item_id, ())
            if last is None or last >= self.today
        ]

    def _needs(self, item_id: UUID, factor: int) -> tuple[float, list[float]]:
        pending, bookings = 0.0, [0.0] * AHEAD
        for planned_at, quantity in self.needs.get(item_id, ()):
            ahead = (clock.day_of(planned_at, self.branch.timezone) - self.today).days
            if ahead <= 0:
                pending += quantity / factor
            elif ahead <= AHEAD:
                bookings[ahead - 1] += quantity / factor
        return pending, bookings

    def _life(self, sold: Sold) -> tuple[float, float]:
        """Usable days at delivery, low and high: of the lots that came, else as the catalogue says."""
        lives = sorted(self.lives.get(sold.item_id, ()))
        if len(lives) >= FEWEST_LOTS:
            return float(max(lives[len(lives) // 10], 1)), float(max(lives[-1 - len(lives) // 10], 1))
        stated = float(sold.shelf_life_days or LASTS)
        return stated, stated

    def _shortage_cost(self, item_id: UUID, factor: int, unit_cost: float) -> float:
        """What one missing stock unit costs: so many guests' steps cannot be given."""
        taken, guests = self.portions.get(item_id, (0, 0))
        if not taken or not guests:
            return unit_cost * 10
        return float(self.step_cost * int(guests) / (int(taken) / factor))

    def _number(self, instant: datetime) -> float:
        return float(number_of(clock.day_of(instant, self.branch.timezone)))


def _grouped(rows: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    grouped: defaultdict[UUID, list[Any]] = defaultdict(list)
    for item_id, *rest in rows:
        grouped[item_id].append(rest)
    return grouped
