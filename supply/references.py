"""Which rows others refer to, asked of the schema itself: what nobody refers to may go without a trace.

A table that is added later counts from its first day, without anybody thinking of it here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

from supply.database import Base


def referred_to(
    session: Session, table: Table, ids: Collection[UUID], *, own: Collection[str] = ()
) -> set[UUID]:
    """Those of the ids that some row refers to. Rows of the tables in `own` go with it and do not count.

    One statement for each table that could, however many ids.
    """
    wanted = sorted(set(ids))
    found: set[UUID] = set()
    if not wanted:
        return found
    for column in _columns_to(table, own):
        found.update(session.scalars(select(column).where(column.in_(wanted)).distinct()))
    return found


def _columns_to(table: Table, own: Collection[str]) -> Iterator[Column[UUID]]:
    for other in Base.metadata.sorted_tables:
        if other.name not in own:
            for foreign in other.foreign_keys:
                if foreign.column.table is table:
                    yield foreign.parent
