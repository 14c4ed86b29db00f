"""Steps of visits that used of lots: how many there are, and a page of them, the last recorded first.

Whose they are and which lots hold which is tracing's; here one lot may have a hundred thousand steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot, Movement
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.models import Completion, Visit, VisitStep

# So many movements of each of so few lots say which steps were the last.
RECENT = 2_000
FEW_LOTS = 8


@dataclass(frozen=True, slots=True)
class StepUse:
    """A step that used of the lot or of what was brewed from it; base units of that item."""

    completion_id: UUID
    branch_id: UUID
    visit_id: UUID
    position: int
    planned_at: datetime
    booking_reference: str | None
    happened_at: datetime
    item: Item
    lot_id: UUID
    lot_number: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Count:
    """Of a branch: how many steps used of the lots, in how many visits."""

    steps: int
    visits: int


def net_of(branches: Collection[UUID], source: str, which: Any) -> Select[UUID, UUID, int]:
    """(source_id, lot_id, net) of steps or of batches: what an undoing took back is taken off."""
    return (
        select(
            Movement.source_id,
            Movement.lot_id,
            cast(func.sum(Movement.quantity), BigInteger).label("net"),
        )
        .where(Movement.branch_id.in_(sorted(branches)), which, Movement.source_type == source)
        .group_by(Movement.source_id, Movement.lot_id)
    )


def count_steps(session: Session, branches: Collection[UUID], lots: Collection[UUID]) -> dict[UUID, Count]:
    """By branch; where there are none, nothing."""
    used = net_of(branches, SOURCE, Movement.lot_id.in_(sorted(lots))).subquery()
    query = (
        select(VisitStep.branch_id, func.count(), func.count(VisitStep.visit_id.distinct()))
        .join_from(used, Completion, Completion.id == used.c.source_id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .where(used.c.net < 0)
        .group_by(VisitStep.branch_id)
    )
    return {branch_id: Count(steps, visits) for branch_id, steps, visits in session.execute(query)}


def counted(steps: Sequence[StepUse]) -> dict[UUID, Count]:
    """The same of steps that were read."""
    visits: dict[UUID, list[UUID]] = defaultdict(list)
    for step in steps:
        visits[step.branch_id].append(step.visit_id)
    return {branch_id: Count(len(found), len(set(found))) for branch_id, found in visits.items()}


def last_steps(
    session: Session, branches: Collection[UUID], lots: Mapping[UUID, tuple[Lot, Item]], *, limit: int
) -> list[StepUse]:
    """The first page, read from what moved last wherever that says enough: then it costs no more for a lot
    with a hundred thousand steps than for one with a hundred."""
    if 0 < len(lots) <= FEW_LOTS:
        earlier = {lot.id: _last_but_recent(lot) for lot, _item in lots.values()}
        recent = [
            and_(
                Movement.branch_id == lot.branch_id, Movement.lot_id == lot.id, Movement.seq > earlier[lot.id]
            )
            for lot, _item in lots.values()
        ]
        page = _page(branches, or_(*recent), limit + 1).subquery()
        # Also where there is no step it is told whether anything else could be among the last.
        told = select(or_(*(seq > 0 for seq in earlier.values())).label("cut")).subquery()
        query = select(told.c.cut, page).select_from(told).outerjoin(page, true())
        rows = session.execute(query.order_by(page.c.completion_id.desc(), page.c.lot_id.desc())).all()
        steps = [_step(row, *lots[row.lot_id]) for row in rows if row.completion_id is not None]
        # The oldest of what moved last may be told in part; it is beyond the page here.
        if len(steps) > limit or not rows[0].cut:
            return steps[:limit]
    return page_of_steps(session, branches, lots, limit=limit)


def _last_but_recent(lot: Lot) -> ColumnElement[int]:
    """The number of the last movement of a lot that is not among the RECENT ones; 0 where all of them are."""
    earlier = aliased(Movement)
    of_it = (earlier.branch_id == lot.branch_id, earlier.lot_id == lot.id)
    seq = select(earlier.seq).where(*of_it).order_by(earlier.seq.desc()).offset(RECENT).limit(1)
    return func.coalesce(seq.scalar_subquery(), 0)


def page_of_steps(
    session: Session,
    branches: Collection[UUID],
    lots: Mapping[UUID, tuple[Lot, Item]],
    *,
    limit: int,
    before: tuple[UUID, UUID] | None = None,
) -> list[StepUse]:
    """Steps that used of the lots. before: (completion, lot) of the last one of the page before."""
    rows = session.execute(_page(branches, Movement.lot_id.in_(sorted(lots)), limit, before))
    return [_step(row, *lots[row.lot_id]) for row in rows]


def _page(
    branches: Collection[UUID], which: Any, limit: int, before: tuple[UUID, UUID] | None = None
) -> Select[Any]:
    used = net_of(branches, SOURCE, which).subquery()
    page = select(used).where(used.c.net < 0)
    if before is not None:
        completion_id, lot_id = before
        same = and_(used.c.source_id == completion_id, used.c.lot_id < lot_id)
        page = page.where(or_(used.c.source_id < completion_id, same))
    # Cut before anything is looked up for them.
    cut = page.order_by(used.c.source_id.desc(), used.c.lot_id.desc()).limit(limit).subquery()
    return (
        select(
            Completion.id.label("completion_id"),
            VisitStep.branch_id,
            VisitStep.visit_id,
            VisitStep.position,
            Visit.planned_at,
            Visit.booking_reference,
            Completion.happened_at,
            cut.c.lot_id,
            cut.c.net,
        )
        .join_from(cut, Completion, Completion.id == cut.c.source_id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .order_by(Completion.id.desc(), cut.c.lot_id.desc())
    )


def _step(row: Any, lot: Lot, item: Item) -> StepUse:
    return StepUse(
        row.completion_id,
        row.branch_id,
        row.visit_id,
        row.position,
        row.planned_at,
        row.booking_reference,
        row.happened_at,
        item,
        row.lot_id,
        lot.number,
        -row.net,
    )
