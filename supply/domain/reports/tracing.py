"""Where a lot went and what a visit was given: follows movements through batches and transfers of any depth.

Costs the movements of the lots followed, never the length of the ledger. What was undone does not count. In
branches that are not the reader's only how many visits there were is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot, LotKind, Movement, MovementType
from supply.domain.ledger.service import get_lot
from supply.domain.preparation.service import SOURCE as BATCH
from supply.domain.reports.carried import CarriedLot, Departure, departures, list_carried, origins
from supply.domain.reports.servings import (
    Count,
    StepUse,
    count_steps,
    counted,
    last_steps,
    net_of,
    page_of_steps,
)
from supply.domain.suppliers.models import Supplier
from supply.domain.visits.completions import SOURCE as COMPLETION
from supply.domain.visits.models import Completion, Visit, VisitStep
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# As many steps are told at once of a lot; the others a page at a time.
FIRST = 100


@dataclass(frozen=True, slots=True)
class LotUses:
    """Every lot that holds some of the lots asked about (what was brewed from them, what they became in other
    branches), every step in the reader's branches, and what left by transfers."""

    lots: Sequence[Lot]
    # With what stands of them, where that was asked for.
    themselves: Sequence[CarriedLot]
    brewed: Sequence[CarriedLot]
    """The batches, the earliest first."""
    carried: Sequence[CarriedLot]
    departures: Sequence[Departure]
    # The last recorded of them, FIRST at most; `list_steps` has all.
    steps: Sequence[StepUse]
    step_count: int
    visit_count: int
    # How many visits used of it in branches that are not the reader's.
    visits_elsewhere: Mapping[UUID, int]

    @property
    def on_the_way(self) -> list[Departure]:
        return [one for one in self.departures if one.became is None]


def uses_of_lot(session: Session, actor: Actor, branch_id: UUID, lot_id: UUID) -> LotUses:
    """What became of a lot. Raises NotFound."""
    require(actor, Permission.STOCK_SEE, branch_id)
    return uses_of(session, actor, get_lot(session, branch_id, lot_id))


def uses_of(session: Session, actor: Actor, lot: Lot) -> LotUses:
    """As `uses_of_lot`, of a lot that was read, for whoever has been let through."""
    return _uses(session, actor, [lot], whole=False)


def uses_of_all(session: Session, actor: Actor, lots: Sequence[Lot]) -> LotUses:
    """As `uses_of`, of several lots together, and with what stands of the lots themselves."""
    return _uses(session, actor, lots, whole=True)


def _uses(session: Session, actor: Actor, lots: Sequence[Lot], *, whole: bool) -> LotUses:
    own = {lot.id for lot in lots}
    followed, branches, left = _forth(session, lots)
    found = list_carried(session, followed if whole else followed - own)
    items = {one.lot.id: (one.lot, one.item) for one in found}
    items |= {lot.id: (lot, session.get_one(Item, lot.item_id)) for lot in lots}
    counts, steps = _served(session, actor, branches, items)
    mine = {branch_id for branch_id in counts if actor.belongs_to(branch_id)}
    further = [one for one in found if one.lot.id not in own]
    return LotUses(
        lots,
        [one for one in found if one.lot.id in own],
        [one for one in further if one.lot.kind is LotKind.PREPARED],
        [one for one in further if one.lot.kind is not LotKind.PREPARED],
        left,
        steps,
        sum(one.steps for branch_id, one in counts.items() if branch_id in mine),
        sum(one.visits for branch_id, one in counts.items() if branch_id in mine),
        {branch_id: one.visits for branch_id, one in counts.items() if branch_id not in mine},
    )


def _served(
    session: Session, actor: Actor, branches: Collection[UUID], lots: Mapping[UUID, tuple[Lot, Item]]
) -> tuple[dict[UUID, Count], list[StepUse]]:
    """How many steps there are by branch, and the last of the reader's. Few are counted as they are read."""
    found = last_steps(session, branches, lots, limit=FIRST + 1)
    few = len(found) <= FIRST
    counts = counted(found) if few else count_steps(session, branches, lots)
    mine = {branch_id for branch_id in counts if actor.belongs_to(branch_id)}
    if not few and mine != counts.keys():
        found = last_steps(session, mine, lots, limit=FIRST)
    return counts, [step for step in found if step.branch_id in mine][:FIRST]


def steps_of_lot(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    lot_id: UUID,
    *,
    limit: int,
    before: tuple[UUID, UUID] | None,
) -> list[StepUse]:
    """As `list_steps`, of one lot. Raises NotFound."""
    require(actor, Permission.STOCK_SEE, branch_id)
    return list_steps(session, actor, [get_lot(session, branch_id, lot_id)], limit=limit, before=before)


def list_steps(
    session: Session, actor: Actor, lots: Sequence[Lot], *, limit: int, before: tuple[UUID, UUID] | None
) -> list[StepUse]:
    """Every step in the reader's branches that used of the lots or of what holds some of them: the last
    recorded first, a page at a time."""
    followed, branches, _left = _forth(session, lots)
    query = select(Lot, Item).join(Item, Item.id == Lot.item_id).where(Lot.id.in_(sorted(followed)))
    items = {lot.id: (lot, item) for lot, item in session.execute(query)}
    mine = {branch_id for branch_id in branches if actor.belongs_to(branch_id)}
    return page_of_steps(session, mine, items, limit=limit, before=before)


def lots_holding(session: Session, lots: Sequence[Lot]) -> set[UUID]:
    """The lots themselves and every other that holds some of them."""
    return _forth(session, lots)[0]


def _forth(session: Session, lots: Sequence[Lot]) -> tuple[set[UUID], set[UUID], list[Departure]]:
    """Every lot that holds some of the lots, the branches where such are, and what left of them.

    What was brewed is followed to its end before anybody is asked what left the branch.
    """
    followed = {lot.id for lot in lots}
    front, branches, asked = set(followed), {lot.branch_id for lot in lots}, set[UUID]()
    departed: list[Departure] = []
    while front:
        front = _brewed(session, branches, front) - followed
        if not front:
            left = departures(session, followed - asked)
            asked |= followed
            departed += left
            arrived = {one.became: one.to_branch.id for one in left if one.became is not None}
            branches |= set(arrived.values())
            front = arrived.keys() - followed
        followed |= front
    return followed, branches, departed


def _brewed(session: Session, branches: Collection[UUID], lots: Collection[UUID]) -> set[UUID]:
    """The lots that were brewed of the lots. One statement."""
    took = net_of(branches, BATCH, Movement.lot_id.in_(sorted(lots))).subquery()
    batches = select(took.c.source_id).where(took.c.net < 0)
    made = net_of(branches, BATCH, Movement.source_id.in_(batches))
    return {row.lot_id for row in session.execute(made) if row.net > 0}


@dataclass(frozen=True, slots=True)
class GivenLot:
    """A lot behind a visit; `into` is the lot of the batch that it went into or (`carried`) the one that it
    became in another branch; None where the step used it."""

    lot: Lot
    item: Item
    supplier: Supplier | None
    branch: Branch
    into: UUID | None
    carried: bool


def lots_of_visit(session: Session, actor: Actor, visit_id: UUID) -> list[GivenLot]:
    """Every lot that a visit's live completions used, and those behind it, back to the suppliers."""
    branch_id = _branch_of(session, actor, visit_id)
    done = select(Completion.id).join(VisitStep, VisitStep.id == Completion.visit_step_id)
    ids = session.scalars(done.where(VisitStep.visit_id == visit_id, Completion.reversed_at.is_(None))).all()
    if not ids:
        return []
    used = session.execute(net_of({branch_id}, COMPLETION, Movement.source_id.in_(sorted(ids)))).all()
    given: list[tuple[UUID, UUID | None]] = list(
        dict.fromkeys((row.lot_id, None) for row in used if row.net < 0)
    )
    given += _back(session, branch_id, {lot_id for lot_id, _into in given})
    query = (
        select(Lot, Item, Supplier, Branch)
        .join(Item, Item.id == Lot.item_id)
        .join(Branch, Branch.id == Lot.branch_id)
        .outerjoin(Supplier, Supplier.id == Lot.supplier_id)
        .where(Lot.id.in_(sorted({lot_id for lot_id, _into in given})))
    )
    rows = {row.Lot.id: row for row in session.execute(query)}
    return [
        GivenLot(*rows[one], into, into is not None and rows[into].Lot.origin_lot_id == one)
        for one, into in given
    ]


def _branch_of(session: Session, actor: Actor, visit_id: UUID) -> UUID:
    branch_id = session.scalar(select(Visit.branch_id).where(Visit.id == visit_id))
    if branch_id is None or not actor.belongs_to(branch_id):
        raise NotFound("visit_not_found", lazy("There is no such visit, or it is not in your branch."))
    require(actor, Permission.STOCK_SEE, branch_id)
    return branch_id


def _back(session: Session, branch_id: UUID, front: set[UUID]) -> list[tuple[UUID, UUID | None]]:
    """(lot, the batch's or other branch's lot that it became) behind lots, batch by batch."""
    found: list[tuple[UUID, UUID | None]] = []
    seen: set[UUID] = set()
    branches = {branch_id}
    while front - seen:
        seen |= front
        made = select(Movement.source_id, Movement.lot_id).where(
            Movement.branch_id.in_(sorted(branches)),
            Movement.lot_id.in_(sorted(front)),
            Movement.type == MovementType.PREPARATION_IN,
        )
        batches = {source_id: lot_id for source_id, lot_id in session.execute(made)}
        took = net_of(branches, BATCH, Movement.source_id.in_(sorted(batches)))
        rows = session.execute(took).all() if batches else ()
        pairs = [(row.lot_id, batches[row.source_id]) for row in rows if row.net < 0]
        for lot_id, (origin_id, origin_branch_id) in origins(session, front).items():
            pairs.append((origin_id, lot_id))
            branches.add(origin_branch_id)
        found += pairs
        front = {lot_id for lot_id, _into in pairs}
    return found
