"""Proof that the books agree: the ledger itself, what is reserved, on order and on the way, the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.checking import Difference, check_ledger
from supply.domain.ledger.models import StockLevel
from supply.domain.purchasing.models import PurchaseOrder, PurchaseOrderLine
from supply.domain.purchasing.orders import OPEN
from supply.domain.reports.tally_checking import check_tallies
from supply.domain.transfers.proving import check_transfers, incoming
from supply.domain.visits.models import StepStatus, VisitLine, VisitStep

Sums = Mapping[tuple[UUID, UUID], int]


def check_books(session: Session) -> Iterator[Difference]:
    """Every row that differs from what gave rise to it. Nothing yielded means that everything agrees."""
    yield from check_ledger(session)
    yield from _compare(session, "reserved of", StockLevel.reserved.key, _reserved(session))
    awaited = Counter(_on_order(session)) + Counter(incoming(session))
    yield from _compare(session, "on order of", StockLevel.on_order.key, awaited)
    yield from check_transfers(session)
    yield from check_tallies(session)


def _reserved(session: Session) -> Sums:
    """Per branch and item the standard quantities of steps that wait."""
    query = (
        select(VisitStep.branch_id, VisitLine.item_id, func.sum(VisitLine.quantity))
        .join(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        .where(VisitStep.status.in_((StepStatus.PLANNED, StepStatus.STARTED)))
        .group_by(VisitStep.branch_id, VisitLine.item_id)
    )
    return {(branch_id, item_id): int(quantity) for branch_id, item_id, quantity in session.execute(query)}


def _on_order(session: Session) -> Sums:
    """Per branch and item what is still open of orders that stand."""
    query = (
        select(
            PurchaseOrder.branch_id,
            PurchaseOrderLine.item_id,
            func.sum(PurchaseOrderLine.open),
        )
        .join(PurchaseOrderLine, PurchaseOrderLine.order_id == PurchaseOrder.id)
        .where(PurchaseOrder.status.in_(OPEN))
        .group_by(PurchaseOrder.branch_id, PurchaseOrderLine.item_id)
    )
    return {(branch_id, item_id): int(quantity) for branch_id, item_id, quantity in session.execute(query)}


def _compare(session: Session, what: str, column: str, computed: Sums) -> Iterator[Difference]:
    left = {key: quantity for key, quantity in computed.items() if quantity}
    query = (
        select(StockLevel, Branch.code, Item.code.label("item_code"))
        .join(Branch, Branch.id == StockLevel.branch_id)
        .join(Item, Item.id == StockLevel.item_id)
        .order_by(Branch.code, Item.code)
    )
    for level, branch_code, item_code in session.execute(query):
        stored: int = getattr(level, column)
        expected = left.pop((level.branch_id, level.item_id), 0)
        if stored != expected:
            yield Difference(branch_code, what, item_code, str(stored), str(expected))
    for (branch_id, item_id), quantity in left.items():
        yield Difference(str(branch_id), what, f"item {item_id}", "missing", str(quantity))
