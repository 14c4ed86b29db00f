"""Looking at a visit whole. A few set-based queries; writes nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session, aliased

from supply.domain.branches.models import Room
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Lot, Movement, MovementType
from supply.domain.people.models import Person
from supply.domain.treatments.allergies import allergy_to
from supply.domain.treatments.models import Condition, Package, Procedure, RecipeVersion, Step
from supply.domain.visits.completions import SOURCE
from supply.domain.visits.models import (
    Completion,
    CompletionLine,
    SafetyRecord,
    Visit,
    VisitGuest,
    VisitLine,
    VisitStep,
)
from supply.domain.visits.views import (
    LotUsed,
    PlannedLine,
    Recorded,
    RecordedLine,
    SafetyRecorded,
    StepView,
    VisitView,
)
from supply.domain.visits.warnings import Party, grounds_of, read_records
from supply.errors import NotFound
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require


def get_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> VisitView:
    """A visit with steps, lines, findings, completions and the lots used. Raises NotFound."""
    query = (
        select(Visit, Procedure, RecipeVersion.number, Package, Room, Person.name)
        .join(Procedure, Procedure.id == Visit.procedure_id)
        .join(RecipeVersion, RecipeVersion.id == Visit.recipe_version_id)
        .outerjoin(Package, Package.id == Visit.package_id)
        .outerjoin(Room, Room.id == Visit.room_id)
        .outerjoin(Person, Person.id == Visit.therapist_id)
        .where(Visit.id == visit_id)
    )
    row = _fresh(session, query).first()
    if row is None or not actor.belongs_to(row[0].branch_id):
        raise NotFound("visit_not_found", lazy("There is no such visit, or it is not in your branch."))
    visit, procedure, number, package, room, therapist = row
    require(actor, Permission.STOCK_SEE, visit.branch_id)
    guests = list(
        _fresh(
            session,
            select(VisitGuest).where(VisitGuest.visit_id == visit_id).order_by(VisitGuest.position),
        ).scalars()
    )
    steps = _steps(session, visit_id)
    _add_lines(session, steps)
    _add_findings(session, visit, guests, steps)
    _add_completions(session, visit.branch_id, steps)
    records = list_records(session, visit_id) if visit.has_conditions else []
    return VisitView(
        visit, procedure, number, package, room, therapist, guests, list(steps.values()), records
    )


def _add_findings(
    session: Session, visit: Visit, guests: Sequence[VisitGuest], steps: Mapping[uuid.UUID, StepView]
) -> None:
    """What speaks against the steps that are open, by the rules of today."""
    if not visit.has_conditions:
        return
    party = Party(visit.branch_id, visit.procedure_id, {guest.position: guest.conditions for guest in guests})
    parties = {visit.id: party}
    grounds = grounds_of(session, parties, read_records(session, parties))
    for step in steps.values():
        if step.open:
            used = [
                (line.position, line.item.id, line.guest_position) for line in step.lines if line.quantity
            ]
            step.findings = grounds.findings(visit.id, step.position, used)


def list_records(session: Session, visit_id: uuid.UUID) -> list[SafetyRecorded]:
    """Every consent, override and incident of a visit, oldest first."""
    query = (
        select(SafetyRecord, Person.name, Condition, Item)
        .join(Person, Person.id == SafetyRecord.person_id)
        .outerjoin(Condition, Condition.code == SafetyRecord.condition)
        .outerjoin(Item, literal(allergy_to("")) + Item.code == SafetyRecord.condition)
        .where(SafetyRecord.visit_id == visit_id)
        .order_by(SafetyRecord.recorded_at, SafetyRecord.id)
    )
    return [
        SafetyRecorded(
            record.kind,
            record.guest_position,
            record.step_position,
            record.condition,
            record.rule_id,
            record.reason,
            person,
            record.happened_at or record.recorded_at,
            record.recorded_at,
            record.completion_id,
            record.void_at is not None,
            condition or allergen,
        )
        for record, person, condition, allergen in _fresh(session, query)
    ]


def _fresh(session: Session, query: Any) -> Any:
    """What the database holds now, also for rows that statements changed behind the session."""
    return session.execute(query, execution_options={"populate_existing": True})


def _steps(session: Session, visit_id: uuid.UUID) -> dict[uuid.UUID, StepView]:
    skipper = aliased(Person)
    query = (
        select(VisitStep, Step, Person.name, skipper.name)
        .join(Step, Step.id == VisitStep.step_id)
        .outerjoin(skipper, skipper.id == VisitStep.skipped_by)
        .outerjoin(Person, Person.id == VisitStep.acknowledged_by)
        .where(VisitStep.visit_id == visit_id)
        .order_by(VisitStep.position)
    )
    return {
        step.id: StepView(
            step.id,
            step.position,
            wording.name_en,
            wording.name_vi,
            wording.note_en,
            wording.note_vi,
            step.status,
            step.started_at,
            step.skip_reason,
            step.skipped_at,
            skipped_by,
            step.acknowledged or (),
            acknowledged_by,
        )
        for step, wording, acknowledged_by, skipped_by in _fresh(session, query)
    }


def _add_lines(session: Session, steps: dict[uuid.UUID, StepView]) -> None:
    replaced = aliased(Item)
    query = (
        select(VisitLine, Item, replaced)
        .join(Item, Item.id == VisitLine.item_id)
        .outerjoin(replaced, replaced.id == VisitLine.replaces_item_id)
        .where(VisitLine.visit_step_id.in_(list(steps)))
        .order_by(VisitLine.visit_step_id, VisitLine.position)
    )
    for line, item, instead_of in _fresh(session, query):
        planned = PlannedLine(
            line.position,
            item,
            line.guest_position,
            line.quantity,
            line.rule,
            instead_of,
            line.replaces_quantity,
            line.replaces_because,
        )
        steps[line.visit_step_id].lines.append(planned)


def _add_completions(session: Session, branch_id: uuid.UUID, steps: dict[uuid.UUID, StepView]) -> None:
    undoer = aliased(Person)
    query = (
        select(Completion, Person.name, undoer.name, CompletionLine, Item)
        .join(Person, Person.id == Completion.person_id)
        .outerjoin(undoer, undoer.id == Completion.reversed_by)
        .outerjoin(CompletionLine, CompletionLine.completion_id == Completion.id)
        .outerjoin(Item, Item.id == CompletionLine.item_id)
        .where(Completion.visit_step_id.in_(list(steps)))
        .order_by(Completion.recorded_at.desc(), Completion.id.desc(), CompletionLine.position)
    )
    recorded: dict[uuid.UUID, Recorded] = {}
    rows = _fresh(session, query).all()
    lots = _lots_used(session, branch_id, {row[0].id for row in rows})
    for done, person, reversed_by, line, item in rows:
        if done.id not in recorded:
            recorded[done.id] = Recorded(
                done.id,
                done.person_id,
                person,
                done.happened_at,
                done.recorded_at,
                done.reversed_at,
                reversed_by,
            )
            steps[done.visit_step_id].history.append(recorded[done.id])
        if line is not None:
            recorded[done.id].lines.append(
                RecordedLine(
                    line.position,
                    item,
                    line.guest_position,
                    line.standard,
                    line.actual,
                    line.shortfall,
                    line.incident,
                    lots[done.id, line.position],
                )
            )


def _lots_used(
    session: Session, branch_id: uuid.UUID, completion_ids: set[uuid.UUID]
) -> dict[tuple[uuid.UUID, int], list[LotUsed]]:
    """Which lots each line of each completion took from."""
    used: dict[tuple[uuid.UUID, int], list[LotUsed]] = defaultdict(list)
    if not completion_ids:
        return used
    query = (
        select(Movement.source_id, Movement.source_line, Lot.id, Lot.number, Movement.quantity)
        .join(Lot, Lot.id == Movement.lot_id)
        .where(
            Movement.branch_id == branch_id,
            Movement.source_id.in_(sorted(completion_ids)),
            Movement.source_type == SOURCE,
            Movement.type == MovementType.USAGE,
        )
        .order_by(Movement.seq)
    )
    for source_id, source_line, lot_id, number, quantity in session.execute(query):
        used[source_id, source_line or 0].append(LotUsed(lot_id, number, -quantity))
    return used
