"""Adding movements up by day: for the totals that are kept, for what came since, for the proof of both.

Everything here is a sum over movements, so it does not matter in which portions they are taken. What is late
and what is undone changes the day on which it happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from supply import clock
from supply.database import Base
from supply.domain.branches.models import Branch
from supply.domain.ledger.models import LedgerHead, Lot, Movement, MovementType
from supply.domain.reports.kinds import OVER_USE, Kind, kind_of
from supply.domain.reports.tally_models import NO_PACKAGE, TallyHead, TallyItem, TallyStep, TallyValue
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.models import Completion, CompletionLine, Visit, VisitStep
from supply.writing import write_later

BATCH = 5_000
# As many movements are added to the totals in one transaction.
PORTION = 5_000
Sums = dict[tuple[Any, ...], list[int]]
KEYS: dict[type[Base], tuple[str, ...]] = {
    TallyItem: ("item_id", "day_on", "kind", "per"),
    TallyValue: ("day_on", "kind", "per"),
    TallyStep: ("month_on", "procedure_id", "package_id", "position", "per"),
}


def _none() -> Sums:
    return defaultdict(lambda: [0, 0, 0])


@dataclass(slots=True)
class Tally:
    """[quantity, whole, rest] by (item, day, kind, per) and by (month, procedure, package, position, per)."""

    items: Sums = field(default_factory=_none)
    steps: Sums = field(default_factory=_none)

    def values(self) -> Sums:
        """By (day, kind, per), all items together; what lies above the recipe is in the use already."""
        told = _none()
        for (_item, day, kind, per), sums in self.items.items():
            if kind != OVER_USE:
                _add(told[day, kind, per], sums)
        return told


def tally_branch(session: Session, branch: Branch) -> int:
    """Add a portion of what came since to the branch's totals; how many movements are left.

    Whoever comes at the same time waits: the totals are added to once.
    """
    seq = _take_head(session, branch.id)
    _kept, last = heads_of(session, branch.id)
    until = min(seq + PORTION, last)
    if until > seq:
        keep(session, branch.id, add_up(session, branch, seq, until))
        row = {"branch_id": branch.id, "seq": until}
        write_later(session, TallyHead, [row], key=("branch_id",), update=True)
    return last - until


def branches_behind(session: Session, least: int) -> list[UUID]:
    """The branches of which the totals lack at least so many movements."""
    query = (
        select(LedgerHead.branch_id)
        .outerjoin(TallyHead, TallyHead.branch_id == LedgerHead.branch_id)
        .where(LedgerHead.seq - func.coalesce(TallyHead.seq, 0) >= least)
        .order_by(LedgerHead.branch_id)
    )
    return list(session.scalars(query))


def _take_head(session: Session, branch_id: UUID) -> int:
    row = {"branch_id": branch_id, "seq": 0}
    write_later(session, TallyHead, [row], key=("branch_id",), add=("seq",))
    query = select(TallyHead.seq).where(TallyHead.branch_id == branch_id).with_for_update()
    return session.scalars(query).one()


def keep(session: Session, branch_id: UUID, tally: Tally) -> None:
    """Add sums to the rows that are kept."""
    own, sums = {"branch_id": branch_id}, ("whole", "rest")
    for model, told, columns in (
        (TallyItem, tally.items, ("quantity", *sums)),
        (TallyValue, tally.values(), sums),
        (TallyStep, tally.steps, sums),
    ):
        names = KEYS[model]
        rows = _rows(told, own, names, columns)
        write_later(session, model, rows, key=("branch_id", *names), add=columns)


def _rows(
    sums: Sums, own: Mapping[str, Any], names: Sequence[str], columns: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        {**own, **dict(zip((*names, *columns), (*key, *told[-len(columns) :]), strict=True))}
        for key, told in sums.items()
        if any(told)
    ]


def heads_of(session: Session, branch_id: UUID) -> tuple[int, int]:
    """Up to which movement the totals go, and the branch's last one. One statement."""
    query = (
        select(func.coalesce(TallyHead.seq, 0), LedgerHead.seq)
        .outerjoin(TallyHead, TallyHead.branch_id == LedgerHead.branch_id)
        .where(LedgerHead.branch_id == branch_id)
    )
    kept, last = session.execute(query).one_or_none() or (0, 0)
    return kept, last


