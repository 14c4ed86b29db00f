"""The databases that are measured: built by the migrations, durable, filled in bulk, ended with the block.

Owns how rows get in quickly and what a database costs (processes, fsyncs). Knows nothing of what they mean.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import psycopg
from flask_migrate import upgrade
from sqlalchemy import make_url

from supply.app import create_app
from supply.config import Settings
from supply.database import db
from tests import postgres

SECRET = "only-for-the-bench-0123456789-0123456789"
Rows = Iterable[Sequence[Any]]


class Store(Protocol):
    name: str
    url: str

    def fill(self, table: str, columns: Sequence[str], rows: Rows) -> None: ...
    def finish(self) -> None: ...
    def pids(self) -> list[int]: ...


def settings_for(url: str) -> Settings:
    """The product's own settings, but for the ceiling on calls of one token."""
    return Settings(
        secret_key=SECRET,
        database_url=url,
        secure_cookies=False,
        default_locale="en",
        rate_limit_per_minute=1_000_000,
        log_level="ERROR",
    )


def migrated(url: str) -> str:
    """An empty database brought to the present schema."""
    app = create_app(settings_for(url))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return url


class SqliteStore:
    """One file, as the product runs it: WAL, synchronous=FULL."""

    name = "SQLite"

    def __init__(self, url: str) -> None:
        self.url = url
        self.file = Path(url.removeprefix("sqlite:///"))

    def fill(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("BEGIN")
            with _without_indexes(table, _SqliteIndexes(connection)):
                marks = ", ".join("?" * len(columns))
                connection.executemany(
                    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                    ([_SQLITE[type(value)](value) for value in row] for row in rows),
                )
            connection.execute("COMMIT")

    def finish(self) -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("ANALYZE")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def pids(self) -> list[int]:
        return []


class PostgresStore:
    """One database of a server."""

    name = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.url = url
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def fill(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor:
            # Foreign keys are checked by triggers; the rows are ours and fit.
            cursor.execute("SET session_replication_role = replica")
            copying = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with _without_indexes(table, _PostgresIndexes(cursor)), cursor.copy(copying) as copy:
                for row in rows:
                    copy.write("\t".join([_POSTGRES[type(value)](value) for value in row]) + "\n")

    def finish(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def pids(self) -> list[int]:
        """The postmaster and every process of its."""
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row
            postmaster = int(Path(f"/proc/{row[0]}/stat").read_text().rsplit(")", 1)[1].split()[1])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        return [postmaster, *map(int, children.split())]


class _SqliteIndexes:
    """With the walls: one that looks for an equal row reads the whole table each time, without its index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.run = connection.execute

    def of(self, table: str) -> list[tuple[str, str]]:
        query = (
            "SELECT type || ' ' || name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
            "AND sql <> '' AND tbl_name = ? ORDER BY type"
        )
        return self.run(query, (table,)).fetchall()


class _PostgresIndexes:
    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self.run = cursor.execute

    def of(self, table: str) -> list[tuple[str, str]]:
        query = (
            "SELECT 'INDEX ' || indexname, indexdef FROM pg_indexes WHERE tablename = %s "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        return self.run(query, (table,)).fetchall()


@contextmanager
def _without_indexes(table: str, indexes: _SqliteIndexes | _PostgresIndexes) -> Iterator[None]:
    """Filling a table and then making its indexes takes half the time."""
    known = indexes.of(table)
    for name, _statement in known:
        indexes.run(f"DROP {name}")
    yield
    for _name, statement in known:
        indexes.run(statement)


@lru_cache(100_000)
def _id(value: UUID) -> str:
    return str(value)


@lru_cache(10_000)
def _sqlite_instant(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


_SQLITE: dict[type, Callable[[Any], Any]] = {
    UUID: lambda value: value.hex,
    datetime: _sqlite_instant,
    date: str,
    list: json.dumps,
    **dict.fromkeys((int, str, bytes, bool, type(None)), lambda value: value),
}
_POSTGRES: dict[type, Callable[[Any], str]] = {
    UUID: _id,
    datetime: lru_cache(10_000)(datetime.isoformat),
    date: str,
    list: json.dumps,
    bytes: lambda value: "\\\\x" + value.hex(),
    int: str,
    bool: str,
    str: lambda value: value,
    type(None): lambda _value: "\\N",
}


def new_sqlite(folder: Path) -> SqliteStore:
    return SqliteStore(migrated(f"sqlite:///{folder / f'bench-{time.monotonic_ns()}.sqlite'}"))


def new_postgres(server: postgres.Server) -> PostgresStore:
    """On a server that is durable indeed."""
    store = PostgresStore(migrated(server.url(server.create())))
    with psycopg.connect(store.dsn) as connection:
        for setting in ("fsync", "synchronous_commit"):
            row = connection.execute(f"SHOW {setting}").fetchone()
            assert row == ("on",), f"{setting} must be on"
    return store


@contextmanager
def postgres_server() -> Iterator[postgres.Server]:
    """A durable server from the wheel; it ends with the block."""
    with postgres.server(durable=True) as server:
        yield server


def fsyncs_per_second(folder: Path, seconds: float = 1.0) -> float:
    """How often a second this disk makes 4 KiB durable: what a commit waits for."""
    file = folder / "fsync"
    count, until = 0, time.perf_counter() + seconds
    with file.open("wb", buffering=0) as handle:
        while time.perf_counter() < until:
            os.pwrite(handle.fileno(), bytes(4096), (count % 256) * 4096)
            os.fdatasync(handle.fileno())
            count += 1
    file.unlink()
    return count / seconds
