"""Emptying every table of the store at once, also those that only grow: for the end of a demo alone.

The triggers rest only within the caller's transaction: either all of it is committed, and they stand again,
or nothing is.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from supply.database import Base

_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")


def empty_all(session: Session) -> None:
    """Delete every row of every table. The caller has made sure that they are nobody's books."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        _empty_postgresql(session)
    else:
        _empty_sqlite(session)
    session.expunge_all()


def _empty_postgresql(session: Session) -> None:
    tables = [table.name for table in Base.metadata.sorted_tables]
    for name in tables:
        session.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
    session.execute(text(f"TRUNCATE {', '.join(tables)}"))
    for name in tables:
        session.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))


def _empty_sqlite(session: Session) -> None:
    triggers = session.execute(_TRIGGERS).all()
    session.execute(text("PRAGMA defer_foreign_keys=ON"))
    for name, _sql in triggers:
        session.execute(text(f"DROP TRIGGER {name}"))
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())
    for _name, sql in triggers:
        # The driver's own way: what is written in a trigger is no parameter of ours.
        session.connection().exec_driver_sql(sql)
