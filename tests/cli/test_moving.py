"""From SQLite to PostgreSQL: the same rows, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from supply.cli import moving
from supply.cli.demo_command import tell
from supply.database import db, read_snapshot, write_transaction
from supply.domain.ledger.models import Movement
from supply.domain.purchasing.models import RequisitionLine
from supply.errors import Unavailable
from tests import postgres, shelves

DAYS = 6


@pytest.fixture
def target(postgres_server: postgres.Server) -> Iterator[str]:
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=["supply", *arguments])


def count_of(url: str, query: str) -> object:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar()
    finally:
        engine.dispose()


def test_everything_moves_also_when_it_is_interrupted(
    app: Flask, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        tell(seed=1, days=DAYS)
        movements = read_snapshot(lambda look: look.scalar(select(func.count()).select_from(Movement)))
        lines = read_snapshot(lambda look: look.scalar(select(func.count()).select_from(RequisitionLine)))
    assert movements
    assert lines, "a decided requisition keeps its lines: that they move is worth seeing"

    monkeypatch.setattr(moving, "BATCH", 50)
    real, batches = moving.insert, iter(range(40))
    monkeypatch.setattr(
        moving, "insert", lambda table: real(table) if next(batches, None) is not None else 1 / 0
    )
    assert isinstance(run(app, "move", target).exception, ZeroDivisionError)
    assert count_of(target, "SELECT version_num FROM alembic_version") == moving.MOVING
    there = count_of(target, "SELECT count(*) FROM visit_line")

    monkeypatch.setattr(moving, "insert", real)
    again = run(app, "move", target)
    assert again.exit_code == 0, again.output
    assert "Taking it up where it stopped." in again.output
    assert there is not None
    assert count_of(target, "SELECT count(*) FROM movement") == movements
    with pytest.raises(Exception, match="append-only"):
        count_of(target, "UPDATE movement SET quantity = 1")
    assert "The target is in use" in run(app, "move", target).output
    # A server that nobody stopped: what it is told would be in neither the target nor any later move.
    client = app.test_client()
    assert (
        client.get("/readyz").get_json()["status"] == "everything in this database has moved to another one"
    )
    with app.app_context():
        with pytest.raises(Unavailable, match="store_moved"):
            write_transaction(touch)
        db.session.remove()
    assert "has moved to another one" in run(app, "init").output
    assert run(app, "move", "--reopen").exit_code == 0
    assert client.get("/readyz").status_code == 200
    with app.app_context():
        write_transaction(touch)
        db.session.remove()


def touch(session: Session) -> None:
    session.execute(text("UPDATE item SET name_en = 'Another'"))


def test_what_was_changed_between_two_tries_is_found(
    app: Flask, session: Session, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves.add_item(session, "ginger")
    session.commit()
    db.session.remove()
    with monkeypatch.context() as killed:
        killed.setattr(moving, "_set_triggers", lambda *_: 1 / 0)
        assert isinstance(run(app, "move", target).exception, ZeroDivisionError)
    assert count_of(target, "SELECT version_num FROM alembic_version") != moving.MOVING
    # The schema alone is there: that is an empty database.
    monkeypatch.setattr(moving, "_prove", lambda *_: 1 / 0)
    assert isinstance(run(app, "move", target).exception, ZeroDivisionError)
    monkeypatch.undo()
    write_transaction(touch)
    db.session.remove()
    refused = run(app, "move", target)
    assert refused.exit_code == 1
    assert "Not as in SQLite: item." in refused.output
    assert count_of(target, "SELECT version_num FROM alembic_version") == moving.MOVING


def test_only_an_empty_postgresql_is_a_target(app: Flask, session: Session, target: str) -> None:
    for address, words in (
        ("nonsense", "is not a database address"),
        ("sqlite:///elsewhere.sqlite", "must be a PostgreSQL database"),
        ("postgresql://nobody@127.0.0.1:1/none", "The target does not answer"),
    ):
        refused = run(app, "move", address)
        assert refused.exit_code == 1
        assert words in refused.output
    session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    session.commit()
    db.session.remove()
    assert "Run: supply init" in run(app, "move", target).output
    assert count_of(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
