"""What happens in the demo spa on a day: visits, deliveries, approvals, waste, counts, slips.

Each event bears its instant; the clock stands there while it is told. Deterministic by seed, branch and day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo import bottles, brewing, hands, shelves, storeroom
from supply.cli.demo.day import Day
from supply.cli.demo.founding import House
from supply.cli.demo.safety import allowed
from supply.domain.ledger import service as ledger
from supply.domain.visits import service as visits
from supply.domain.visits.models import Visit, VisitStep
from supply.domain.visits.planning import plan_visits
from supply.domain.visits.plans import Guest, Plan

PACKAGES = {
    "full-ritual": (45, (1, 2, 3, 4, 5, 6)),
    "short-ritual": (25, (1, 4, 6)),
    "herbal-baths": (15, (1, 2, 3, 5)),
    "massage-only": (15, (6,)),
}
STEP = timedelta(minutes=25)
CONDITIONS = ("pregnancy", "injury-prone-areas", "heart-failure", "allergy:oil-lavender")
# What is told of a guest, and how often in a hundred.
FACTORS: dict[tuple[str, ...], int] = {
    (): 78,
    ("senior",): 7,
    ("sensitive-skin",): 5,
    ("light-scent",): 4,
    ("large-body",): 3,
    ("child",): 2,
    ("senior", "sensitive-skin"): 1,
}
Event = tuple[datetime, Callable[[Session], None]]


def live(session: Session, house: House, day: date, left: int, seed: int, until: datetime) -> None:
    """Tell a day up to `until`. The visits of the day were planned the evening before."""
    today = Day(house, day, left, Random(f"{seed}:{house.code}:{day}"))  # noqa: S311 - a story, not a secret
    events = sorted(_events(session, today), key=lambda event: event[0])
    for instant, happen in events:
        if instant <= until:
            with clock.standing_at(instant):
                happen(session)


def plan_day(session: Session, house: House, day: date, seed: int) -> None:
    """Plan the visits of a day: no room twice at once, weekends full."""
    rng = Random(f"{seed}:{house.code}:{day}:plans")  # noqa: S311
    today = Day(house, day, 0, rng)
    count = max(2, round(rng.gauss(house.visits[day.weekday()], 1.2)))
    busy: dict[UUID, datetime] = {}
    plans = []
    for minute in sorted(rng.sample(range(0, 600, 15), count)):
        starts = today.at(9) + timedelta(minutes=minute)
        free = [room for room in house.rooms if busy.get(room[0], starts) <= starts]
        if not free:
            continue
        room_id, most = rng.choice(free)
        package = rng.choices(list(PACKAGES), [weight for weight, _steps in PACKAGES.values()])[0]
        busy[room_id] = starts + STEP * (len(PACKAGES[package][1]) + 1)
        guests = [_guest(rng) for _ in range(_party(rng, most))]
        plans.append(
            Plan(
                procedure="back-massage",
                guests=guests,
                planned_at=starts,
                package=package,
                room_id=room_id,
                therapist_id=rng.choice(house.therapists).person_id,
                booking_reference=f"{house.code}-{day:%y%m%d}-{minute:03}",
            )
        )
    plan_visits(session, ledger.lock(session, house.manager, house.branch_id), plans)


def _guest(rng: Random) -> Guest:
    conditions = [rng.choices(CONDITIONS, (6, 2, 1, 1))[0]] if rng.random() < 0.02 else []
    factors = rng.choices(list(FACTORS), list(FACTORS.values()))[0]
    return Guest(conditions, factors)


def _party(rng: Random, most: int) -> int:
    return most if most < 3 and rng.random() < 0.75 else rng.randint(1, most)


def _events(session: Session, today: Day) -> Iterator[Event]:
    rng = today.rng
    yield today.at(8, 5), lambda session: brewing.pour_away(session, today)
    yield today.at(8, 10), lambda session: bottles.open_bottles(session, today)
    yield today.at(8, 20), lambda session: brewing.brew_for(session, today, until=today.at(14))
    yield today.at(14, 15), lambda session: brewing.brew_for(session, today, until=today.at(0, day=1))
    # The last request of the story is still waiting for its manager.
    yield today.at(17 if today.left == 1 else 8, 30), lambda session: storeroom.request(session, today)
    if today.left > 1:
        yield today.at(9, 40), lambda session: storeroom.decide(session, today)
    yield today.at(11, rng.randint(0, 50)), lambda session: storeroom.take_in(session, today)
    yield from _visits(session, today)
    yield today.at(20, 30), lambda session: brewing.pour_away(session, today)
    yield today.at(20, 45), lambda session: storeroom.throw_away(session, today)
    if today.day.weekday() == 6:
        yield today.at(20, 50), lambda session: bottles.weigh_bottles(session, today)
    if rng.random() < 0.3:
        yield today.at(21, 0), lambda session: storeroom.count_one(session, today)
    if today.left > 1:
        yield today.at(21, 15), lambda session: storeroom.count_tasks(session, today)
    if today.left in (shelves.POSTED, shelves.SUBMITTED, shelves.BEGUN):
        yield (
            today.at(*((8, 40) if today.left == shelves.BEGUN else (21, 30))),
            lambda session: shelves.take_stock(session, today),
        )


def _visits(session: Session, today: Day) -> Iterator[Event]:
    rng, house = today.rng, today.house
    query = (
        select(Visit.id, Visit.planned_at, Visit.therapist_id, Visit.has_conditions)
        .where(
            Visit.branch_id == house.branch_id,
            Visit.planned_at >= today.at(0),
            Visit.planned_at < today.at(0, day=1),
        )
        .order_by(Visit.planned_at, Visit.id)
    )
    rows = session.execute(query).all()
    steps = _positions(session, [row.id for row in rows])
    for row in rows:
        positions = steps[row.id]
        begins = row.planned_at + timedelta(minutes=rng.randint(0, 10))
        slip = rng.random()
        done = positions[:-2] if slip < 0.02 and len(positions) > 3 else positions
        chance = rng.random()
        # Today's steps are told as they come, so that visits are under way; of past days it does not show.
        together = 3 if today.left == 0 else max(len(done), 1)
        for first in range(0, len(done), together):
            some = done[first : first + together]
            when = [begins + STEP * (done.index(position) + 1) for position in some]
            yield when[-1], _completing(house, row, some, when)
        over = begins + STEP * (len(done) + 1)
        if done is not positions:
            yield over, _breaking_off(house, row.id)
        elif chance < 0.03 and not row.has_conditions:
            yield over, _slipping(house, row.id, done[-1])


def _positions(session: Session, visit_ids: list[UUID]) -> dict[UUID, list[int]]:
    """The steps of each visit, in order."""
    query = select(VisitStep.visit_id, VisitStep.position).where(VisitStep.visit_id.in_(visit_ids))
    steps: dict[UUID, list[int]] = {}
    for visit_id, position in session.execute(query.order_by(VisitStep.position)):
        steps.setdefault(visit_id, []).append(position)
    return steps


def _completing(
    house: House, visit: Any, positions: list[int], when: list[datetime]
) -> Callable[[Session], None]:
    therapist = next(actor for actor in house.therapists if actor.person_id == visit.therapist_id)
    # The first of a house likes oil.
    generous = therapist is house.therapists[0]

    def happen(session: Session) -> None:
        done = allowed(session, therapist, visit.id, positions) if visit.has_conditions else positions
        chance = Random(f"{house.code}:{when[0]}:{positions}")  # noqa: S311
        used = hands.what_was_used(session, visit.id, done, chance, generous=generous)
        completions = [
            {
                "visit_id": visit.id,
                "position": position,
                "happened_at": instant,
                "lines": used.get(position, []),
            }
            for position, instant in zip(positions, when, strict=True)
            if position in done
        ]
        if not completions:
            return
        visits.complete_steps(
            session, therapist, branch_id=house.branch_id, completions=completions, consent_to_shortage=True
        )

    return happen


def _breaking_off(house: House, visit_id: UUID) -> Callable[[Session], None]:
    return lambda session: visits.break_off_visit(session, house.manager, visit_id)


def _slipping(house: House, visit_id: UUID, position: int) -> Callable[[Session], None]:
    """Somebody tapped the wrong thing: undone, and done again."""

    def happen(session: Session) -> None:
        visits.reverse_completion(session, house.manager, visit_id=visit_id, position=position)
        visits.complete_step(
            session, house.manager, visit_id=visit_id, position=position, consent_to_shortage=True
        )

    return happen
