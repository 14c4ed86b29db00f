"""Readiness of the day: which planned visits can be done, what is missing, and what to do first.

Reads shelves, orders and visits; stores nothing and changes nothing. Owns no rule: covering and fixing weigh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.standing import Standing, list_standing
from supply.domain.readiness.colouring import StepCover, VisitCover, colour_visits
from supply.domain.readiness.covering import Colour, Need, Pile, PlannedStep, PlannedVisit, Store, deal
from supply.domain.readiness.fixing import Means, Seller, Spare
from supply.domain.readiness.gathering import (
    list_brewing,
    list_coming,
    list_sellers,
    piles_of,
    read_goods,
    surplus_of,
)
from supply.domain.readiness.hurdles import hurdles_of
from supply.domain.readiness.open_visits import OpenStep, OpenVisit, list_open_visits
from supply.domain.readiness.totals import ToDo, add_up
from supply.domain.suppliers.models import Supplier
from supply.domain.visits.warnings import Grounds, Party, grounds_of
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

# Today and tomorrow: what can still be brewed, fetched or ordered.
DAYS_AHEAD = 1


@dataclass(frozen=True, slots=True)
class StepReady:
    step: OpenStep
    cover: StepCover


@dataclass(frozen=True, slots=True)
class VisitReady:
    """A visit with the colour of each of its open steps."""

    visit: OpenVisit
    day: date
    colour: Colour
    steps: tuple[StepReady, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The visits of the days asked for, in the order of the clock, and all that is to be done for them."""

    branch: Branch
    day: date | None
    today: date
    reckoned_at: datetime
    visits: list[VisitReady]
    # By day, also of the one not asked for: how many visits are not green.
    not_ready: Mapping[date, int]
    to_do: list[ToDo]
    items: Mapping[UUID, Item]
    branches: Mapping[UUID, Branch]
    suppliers: Mapping[UUID, Supplier]

    @property
    def last(self) -> date:
        """The last day that can be asked for."""
        return self.today + timedelta(days=DAYS_AHEAD)

    def count(self, colour: Colour) -> int:
        return sum(one.colour is colour for one in self.visits)


def readiness_of(session: Session, actor: Actor, branch_id: UUID, day: date | None = None) -> Readiness:
    """How ready the planned visits of today and tomorrow are, or of one of them; a dozen statements at most.

    Only branches of the actor are looked at for surplus. Raises Invalid for any other day.
    """
    require(actor, Permission.STOCK_SEE, branch_id)
    known = {branch.id: branch for branch in branches.list_branches(session, actor)}
    branch = known.get(branch_id) or branches.get_branch(session, actor, branch_id)
    now = clock.now()
    today = clock.day_of(now, branch.timezone)
    last = today + timedelta(days=DAYS_AHEAD)
    _require_within(day, today, last)
    # Both days even where one is asked for: what is left for today is what tomorrow does not need.
    visits = list_open_visits(session, branch, today, last)
    parties = {
        visit.id: Party(branch_id, visit.procedure_id, visit.guests) for visit in visits if visit.guests
    }
    grounds = grounds_of(session, parties, {visit.id: list(visit.records) for visit in visits})
    planned = [plan_of(visit, branch, now, grounds) for visit in visits]
    weighed = _weigh(session, branch, known.values(), planned, today)
    days = {plan.id: plan.day for plan in planned}
    ready = [_ready(visit, weighed.covers[visit.id], days[visit.id]) for visit in visits]
    chosen = [one for one in ready if day in (None, one.day)]
    return Readiness(
        branch,
        day,
        today,
        now,
        chosen,
        Counter(one.day for one in ready if one.colour is not Colour.GREEN),
        add_up([step.cover for one in chosen for step in one.steps], weighed.sellers),
        weighed.items,
        known,
        weighed.suppliers,
    )


def _require_within(day: date | None, first: date, last: date) -> None:
    if day is not None and not first <= day <= last:
        raise Invalid(
            "day_out_of_reach", lazy("Readiness can be seen for today and for tomorrow."), field="day"
        )


def plan_of(visit: OpenVisit, branch: Branch, now: datetime, grounds: Grounds) -> PlannedVisit:
    """What a visit needs, step by step, and what stands in its way. What should have begun happens now."""
    at = max(visit.planned_at, now)
    steps = tuple(_planned_step(visit.id, step, grounds) for step in visit.steps)
    return PlannedVisit(visit.id, visit.planned_at, at, clock.day_of(at, branch.timezone), steps)


def _planned_step(visit_id: UUID, step: OpenStep, grounds: Grounds) -> PlannedStep:
    """One need for each item of a step, in the order of its lines."""
    amounts: dict[UUID, int] = {}
    for line in step.lines:
        amounts[line.item_id] = amounts.get(line.item_id, 0) + line.quantity
    if visit_id not in grounds.parties:
        return PlannedStep(step.position, tuple(Need(*of) for of in amounts.items()))
    forbidden: dict[UUID, frozenset[UUID]] = {}
    for line in step.lines:
        banned = grounds.forbidden(visit_id, step.position, line.guest_position)
        forbidden[line.item_id] = forbidden.get(line.item_id, frozenset()) | banned
    used = [(line.position, line.item_id, line.guest_position) for line in step.lines]
    findings = grounds.findings(visit_id, step.position, used)
    against = {position for finding in findings if finding.blocks for position in finding.lines}
    unsettled = {line.item_id for line in step.lines if line.position in against}
    needs = tuple(
        # What a consent or an override allows is as good as any other.
        Need(item_id, quantity, forbidden[item_id] - ({item_id} - unsettled))
        for item_id, quantity in amounts.items()
    )
    return PlannedStep(step.position, needs, hurdles_of(findings, step.acknowledged))


def needed_of(planned: Sequence[PlannedVisit]) -> Counter[UUID]:
    """How much of each item the visits need together."""
    amounts: Counter[UUID] = Counter()
    for visit in planned:
        for step in visit.steps:
            for need in step.needs:
                amounts[need.item_id] += need.quantity
    return amounts


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Every visit's colours, and what was read to tell them."""

    covers: Mapping[UUID, VisitCover]
    items: Mapping[UUID, Item]
    sellers: Mapping[UUID, Sequence[Seller]]
    suppliers: Mapping[UUID, Supplier]


def _weigh(
    session: Session,
    branch: Branch,
    known: Iterable[Branch],
    planned: Sequence[PlannedVisit],
    today: date,
) -> _Weighed:
    """Deal the shelf out; only for what is then short look what could help."""
    needed = needed_of(planned)
    goods = read_goods(session, needed)
    own = list_standing(session, [branch.id], goods.items)
    piles = piles_of(own, branch.currency)
    until = max((visit.day for visit in planned), default=today)
    dealt = deal(planned, Store(piles, list_coming(session, branch, needed, until, today)))
    short = {got.item_id for steps in dealt.values() for step in steps for got in step if got.short}
    brewing = list_brewing(session, short)
    herbs = {herb for one in brewing.values() for herb, _needed in one.herbs}
    others = sorted((one for one in known if one.id != branch.id), key=lambda one: one.code)
    looked = [*(one.id for one in others), *([branch.id] if herbs else [])]
    further = list_standing(session, looked, short | herbs)
    own += [row for row in further if row.branch_id == branch.id and row.item_id in herbs - piles.keys()]
    sellers, suppliers = list_sellers(session, branch, short, today)
    means = Means(
        substitutes=goods.substitutes,
        # What was dealt out has been drawn down; herbs that no visit uses as such join them.
        spare=_spare(own, piles_of(own, branch.currency) | piles, needed),
        brewing=brewing,
        elsewhere=surplus_of(further, others, branch.currency),
        sellers=sellers,
    )
    return _Weighed(colour_visits(planned, dealt, means), goods.items, sellers, suppliers)


def _spare(
    own: Sequence[Standing], piles: Mapping[UUID, list[Pile]], needed: Counter[UUID]
) -> dict[UUID, Spare]:
    """What may be left when all is dealt out, less what is reserved for visits of other days."""
    reserved = {row.item_id: row.reserved for row in own}
    return {
        item_id: Spare(left, max(0, reserved.get(item_id, 0) - needed[item_id]))
        for item_id, left in piles.items()
    }


def _ready(visit: OpenVisit, cover: VisitCover, day: date) -> VisitReady:
    steps = tuple(StepReady(step, told) for step, told in zip(visit.steps, cover.steps, strict=True))
    return VisitReady(visit, day, cover.colour, steps)
