"""A backup taken while people work, and what comes back from it, on both databases."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from supply.database import db, read_snapshot, write_transaction
from supply.domain.ledger.models import Movement
from tests import shelves
from tests.cast import Cast
from tests.conftest import MadeApps, dispose, settings_for
from tests.postgres import programs
from tests.treatments import differences

pytestmark = pytest.mark.both_databases
WRITERS = 4


@pytest.fixture(autouse=True)
def client_programs(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump, pg_restore and psql on the PATH, as an operator has them."""
    if backend == "postgresql":
        monkeypatch.setenv("PATH", f"{programs()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def elsewhere(empty_database_url: str, made_apps: MadeApps) -> Iterator[Flask]:
    """Another application, on another, empty database: where a restore is tried."""
    app = made_apps.on(settings_for(empty_database_url), beside=True)
    yield app
    dispose(app)


def run(app: Flask, *arguments: str) -> Result:
    """A command takes the context that it finds, so it gets one of the application's own."""
    with app.app_context():
        return app.test_cli_runner().invoke(args=["supply", *arguments])


def movements() -> int:
    return read_snapshot(lambda look: look.scalar(select(func.count()).select_from(Movement)) or 0)


@pytest.fixture
def ginger(session: Session, cast: Cast) -> UUID:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    shelves.stock(cast, item_id, 10**9)
    return item_id


def test_a_backup_while_people_work_is_whole(
    app: Flask, cast: Cast, ginger: UUID, elsewhere: Flask, tmp_path: Path
) -> None:
    over = threading.Event()

    def work(_writer: int) -> int:
        done = 0
        with app.app_context():
            while not over.is_set():
                shelves.use(cast, [(ginger, 1_000)])
                done += 1
        return done

    path = tmp_path / "supply.backup"
    with ThreadPoolExecutor(WRITERS) as pool:
        working = [pool.submit(work, number) for number in range(WRITERS)]
        while movements() < 20:  # they are at it
            over.wait(0.01)
        before = movements()
        made = run(app, "backup", str(path))
        after = movements()
        over.set()
        assert all(writer.result() for writer in working)
    assert made.exit_code == 0, made.output
    assert before < after, "nobody worked meanwhile"
    restored = run(elsewhere, "restore", str(path))
    assert restored.exit_code == 0, restored.output
    assert "Everything agrees" in restored.output
    with elsewhere.app_context():
        assert before <= movements() <= after
        assert shelves.on_hand(cast, ginger) == 10**9 - (movements() - 1) * 1_000
        assert differences() == []


def test_the_walls_come_back_too(
    app: Flask, cast: Cast, ginger: UUID, elsewhere: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "supply.backup"
    assert run(app, "backup", str(path)).exit_code == 0
    assert run(elsewhere, "restore", str(path)).exit_code == 0
    with elsewhere.app_context(), pytest.raises(Exception, match="append-only"):
        write_transaction(lambda session: session.execute(text("UPDATE movement SET quantity = 1")))


def test_a_backup_of_an_older_schema_leaves_nothing_of_a_newer_one(
    app: Flask, cast: Cast, ginger: UUID, tmp_path: Path
) -> None:
    path = tmp_path / "supply.backup"
    assert run(app, "backup", str(path)).exit_code == 0
    newer = "CREATE TABLE newer (id INTEGER PRIMARY KEY, branch_id CHAR(32))"
    if db.engine.dialect.name == "postgresql":
        newer = "CREATE TABLE newer (id INTEGER PRIMARY KEY, branch_id UUID REFERENCES branch)"
    write_transaction(lambda session: session.execute(text(newer)))
    shelves.use(cast, [(ginger, 1_000)])
    db.session.remove()
    refused = run(app, "restore", str(path))
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    restored = run(app, "restore", "--replace", str(path))
    assert restored.exit_code == 0, restored.output
    assert not inspect(db.engine).has_table("newer")
    assert shelves.on_hand(cast, ginger) == 10**9


def test_a_file_that_is_no_backup_changes_nothing(
    app: Flask, cast: Cast, ginger: UUID, tmp_path: Path
) -> None:
    path = tmp_path / "no.backup"
    path.write_bytes(b"not one at all" * 1000)
    db.session.remove()
    refused = run(app, "restore", "--replace", str(path))
    assert refused.exit_code == 1, refused.output
    assert shelves.on_hand(cast, ginger) == 10**9
    assert differences() == []


def test_a_missing_program_is_named(app: Flask, cast: Cast, backend: str, tmp_path: Path) -> None:
    said = run(app, "backup", str(tmp_path / "x"), "--pg-dump", "no-such-program")
    assert said.exit_code == (1 if backend == "postgresql" else 0)
    assert ("There is no no-such-program here" in said.output) == (backend == "postgresql")
    assert [file.name for file in tmp_path.glob("*x*.part")] == []
