"""A visit step as the services see it: read for many steps with one statement, without ORM objects.

Also says who may touch a step and what a visit's status is once its steps have moved. Writes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from supply.domain.catalog.models import Item
from supply.domain.ledger.writer import Writer, locking, remember, try_lock, with_shelf
from supply.domain.visits.models import StepStatus, Visit, VisitLine, VisitStatus, VisitStep
from supply.errors import Forbidden, NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.quantity import Dimension
from supply.statements import Prepared
from supply.writing import ask

OPEN = (StepStatus.PLANNED, StepStatus.STARTED)
UNDER_WAY = (VisitStatus.PLANNED, VisitStatus.RUNNING)
# A step that was left out may be taken back into these.
REOPENABLE = (*UNDER_WAY, VisitStatus.FINISHED)

# (visit id, position): what people and programs name a step by.
StepKey = tuple[uuid.UUID, int]


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What an answer says of an item, named as the catalogue names it."""

    id: uuid.UUID
    code: str
    name_en: str
    name_vi: str
    dimension: Dimension
    stock_unit: str
    usage_unit: str


@dataclass(frozen=True, slots=True)
class StandardLine:
    """So much as the recipe was resolved for this visit; base units. guest_position None: the party."""

    position: int
    item: ItemFacts
    guest_position: int | None
    quantity: int


@dataclass(slots=True)
class StepFacts:
    """A visit step with its visit's facts and its standard lines."""

    id: uuid.UUID
    visit_id: uuid.UUID
    branch_id: uuid.UUID
    position: int
    status: StepStatus
    visit_status: VisitStatus
    visit_version: int
    therapist_id: uuid.UUID | None
    party_size: int
    has_conditions: bool
    open_steps: int
    lines: list[StandardLine] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Waiting to be done: its standard quantities are reserved exactly as long as this is so."""
        return self.status in OPEN


def _query() -> Any:
    sibling = aliased(VisitStep)
    open_steps = (
        select(func.count())
        .select_from(sibling)
        # The branch too: it leads the index of what is open.
        .where(sibling.branch_id == Visit.branch_id, sibling.visit_id == Visit.id, sibling.status.in_(OPEN))
        .scalar_subquery()
    )
    return (
        select(
            VisitStep.id,
            VisitStep.visit_id,
            VisitStep.branch_id,
            VisitStep.position,
            VisitStep.status,
            Visit.status.label("visit_status"),
            Visit.version.label("visit_version"),
            Visit.therapist_id,
            Visit.party_size,
            Visit.has_conditions,
            open_steps.label("open_steps"),
            VisitLine.item_id,
            VisitLine.position.label("line_position"),
            VisitLine.guest_position,
            VisitLine.quantity,
            Item.code,
            Item.name_en,
            Item.name_vi,
            Item.dimension,
            Item.stock_unit,
            Item.usage_unit,
        )
        .select_from(VisitStep)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .outerjoin(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        .outerjoin(Item, Item.id == VisitLine.item_id)
        .order_by(VisitLine.visit_step_id, VisitLine.position)
    )


def _one(query: Any) -> Prepared:
    return Prepared(
        query.where(VisitStep.visit_id == bindparam("visit"), VisitStep.position == bindparam("position"))
    )


_ONE = _one(_query())
_ONE_AND_SHELF = _one(with_shelf(_query(), Visit.branch_id, VisitLine.item_id))
_MANY = Prepared(
    _query().where(
        VisitStep.visit_id.in_(bindparam("visits", expanding=True)),
        VisitStep.position.in_(bindparam("positions", expanding=True)),
    )
)
_ALL = Prepared(_query().where(VisitStep.visit_id == bindparam("visit")))


_LOCK = locking(select(Visit.branch_id).where(Visit.id == bindparam("visit")).scalar_subquery())


def lock_branch_of(session: Session, actor: Actor, visit_id: uuid.UUID) -> Writer:
    """Lock the visit's branch, in one statement. Raises NotFound where it is not one of the actor's."""
    writer = try_lock(session, actor, _LOCK, {"visit": visit_id})
    if writer is None or not actor.belongs_to(writer.branch_id):
        raise NotFound("visit_not_found", lazy("There is no such visit, or it is not in your branch."))
    return writer


def read_step(session: Session, visit_id: uuid.UUID, position: int) -> StepFacts | None:
    """One step, or None. One statement."""
    rows = ask(session, _ONE, {"visit": visit_id, "position": position})
    return _gather(rows).get((visit_id, position))


def read_step_and_shelf(writer: Writer, visit_id: uuid.UUID, position: int) -> StepFacts | None:
    """One step, or None; its writer knows then what stands of the step's items. One statement."""
    rows = ask(writer.session, _ONE_AND_SHELF, {"visit": visit_id, "position": position})
    for row in rows:
        if row.item_id is not None:
            remember(writer, row)
    return _gather(rows).get((visit_id, position))


def read_steps(session: Session, keys: Collection[StepKey]) -> dict[StepKey, StepFacts]:
    """The steps of that name that exist. One statement however many."""
    if not keys:
        return {}
    visits, positions = sorted({visit for visit, _ in keys}), sorted({position for _, position in keys})
    rows = ask(session, _MANY, {"visits": visits, "positions": positions})
    found = _gather(rows)
    return {key: found[key] for key in keys if key in found}


def read_visit_steps(session: Session, visit_id: uuid.UUID) -> list[StepFacts]:
    """Every step of a visit, in order. One statement."""
    found = _gather(ask(session, _ALL, {"visit": visit_id}))
    return [found[key] for key in sorted(found)]


def _gather(rows: Iterable[Any]) -> dict[StepKey, StepFacts]:
    """A line may come several times, once for each place of its item."""
    steps: dict[StepKey, StepFacts] = {}
    items: dict[uuid.UUID, ItemFacts] = {}
    for row in rows:
        key = (row.visit_id, row.position)
        step = steps.get(key)
        if step is None:
            step = steps[key] = StepFacts(*row[:11])
        item_id, position, guest_position, quantity, *facts = row[11:21]
        if item_id is not None and not (step.lines and step.lines[-1].position == position):
            item = items.get(item_id) or items.setdefault(item_id, ItemFacts(item_id, *facts))
            step.lines.append(StandardLine(position, item, guest_position, quantity))
    return steps


def require_hand_on(actor: Actor, step: StepFacts) -> None:
    """Managers any step; therapists those of their own visits and of visits that are nobody's yet."""
    if actor.may(Permission.VISIT_COMPLETE_ANY, step.branch_id):
        return
    require(actor, Permission.VISIT_COMPLETE_OWN, step.branch_id)
    if step.therapist_id not in (None, actor.person_id):
        raise Forbidden(
            "not_your_visit",
            lazy("This visit is another therapist's. Ask them or a manager."),
            details={"permission": Permission.VISIT_COMPLETE_ANY.value},
        )


def status_after(visit_status: VisitStatus, *, open_steps: int, untouched: bool = False) -> VisitStatus:
    """What a visit is once its steps have moved: `open_steps` still wait; `untouched`: none has begun."""
    if visit_status is VisitStatus.BROKEN_OFF:
        return visit_status
    if visit_status is VisitStatus.CANCELLED:
        # Something was done after all: the visit took place, as far as it went.
        return VisitStatus.BROKEN_OFF
    if not open_steps:
        return VisitStatus.FINISHED
    return VisitStatus.PLANNED if untouched else VisitStatus.RUNNING
