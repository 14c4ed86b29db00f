"""The two long histories that a plan reads, one row an item: half a year of demand, a year of lots.

Their values are joined to one text by the database and taken apart here: a row and an object for each of
them would cost more than the policy does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import DemandDay, Lot, LotKind
from supply.domain.planning.books import Only, narrowed


def demand(session: Session, branch_id: UUID, since: date, days: int, only: Only) -> dict[UUID, list[int]]:
    """By item, used + short of each of so many days from `since`, by the day it was performed.

    Half a year of every item passes here, so an item is one row, its days one text: "2026-11-22,1500,…".
    """
    used = cast(DemandDay.used + DemandDay.short, String)
    told = func.aggregate_strings(cast(DemandDay.day_on, String) + "," + used, ",")
    query = (
        select(DemandDay.item_id, told)
        .where(
            DemandDay.branch_id == branch_id,
            # Item by item along the key, also where all are read.
            DemandDay.item_id.in_(select(Item.id) if only is None else only),
            DemandDay.day_on >= since,
            DemandDay.day_on < since + timedelta(days=days),
        )
        .group_by(DemandDay.item_id)
    )
    after = {(since + timedelta(days=day)).isoformat(): day for day in range(days)}
    found: dict[UUID, list[int]] = {}
    for item_id, text in session.execute(query):
        parts = text.split(",")
        history = found[item_id] = [0] * days
        for day, amount in zip(parts[0::2], parts[1::2], strict=True):
            history[after[day]] = int(amount)
    return found


def lot_lives(
    session: Session, branch_id: UUID, timezone: str, since: datetime, only: Only
) -> dict[UUID, list[int]]:
    """By item, the days that each of its suppliers' lots of a while had to live when it came.

    A year of lots passes here, told like `demand`; what came together is converted once.
    """
    told = func.aggregate_strings(cast(Lot.created_at, String) + "," + cast(Lot.expires_on, String), ",")
    query = (
        select(Lot.item_id, told)
        .where(
            Lot.branch_id == branch_id,
            Lot.kind == LotKind.SUPPLIER,
            Lot.expires_on.is_not(None),
            Lot.created_at >= since,
        )
        .group_by(Lot.item_id)
    )
    came, ends = _Days(timezone), _Days(timezone)
    found: dict[UUID, list[int]] = {}
    for item_id, text in session.execute(narrowed(query, Lot.item_id, only)):
        parts = text.split(",")
        found[item_id] = [ends[last] - came[at] for at, last in zip(parts[0::2], parts[1::2], strict=True)]
    return found


class _Days(dict[str, int]):
    """The branch's day of an instant or a date, by the database's text for it; each is worked out once."""

    def __init__(self, timezone: str) -> None:
        super().__init__()
        self.timezone = timezone

    def __missing__(self, text: str) -> int:
        if len(text) == len("2026-11-22"):
            self[text] = date.fromisoformat(text).toordinal()
        else:
            told = datetime.fromisoformat(text)
            instant = told if told.tzinfo else told.replace(tzinfo=UTC)
            self[text] = clock.day_of(instant, self.timezone).toordinal()
        return self[text]
