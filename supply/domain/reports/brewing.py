"""What is to be brewed: what visits of today and tomorrow need, what stands until when, what lacks.

Looks; changes nothing. A visit counts at the time for which it is planned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.ledger.models import Movement
from supply.domain.preparation import standing
from supply.domain.preparation.scaling import Standing, batches_for, missing
from supply.domain.preparation.standing import Brewable
from supply.domain.visits.completions import SOURCE as COMPLETION
from supply.domain.visits.models import Completion, StepStatus, Visit, VisitLine, VisitStep
from supply.permissions import Actor, Permission, require

Rows = Sequence[Any]
OPEN = (StepStatus.PLANNED, StepStatus.STARTED)
BATCHES = 12


@dataclass(frozen=True, slots=True)
class Need:
    """What the open steps of a day need of a prepared item, what lacks of it, and the batches for that."""

    day: date
    visits: int
    needed: int
    missing: int
    batches: int


@dataclass(frozen=True, slots=True)
class Preparing:
    """A prepared item: what can be brewed of it, what stands, what the two days need."""

    brewable: Brewable
    standing: Rows
    """(lot_id, number, use_by_at, quantity) of what may be used now, the first end first."""
    today: Need
    tomorrow: Need
    # What is begun now is good until then; so many batches of it would be used in time.
    good_until: datetime
    batches_now: int
    # What lacks for visits that come after that.
    missing_later: int


@dataclass(frozen=True, slots=True)
class Board:
    """The brewing page."""

    branch: Branch
    day: date
    items: Sequence[Preparing]
    leftovers: Rows
    batches: Rows
    served: dict[UUID, int]
    """How many visits used of each lot of `batches`."""


def brewing_board(session: Session, actor: Actor, branch_id: UUID) -> Board:
    """Everything that whoever brews looks at. As many statements for one prepared item as for twenty."""
    require(actor, Permission.STOCK_SEE, branch_id)
    branch = branches.get_branch(session, actor, branch_id)
    day = clock.today(branch.timezone)
    batches = standing.list_batches(session, actor, branch_id, limit=BATCHES)
    return Board(
        branch=branch,
        day=day,
        items=prepared_items(session, branch, day),
        leftovers=standing.leftovers(session, branch_id, day),
        batches=batches,
        served=_visits_served(session, branch_id, [row.Lot.id for row in batches]),
    )


def prepared_items(session: Session, branch: Branch, day: date) -> list[Preparing]:
    """Each prepared item of the branch with what a day and the next need of it."""
    brewable = standing.brewable(session, branch.id, day)
    needs = _needs(session, branch, day, brewable.keys())
    there: dict[UUID, list[Any]] = {}
    for row in standing.usable_batches(session, branch.id, brewable.keys(), clock.now()):
        there.setdefault(row.item_id, []).append(row)
    return [
        _preparing(one, needs.get(item_id, []), there.get(item_id, []), day, branch.timezone)
        for item_id, one in brewable.items()
    ]


def _needs(
    session: Session, branch: Branch, day: date, item_ids: Collection[UUID]
) -> dict[UUID, list[tuple[datetime, int]]]:
    """Per item (planned_at, quantity) of each visit with open steps on the two days, in order of time."""
    begins, _ends = clock.span_of(day, branch.timezone)
    _begins, ends = clock.span_of(day + timedelta(days=1), branch.timezone)
    query = (
        select(
            VisitLine.item_id,
            Visit.planned_at,
            cast(func.sum(VisitLine.quantity), BigInteger).label("quantity"),
        )
        .join(VisitStep, VisitStep.id == VisitLine.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            Visit.branch_id == branch.id,
            Visit.planned_at >= begins,
            Visit.planned_at < ends,
            VisitStep.status.in_(OPEN),
            VisitLine.item_id.in_(sorted(item_ids)),
        )
        .group_by(VisitLine.item_id, Visit.id, Visit.planned_at)
        .order_by(Visit.planned_at, Visit.id)
    )
    needs: dict[UUID, list[tuple[datetime, int]]] = {}
    for row in session.execute(query):
        needs.setdefault(row.item_id, []).append((row.planned_at, row.quantity))
    return needs


def _preparing(
    one: Brewable, needs: Sequence[tuple[datetime, int]], there: Rows, day: date, timezone: str
) -> Preparing:
    now = clock.now()
    # A visit of this morning that is not done yet takes what there is now.
    asked = [(max(when, now), quantity) for when, quantity in needs]
    lacks = missing(asked, [Standing(row.use_by_at, row.quantity) for row in there])
    days: dict[date, list[tuple[int, int]]] = {day: [], day + timedelta(days=1): []}
    for (when, quantity), lack in zip(needs, lacks, strict=True):
        days[clock.day_of(when, timezone)].append((quantity, lack))
    today, tomorrow = (
        _need(which, of_day, one.recipe.yield_quantity) for which, of_day in sorted(days.items())
    )
    until = now + timedelta(hours=one.recipe.use_by_hours)
    in_time = sum(lack for (when, _quantity), lack in zip(asked, lacks, strict=True) if when < until)
    batches_now = batches_for(in_time, one.recipe.yield_quantity)
    return Preparing(one, there, today, tomorrow, until, batches_now, sum(lacks) - in_time)


def _need(day: date, of_day: Sequence[tuple[int, int]], yield_quantity: int) -> Need:
    lack = sum(lack for _quantity, lack in of_day)
    needed = sum(quantity for quantity, _lack in of_day)
    return Need(day, len(of_day), needed, lack, batches_for(lack, yield_quantity))


def _visits_served(session: Session, branch_id: UUID, lot_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many visits used of each lot; those that none used of are left out."""
    if not lot_ids:
        return {}
    used = (
        select(Movement.lot_id, Movement.source_id)
        .where(
            Movement.branch_id == branch_id,
            Movement.lot_id.in_(sorted(lot_ids)),
            Movement.source_type == COMPLETION,
        )
        .group_by(Movement.lot_id, Movement.source_id)
        .having(func.sum(Movement.quantity) < 0)
        .subquery()
    )
    query = (
        select(used.c.lot_id, func.count(VisitStep.visit_id.distinct()))
        .join(Completion, Completion.id == used.c.source_id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .group_by(used.c.lot_id)
    )
    return {lot_id: count for lot_id, count in session.execute(query)}
