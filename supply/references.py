"""Which rows others refer to, asked of the schema itself; what nobody refers to goes without a trace.

A table that is added later counts from its first day, without anybody thinking of it here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Column, Index, MetaData, Table, delete, select
from sqlalchemy.orm import Session

from supply.database import Base

# So many rows go quicker with indexes that have to be made first.
MANY = 4


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


def remove(session: Session, table: Table, ids: Collection[UUID]) -> None:
    """Delete rows to which nobody refers any more. A row that is referred to refuses all of it."""
    with _quick_proof(session, table, len(ids)):
        session.execute(delete(table).where(table.c.id.in_(sorted(ids))))


@contextmanager
def _quick_proof(session: Session, table: Table, count: int) -> Iterator[None]:
    """For every row that goes the database looks for rows that refer to it, and without an index reads all.

    SQLite, where everybody waits for who writes, gets these indexes for as long as the deleting takes: the
    ledger keeps none that only this would need.
    """
    connection = session.connection()
    made: list[Index] = []
    if connection.dialect.name == "sqlite" and count >= MANY:
        columns = [column for column in _columns_to(table, ()) if not _is_indexed(column)]
        made = [_index_of(column) for column in columns]
    for index in made:
        index.create(connection)
    yield
    for index in made:
        index.drop(connection)


def _is_indexed(column: Column[UUID]) -> bool:
    table = column.table
    assert isinstance(table, Table)
    whole = [one.columns for one in table.indexes if one.dialect_options["sqlite"]["where"] is None]
    return any(next(iter(columns)) is column for columns in (*whole, table.primary_key.columns))


def _index_of(column: Column[UUID]) -> Index:
    """On a likeness of the table, so that the model's own knows nothing of it."""
    likeness = Table(column.table.name, MetaData(), Column(column.name))
    return Index(f"removing_{column.table.name}_{column.name}", likeness.c[column.name])


def _columns_to(table: Table, own: Collection[str]) -> Iterator[Column[UUID]]:
    for other in Base.metadata.sorted_tables:
        if other.name not in own:
            for foreign in other.foreign_keys:
                if foreign.column.table is table:
                    yield foreign.parent
