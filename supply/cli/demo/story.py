"""What happens in the demo spa on a day: visits, deliveries, approvals, waste, counts, slips.

Each event bears its instant; the clock stands there while it is told. Deterministic by seed, branch and day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo.founding import House, lot_number
from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading, shelf
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Container
from supply.domain.purchasing import orders
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine, RequisitionStatus
from supply.domain.receiving import service as receiving
from supply.domain.stocktake import counting
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.visits import service as visits
from supply.domain.visits.models import Visit, VisitStep
from supply.domain.visits.planning import Plan, plan_visits
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.quantity import UNITS, from_base

PACKAGES = {
    "full-ritual": (45, (1, 2, 3, 4, 5, 6)),
    "short-ritual": (25, (1, 4, 6)),
    "herbal-baths": (15, (1, 2, 3, 5)),
    "massage-only": (15, (6,)),
}
STEP = timedelta(minutes=25)
CONDITIONS = ("pregnancy", "heart-failure", "bleeding")
# Oils are used from an opened bottle: which items, and what one bottle holds in base units.
BOTTLES = {"oil-massage": 1_000_000, "oil-lavender": 100_000, "oil-lemongrass": 100_000, "oil-sauna": 500_000}

Event = tuple[datetime, Callable[[Session], None]]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one branch; `left` counts the days up to the last one."""

    house: House
    day: date
    left: int
    rng: Random

    def at(self, hour: int, minute: int = 0, day: int = 0) -> datetime:
        local = datetime.combine(self.day + timedelta(days=day), time(hour, minute))
        return local.replace(tzinfo=ZoneInfo(self.house.timezone))


def live(session: Session, house: House, day: date, left: int, seed: int, until: datetime) -> None:
    """Tell a day up to `until`. The visits of the day were planned the evening before."""
    today = Day(house, day, left, Random(f"{seed}:{house.code}:{day}"))  # noqa: S311 - a story, not a secret
    events = sorted(_events(session, today), key=lambda event: event[0])
    for instant, happen in events:
        if instant <= until:
            with clock.standing_at(instant):
                happen(session)


def plan_day(session: Session, house: House, day: date, seed: int) -> None:
    """Plan the visits of a day: no room twice at once, weekends full."""
    rng = Random(f"{seed}:{house.code}:{day}:plans")  # noqa: S311
    today = Day(house, day, 0, rng)
    count = max(2, round(rng.gauss(house.visits[day.weekday()], 1.2)))
    busy: dict[UUID, datetime] = {}
    plans = []
    for minute in sorted(rng.sample(range(0, 600, 15), count)):
        starts = today.at(9) + timedelta(minutes=minute)
        free = [room for room in house.rooms if busy.get(room[0], starts) <= starts]
        if not free:
            continue
        room_id, most = rng.choice(free)
        package = rng.choices(list(PACKAGES), [weight for weight, _steps in PACKAGES.values()])[0]
        busy[room_id] = starts + STEP * (len(PACKAGES[package][1]) + 1)
        guests = [
            [rng.choice(CONDITIONS[:1])] if rng.random() < 0.02 else [] for _ in range(_party(rng, most))
        ]
        plans.append(
            Plan(
                procedure="back-massage",
                guests=guests,
                planned_at=starts,
                package=package,
                room_id=room_id,
                therapist_id=rng.choice(house.therapists).person_id,
                booking_reference=f"{house.code}-{day:%y%m%d}-{minute:03}",
            )
        )
    plan_visits(session, ledger.lock(session, house.manager, house.branch_id), plans)


def _party(rng: Random, most: int) -> int:
    return most if most < 3 and rng.random() < 0.75 else rng.randint(1, most)


def _events(session: Session, today: Day) -> Iterator[Event]:
    rng = today.rng
    yield today.at(8, 10), lambda session: _open_bottles(session, today)
    # The last request of the story is still waiting for its manager.
    yield today.at(17 if today.left == 1 else 8, 30), lambda session: _request(session, today)
    if today.left > 1:
        yield today.at(9, 40), lambda session: _decide(session, today)
    yield today.at(11, rng.randint(0, 50)), lambda session: _take_in(session, today)
    yield from _visits(session, today)
    yield today.at(20, 45), lambda session: _throw_away(session, today)
    if rng.random() < 0.3:
        yield today.at(21, 0), lambda session: _count_one(session, today)
    if today.left > 1:
        yield today.at(21, 15), lambda session: _count_tasks(session, today)


