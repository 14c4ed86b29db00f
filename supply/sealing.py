"""A SQLite file whose rows have moved to another database: it says so itself and takes no more writes.

The mark stands in the file's own header, so it is part of the transaction that sets it and goes with every
copy. Refuses to begin or end anything; that is `supply/database.py`, which asks before each write.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from supply.errors import Unavailable
from supply.i18n import lazy

_MARK = 0x6D6F76


def seal(connection: Connection) -> None:
    """From the end of this transaction on nobody writes to the file, whatever still has it open."""
    _set(connection, _MARK)


def unseal(connection: Connection) -> None:
    _set(connection, 0)


def is_sealed(connection: Connection) -> bool:
    """Costs microseconds: the driver is asked, past SQLAlchemy."""
    if connection.dialect.name != "sqlite":
        return False
    return bool(_driver(connection).execute("PRAGMA user_version").fetchone()[0] == _MARK)


def require_open(connection: Connection) -> None:
    """Raises Unavailable("store_moved")."""
    if is_sealed(connection):
        raise Unavailable(
            "store_moved",
            lazy(
                "The book has moved to another database and takes nothing here any more. Nothing was saved; "
                "tell whoever looks after Supply."
            ),
        )


def _set(connection: Connection, mark: int) -> None:
    _driver(connection).execute(f"PRAGMA user_version = {mark}").close()


def _driver(connection: Connection) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver
