"""The store: declarative base, column types, connection set-up and the only commit in the program.

Two doors: `write_transaction(work)` for everything that changes the domain, `read_snapshot(work)` for
everything that only looks. Both hand `work` a session and run it inside one transaction. (`glance(work)` is a
single SELECT outside of either: who is behind a token?)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import uuid_utils.compat
from flask import Flask, current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as OneOfManyStores
from sqlalchemy import BigInteger, Date, DateTime, Dialect, Enum, MetaData, Uuid, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from supply.config import Settings
from supply.connecting import engine_options, heed, prepare
from supply.errors import Unavailable
from supply.i18n import lazy
from supply.sealing import require_open
from supply.writing import CONNECTION, forget, write_before_select, write_now

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
T = TypeVar("T")
ATTEMPTS = 6
SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})
READ_ONLY = "25006"


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no meaning here; use an aware one")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={uuid.UUID: Uuid(), datetime: Instant(), date: Date(), int: BigInteger()},
    )


class _OneStore(OneOfManyStores):
    """There is one database: nobody looks for the right one with every statement."""

    def get_bind(
        self, *told: Any, bind: Engine | Connection | None = None, **more: Any
    ) -> Engine | Connection:
        if self.bind is None:
            self.bind = super().get_bind(*told, **more)
        return bind or self.bind


db = SQLAlchemy(model_class=Base, session_options={"class_": _OneStore})
migrate = Migrate()


def new_id() -> uuid.UUID:
    """A UUIDv7: made by the app, ordered by time, so indexes grow at their end."""
    return uuid_utils.compat.uuid7()


def coded(kind: type[StrEnum], name: str) -> Enum:
    """A column of a StrEnum's values, held by a named CHECK."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def init_database(app: Flask, settings: Settings) -> None:
    """Bind the database to the app and set up every connection."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    if not event.contains(Session, "do_orm_execute", write_before_select):
        event.listen(Session, "do_orm_execute", write_before_select)
    migrate.init_app(app, db, directory=str(Path(__file__).parent.parent / "migrations"), compare_type=True)
    with app.app_context():
        prepare(db.engine)
    app.extensions["supply_writer"] = _Writer(settings)


def store_trouble(app: Flask) -> str:
    """What stopped the last write, in a word for operators; empty since one went through."""
    writer: _Writer = app.extensions["supply_writer"]
    return writer.trouble


class _Writer:
    """On SQLite one writer at a time, waiting in line instead of polling the file (fair, no sleeps)."""

    def __init__(self, settings: Settings) -> None:
        self._thread = threading.Lock()
        self._path: str | None = None
        self.trouble = ""
        if settings.sqlite:
            database = settings.database_url.removeprefix("sqlite:///")
            self._path = f"{database}.lock" if database and database != ":memory:" else None

    @contextlib.contextmanager
    def in_line(self) -> Iterator[None]:
        if self._path is None:
            yield
            return
        with self._thread:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)


def write_transaction(work: Callable[[Session], T]) -> T:
    """Run `work` in one write transaction and commit: the only commit in the program.

    `work` must be a pure function of its input: on a serialization failure it is run again.
    Raises Unavailable when the store cannot be written just now, or has moved away.
    """
    writer: _Writer = current_app.extensions["supply_writer"]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with writer.in_line():
                result = _once(work)
        except _Unconfirmed as error:
            writer.trouble = "the last write was not confirmed"
            raise Unavailable(
                "store_unavailable",
                lazy("Whether it was saved is not known. Send it again: nothing is saved twice."),
                details={"retry_after": 5},
            ) from error
        except DBAPIError as error:
            if _worth_repeating(error) and attempt < ATTEMPTS:
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
                continue
            if _state(error) == READ_ONLY:
                db.engine.dispose()  # Another server writes now: the next one to ask finds it.
            translated = _translated(error)
            if isinstance(translated, Unavailable):
                writer.trouble = f"the last write failed: {type(error.orig).__name__}"
            raise translated from error
        writer.trouble = ""
        return result
    raise AssertionError("unreachable")


def _once(work: Callable[[Session], T]) -> T:
    session: Session = db.session()
    # A look that the edge took before (who is it?) ends here; writing begins on a fresh snapshot.
    session.rollback()
    try:
        connection = session.connection(execution_options={"supply_writes": True})
        require_open(connection)
        session.info[CONNECTION] = connection
        result = work(session)
        session.flush()
        write_now(session)
        _commit(session, connection)
    except BaseException:
        forget(session)
        session.rollback()
        raise
    finally:
        session.info.pop(CONNECTION, None)
    return result


class _Unconfirmed(Exception):
    """A commit that may have gone through, and may be lost with the server all the same."""


def _commit(session: Session, connection: Connection) -> None:
    """Raises _Unconfirmed where the connection broke meanwhile, or the server warned: then it stopped waiting
    for the other one that must have it too."""
    warnings = heed(connection)
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _Unconfirmed from error
        raise
    if warnings:
        raise _Unconfirmed


def confirm_what_is_seen(session: Session) -> None:
    """Once this transaction is committed, what it has seen outlives the server.

    It writes, so PostgreSQL waits until its standby has all before it, a commit too that stopped waiting.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_logical_emit_message(true, 'supply', '')"))


def read_snapshot(work: Callable[[Session], T]) -> T:
    """Run `work` on one consistent snapshot that cannot write."""
    session: Session = db.session()
    session.rollback()
    try:
        if session.get_bind().dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            session.connection(execution_options=options)
        return work(session)
    except (OperationalError, InterfaceError) as error:
        raise _translated(error) from error
    finally:
        session.rollback()


def glance(work: Callable[[Connection], T]) -> T:
    """Run a `work` of one SELECT: a snapshot of its own without a transaction round it, so one round trip."""
    try:
        with db.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="AUTOCOMMIT")
            return work(connection)
    except (OperationalError, InterfaceError) as error:
        raise _translated(error) from error


def _worth_repeating(error: DBAPIError) -> bool:
    return _state(error) in SERIALIZATION_FAILURES


def _state(error: DBAPIError) -> str:
    """PostgreSQL's code of what went wrong; empty where it gave none."""
    return getattr(error.orig, "sqlstate", None) or ""


def _translated(error: DBAPIError) -> Exception:
    """Store trouble that passes becomes Unavailable; anything else stays what it is."""
    sqlite_name = getattr(error.orig, "sqlite_errorname", "") or ""
    state = _state(error)
    passing = sqlite_name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_READONLY"))
    passing = passing or state[:2] in ("08", "53", "57", "40") or state == READ_ONLY
    passing = passing or error.connection_invalidated
    passing = passing or (isinstance(error, OperationalError) and not sqlite_name and not state)
    if not passing:
        return error
    return Unavailable(
        "store_unavailable",
        lazy("The store cannot be written just now. Nothing was saved; try again in a moment."),
        details={"retry_after": 5},
    )
