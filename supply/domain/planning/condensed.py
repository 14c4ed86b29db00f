"""The two long histories that a plan reads, one row an item: half a year of demand, a year of lots.

Their values are joined to texts by the database and taken apart here: a row and an object for each of them
would cost more than the policy does. What one statement joins of a group stands in one order.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from operator import sub
from uuid import UUID

import orjson
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import DemandDay, Lot, LotKind
from supply.domain.planning.books import Only, narrowed


def demand(session: Session, branch_id: UUID, since: date, days: int, only: Only) -> dict[UUID, list[int]]:
    """By item, used + short of each of so many days from `since`, by the day it was performed.

    Half a year of every item passes here, so an item is one row: its days one text, their amounts another.
    """
    query = (
        select(
            DemandDay.item_id,
            func.aggregate_strings(cast(DemandDay.day_on, String), ","),
            func.aggregate_strings(cast(DemandDay.used + DemandDay.short, String), ","),
        )
        .where(
            DemandDay.branch_id == branch_id,
            # Item by item along the key, also where all are read.
            DemandDay.item_id.in_(select(Item.id) if only is None else only),
            DemandDay.day_on >= since,
            DemandDay.day_on < since + timedelta(days=days),
        )
        .group_by(DemandDay.item_id)
    )
    calendar = [(since + timedelta(days=day)).isoformat() for day in range(days)]
    every_day = ",".join(calendar)
    found: dict[UUID, list[int]] = {}
    for item_id, told, amounts in session.execute(query):
        used = orjson.loads(f"[{amounts}]")
        if told != every_day:
            known = dict(zip(told.split(","), used, strict=True))
            used = [known.get(day, 0) for day in calendar]
        found[item_id] = used
    return found


def lot_lives(
    session: Session, branch_id: UUID, timezone: str, since: datetime, only: Only
) -> dict[UUID, list[int]]:
    """By item, the days that each of its suppliers' lots of a while had to live when it came.

    A year of lots passes here, told like `demand`; what came together is converted once.
    """
    query = (
        select(
            Lot.item_id,
            func.aggregate_strings(cast(Lot.created_at, String), ","),
            func.aggregate_strings(cast(Lot.expires_on, String), ","),
        )
        .where(
            Lot.branch_id == branch_id,
            Lot.kind == LotKind.SUPPLIER,
            Lot.expires_on.is_not(None),
            Lot.created_at >= since,
        )
        .group_by(Lot.item_id)
    )
    day = _Days(timezone).__getitem__
    return {
        item_id: list(map(sub, map(day, ends.split(",")), map(day, came.split(","))))
        for item_id, came, ends in session.execute(narrowed(query, Lot.item_id, only))
    }


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
