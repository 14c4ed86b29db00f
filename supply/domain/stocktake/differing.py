"""What a stocktake found against what the book held, line by line at each line's own instant.

While it is open the differences are reckoned when they are looked at, so that what is written down late is in
them. Once it is posted they stand as they were posted. Reads only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from supply.domain.ledger.cost import cost_of, sum_of
from supply.domain.ledger.instants import moved_after
from supply.domain.ledger.models import Holding, Lot
from supply.domain.stocktake.models import DifferenceReason, Stocktake, StocktakeLine, StocktakeStatus
from supply.domain.stocktake.service import Direction

# Which way a difference with this reason can go.
DIRECTIONS: dict[DifferenceReason, frozenset[Direction]] = {
    DifferenceReason.UNRECORDED_USE: frozenset({Direction.OUT}),
    DifferenceReason.UNRECORDED_WASTE: frozenset({Direction.OUT}),
    DifferenceReason.LOST: frozenset({Direction.OUT}),
    DifferenceReason.FOUND: frozenset({Direction.IN}),
    DifferenceReason.ENTRY_ERROR: frozenset(Direction),
    DifferenceReason.DELIVERY_CORRECTION: frozenset(Direction),
    DifferenceReason.MEASURING: frozenset(Direction),
    DifferenceReason.UNKNOWN: frozenset(Direction),
}
_REASONS_IN = frozenset(reason for reason, ways in DIRECTIONS.items() if Direction.IN in ways)
_REASONS_OUT = frozenset(reason for reason, ways in DIRECTIONS.items() if Direction.OUT in ways)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A counted line against the book. Base units; `standing` is what the book holds now.

    `later`: the place was counted again after this, so that count holds and nothing is posted of this one.
    `told` is the reason that was given, which may have been of another difference.
    """

    line_id: UUID
    item_id: UUID
    told: DifferenceReason | None
    cost_minor: int | None
    cost_quantity: int | None
    counted: int
    expected: int
    standing: int
    later: bool

    @property
    def difference(self) -> int:
        return 0 if self.later else self.counted - self.expected

    @property
    def reason(self) -> DifferenceReason | None:
        """Why it differs; None where nobody said so of a difference in this direction."""
        return self.told if self.told and self.fits(self.told) else None

    def fits(self, reason: DifferenceReason) -> bool:
        """Whether a difference in this direction can have this reason."""
        return reason in (_REASONS_IN if self.difference > 0 else _REASONS_OUT)

    @property
    def value_minor(self) -> int | None:
        """At lot cost; None where nobody knows it."""
        return cost_of(self.difference, self.cost_minor, self.cost_quantity)

    @property
    def contradicted(self) -> bool:
        """More left since than was found: one of the two cannot be."""
        return self.standing + self.difference < 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What the differences come to. `without_cost`: so many of them are of lots without a cost.

    `digest` is theirs: equal where nothing has changed since they were looked at.
    """

    counted: int
    differing: int
    value_minor: int
    gross_minor: int
    without_cost: int
    unreasoned: int
    contradicted: int
    digest: str


def weigh(session: Session, stocktake: Stocktake, line_ids: Collection[UUID] | None = None) -> list[Weighed]:
    """The counted lines, all or those named, in the order of the list.

    One statement; costs the lines and what moved since. For whoever has been let through.
    """
    posted = stocktake.status is StocktakeStatus.POSTED
    query = (
        select(*_LINE, *(_AS_POSTED if posted else _AGAINST_THE_BOOK))
        .join(Lot, Lot.id == StocktakeLine.lot_id)
        .where(StocktakeLine.stocktake_id == stocktake.id, StocktakeLine.counted.is_not(None))
        .order_by(StocktakeLine.position)
    )
    if line_ids is not None:
        query = query.where(StocktakeLine.id.in_(sorted(line_ids)))
    if not posted:
        query = query.outerjoin(Holding, _OF_LINE)
    rows = session.execute(query)
    return [_as_posted(row) for row in rows] if posted else [Weighed(*row) for row in rows]


_LINE = (
    StocktakeLine.id,
    StocktakeLine.item_id,
    StocktakeLine.reason,
    Lot.cost_minor,
    Lot.cost_quantity,
    StocktakeLine.counted,
)
_STANDING = func.coalesce(Holding.quantity, 0)
_AGAINST_THE_BOOK = (
    _STANDING - moved_after(StocktakeLine, StocktakeLine.counted_at, StocktakeLine.since_seq),
    _STANDING,
    func.coalesce(Holding.counted_at > StocktakeLine.counted_at, False),
)
_AS_POSTED = (StocktakeLine.expected, StocktakeLine.difference)
_OF_LINE = and_(
    Holding.branch_id == StocktakeLine.branch_id,
    Holding.lot_id == StocktakeLine.lot_id,
    Holding.location_id == StocktakeLine.location_id,
    or_(
        Holding.container_id == StocktakeLine.container_id,
        and_(Holding.container_id.is_(None), StocktakeLine.container_id.is_(None)),
    ),
)


def _as_posted(row: Any) -> Weighed:
    later = row.difference != row.counted - row.expected
    known = (row.id, row.item_id, row.reason, row.cost_minor, row.cost_quantity)
    return Weighed(*known, row.counted, row.expected, abs(row.difference), later)


def add_up(weighed: Sequence[Weighed]) -> Totals:
    """What they come to. Values are exact until they are told."""
    differing = [one for one in weighed if one.difference]
    return Totals(
        counted=len(weighed),
        differing=len(differing),
        value_minor=sum_of((one.difference, one.cost_minor, one.cost_quantity) for one in differing),
        gross_minor=sum_of((abs(one.difference), one.cost_minor, one.cost_quantity) for one in differing),
        without_cost=sum(one.cost_minor is None for one in differing),
        unreasoned=sum(one.reason is None for one in differing),
        contradicted=sum(one.contradicted for one in weighed),
        digest=_digest(differing),
    )


def _digest(differing: Iterable[Weighed]) -> str:
    text = "\n".join(f"{one.line_id} {one.difference}" for one in differing)
    return sha256(text.encode()).hexdigest()[:16]
