"""What storeroom and manager do on a day of the demo: request, approve, take in, write off, count."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo.day import Day
from supply.cli.demo.founding import House, lot_number
from supply.domain.catalog import service as catalog
from supply.domain.labels import service as labels
from supply.domain.ledger import reading
from supply.domain.purchasing import deciding, orders, sending
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine, RequisitionStatus, SentBy
from supply.domain.receiving import service as receiving
from supply.domain.stocktake import counting
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from supply.errors import Conflict
from supply.quantity import UNITS, from_base


def request(session: Session, today: Day) -> None:
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


def decide(session: Session, today: Day) -> None:
    house = today.house
    for requisition in purchasing.list_requisitions(
        session, house.manager, house.branch_id, statuses=(RequisitionStatus.SUBMITTED,)
    ):
        if today.rng.random() < 0.04:
            deciding.reject_requisition(
                session, house.manager, requisition.id, reason="Gộp vào đơn tuần sau."
            )
        else:
            approved = deciding.approve_requisition(session, house.manager, requisition.id)
            for order in approved.orders:
                # The demo has no mail server; the paper goes with the market porter.
                sending.send_order(session, house.manager, order.id, by=SentBy.PRINT)


def take_in(session: Session, today: Day) -> None:
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
                "cost_minor": _dearer(order, line),
            }
        )
    delivery = receiving.log_delivery(
        session,
        today.house.storekeeper,
        branch_id=today.house.branch_id,
        supplier_id=order.supplier_id,
        purchase_order_id=order.id,
        reference=f"PX-{today.day:%y%m%d}-{order.number}",
        lines=lines,
    )
    lot_ids = [line.lot_id for line in delivery.lines]
    labels.make_labels(session, today.house.storekeeper, branch_id=today.house.branch_id, lot_ids=lot_ids)


def _dearer(order: PurchaseOrder, line: PurchaseOrderLine) -> int | None:
    """On every fourth paper the first item has become a few per cent dearer than agreed."""
    if order.number % 4 or line.position != order.lines[0].position or not line.price_minor:
        return None
    assert line.pack_quantity is not None
    percent = 103 + order.number % 7
    pack = round(line.price_minor * percent / 100, -3)
    return int(pack * line.open // line.pack_quantity)


def throw_away(session: Session, today: Day) -> None:
    """The expired once a week (what expires in the last days still stands), and now and then a spill."""
    house, rng = today.house, today.rng
    clearing, spilling = today.day.weekday() == 0 and today.left > 3, rng.random() < 0.12
    if not (clearing or spilling):
        return
    rows = reading.list_expiring(session, house.branch_id, today.day + timedelta(days=400))
    if clearing:
        for row in rows:
            if row.Lot.use_by_at is None and row.Holding.expires_on < today.day:
                _waste(session, house, row, row.Holding.quantity, WasteReason.EXPIRED)
    if spilling and rows:
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


def count_one(session: Session, today: Day) -> None:
    levels = reading.list_levels(session, today.house.branch_id, today=today.day, limit=100)
    _count(session, today, today.rng.choice(levels).item_id)


def count_tasks(session: Session, today: Day) -> None:
    """What ran short yesterday is counted today."""
    house = today.house
    waiting = tasks.list_open(session, house.storekeeper, house.branch_id, kind=TaskKind.COUNT)
    for item_id in dict.fromkeys(task.item_id for task in waiting if task.item_id is not None):
        _count(session, today, item_id)


def _count(session: Session, today: Day, item_id: UUID) -> None:
    """Now and then a little is missing. What takes a manager's approval is found at a second look."""
    house, rng = today.house, today.rng
    item = catalog.get_item(session, item_id)
    lines, whole = [], []
    for row in reading.list_holdings(session, house.branch_id, item_id):
        missing = item.natural_step * rng.randint(0, 2) if rng.random() < 0.3 else 0
        place = {
            "lot_id": row.Lot.id,
            "location_id": row.Location.id,
            "container_id": row.Holding.container_id,
            "unit": item.stock_unit,
        }
        factor = UNITS[item.stock_unit].factor
        lines.append(place | {"amount": from_base(max(row.Holding.quantity - missing, 0), factor)})
        whole.append(place | {"amount": from_base(row.Holding.quantity, factor)})
    log = partial(counting.log_count, session, house.storekeeper, branch_id=house.branch_id, item_id=item_id)
    try:
        log(lines=lines)
    except Conflict as conflict:
        if conflict.code != "approval_needed":
            raise
        log(lines=whole)
