"""Counting the lines of a stocktake: each by itself, at its own instant, by whoever stands at the shelf.

Costs the same whether the list has ten lines or ten thousand, and holds up nobody: only the line is locked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from supply import clock
from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import quantity_told
from supply.domain.ledger.instants import last_before
from supply.domain.ledger.models import Movement
from supply.domain.ledger.moment import happened
from supply.domain.people.models import Person
from supply.domain.stocktake.looking import require_still
from supply.domain.stocktake.models import Stocktake, StocktakeLine, StocktakeTally
from supply.domain.stocktake.progress import note_hand, take_part
from supply.errors import Conflict, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor
from supply.writing import write_later


class Holds(StrEnum):
    """Of two counts of a line, the one that is to hold."""

    THIS = "this"
    EARLIER = "earlier"


class Rest(StrEnum):
    """What is said of lines that nobody counted: nothing is there, or the book stays as it is."""

    ZERO = "zero"
    SKIP = "skip"


def count_line(
    session: Session,
    actor: Actor,
    stocktake_id: UUID,
    line_id: UUID,
    *,
    amount: Decimal,
    unit: str,
    version: int,
    counted_at: datetime | None = None,
    looked_at: datetime | None = None,
    noted_at: datetime | None = None,
    holds: Holds | None = None,
) -> StocktakeLine:
    """Say what was found at a place, now or at the time told. Also what was skipped can be counted.

    A line that has a count already wants to know which of the two holds: Conflict("holds_unsaid"). Whoever
    did not see that count yet gets Stale. Both tell the earlier count as `counted`. Who says when they began
    to look (`looked_at`) and not when they counted gets Conflict("moved_meanwhile") if something moved since.
    What a device kept and sends later bears the time when it was written down (`noted_at`).
    """
    stocktake = take_part(session, actor, stocktake_id)
    line = _hold_line(session, stocktake, line_id)
    item = catalog.get_item(session, line.item_id)
    counted = catalog.base_quantity(item, amount, unit)
    when = happened(counted_at or noted_at, field="counted_at")
    if line.version != version:
        words = lazy("Somebody counted this meanwhile. Look at both counts and say which one holds.")
        raise Stale("stale", words, details=_earlier(session, line, item))
    if line.counted is not None and holds is None:
        words = lazy("This was counted already. Say which of the two counts holds.")
        raise Conflict("holds_unsaid", words, details=_earlier(session, line, item))
    if counted_at is None and holds is not Holds.EARLIER:
        require_still(session, stocktake.branch_id, item, looked_at, *_at_place(line), noted_at=noted_at)
    write_tally(session, actor, line, counted, when, held=holds is not Holds.EARLIER)
    note_hand(session, actor, stocktake)
    session.flush()
    return line


def _hold_line(session: Session, stocktake: Stocktake, line_id: UUID) -> StocktakeLine:
    query = select(StocktakeLine).where(
        StocktakeLine.id == line_id, StocktakeLine.stocktake_id == stocktake.id
    )
    line = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if line is None:
        raise NotFound("line_not_found", lazy("There is no such line in this stocktake."))
    return line


def _at_place(line: StocktakeLine) -> tuple[ColumnElement[bool], ...]:
    """The movements of the line's place."""
    return (
        Movement.lot_id == line.lot_id,
        Movement.location_id == line.location_id,
        Movement.container_id.is_not_distinct_from(line.container_id),
    )


def _earlier(session: Session, line: StocktakeLine, item: Item) -> dict[str, Any]:
    """The count that stands, for whoever comes second; nothing of one that is to be done once more."""
    if line.counted is None or line.counted_at is None or line.counted_by is None:
        return {"version": line.version}
    return {
        "version": line.version,
        "counted": quantity_told(line.counted, item),
        "counted_at": line.counted_at.isoformat(),
        "counted_by": session.get_one(Person, line.counted_by).name,
    }


def write_tally(
    session: Session, actor: Actor, line: StocktakeLine, counted: int, when: datetime, *, held: bool = True
) -> None:
    row = {
        "id": new_id(),
        "line_id": line.id,
        "person_id": actor.person_id,
        "counted": counted,
        "counted_at": when,
        "recorded_at": clock.now(),
        "held": held,
    }
    write_later(session, StocktakeTally, [row])
    if held:
        since = last_before(session, line.branch_id, when)
        line.counted, line.counted_at, line.counted_by = counted, when, actor.person_id
        line.since_seq = since
        line.skipped_at = line.recount_at = None
    # Whoever comes next has seen that it was looked at again.
    flag_modified(line, "counted")


def settle_rest(
    session: Session, actor: Actor, stocktake_id: UUID, *, rest: Rest, line_ids: Collection[UUID] = ()
) -> int:
    """Say of lines that nobody counted, those named or all, what they are; how many there were.

    Zero is a count: this person looked, and nothing was there. A fixed number of statements.
    """
    stocktake = take_part(session, actor, stocktake_id)
    now = clock.now()
    facts: dict[str, Any] = {"version": StocktakeLine.version + 1}
    if rest is Rest.ZERO:
        since = last_before(session, stocktake.branch_id, now)
        facts |= {"counted": 0, "counted_at": now, "counted_by": actor.person_id, "since_seq": since}
    else:
        facts["skipped_at"] = now
    waiting = [
        StocktakeLine.stocktake_id == stocktake.id,
        StocktakeLine.counted.is_(None),
        StocktakeLine.skipped_at.is_(None),
    ]
    if line_ids:
        waiting.append(StocktakeLine.id.in_(sorted(line_ids)))
    done = session.scalars(
        update(StocktakeLine)
        .where(*waiting)
        .values(**facts, recount_at=None)
        .returning(StocktakeLine.id)
        .execution_options(synchronize_session=False)
    ).all()
    if rest is Rest.ZERO:
        about = {"person_id": actor.person_id, "counted": 0, "counted_at": now, "recorded_at": now}
        rows = [{"id": new_id(), "line_id": line_id, **about, "held": True} for line_id in done]
        write_later(session, StocktakeTally, rows)
    if done:
        note_hand(session, actor, stocktake)
    return len(done)
