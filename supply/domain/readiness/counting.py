"""How many of today's visits are not ready: a number on a page, behind which the whole list stands.

Whether a visit is green hangs on the shelf and on what safety asks for: what could mend it is not asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.ledger.standing import list_standing
from supply.domain.readiness.covering import Dealt, Need, PlannedStep, PlannedVisit, Store, deal
from supply.domain.readiness.gathering import piles_of
from supply.domain.readiness.hurdles import hurdles_of
from supply.domain.readiness.open_visits import list_lines
from supply.domain.visits.warnings import Used, read_grounds
from supply.permissions import Actor


def count_not_ready(session: Session, actor: Actor, branch_id: UUID) -> int:
    """How many of today's visits are amber or red: as many as the list of today shows as such."""
    branch = branches.get_branch(session, actor, branch_id)
    now = clock.now()
    today = clock.day_of(now, branch.timezone)
    lines = list_lines(session, branch, today)
    shelf = list_standing(session, [branch.id], {line.item_id for line in lines if line.quantity})
    dealt = deal(_plans(lines, now, today), Store(piles_of(shelf, branch.currency)))
    lacking = {
        visit_id for visit_id, steps in dealt.items() if any(_lacks(got) for step in steps for got in step)
    }
    return len(lacking | _stopped(session, lines))


def _plans(lines: Iterable[Any], now: datetime, today: date) -> list[PlannedVisit]:
    """The visits of the lines, all in one step: which step it is makes no difference here."""
    needs: dict[tuple[UUID, datetime], list[Need]] = defaultdict(list)
    for line in lines:
        if line.quantity:
            needs[line.visit_id, line.planned_at].append(Need(line.item_id, line.quantity))
    return [
        PlannedVisit(visit_id, planned_at, max(planned_at, now), today, (PlannedStep(1, tuple(wanted)),))
        for (visit_id, planned_at), wanted in needs.items()
    ]


def _lacks(got: Dealt) -> bool:
    return bool(got.short or got.expiring)


def _stopped(session: Session, lines: Iterable[Any]) -> set[UUID]:
    """The visits with an open step in whose way something stands."""
    steps: dict[tuple[UUID, int], list[Any]] = defaultdict(list)
    for line in lines:
        if line.has_conditions:
            steps[line.visit_id, line.position].append(line)
    grounds = read_grounds(session, {visit_id for visit_id, _position in steps})
    return {
        visit_id
        for (visit_id, position), rows in steps.items()
        if hurdles_of(grounds.findings(visit_id, position, _used(rows)), rows[0].acknowledged or ())
    }


def _used(rows: Iterable[Any]) -> list[Used]:
    return [(row.line, row.item_id, row.guest_position) for row in rows if row.quantity]
