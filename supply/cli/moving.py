"""`supply move`: from SQLite to PostgreSQL, row by row, proved at the end, taken up again where it stopped.

Rows go over in the order in which SQLite keeps them, table after table in the order of their references, so
what the target holds says how far it came. Until the proof the target bears no schema that the program knows:
`/readyz` refuses it, and its triggers, which would refuse the lines of a decided requisition, rest. With the
proof SQLite is sealed: a server that nobody stopped could fill it with what is not in the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Table, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from supply.cli.group import reading, supply
from supply.cli.setup import migrate_database
from supply.config import Settings
from supply.database import db
from supply.domain.reports.checking import check_books
from supply.sealing import seal, unseal

BATCH = 2_000
MOVING = "moving"
_VERSION = text("SELECT version_num FROM alembic_version")
_SET_VERSION = text("UPDATE alembic_version SET version_num = :version")


@supply.command("move")
@click.argument("target", envvar="SUPPLY_MOVE_TO", required=False)
@click.option("--reopen", is_flag=True, help="Go back: let SQLite be written to again after a move.")
def move(target: str | None, reopen: bool) -> None:
    """Copy everything to the empty PostgreSQL database TARGET and prove that nothing differs.

    Stop the server first. TARGET is a URL as SUPPLY_DATABASE_URL takes it; with a password in it, give it as
    SUPPLY_MOVE_TO instead. If it was interrupted, run it again. SQLite takes no more writes afterwards.
    """
    _require_sqlite()
    if reopen:
        _reopen()
    elif target is None:
        raise click.UsageError("Name the TARGET, or --reopen.")
    else:
        _move_to(target)


def _require_sqlite() -> None:
    if db.engine.dialect.name != "sqlite":
        raise click.ClickException("This installation does not run on SQLite: there is nothing to move.")


def _reopen() -> None:
    with _nobody_writes() as source:
        unseal(source)
    click.echo("SQLite can be written to again. What was written to PostgreSQL meanwhile is not in it.")


def _move_to(target: str) -> None:
    there = _application(target)
    with _nobody_writes() as source, there.app_context(), _closing() as copy:
        version: str = source.execute(_VERSION).scalar_one()
        _prepare(copy, version)
        for table in db.metadata.sorted_tables:
            _copy(source, copy, table)
        _prove(source, copy)
        seal(source)
    with there.app_context(), _closing() as copy:
        _finish(copy, version)
        differences = reading(lambda session: [str(difference) for difference in check_books(session)])
    for difference in differences:
        click.echo(difference)
    if differences:
        raise click.ClickException("Moved as it was, but the books do not agree. See the lines above.")
    click.echo("Moved: each row, each balance and each branch's hash is the same. Point SUPPLY_DATABASE_URL")
    click.echo(f"to {make_url(target).render_as_string()} and start the server.")
    click.echo("SQLite takes no more writes; `supply move --reopen` would let it.")


def _application(target: str) -> Flask:
    """The program on the target."""
    from supply.app import create_app  # noqa: PLC0415 - takes its time: not for every command

    try:
        backend = make_url(target).get_backend_name()
    except ArgumentError as error:
        raise click.ClickException("TARGET is not a database address: postgresql://…") from error
    if backend != "postgresql":
        raise click.ClickException("TARGET must be a PostgreSQL database: postgresql://…")
    settings: Settings = current_app.extensions["supply_settings"]
    return create_app(replace(settings, database_url=target))


@contextmanager
def _nobody_writes() -> Iterator[Connection]:
    """The SQLite database, held by us as its one writer, so that nothing is written that stays behind."""
    try:
        connection = db.engine.connect().execution_options(supply_writes=True)
        transaction = connection.begin()
    except OperationalError as error:
        raise click.ClickException("Somebody is writing. Stop the server first.") from error
    with connection, transaction:
        yield connection


@contextmanager
def _closing() -> Iterator[Engine]:
    """The target, in its application's context; nothing of it stays open."""
    try:
        yield db.engine
    except OperationalError as error:
        raise click.ClickException(f"The target does not answer: {error.orig}") from error
    finally:
        db.session.remove()
        db.engine.dispose()


def _prepare(copy: Engine, version: str) -> None:
    """Bring an empty target to the schema; know one again that was begun. Raises for any other."""
    wanted = current_app.extensions["supply_schema"]
    if version != wanted:
        raise click.ClickException(
            f"SQLite has schema {version}, the program needs {wanted}. Run: supply init."
        )
    found = _version_of(copy) if db.inspect(copy).has_table("alembic_version") else None
    if found == MOVING:
        click.echo("Taking it up where it stopped.")
        return
    if found is not None and not (found == wanted and _is_bare(copy)):
        raise click.ClickException("The target is in use. Take an empty database.")
    migrate_database()
    with copy.begin() as writing:
        _set_triggers(writing, "DISABLE")
        writing.execute(_SET_VERSION, {"version": MOVING})


def _is_bare(copy: Engine) -> bool:
    """Whether the tables are there and hold nothing: it was killed before the first row, or initialised."""
    with copy.connect() as looking:
        return not any(looking.execute(select(table).limit(1)).first() for table in db.metadata.sorted_tables)


def _finish(copy: Engine, version: str) -> None:
    with copy.begin() as writing:
        _set_triggers(writing, "ENABLE")
        writing.execute(_SET_VERSION, {"version": version})
        writing.execute(text("ANALYZE"))


def _version_of(copy: Engine) -> str | None:
    with copy.connect() as looking:
        version: str | None = looking.execute(_VERSION).scalar()
        return version


def _set_triggers(writing: Connection, state: str) -> None:
    for table in db.metadata.sorted_tables:
        writing.execute(text(f"ALTER TABLE {table.name} {state} TRIGGER USER"))


def _copy(source: Connection, copy: Engine, table: Table) -> None:
    """What the target lacks of a table, in batches that are each on its disk before the next is read."""
    with copy.connect() as looking:
        done = _count(looking, table)
    total = _count(source, table)
    with_rowid = table.dialect_options["sqlite"]["with_rowid"]
    order = [text("rowid")] if with_rowid else list(table.primary_key)
    rows = source.execute(select(table).order_by(*order).offset(done)).mappings()
    for batch in rows.partitions(BATCH):
        with copy.begin() as writing:
            writing.execute(insert(table), [dict(row) for row in batch])
        done += len(batch)
        click.echo(f"{table.name}: {done:,} of {total:,}")


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _prove(source: Connection, copy: Engine) -> None:
    """Every table holds the same rows; so do balances and hashes, which are rows too."""
    differing = []
    with copy.connect() as looking:
        for table in db.metadata.sorted_tables:
            click.echo(f"Comparing {table.name}")
            if _sum_of(source, table) != _sum_of(looking, table):
                differing.append(table.name)
    if differing:
        raise click.ClickException(
            f"Not as in SQLite: {', '.join(differing)}. If SQLite was written to since the first try, empty "
            "the target and begin again."
        )


def _sum_of(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows, and the sum of their digests: the same in whatever order they come."""
    count = total = 0
    rows = connection.execute(select(table).execution_options(yield_per=BATCH)).mappings()
    for row in rows:
        count += 1
        total += _digest(row)
    return count, total % 2**256


def _digest(row: Mapping[Any, Any]) -> int:
    told = "\x1f".join([f"{name}={value!r}" for name, value in row.items()])
    return int.from_bytes(sha256(told.encode("utf-8", "surrogatepass")).digest())
