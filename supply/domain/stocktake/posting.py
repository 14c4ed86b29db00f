"""Ending a stocktake: its differences are posted, above the branch's limit by a manager who did not count.

They are reckoned again under the branch's lock. Whoever decides says which differences were looked at (their
digest); if something was written down late meanwhile, they are looked at once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, load_only

from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import Lot
from supply.domain.stocktake.differing import Totals, Weighed, add_up, weigh
from supply.domain.stocktake.models import DifferenceReason, Stocktake, StocktakeLine, StocktakeStatus
from supply.domain.stocktake.progress import hands_of, note_hand, note_status, take_up
from supply.domain.stocktake.rules import get_rules
from supply.domain.tasks import service as tasks
from supply.errors import Conflict, Forbidden, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission
from supply.writing import write_later

SOURCE = "stocktake"


def hand_in(session: Session, actor: Actor, stocktake_id: UUID, *, version: int, digest: str) -> Stocktake:
    """Post the differences, or above the limit hand them to a manager; one who did not count posts at once.

    `digest` is of the differences that were looked at. Raises Conflict("reasons_missing" | "recount_needed"),
    Stale("differences_changed").
    """
    writer, stocktake = take_up(
        session, actor, stocktake_id, Permission.COUNT_LOG, version, StocktakeStatus.REVIEW
    )
    weighed, totals = _looked_at(session, stocktake, digest)
    if totals.unreasoned:
        raise Conflict(
            "reasons_missing",
            lazy("Say of every difference why it is there."),
            details={"lines": [str(one.line_id) for one in weighed if one.difference and not one.reason]},
        )
    stocktake.submitted_at, stocktake.submitted_by = writer.recorded_at, actor.person_id
    stocktake.return_reason = None
    if needs_approval(session, stocktake, totals):
        if not _may_approve(session, actor, stocktake):
            note_hand(session, actor, stocktake)
            stocktake.status = StocktakeStatus.SUBMITTED
            session.flush()
            note_status(session, actor, stocktake, "stocktake.submitted", StocktakeStatus.REVIEW)
            return stocktake
        stocktake.approved_at, stocktake.approved_by = writer.recorded_at, actor.person_id
    return _post(session, writer, stocktake, weighed, totals)


def approve_stocktake(
    session: Session, actor: Actor, stocktake_id: UUID, *, version: int, digest: str
) -> Stocktake:
    """Approve the differences and post them; one that came late and that nobody explained is "unknown".

    Raises Forbidden("own_count") for whoever had a hand in it, Conflict, Stale("differences_changed").
    """
    writer, stocktake = take_up(
        session, actor, stocktake_id, Permission.COUNT_APPROVE, version, StocktakeStatus.SUBMITTED
    )
    if not _may_approve(session, actor, stocktake):
        raise Forbidden("own_count", lazy("You counted or handed this in. Another manager must approve it."))
    weighed, totals = _looked_at(session, stocktake, digest)
    stocktake.approved_at, stocktake.approved_by = writer.recorded_at, actor.person_id
    return _post(session, writer, stocktake, weighed, totals)


def give_back(session: Session, actor: Actor, stocktake_id: UUID, *, version: int, reason: str) -> Stocktake:
    """Do not approve it yet, and say what is to be looked at."""
    _writer, stocktake = take_up(
        session, actor, stocktake_id, Permission.COUNT_APPROVE, version, StocktakeStatus.SUBMITTED
    )
    stocktake.status, stocktake.return_reason = StocktakeStatus.REVIEW, reason
    session.flush()
    note_status(session, actor, stocktake, "stocktake.return", StocktakeStatus.SUBMITTED, reason)
    return stocktake


def needs_approval(session: Session, stocktake: Stocktake, totals: Totals) -> bool:
    """Whether the differences are worth more than the branch lets pass without a manager."""
    rules = get_rules(session, stocktake.branch_id)
    return bool(totals.differing) and rules.wants_approval(
        totals.gross_minor, all_known=not totals.without_cost
    )


def _may_approve(session: Session, actor: Actor, stocktake: Stocktake) -> bool:
    may = actor.may(Permission.COUNT_APPROVE, stocktake.branch_id)
    return may and actor.person_id not in hands_of(session, stocktake)


def _looked_at(session: Session, stocktake: Stocktake, digest: str) -> tuple[list[Weighed], Totals]:
    weighed = weigh(session, stocktake)
    totals = add_up(weighed)
    if totals.contradicted:
        raise Conflict(
            "recount_needed",
            lazy("Of some lots more left since than was found. Have them counted again."),
            details={"lines": [str(one.line_id) for one in weighed if one.contradicted]},
        )
    if totals.digest != digest:
        raise Stale(
            "differences_changed",
            lazy("Something was written down late: the differences have changed. Look at them again."),
            details={"digest": totals.digest},
        )
    return weighed, totals


def _post(
    session: Session,
    writer: ledger.Writer,
    stocktake: Stocktake,
    weighed: Sequence[Weighed],
    totals: Totals,
) -> Stocktake:
    session.flush()
    told = [(one, one.reason or DifferenceReason.UNKNOWN) for one in weighed]
    ledger.settle(writer, _found(session, stocktake, told), source_type=SOURCE, source_id=stocktake.id)
    rows = [
        {
            "id": one.line_id,
            "expected": one.expected,
            "difference": one.difference,
            "value_minor": one.value_minor,
            "reason": reason if one.difference else None,
        }
        for one, reason in told
    ]
    write_later(session, StocktakeLine, rows, key=("id",), update=True)
    tasks.close_counted(session, writer.actor, stocktake.branch_id, _counted_items(session, stocktake))
    before, stocktake.status = stocktake.status, StocktakeStatus.POSTED
    stocktake.posted_at = writer.recorded_at
    stocktake.value_minor, stocktake.gross_minor = totals.value_minor, totals.gross_minor
    session.flush()
    note_status(session, writer.actor, stocktake, "stocktake.post", before)
    return stocktake


def _found(
    session: Session, stocktake: Stocktake, told: Sequence[tuple[Weighed, DifferenceReason]]
) -> list[ledger.Found]:
    # Columns, and of a lot what a place takes over: thousands of lines are read under the lock.
    query = (
        select(
            StocktakeLine.id,
            StocktakeLine.location_id,
            StocktakeLine.container_id,
            StocktakeLine.counted_at,
            StocktakeLine.position,
            Lot,
        )
        .options(load_only(Lot.item_id, Lot.expires_on, Lot.quarantined_at, Lot.use_by_at))
        .join(Lot, Lot.id == StocktakeLine.lot_id)
        .where(StocktakeLine.stocktake_id == stocktake.id, StocktakeLine.counted.is_not(None))
    )
    lines: dict[UUID, Any] = {row.id: row for row in session.execute(query)}
    found = []
    for one, reason in told:
        line = lines[one.line_id]
        place = (line.Lot, line.location_id, line.container_id)
        why = (line.counted_at, reason.value, line.position)
        found.append(ledger.Found(*place, one.counted, one.expected, *why))
    return found


def _counted_items(session: Session, stocktake: Stocktake) -> dict[UUID, datetime]:
    """The items of which every line was counted, and since when: the instant of the earliest line."""
    query = (
        select(StocktakeLine.item_id, func.min(StocktakeLine.counted_at))
        .where(StocktakeLine.stocktake_id == stocktake.id)
        .group_by(StocktakeLine.item_id)
        .having(func.count() == func.count(StocktakeLine.counted_at))
    )
    return {item_id: instant for item_id, instant in session.execute(query) if instant is not None}
