"""The migrations build exactly what the models say, walls and all, go down and up again, and lose nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bench.stores import PostgresStore, SqliteStore
from bench.world import World
from supply.app import create_app
from supply.database import db, read_snapshot
from supply.domain.ledger.checking import check_ledger, head_of
from supply.domain.ledger.models import LedgerHead
from tests.cast import Cast, assemble
from tests.conftest import MadeApps, dispose, settings_for
from tests.treatments import complete, differences, open_spa, plan

# What refuses a change to what must not change, by table. A migration that rebuilds one raises it again.
KEPT = {
    ("requisition", "requisition_kept_update"),
    ("requisition_editor", "requisition_editor_kept_update"),
    ("requisition_editor", "requisition_editor_kept_delete"),
}
TRIGGERS = {
    "sqlite": {
        ("audit_entry", "audit_entry_no_delete"),
        ("audit_entry", "audit_entry_no_replace"),
        ("audit_entry", "audit_entry_no_update"),
        ("movement", "movement_no_delete"),
        ("movement", "movement_no_replace"),
        ("movement", "movement_no_update"),
        ("requisition", "requisition_four_eyes_insert"),
        ("requisition", "requisition_four_eyes_update"),
        ("requisition_approval", "requisition_approval_own_insert"),
        ("requisition_approval", "requisition_approval_own_update"),
        ("stocktake", "stocktake_own_count_insert"),
        ("stocktake", "stocktake_own_count_update"),
        *KEPT,
        *(
            (table, f"{table}_decided_{event}")
            for table in ("requisition_line", "requisition_editor")
            for event in ("insert", "update", "delete")
        ),
    },
    "postgresql": {
        ("audit_entry", "audit_entry_append_only"),
        ("audit_entry", "audit_entry_no_truncate"),
        ("movement", "movement_append_only"),
        ("movement", "movement_no_truncate"),
        ("requisition", "requisition_four_eyes"),
        ("requisition_approval", "requisition_approval_own"),
        ("requisition_line", "requisition_line_decided"),
        ("stocktake", "stocktake_own_count"),
        ("requisition_editor", "requisition_editor_decided"),
        *KEPT,
    },
}


@pytest.fixture
def bare(empty_database_url: str, made_apps: MadeApps) -> Iterator[Flask]:
    """The application on a database without tables, in its context."""
    app = made_apps.on(settings_for(empty_database_url))
    with app.app_context():
        yield app
        db.session.remove()
    dispose(app)


def triggers(connection: Connection) -> set[tuple[str, str]]:
    if connection.dialect.name == "sqlite":
        query = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
    return {(table, name) for table, name in connection.execute(text(query))}


def plain(value: Any) -> str:
    """The text of a type, default or condition without what stands for nothing: case, spaces, brackets."""
    return re.sub(r"[\s()\"]", "", str(value)).lower()


def conditions(connection: Connection) -> dict[str, str]:
    """The WHERE of each partial index."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )
        return {name: plain(sql.partition(" WHERE ")[2]) for name, sql in rows if " WHERE " in sql}
    query = (
        "SELECT c.relname, pg_get_expr(i.indpred, i.indrelid) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indpred IS NOT NULL "
        "AND c.relnamespace = 'public'::regnamespace"
    )
    return {name: plain(predicate) for name, predicate in connection.execute(text(query))}


def schema(connection: Connection) -> dict[str, Any]:
    """All that the database itself says of its tables, in an order that does not depend on history."""
    seen = inspect(connection)
    told: dict[str, Any] = {"conditions": conditions(connection)}
    for table in sorted(set(seen.get_table_names()) - {"alembic_version"}):
        told[table] = {
            "columns": {
                column["name"]: (plain(column["type"]), column["nullable"], plain(column["default"]))
                for column in seen.get_columns(table)
            },
            "primary key": seen.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(
                (one["name"], one["column_names"]) for one in seen.get_unique_constraints(table)
            ),
            "foreign keys": sorted(
                (one["name"], one["constrained_columns"], one["referred_table"], one["referred_columns"])
                for one in seen.get_foreign_keys(table)
            ),
            "checks": sorted(
                (one["name"], plain(one["sqltext"])) for one in seen.get_check_constraints(table)
            ),
            "indexes": sorted(
                (one["name"], one["column_names"], bool(one["unique"])) for one in seen.get_indexes(table)
            ),
        }
    return told


