"""The shelf dealt out to the visits once, in order of planned time. Pure: no model, no database, no clock.

Each item is dealt by itself, opened first and first expired first, by what is usable at the visit's time;
then what is on order comes, in order of its day. So a changed visit can change only visits that share an item
with it. Quantities are base units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Colour(StrEnum):
    """How a step stands: nothing to do; something must be done or come; it cannot be done as it is."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Cause(StrEnum):
    """Why a step is not green."""

    EXPIRING = "expiring"
    DELIVERY = "delivery"
    MAY_COME = "may-come"
    BREW = "brew"
    SUBSTITUTE = "substitute"
    ACKNOWLEDGE = "acknowledge"
    CONSENT = "consent"
    REPLACE = "replace"
    SHORT = "short"
    BLOCKED = "blocked"


RED_CAUSES = frozenset({Cause.SHORT, Cause.BLOCKED})


@dataclass(frozen=True, slots=True)
class Need:
    """So much of an item for a step; `forbidden` are items that its guests must not have.

    The item itself is among them only while nothing on record allows it.
    """

    item_id: UUID
    quantity: int
    forbidden: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Hurdle:
    """What safety asks for before the step may start: a condition by code and name, and whom it concerns."""

    cause: Cause
    condition: str
    guests: tuple[int, ...] = ()
    name_en: str = ""
    name_vi: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step that waits to be done: one need for each of its items."""

    position: int
    needs: tuple[Need, ...] = ()
    hurdles: tuple[Hurdle, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit with its open steps. `at` is when it will happen, `day` that instant's day in the branch."""

    id: UUID
    planned_at: datetime
    at: datetime
    day: date
    steps: tuple[PlannedStep, ...]


@dataclass(slots=True)
class Pile:
    """What stands of a lot, in the order of use; `quantity` falls as it is dealt out.

    `expires_on` is its last day; what was brewed is expired from `use_by_at` on.
    """

    quantity: int
    expires_on: date | None = None
    use_by_at: datetime | None = None
    cost_minor: int | None = None
    cost_quantity: int | None = None

    def usable(self, visit: PlannedVisit) -> bool:
        if self.expires_on is not None and self.expires_on < visit.day:
            return False
        return self.use_by_at is None or self.use_by_at > visit.at

    def last_day(self, day: date) -> bool:
        """Whether that day is its last; what is kept for hours only is always used on its day."""
        return self.use_by_at is None and self.expires_on == day


@dataclass(slots=True)
class Coming:
    """What is still to come of an order or, `transferred`, from another branch.

    `unsure` if it is overdue or was not sent yet: it may come.
    """

    source_id: UUID
    quantity: int
    day: date
    unsure: bool = False
    transferred: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """So much that a need waits for."""

    source_id: UUID
    quantity: int
    day: date
    unsure: bool
    transferred: bool


@dataclass(frozen=True, slots=True)
class Dealt:
    """What a need got from the shelf (of it `expiring` on its last day), from orders, and what is `short`."""

    item_id: UUID
    needed: int
    shelf: int
    expiring: int
    arrivals: tuple[Arrival, ...]
    short: int


@dataclass(slots=True)
class Store:
    """What can be dealt out, by item; it is drawn down by dealing."""

    piles: Mapping[UUID, Sequence[Pile]] = field(default_factory=dict)
    coming: Mapping[UUID, Sequence[Coming]] = field(default_factory=dict)


def in_order(visits: Iterable[PlannedVisit]) -> list[PlannedVisit]:
    """The order in which visits are served: planned time, and for the same time the older plan."""
    return sorted(visits, key=lambda visit: (visit.planned_at, visit.id))


def deal(visits: Iterable[PlannedVisit], store: Store) -> dict[UUID, list[list[Dealt]]]:
    """What each visit's steps get, need by need: {visit: a list for each step}. Draws the store down."""
    return {
        visit.id: [[_deal_need(visit, need, store) for need in step.needs] for step in visit.steps]
        for visit in in_order(visits)
    }


def take(piles: Iterable[Pile], quantity: int, visit: PlannedVisit) -> list[tuple[Pile, int]]:
    """Take up to `quantity` of what the visit can use, in the order of the piles."""
    taken = []
    for pile in piles:
        if not quantity:
            break
        if pile.quantity and pile.usable(visit):
            part = min(pile.quantity, quantity)
            pile.quantity -= part
            quantity -= part
            taken.append((pile, part))
    return taken


def _deal_need(visit: PlannedVisit, need: Need, store: Store) -> Dealt:
    shelf = expiring = 0
    for pile, part in take(store.piles.get(need.item_id, ()), need.quantity, visit):
        shelf += part
        expiring += part if pile.last_day(visit.day) else 0
    short = need.quantity - shelf
    if not short:
        return Dealt(need.item_id, need.quantity, shelf, expiring, (), 0)
    arrivals = _await(store.coming.get(need.item_id, ()), short, visit)
    short -= sum(arrival.quantity for arrival in arrivals)
    return Dealt(need.item_id, need.quantity, shelf, expiring, arrivals, short)


def _await(coming: Iterable[Coming], quantity: int, visit: PlannedVisit) -> tuple[Arrival, ...]:
    """What will have come by the visit's day: what is expected before what only may come."""
    arrivals = []
    for one in sorted(coming, key=lambda one: (one.unsure, one.day, one.source_id)):
        part = min(one.quantity, quantity) if one.day <= visit.day else 0
        if part:
            one.quantity -= part
            quantity -= part
            arrivals.append(Arrival(one.source_id, part, one.day, one.unsure, one.transferred))
    return tuple(arrivals)


def causes_of(dealt: Dealt) -> tuple[Cause, ...]:
    """Why what a need got is not plainly green; a shortfall is not weighed here."""
    if not dealt.expiring and not dealt.arrivals:
        return ()
    found = [Cause.EXPIRING] if dealt.expiring else []
    for cause, unsure in ((Cause.DELIVERY, False), (Cause.MAY_COME, True)):
        if any(arrival.unsure is unsure for arrival in dealt.arrivals):
            found.append(cause)
    return tuple(found)


def colour_of(causes: Iterable[Cause]) -> Colour:
    """The colour that causes together give."""
    told = set(causes)
    if told & RED_CAUSES:
        return Colour.RED
    return Colour.AMBER if told else Colour.GREEN


def worst(colours: Iterable[Colour]) -> Colour:
    """A visit is as ready as its least ready step; one without open steps is ready."""
    order = list(Colour)
    return max(colours, key=order.index, default=Colour.GREEN)
