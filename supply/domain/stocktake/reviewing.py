"""Looking at what was found: closing the count, having lines counted again, saying why they differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from supply.domain.stocktake.differing import weigh
from supply.domain.stocktake.models import DifferenceReason, Stocktake, StocktakeLine, StocktakeStatus
from supply.domain.stocktake.progress import note_status, take_up
from supply.errors import Conflict, Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission
from supply.writing import write_later


def close_count(session: Session, actor: Actor, stocktake_id: UUID, *, version: int) -> Stocktake:
    """End the counting and look at the differences.

    Raises Conflict("lines_uncounted") with how many: nothing counts as zero by itself.
    """
    _writer, stocktake = take_up(
        session, actor, stocktake_id, Permission.COUNT_LOG, version, StocktakeStatus.COUNTING
    )
    waiting = session.scalar(
        select(func.count()).where(
            StocktakeLine.stocktake_id == stocktake.id,
            StocktakeLine.counted.is_(None),
            StocktakeLine.skipped_at.is_(None),
        )
    )
    if waiting:
        raise Conflict(
            "lines_uncounted",
            lazy("Not everything is counted. Say of the rest whether nothing is there or the book stays."),
            details={"waiting": waiting},
        )
    return _move(session, actor, stocktake, StocktakeStatus.REVIEW, "stocktake.close")


def _move(
    session: Session, actor: Actor, stocktake: Stocktake, status: StocktakeStatus, action: str
) -> Stocktake:
    before, stocktake.status = stocktake.status, status
    session.flush()
    note_status(session, actor, stocktake, action, before)
    return stocktake


def ask_recount(
    session: Session, actor: Actor, stocktake_id: UUID, *, version: int, line_ids: Collection[UUID]
) -> Stocktake:
    """Have lines counted once more, without showing what was found before. Opens the count again."""
    _writer, stocktake = take_up(
        session,
        actor,
        stocktake_id,
        Permission.COUNT_LOG,
        version,
        StocktakeStatus.COUNTING,
        StocktakeStatus.REVIEW,
        StocktakeStatus.SUBMITTED,
    )
    cleared = ("counted", "counted_at", "counted_by", "since_seq", "skipped_at", "reason", "note")
    found = session.scalars(
        update(StocktakeLine)
        .where(StocktakeLine.stocktake_id == stocktake.id, StocktakeLine.id.in_(sorted(set(line_ids))))
        .values(**dict.fromkeys(cleared), recount_at=_writer.recorded_at, version=StocktakeLine.version + 1)
        .returning(StocktakeLine.id)
        .execution_options(synchronize_session=False)
    ).all()
    if len(found) < len(set(line_ids)):
        raise Invalid("line_unknown", lazy("There is no such line in this stocktake."), field="line_ids")
    # Also where it is still counted: whoever wants to close it has not seen this.
    flag_modified(stocktake, "status")
    return _move(session, actor, stocktake, StocktakeStatus.COUNTING, "stocktake.recount")


def give_reasons(
    session: Session,
    actor: Actor,
    stocktake_id: UUID,
    *,
    version: int,
    reasons: Sequence[Mapping[str, Any]] = (),
    rest: DifferenceReason | None = None,
) -> Stocktake:
    """Say why lines differ: each {line_id, reason, note}, and `rest` for those that have no reason yet.

    `rest` leaves out the lines whose difference goes the other way. Raises Invalid naming the field.
    """
    _writer, stocktake = take_up(
        session, actor, stocktake_id, Permission.COUNT_LOG, version, StocktakeStatus.REVIEW
    )
    differing = {one.line_id: one for one in weigh(session, stocktake) if one.difference}
    told: dict[UUID, tuple[DifferenceReason, str | None]] = {}
    for index, row in enumerate(reasons):
        one = differing.get(row["line_id"])
        if one is None:
            raise Invalid(
                "line_agrees",
                lazy("This line does not differ: it needs no reason."),
                field=f"reasons.{index}.line_id",
            )
        if not one.fits(row["reason"]):
            raise Invalid(
                "reason_direction",
                lazy("This reason does not fit. Choose another one."),
                field=f"reasons.{index}.reason",
            )
        told[one.line_id] = (row["reason"], row.get("note"))
    if rest is not None:
        told |= {
            one.line_id: (rest, None)
            for one in differing.values()
            if one.reason is None and one.line_id not in told and one.fits(rest)
        }
    rows = [{"id": line_id, "reason": reason, "note": note} for line_id, (reason, note) in told.items()]
    write_later(session, StocktakeLine, rows, key=("id",), update=True)
    flag_modified(stocktake, "status")
    session.flush()
    return stocktake