def tables_left(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrations_make_what_the_models_say(bare: Flask) -> None:
    db.create_all()
    with db.engine.connect() as connection:
        modelled = schema(connection)
    db.drop_all()
    upgrade()
    with db.engine.connect() as connection:
        migrated = schema(connection)
    assert sorted(migrated) == sorted(modelled)
    for table, said in modelled.items():
        assert migrated[table] == said, table
    assert len(modelled) > 40
    assert sum(len(said["checks"]) for name, said in modelled.items() if name != "conditions") > 40
    assert len(modelled["conditions"]) >= 4


@pytest.mark.usefixtures("session")
def test_a_draft_from_the_models_would_be_empty() -> None:
    check()


@pytest.mark.usefixtures("session")
def test_the_walls_stand_after_the_migrations(backend: str) -> None:
    with db.engine.connect() as connection:
        assert triggers(connection) == TRIGGERS[backend]


def test_up_down_up_leaves_nothing_and_makes_the_same(bare: Flask, backend: str) -> None:
    upgrade()
    with db.engine.connect() as connection:
        first = schema(connection)
    downgrade(revision="base")
    with db.engine.connect() as connection:
        assert tables_left(connection) == set()
        assert triggers(connection) == set()
        if backend == "postgresql":
            left = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            assert connection.execute(text(left)).all() == []
    upgrade()
    with db.engine.connect() as connection:
        assert schema(connection) == first
        assert triggers(connection) == TRIGGERS[backend]


def test_a_spa_with_a_ledger_is_upgraded_in_place(bare: Flask) -> None:
    """Each migration goes down, up and down again on a database that holds something; then all go up."""
    upgrade()
    session = db.session()
    cast = assemble(session)
    open_spa(cast)
    visit = plan(cast)
    complete(cast, visit.visit.id, 4)
    before = heads(session)
    with db.engine.connect() as connection:
        walls = triggers(connection)
    for revision in released()[1:]:
        downgrade(revision=revision)
        upgrade(revision="+1")
        downgrade(revision=revision)
    upgrade()
    assert heads(db.session()) == before
    assert before != [(0, "0" * 64), (0, "0" * 64)]
    assert differences() == []
    with db.engine.connect() as connection:
        assert triggers(connection) == walls


@pytest.mark.long
def test_a_million_movements_go_through_every_migration(bare: Flask, empty_database_url: str) -> None:
    """Down to each released schema and up again from there: the chain is the same to the last byte."""
    upgrade()
    dispose(bare)
    kind = SqliteStore if empty_database_url.startswith("sqlite") else PostgresStore
    World(kind(empty_database_url), 1_000_000, 600)
    before = heads(db.session())
    assert sum(seq for seq, _hash in before) == 1_000_000
    for revision in released()[1:]:
        downgrade(revision=revision)
        upgrade()
        assert heads(db.session()) == before
        db.session.remove()
    found = read_snapshot(lambda session: [str(difference) for difference in check_ledger(session)])
    assert found == []


def released() -> list[str]:
    """Every version of the schema, the newest first."""
    extension = current_app.extensions["migrate"]
    scripts = ScriptDirectory.from_config(extension.migrate.get_config())
    return [revision.revision for revision in scripts.walk_revisions()]


def heads(session: Session) -> list[tuple[int, str]]:
    """The last number and hash of every branch."""
    session.rollback()
    query = select(LedgerHead.branch_id).order_by(LedgerHead.branch_id)
    return [head_of(session, branch_id) for branch_id in session.scalars(query)]


def refused(statement: str) -> str:
    """What the database says to a statement that must not go through."""
    with db.engine.connect().execution_options(supply_writes=True) as connection:
        with pytest.raises(DBAPIError) as refusal:
            connection.execute(text(statement))
        return str(refusal.value.orig)


def test_the_database_itself_refuses_to_change_the_ledger(cast: Cast, backend: str) -> None:
    open_spa(cast)
    db.session.remove()
    statements = ["UPDATE movement SET quantity = quantity + 1", "DELETE FROM movement"]
    if backend == "postgresql":
        statements += ["TRUNCATE movement CASCADE", "TRUNCATE audit_entry"]
    for statement in statements:
        assert "append-only" in refused(statement)
    assert differences() == []


def test_every_sqlite_connection_is_safe(tmp_path: Path) -> None:
    """After the migrations too, which switch the foreign keys off while they work."""
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'safe.sqlite'}"))
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
    with app.app_context():
        upgrade()
        with db.engine.connect() as one, db.engine.connect() as other:
            for connection in (one, other):
                found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}
                assert found == wanted
    dispose(app)
