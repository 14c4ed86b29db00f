"""Everything that became of a lot number in the reader's branches: lots, batches, visits, transfers, and what
is left, to the gram. Reads movements by lot, never the length of the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlalchemy.orm import Session, aliased

from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot, LotKind, Movement, MovementType
from supply.domain.ledger.recall_models import Recall
from supply.domain.ledger.recalling import lots_named
from supply.domain.ledger.service import get_lot
from supply.domain.reports.carried import Departure
from supply.domain.reports.servings import StepUse
from supply.domain.reports.tracing import list_steps, uses_of_all
from supply.domain.suppliers.models import Supplier
from supply.permissions import Actor, Permission, require

_IN = (MovementType.RECEIPT, MovementType.TRANSFER_IN, MovementType.PREPARATION_IN)


@dataclass(slots=True)
class LotLine:
    """A lot with what moved, base units: came + corrected = used + brewed + wasted + sent + standing."""

    lot: Lot
    item: Item
    branch: Branch
    standing: int
    moved: Mapping[MovementType, int] = field(default_factory=dict)

    @property
    def came(self) -> int:
        return sum(self.moved.get(kind, 0) for kind in _IN)

    def out(self, kind: MovementType) -> int:
        return -self.moved.get(kind, 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a recall concerns. Of branches that are not the reader's lots and numbers of visits are told."""

    item: Item
    number: str
    supplier: Supplier | None
    lots: Sequence[LotLine]
    batches: Sequence[LotLine]
    # The last recorded; `list_steps` has all of them.
    steps: Sequence[StepUse]
    step_count: int
    visit_count: int
    visits_elsewhere: Mapping[UUID, int]
    departures: Sequence[Departure]

    @property
    def on_the_way(self) -> list[Departure]:
        return [one for one in self.departures if one.became is None]

    @property
    def standing(self) -> int:
        """What stands of the number itself; batches are counted in another item."""
        return sum(line.standing for line in self.lots)

    @property
    def branches(self) -> dict[UUID, Branch]:
        return {line.branch.id: line.branch for line in [*self.lots, *self.batches]}


def sheet_of(session: Session, actor: Actor, recall: Recall) -> Sheet:
    """Of a recall that the reader may see."""
    return _sheet(session, actor, recall.item, recall.number, recall.supplier_id)


def sheet_of_lot(session: Session, actor: Actor, branch_id: UUID, lot_id: UUID) -> Sheet:
    """What a recall of this lot would concern. Raises NotFound."""
    require(actor, Permission.STOCK_SEE, branch_id)
    lot = get_lot(session, branch_id, lot_id)
    return _sheet(session, actor, session.get_one(Item, lot.item_id), lot.number, lot.supplier_id)


def steps_of(
    session: Session, actor: Actor, recall: Recall, *, limit: int, before: tuple[UUID, UUID] | None = None
) -> list[StepUse]:
    """Every step that a recall concerns, the last recorded first, a page at a time."""
    named = lots_named(session, recall.item_id, recall.number, recall.supplier_id, actor.branch_ids())
    return list_steps(session, actor, named, limit=limit, before=before)


def _sheet(session: Session, actor: Actor, item: Item, number: str, supplier_id: UUID | None) -> Sheet:
    named = lots_named(session, item.id, number, supplier_id, actor.branch_ids())
    uses = uses_of_all(session, actor, named)
    found = [*uses.themselves, *uses.carried, *uses.brewed]
    moved = _moved(session, [one.lot.id for one in found])
    lines = [LotLine(one.lot, one.item, one.branch, int(one.standing), moved[one.lot.id]) for one in found]
    return Sheet(
        item,
        number,
        session.get(Supplier, supplier_id) if supplier_id else None,
        [line for line in lines if line.lot.kind is not LotKind.PREPARED],
        [line for line in lines if line.lot.kind is LotKind.PREPARED],
        uses.steps,
        uses.step_count,
        uses.visit_count,
        uses.visits_elsewhere,
        uses.departures,
    )


def _moved(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, dict[MovementType, int]]:
    """Per lot the sum of each type of movement; what was undone is taken off the type that it undid."""
    told: dict[UUID, dict[MovementType, int]] = defaultdict(dict)
    if not lot_ids:
        return told
    undone = aliased(Movement)
    kind = func.coalesce(undone.type, Movement.type)
    query = (
        select(Movement.lot_id, kind, cast(func.sum(Movement.quantity), BigInteger))
        .select_from(Lot)
        .join(Movement, and_(Movement.branch_id == Lot.branch_id, Movement.lot_id == Lot.id))
        .outerjoin(undone, and_(undone.branch_id == Movement.branch_id, undone.seq == Movement.reverses_seq))
        .where(Lot.id.in_(sorted(lot_ids)))
        .group_by(Movement.lot_id, kind)
    )
    for lot_id, type, quantity in session.execute(query):
        told[lot_id][MovementType(type)] = int(quantity)
    return told
