"""What outlives a change of a visit's plan: substitutes that were chosen, consents that were given.

A choice stays where its line and its reason are still there and it is still offered. Tells which fell.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.treatments.models import Contraindication
from supply.domain.treatments.substitutes import offers_for
from supply.domain.visits.models import RecordKind, SafetyRecord
from supply.domain.visits.plans import Guest
from supply.domain.visits.substituting import BY_HAND, PlannedStep, Row, free, put, read_open_steps, wish
from supply.domain.visits.warnings import Grounds


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a plan that uses something else than the recipe wants, or nothing of it (`left_out`)."""

    step_position: int
    guest_position: int | None
    wanted_id: uuid.UUID
    item_id: uuid.UUID
    left_out: bool
    because: str


@dataclass(frozen=True, slots=True)
class Fallen:
    """A choice that a change of plan took with it: too little stands by then, or it is not for the guest."""

    step_position: int
    guest_position: int | None
    wanted: Item
    item: Item


def read_choices(session: Session, visit_id: uuid.UUID) -> list[Choice]:
    """What was chosen for the open steps of a visit, by a rule or by hand. One statement."""
    return [
        Choice(
            step.position,
            line["guest_position"],
            line["replaces_item_id"],
            line["item_id"],
            line["item_id"] == line["replaces_item_id"],
            line["replaces_because"],
        )
        for step in read_open_steps(session, visit_id)
        for line in step.lines
        if line["replaces_item_id"] is not None
    ]


def carry_over(
    session: Session,
    branch_id: uuid.UUID,
    grounds: Grounds,
    steps: Sequence[PlannedStep],
    choices: Sequence[Choice],
) -> tuple[list[Choice], Counter[uuid.UUID]]:
    """Put choices into a plan that was resolved anew, where they still hold; which fell, and what was taken.

    Chosen for a condition, a choice needs it: without it the line is the recipe's again, and nothing fell.
    """
    held = [
        (choice, step, line)
        for choice in choices
        for step in steps
        if step.position == choice.step_position and (line := _line_of(step, choice)) is not None
        if choice.because == BY_HAND or choice.because in _borne(grounds, step, choice)
    ]
    wishes = [wish(branch_id, grounds, step, line) for _choice, step, line in held]
    taken: Counter[uuid.UUID] = Counter()
    fell = []
    for (choice, _step, line), offers in zip(held, offers_for(session, wishes), strict=True):
        offer = next((one for one in offers if one.item_id == choice.item_id and free(one, taken)), None)
        if choice.left_out:
            put(line, choice.item_id, 0, choice.because)
        elif offer is not None and offer.quantity is not None:
            taken[offer.item_id] += offer.quantity
            put(line, offer.item_id, offer.quantity, choice.because)
        else:
            fell.append(choice)
    return fell, taken


def _line_of(step: PlannedStep, choice: Choice) -> Row | None:
    of = (choice.wanted_id, choice.guest_position)
    return next((line for line in step.lines if (line["item_id"], line["guest_position"]) == of), None)


def _borne(grounds: Grounds, step: PlannedStep, choice: Choice) -> set[str]:
    party = grounds.parties.get(step.visit_id)
    return party.conditions_of(choice.guest_position) if party else set()


def named(session: Session, fell: Sequence[Choice]) -> list[Fallen]:
    """Fallen choices with their items."""
    if not fell:
        return []
    items = catalog.items_by_id(session, {item for one in fell for item in (one.wanted_id, one.item_id)})
    return [
        Fallen(one.step_position, one.guest_position, items[one.wanted_id], items[one.item_id])
        for one in fell
    ]


def other_guests(before: Sequence[Guest], after: Sequence[Guest]) -> set[int]:
    """The numbers under which somebody else is planned now, or nobody."""
    most = max(len(before), len(after))
    told = [[_told(guest) for guest in guests] + [None] * (most - len(guests)) for guests in (before, after)]
    return {number for number, (old, new) in enumerate(zip(*told, strict=True), start=1) if old != new}


def _told(guest: Guest) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(guest.conditions), frozenset(guest.factors)


def void_records(
    session: Session, visit_id: uuid.UUID, *, guests: set[int], gone: set[int], added: set[int]
) -> int:
    """What was recorded no longer counts; how much of it.

    All of other guests; overrides of steps that are gone; consents where a step came that they may be about.
    """
    against = select(Contraindication.id).where(
        or_(Contraindication.step_position.is_(None), Contraindication.step_position.in_(sorted(added)))
    )
    fallen = [
        SafetyRecord.guest_position.in_(sorted(guests)),
        and_(SafetyRecord.kind == RecordKind.OVERRIDE, SafetyRecord.step_position.in_(sorted(gone))),
    ]
    if added:
        fallen.append(and_(SafetyRecord.kind == RecordKind.CONSENT, SafetyRecord.rule_id.in_(against)))
    done = session.execute(
        update(SafetyRecord)
        .where(SafetyRecord.visit_id == visit_id, SafetyRecord.void_at.is_(None), or_(*fallen))
        .values(void_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return done.rowcount if isinstance(done, CursorResult) else 0