def _visits(session: Session, today: Day) -> Iterator[Event]:
    rng, house = today.rng, today.house
    query = (
        select(Visit.id, Visit.planned_at, Visit.therapist_id, Visit.package_id, Visit.booking_reference)
        .where(
            Visit.branch_id == house.branch_id,
            Visit.planned_at >= today.at(0),
            Visit.planned_at < today.at(0, day=1),
        )
        .order_by(Visit.planned_at, Visit.id)
    )
    for row in session.execute(query).all():
        positions = _positions(session, row.id)
        begins = row.planned_at + timedelta(minutes=rng.randint(0, 10))
        slip = rng.random()
        done = positions[:-2] if slip < 0.02 and len(positions) > 3 else positions
        chance = rng.random()
        # Steps are tapped one after the other; the last one late, when the guests have left.
        for first in range(0, len(done), 3):
            some = done[first : first + 3]
            when = [begins + STEP * (done.index(position) + 1) for position in some]
            yield when[-1], _completing(house, row.id, row.therapist_id, some, when)
        over = begins + STEP * (len(done) + 1)
        if done is not positions:
            yield over, _breaking_off(house, row.id)
        elif chance < 0.03:
            yield over, _slipping(house, row.id, done[-1])


def _positions(session: Session, visit_id: UUID) -> list[int]:
    query = select(VisitStep.position).where(VisitStep.visit_id == visit_id).order_by(VisitStep.position)
    return list(session.scalars(query))


def _completing(
    house: House, visit_id: UUID, therapist_id: UUID, positions: list[int], when: list[datetime]
) -> Callable[[Session], None]:
    therapist = next(actor for actor in house.therapists if actor.person_id == therapist_id)

    def happen(session: Session) -> None:
        completions = [
            {"visit_id": visit_id, "position": position, "happened_at": instant}
            for position, instant in zip(positions, when, strict=True)
        ]
        visits.complete_steps(
            session, therapist, branch_id=house.branch_id, completions=completions, consent_to_shortage=True
        )

    return happen


def _breaking_off(house: House, visit_id: UUID) -> Callable[[Session], None]:
    return lambda session: visits.break_off_visit(session, house.manager, visit_id)


def _slipping(house: House, visit_id: UUID, position: int) -> Callable[[Session], None]:
    """Somebody tapped the wrong thing: undone, and done again."""

    def happen(session: Session) -> None:
        visits.reverse_completion(session, house.manager, visit_id=visit_id, position=position)
        visits.complete_step(
            session, house.manager, visit_id=visit_id, position=position, consent_to_shortage=True
        )

    return happen