def add_up(session: Session, branch: Branch, after: int, until: int) -> Tally:
    """What the movements with numbers above `after` and up to `until` add up to."""
    tally = Tally()
    day_of = cache(lambda instant: clock.day_of(instant, branch.timezone))
    for first in range(after, until, BATCH):
        rows = session.execute(_moved(branch.id, first, min(first + BATCH, until))).all()
        uses = _uses(session, branch.id, rows)
        for row in rows:
            _count(tally, row, uses, branch.currency, day_of)
    return tally


def _moved(branch_id: UUID, after: int, until: int) -> Any:
    origin = aliased(Movement)
    told = {
        name: func.coalesce(getattr(origin, name), getattr(Movement, name)).label(name)
        for name in ("happened_at", "type", "source_type")
    }
    # Of a reversal the reason is that of what it undoes already.
    return (
        select(
            Movement.seq,
            Movement.item_id,
            Movement.quantity,
            Movement.reason,
            Movement.source_id,
            Movement.reverses_seq,
            *told.values(),
            Lot.cost_minor,
            Lot.cost_quantity,
            Lot.currency,
        )
        .join(Lot, Lot.id == Movement.lot_id)
        .outerjoin(origin, and_(origin.branch_id == Movement.branch_id, origin.seq == Movement.reverses_seq))
        .where(Movement.branch_id == branch_id, Movement.seq > after, Movement.seq <= until)
        .order_by(Movement.seq)
    )


@dataclass(slots=True)
class Use:
    """A movement of a completed step: of what it was part, and how much of it lay above the recipe."""

    step: tuple[UUID, UUID, int]
    above: int


def _uses(session: Session, branch_id: UUID, rows: Iterable[Any]) -> dict[int, Use]:
    """By number, every use of the completions that the rows are about."""
    done = {row.source_id for row in rows if row.source_type == SOURCE}
    if not done:
        return {}
    taken: dict[tuple[UUID, int], int] = defaultdict(int)
    told = {}
    for row in session.execute(_used(branch_id, sorted(done))):
        line = (row.source_id, row.source_line)
        before, taken[line] = taken[line], taken[line] - row.quantity
        told[row.seq] = Use(
            (row.procedure_id, row.package_id or NO_PACKAGE, row.position),
            above_standard(before, -row.quantity, row.standard),
        )
    return told


def _used(branch_id: UUID, completion_ids: Sequence[UUID]) -> Any:
    return (
        select(
            Movement.seq,
            Movement.source_id,
            Movement.source_line,
            Movement.quantity,
            CompletionLine.standard,
            Visit.procedure_id,
            Visit.package_id,
            VisitStep.position,
        )
        .join(
            CompletionLine,
            and_(
                CompletionLine.completion_id == Movement.source_id,
                CompletionLine.position == Movement.source_line,
            ),
        )
        .join(Completion, Completion.id == Movement.source_id)
        .join(VisitStep, VisitStep.id == Completion.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            Movement.branch_id == branch_id,
            Movement.source_id.in_(completion_ids),
            Movement.source_type == SOURCE,
            Movement.type == MovementType.USAGE,
        )
        .order_by(Movement.seq)
    )


def above_standard(before: int, taken: int, standard: int) -> int:
    """How much of what a line took lies above its recipe, when `before` was taken for it already.

    The recipe is served first, so what is above it comes from the lots that were taken last.
    """
    return max(before + taken - max(before, standard), 0)


def _count(
    tally: Tally, row: Any, uses: Mapping[int, Use], currency: str, day_of: Callable[[datetime], date]
) -> None:
    day, kind = day_of(row.happened_at), kind_of(MovementType(row.type), row.reason)
    known = row.cost_minor is not None and row.cost_quantity is not None and row.currency == currency
    minor, per = (row.cost_minor, row.cost_quantity) if known else (0, 0)
    sums = amount(row.quantity, minor, per)
    _add(tally.items[row.item_id, day, kind.value, per], sums)
    use = uses.get(row.reverses_seq or row.seq) if kind is Kind.USE else None
    if use is None:
        return
    _add(tally.steps[day.replace(day=1), *use.step, per], sums)
    if use.above:
        above = use.above if row.quantity > 0 else -use.above
        _add(tally.items[row.item_id, day, OVER_USE, per], amount(above, minor, per))


def amount(quantity: int, minor: int, per: int) -> tuple[int, int, int]:
    """A quantity with its value as whole minor units and a rest of `per` parts of one."""
    return (quantity, *divmod(quantity * minor, per)) if per else (quantity, 0, 0)


def _add(sums: list[int], more: Sequence[int]) -> None:
    for place, number in enumerate(more):
        sums[place] += number
