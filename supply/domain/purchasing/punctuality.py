"""How long suppliers really took: learned from the orders of a branch of which something came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches.service import get_branch
from supply.domain.purchasing.leadtime import middle
from supply.domain.purchasing.models import PurchaseOrder
from supply.permissions import Actor, Permission, require

# As many orders as the plan learns from.
LATEST = 24


@dataclass(frozen=True, slots=True)
class Arrival:
    """One order from the day it was ordered to the day the first of it came, in the branch's days."""

    order_id: UUID
    number: int
    ordered_on: date
    expected_on: date
    arrived_on: date

    @property
    def days(self) -> int:
        return (self.arrived_on - self.ordered_on).days

    @property
    def days_late(self) -> int:
        return max((self.arrived_on - self.expected_on).days, 0)


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """The latest orders of one supplier, newest first; without any there is nothing to say."""

    arrivals: Sequence[Arrival] = ()

    @property
    def count(self) -> int:
        return len(self.arrivals)

    @property
    def median_days(self) -> int | None:
        return middle([one.days for one in self.arrivals]) if self.arrivals else None

    @property
    def worst_days(self) -> int | None:
        return max((one.days for one in self.arrivals), default=None)

    @property
    def on_time_share(self) -> float | None:
        """The part of the orders that came on the day they were expected, or before it."""
        if not self.arrivals:
            return None
        return sum(one.days_late == 0 for one in self.arrivals) / self.count


def lead_records(
    session: Session, actor: Actor, branch_id: UUID, supplier_ids: Collection[UUID]
) -> dict[UUID, LeadRecord]:
    """The record of each supplier in a branch, from its latest orders. One statement for all of them."""
    require(actor, Permission.STOCK_SEE, branch_id)
    zone = get_branch(session, actor, branch_id).timezone
    rank = func.row_number().over(
        partition_by=PurchaseOrder.supplier_id, order_by=PurchaseOrder.arrived_at.desc()
    )
    names = ("id", "number", "supplier_id", "ordered_at", "expected_at", "arrived_at")
    recent = (
        select(*(getattr(PurchaseOrder, name) for name in names), rank.label("rank"))
        .where(
            PurchaseOrder.branch_id == branch_id,
            PurchaseOrder.supplier_id.in_(sorted(supplier_ids)),
            PurchaseOrder.arrived_at.is_not(None),
        )
        .subquery()
    )
    query = select(recent).where(recent.c.rank <= LATEST).order_by(recent.c.arrived_at.desc())
    found: dict[UUID, list[Arrival]] = defaultdict(list)
    for row in session.execute(query):
        moments: list[datetime] = [row.ordered_at, row.expected_at, row.arrived_at]
        days = [clock.day_of(moment, zone) for moment in moments]
        found[row.supplier_id].append(Arrival(row.id, row.number, *days))
    return {supplier_id: LeadRecord(found[supplier_id]) for supplier_id in supplier_ids}
