"""Shrinkage of a branch's items over some days: what the books say, split by shrinking.py. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.ledger.cost import shared_out
from supply.domain.reports.figures import NOTHING, Books, Sum, by_item, total_of
from supply.domain.reports.kinds import COUNTED, OVER_USE, WASTE, Kind
from supply.domain.reports.shrinking import Found, Loss, Shrinkage, split
from supply.domain.visits.models import StepStatus, Visit, VisitLine, VisitStep

CLASSES = ("over_use", "unrecorded", "waste", "unknown")
_FOUND = {
    "said_used": Kind.SAID_USED,
    "said_wasted": Kind.SAID_WASTED,
    "unexplained": Kind.UNEXPLAINED,
    "missing": Kind.MISSING,
    "told_late": Kind.TOLD_LATE,
}


@dataclass(frozen=True, slots=True)
class ItemLoss:
    """Quantities (base units) and worth (minor units) by class, in the order of CLASSES."""

    item: Item
    quantities: Sequence[int]
    minors: Sequence[int]
    unpriced: bool

    @property
    def minor(self) -> int:
        return sum(self.minors)


@dataclass(frozen=True, slots=True)
class WasteShare:
    """What was thrown away for a reason."""

    kind: Kind
    minor: int


@dataclass(frozen=True, slots=True)
class Losses:
    """The classes add up to the whole, the lines to the classes, the reasons to what was thrown away."""

    lines: Sequence[ItemLoss]
    minors: Sequence[int]
    reasons: Sequence[WasteShare]

    @property
    def minor(self) -> int:
        return sum(self.minors)


def losses_of(session: Session, books: Books) -> Losses:
    """What was lost of each item in the days, the dearest first."""
    told, lost = _lost(session, books)
    items = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(sorted(lost))))}
    order = sorted(lost, key=lambda id_: (-lost[id_].whole.worth, items[id_].sort_key, id_))
    # First the classes, then each class among its items: so both ways everything adds up.
    parts = [[_loss(lost[id_], name) for id_ in order] for name in CLASSES]
    minors = shared_out([sum((one.worth for one in part), Loss().worth) for part in parts])
    shares = [
        shared_out([one.worth for one in part], whole) for part, whole in zip(parts, minors, strict=True)
    ]
    unpriced = {id_ for (id_, _kind), one in told.items() if one.unpriced}
    lines = [
        ItemLoss(
            items[id_],
            [part[place].quantity for part in parts],
            [share[place] for share in shares],
            id_ in unpriced,
        )
        for place, id_ in enumerate(order)
    ]
    return Losses(lines, minors, _reasons(told, minors[CLASSES.index("waste")]))


def lost_of(session: Session, books: Books) -> Fraction:
    """What all of it was worth. Two statements."""
    _told, lost = _lost(session, books)
    return sum((_loss(one, name).worth for one in lost.values() for name in CLASSES), Fraction(0))


def _lost(session: Session, books: Books) -> tuple[Mapping[tuple[Any, ...], Sum], dict[UUID, Shrinkage]]:
    """What moved of each item by kind, and what of it was lost."""
    kinds = [*(kind.value for kind in (*WASTE, *COUNTED)), OVER_USE]
    told = by_item(session, books, "item_id", "kind", kinds=kinds)
    needs = _unrecorded_needs(session, books)
    lost = {id_: split(_found(id_, told, needs)) for id_ in {item_id for item_id, _kind in told}}
    return told, {id_: one for id_, one in lost.items() if _any(one)}


def _any(one: Shrinkage) -> bool:
    return any(_loss(one, name) != Loss() for name in CLASSES)


def _loss(one: Shrinkage, name: str) -> Loss:
    loss: Loss = getattr(one, name)
    return loss


def _found(item_id: UUID, told: Mapping[tuple[Any, ...], Sum], needs: Mapping[UUID, int]) -> Found:
    def lost(*kinds: str) -> Loss:
        gone = -total_of(told.get((item_id, kind), NOTHING) for kind in kinds)
        return Loss(gone.quantity, gone.worth)

    return Found(
        over_use=lost(OVER_USE),
        wasted=lost(*WASTE),
        needed=needs.get(item_id, 0),
        **{name: lost(kind) for name, kind in _FOUND.items()},
    )


def _reasons(told: Mapping[tuple[Any, ...], Sum], minor: int) -> list[WasteShare]:
    """What was thrown away, whose class shows as so much, by reason."""
    kinds = (*WASTE, Kind.SAID_WASTED)
    sums = {kind: -total_of(one for (_item, of), one in told.items() if of == kind.value) for kind in kinds}
    known = [kind for kind in kinds if sums[kind].quantity or sums[kind].worth]
    shares = shared_out([sums[kind].worth for kind in known], minor)
    return [WasteShare(kind, minor) for kind, minor in zip(known, shares, strict=True)]


def _unrecorded_needs(session: Session, books: Books) -> dict[UUID, int]:
    """By item, the standard of steps of the days that are still not recorded though their time has come."""
    zone = books.branch.timezone
    begins, ends = clock.span_of(books.first, zone)[0], clock.span_of(books.last, zone)[1]
    query = (
        select(VisitLine.item_id, cast(func.sum(VisitLine.quantity), BigInteger))
        .join(VisitStep, VisitStep.id == VisitLine.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            VisitStep.branch_id == books.branch.id,
            VisitStep.status.in_((StepStatus.PLANNED, StepStatus.STARTED)),
            Visit.planned_at >= begins,
            Visit.planned_at < min(ends, clock.now()),
        )
        .group_by(VisitLine.item_id)
    )
    return {item_id: quantity for item_id, quantity in session.execute(query)}
