"""`supply backup` and `supply restore`. A backup is taken while people work; a restore proves itself.

Plain copying of an SQLite file leaves out what stands in its write-ahead log: use these instead.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import current_app
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from supply.cli.group import reading, supply
from supply.cli.setup import migrate_database
from supply.cli.tallying import tally_all
from supply.database import db
from supply.domain.people.models import Person
from supply.domain.reports.checking import check_books

_DROP_TABLES = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE public.%I CASCADE', name);
  END LOOP;
END $$
"""


@supply.command("backup")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--pg-dump", default="pg_dump", help="The pg_dump to use (PostgreSQL only).")
def backup(path: Path, pg_dump: str) -> None:
    """Write a complete copy of the database to PATH, then put it in place at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if _url().get_backend_name() == "sqlite":
            _copy_sqlite(_sqlite_path(), beside)
            _make_one_file(beside)
        else:
            _run(pg_dump, "--format=custom", "--no-owner", f"--file={beside}", f"--dbname={_plain(_url())}")
        _put_in_place(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    click.echo(f"Backed up to {path} ({path.stat().st_size:,} bytes).")


@supply.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite a database that already holds people.")
@click.option("--pg-restore", default="pg_restore", help="The pg_restore to use (PostgreSQL only).")
@click.option("--psql", default="psql", help="The psql to use (PostgreSQL only).")
def restore(path: Path, replace: bool, pg_restore: str, psql: str) -> None:
    """Put the backup at PATH in place of the present database, migrate it and check it."""
    if not replace and _holds_people():
        raise click.ClickException("This database is in use. Say --replace to overwrite all of it.")
    db.engine.dispose()
    if _url().get_backend_name() == "sqlite":
        _require_sound(path)
        _copy_sqlite(path, _sqlite_path())
    else:
        _replace_postgres(path, pg_restore, psql)
    migrate_database()
    tally_all()
    differences = reading(lambda session: [str(difference) for difference in check_books(session)])
    for difference in differences:
        click.echo(difference)
    if differences:
        raise click.ClickException("Restored, but the books do not agree. See the lines above.")
    click.echo("Restored. Everything agrees with the ledger.")


def _replace_postgres(path: Path, pg_restore: str, psql: str) -> None:
    """In one transaction, also what the backup does not know: tables of a newer schema."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        _run(pg_restore, "--clean", "--if-exists", "--no-owner", f"--file={script}", str(path))
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        _run(psql, *options, f"--dbname={_plain(_url())}", f"--command={_DROP_TABLES}", f"--file={script}")


def _url() -> URL:
    return make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])


def _sqlite_path() -> Path:
    return Path(_url().database or "")


def _copy_sqlite(source: Path, target: Path) -> None:
    """All pages in one go: page by page it would begin again with every write and never end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(source, timeout=30)) as full,
        closing(sqlite3.connect(target, timeout=30)) as copy,
    ):
        full.backup(copy, pages=-1)
        _require_integrity(copy, target)


def _make_one_file(path: Path) -> None:
    """Without a log beside it; whoever opens it with the application begins a new one."""
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")


def _require_sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        _require_integrity(copy, path)


def _require_integrity(connection: sqlite3.Connection, path: Path) -> None:
    try:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"{path} is not a sound database: {error}.") from error
    if said != "ok":
        raise click.ClickException(f"{path} is not a sound database: {said}.")


def _put_in_place(beside: Path, path: Path) -> None:
    """On the disk before it has its name: a backup is whole or not there."""
    _sync(beside)
    beside.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _holds_people() -> bool:
    with db.engine.connect() as connection:
        if not db.inspect(connection).has_table(Person.__tablename__):
            return False
        return connection.execute(text("SELECT 1 FROM person LIMIT 1")).first() is not None


def _plain(url: URL) -> str:
    """The address as PostgreSQL's own programs read it, both of a pair, without the password (it goes by
    environment)."""
    _none, told = db.engine.dialect.create_connect_args(url.set(password=None))
    return make_conninfo("", **{name: value for name, value in told.items() if isinstance(value, str | int)})


def _run(program: str, *arguments: str) -> None:
    password = _url().password
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    try:
        done = subprocess.run(  # noqa: S603 - the operator names the program
            [program, *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise click.ClickException(
            f"There is no {program} here. Install PostgreSQL's client programs."
        ) from error
    if done.returncode:
        raise click.ClickException(f"{program} failed: {done.stderr.strip()}")
