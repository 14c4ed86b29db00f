"""What gives way: lines that a guest must not have make room for what may stand in for them.

By itself when a visit is planned and when a condition is disclosed; by hand on the step's page. Refuses to
choose what nobody offers: what cannot be replaced stays, and stands in the way of its step.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.ledger import service as ledger
from supply.domain.ledger.service import Writer
from supply.domain.treatments.substitutes import Wish, offers_for
from supply.domain.treatments.substitution import Offer
from supply.domain.visits.models import Visit, VisitLine, VisitStep
from supply.domain.visits.plans import Resolved
from supply.domain.visits.safety import to_replace
from supply.domain.visits.steps import OPEN
from supply.domain.visits.warnings import Grounds, Party, grounds_of

BY_HAND = "by-hand"
# A line by its columns.
Row = dict[str, Any]
COLUMNS = (
    "visit_step_id",
    "position",
    "item_id",
    "guest_position",
    "quantity",
    "replaces_item_id",
    "replaces_quantity",
    "replaces_because",
)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step that is still to be done, with the rows of its lines, which may be changed."""

    visit_id: uuid.UUID
    position: int
    planned_at: datetime
    lines: list[Row]

    def used(self) -> list[tuple[int, uuid.UUID, int | None]]:
        return [
            (line["position"], line["item_id"], line["guest_position"])
            for line in self.lines
            if line["quantity"]
        ]


def give_way(
    session: Session,
    branch_id: uuid.UUID,
    grounds: Grounds,
    steps: Iterable[PlannedStep],
    taken: Counter[uuid.UUID] | None = None,
) -> list[Row]:
    """Put the most wanted substitute that is offered in the place of what must be replaced; the rows changed.

    Two lines never take the same stock, nor what is `taken` already. The same few statements for any number
    of visits; none where nothing must be replaced.
    """
    wanted = [
        (step, line, because[line["position"]])
        for step in steps
        if (because := to_replace(grounds.findings(step.visit_id, step.position, step.used())))
        for line in step.lines
        if line["position"] in because
    ]
    if not wanted:
        return []
    wishes = [wish(branch_id, grounds, step, line) for step, line, _because in wanted]
    taken = Counter() if taken is None else taken
    changed = []
    for (_step, line, code), offers in zip(wanted, offers_for(session, wishes), strict=True):
        offer = next((one for one in offers if free(one, taken)), None)
        if offer is not None and offer.quantity is not None:
            taken[offer.item_id] += offer.quantity
            put(line, offer.item_id, offer.quantity, code)
            changed.append(line)
    return changed


def replace_forbidden(session: Session, writer: Writer, resolved: Sequence[Resolved]) -> None:
    """Let what guests must not have give way before it is written; nothing is read without a condition."""
    careful = [visit for visit in resolved if visit.visit["has_conditions"]]
    if careful:
        steps = [step for visit in careful for step in planned_steps(visit)]
        give_way(session, writer.branch_id, grounds_of_plans(session, writer, careful), steps)


def grounds_of_plans(session: Session, writer: Writer, resolved: Sequence[Resolved]) -> Grounds:
    """What is known of visits that are not written yet."""
    parties = {
        visit.id: Party(
            writer.branch_id,
            visit.visit["procedure_id"],
            {guest["position"]: guest["conditions"] for guest in visit.guests},
        )
        for visit in resolved
    }
    return grounds_of(session, parties)


def planned_steps(visit: Resolved) -> list[PlannedStep]:
    """The steps of a plan with the rows of their lines."""
    lines: dict[uuid.UUID, list[Row]] = defaultdict(list)
    for line in visit.lines:
        lines[line["visit_step_id"]].append(line)
    planned_at = visit.visit["planned_at"]
    return [PlannedStep(visit.id, step["position"], planned_at, lines[step["id"]]) for step in visit.steps]


def wish(branch_id: uuid.UUID, grounds: Grounds, step: PlannedStep, line: Row) -> Wish:
    """What is looked for: something for what the recipe wanted, that none of its guests must not have."""
    return Wish(
        branch_id,
        max(step.planned_at, clock.now()),
        line["replaces_item_id"] or line["item_id"],
        line["replaces_quantity"] or line["quantity"],
        grounds.forbidden(step.visit_id, step.position, line["guest_position"]),
    )


def free(offer: Offer, taken: Counter[uuid.UUID]) -> bool:
    """Whether something is offered and enough of it is left once others have taken theirs."""
    if offer.refusal is not None or offer.quantity is None:
        return False
    return offer.available - taken[offer.item_id] >= offer.quantity


def put(line: Row, item_id: uuid.UUID, quantity: int, because: str) -> None:
    """Let a line use another item; what the recipe wanted stays on it. Its own item of nothing: left out."""
    if line["replaces_item_id"] is None:
        line["replaces_item_id"], line["replaces_quantity"] = line["item_id"], line["quantity"]
    line["item_id"], line["quantity"], line["replaces_because"] = item_id, quantity, because


def put_back(line: Row) -> None:
    """Let a line use again what the recipe wanted."""
    line["item_id"], line["quantity"] = line["replaces_item_id"], line["replaces_quantity"]
    line["replaces_item_id"] = line["replaces_quantity"] = line["replaces_because"] = None


def read_open_steps(session: Session, visit_id: uuid.UUID) -> list[PlannedStep]:
    """The steps of a visit that are still to be done, with their lines as rows. One statement."""
    query = (
        select(VisitStep.position.label("step"), Visit.planned_at, *(getattr(VisitLine, c) for c in COLUMNS))
        .select_from(VisitStep)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .outerjoin(VisitLine, VisitLine.visit_step_id == VisitStep.id)
        .where(VisitStep.visit_id == visit_id, VisitStep.status.in_(OPEN))
        .order_by(VisitStep.position, VisitLine.position)
    )
    steps: dict[int, PlannedStep] = {}
    for row in session.execute(query):
        step = steps.setdefault(row.step, PlannedStep(visit_id, row.step, row.planned_at, []))
        if row.visit_step_id is not None:
            step.lines.append({name: getattr(row, name) for name in COLUMNS})
    return list(steps.values())


def save_lines(session: Session, writer: Writer, before: Counter[uuid.UUID], lines: Sequence[Row]) -> None:
    """Write lines that changed and reserve the difference to what was reserved for them."""
    if not lines:
        return
    changing = (
        update(VisitLine.__table__)  # type: ignore[arg-type]
        .where(
            VisitLine.visit_step_id == bindparam("of_step"), VisitLine.position == bindparam("of_position")
        )
        .values({name: bindparam(name) for name in COLUMNS[2:] if name != "guest_position"})
    )
    rows = [{**line, "of_step": line["visit_step_id"], "of_position": line["position"]} for line in lines]
    session.connection().execute(changing, rows)
    difference = amounts(lines)
    difference.subtract(before)
    ledger.reserve(writer, difference)


def amounts(lines: Iterable[Row]) -> Counter[uuid.UUID]:
    """Per item what the lines are to use."""
    wanted: Counter[uuid.UUID] = Counter()
    for line in lines:
        wanted[line["item_id"]] += line["quantity"]
    return wanted