def _open_bottles(session: Session, today: Day) -> None:
    house = today.house
    for code, bottle in BOTTLES.items():
        item = catalog.find_item_by_code(session, code)
        assert item is not None, code
        rows = reading.list_holdings(session, house.branch_id, item.id)
        if any(row.Container is not None and row.Holding.quantity > bottle // 10 for row in rows):
            continue
        _finish_empty(session, house)
        day = clock.today(house.timezone)
        full = [
            row
            for row in rows
            if row.Container is None
            and row.Holding.quantity >= bottle
            and (row.Holding.expires_on is None or row.Holding.expires_on >= day)
        ]
        if full:
            shelf.open_container(
                session,
                house.storekeeper,
                branch_id=house.branch_id,
                lot_id=full[0].Lot.id,
                location_id=full[0].Location.id,
                quantity=bottle,
            )


def _finish_empty(session: Session, house: House) -> None:
    open_now = select(Container.id, Container.lot_id).where(
        Container.branch_id == house.branch_id, Container.finished_at.is_(None)
    )
    standing = {
        row.Holding.container_id
        for lot in session.execute(open_now).all()
        for row in reading.list_holdings(session, house.branch_id, _item_of(session, house, lot.lot_id))
    }
    for row in session.execute(open_now).all():
        if row.id not in standing:
            shelf.finish_container(session, house.storekeeper, branch_id=house.branch_id, container_id=row.id)


def _item_of(session: Session, house: House, lot_id: UUID) -> UUID:
    return ledger.get_lot(session, house.branch_id, lot_id).item_id


def _request(session: Session, today: Day) -> None:
    house = today.house
    flagged = [
        row.item_id
        for row in reading.list_low(session, house.branch_id, today.day)
        if today.rng.random() < 0.9
    ]
    waiting = purchasing.list_requisitions(
        session, house.storekeeper, house.branch_id, statuses=(RequisitionStatus.SUBMITTED,)
    )
    asked = {line.item_id for requisition in waiting for line in requisition.lines}
    wanted = [item_id for item_id in flagged if item_id not in asked]
    if today.left == 0:
        wanted = wanted[: len(wanted) // 2]
    if wanted:
        requisition = purchasing.raise_requisition(
            session,
            house.storekeeper,
            branch_id=house.branch_id,
            lines=[{"item_id": item_id} for item_id in wanted],
        )
        purchasing.submit_requisition(session, house.storekeeper, requisition.id)


def _decide(session: Session, today: Day) -> None:
    house = today.house
    for requisition in purchasing.list_requisitions(
        session, house.manager, house.branch_id, statuses=(RequisitionStatus.SUBMITTED,)
    ):
        if today.rng.random() < 0.04:
            purchasing.reject_requisition(
                session, house.manager, requisition.id, reason="Gộp vào đơn tuần sau."
            )
        else:
            purchasing.approve_requisition(session, house.manager, requisition.id)


def _take_in(session: Session, today: Day) -> None:
    """What was promised for today comes, mostly; some of it in two goes."""
    house, now = today.house, clock.now()
    for order in orders.list_expected(session, house.storekeeper, house.branch_id):
        if order.expected_at > now or today.rng.random() < 0.1:
            continue
        open_lines = [line for line in order.lines if line.open]
        if len(open_lines) > 1 and today.rng.random() < 0.12:
            open_lines = open_lines[:-1]
        _deliver(session, today, order, open_lines)


def _deliver(session: Session, today: Day, order: PurchaseOrder, open_lines: list[PurchaseOrderLine]) -> None:
    rng = today.rng
    lines = []
    for line in open_lines:
        item = line.item
        life = item.shelf_life_days
        lines.append(
            {
                "item_id": item.id,
                "amount": from_base(line.open, UNITS[item.stock_unit].factor),
                "unit": item.stock_unit,
                "lot_number": lot_number(item, clock.now(), rng) if item.lot_required else None,
                "expires_on": today.day + timedelta(days=max(int(life * rng.uniform(0.6, 0.95)), 5))
                if life
                else None,
            }
        )
    receiving.log_delivery(
        session,
        today.house.storekeeper,
        branch_id=today.house.branch_id,
        supplier_id=order.supplier_id,
        purchase_order_id=order.id,
        reference=f"PX-{today.day:%y%m%d}-{order.number}",
        lines=lines,
    )


def _throw_away(session: Session, today: Day) -> None:
    """The expired once a week (what expires in the last days still stands), and now and then a spill."""
    house, rng = today.house, today.rng
    rows = reading.list_expiring(session, house.branch_id, today.day + timedelta(days=400))
    expired = [row for row in rows if row.Holding.expires_on < today.day]
    if today.day.weekday() == 0 and today.left > 3:
        for row in expired:
            _waste(session, house, row, row.Holding.quantity, WasteReason.EXPIRED)
    if rng.random() < 0.12 and rows:
        row = rng.choice(rows)
        spilled = min(row.Item.natural_step * rng.randint(1, 3), row.Holding.quantity)
        _waste(
            session,
            house,
            row,
            spilled,
            rng.choice((WasteReason.SPILLED, WasteReason.DAMAGED, WasteReason.TESTER)),
        )


def _waste(session: Session, house: House, row: Any, quantity: int, reason: WasteReason) -> None:
    waste.log_waste(
        session,
        house.storekeeper,
        branch_id=house.branch_id,
        lot_id=row.Lot.id,
        container_id=row.Holding.container_id,
        location_id=row.Location.id,
        amount=from_base(quantity, UNITS[row.Item.stock_unit].factor),
        unit=row.Item.stock_unit,
        reason=reason,
    )


def _count_one(session: Session, today: Day) -> None:
    levels = reading.list_levels(session, today.house.branch_id, today=today.day, limit=100)
    _count(session, today, today.rng.choice(levels).item_id)


def _count_tasks(session: Session, today: Day) -> None:
    """What ran short yesterday is counted today."""
    house = today.house
    waiting = tasks.list_open(session, house.storekeeper, house.branch_id, kind=TaskKind.COUNT)
    for item_id in dict.fromkeys(task.item_id for task in waiting if task.item_id is not None):
        _count(session, today, item_id)


def _count(session: Session, today: Day, item_id: UUID) -> None:
    house, rng = today.house, today.rng
    item = catalog.get_item(session, item_id)
    lines = []
    for row in reading.list_holdings(session, house.branch_id, item_id):
        missing = item.natural_step * rng.randint(0, 2) if rng.random() < 0.3 else 0
        found = max(row.Holding.quantity - missing, 0)
        lines.append(
            {
                "lot_id": row.Lot.id,
                "location_id": row.Location.id,
                "container_id": row.Holding.container_id,
                "amount": from_base(found, UNITS[item.stock_unit].factor),
                "unit": item.stock_unit,
            }
        )
    counting.log_count(session, house.storekeeper, branch_id=house.branch_id, item_id=item_id, lines=lines)
