"""The commands that look after an installation: secret, people, check, backup, restore, tidy."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from supply.cli.setup import write_secret
from supply.database import db, read_snapshot, write_transaction
from supply.domain.planning import deciding
from supply.domain.reports.tallying import heads_of
from tests import shelves
from tests.cast import Cast
from tests.conftest import MadeApps, dispose, settings_for
from tests.goods import stock_up

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *arguments, **told: runner.invoke(args=["supply", *arguments], **told)


def test_the_secret_is_written_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "secret-key"
    assert write_secret(path)
    first = path.read_text()
    assert len(first.strip()) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not write_secret(path)
    assert path.read_text() == first


def test_check_says_that_all_agrees_and_names_what_does_not(run: Run, cast: Cast, session: Session) -> None:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    shelves.stock(cast, item_id, 500_000, expires_on=date(2030, 1, 1))
    assert run("check").exit_code == 0

    def tamper(session: Session) -> None:
        session.execute(text("UPDATE stock_level SET reserved = 7, on_order = 9"))

    write_transaction(tamper)
    said = run("check")
    assert said.exit_code == 1
    assert "MAIN: reserved of ginger: stored 7, computed 0" in said.output
    assert "MAIN: on order of ginger: stored 9, computed 0" in said.output


def test_after_an_update_reports_begin_at_the_last_movement(run: Run, cast: Cast, session: Session) -> None:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    shelves.stock(cast, item_id, 500_000, expires_on=date(2030, 1, 1))
    assert run("init").output == "The database is ready.\n"
    kept = read_snapshot(lambda s: heads_of(s, cast.branch_id))
    assert kept[0] == kept[1] > 0


def test_a_database_of_another_schema_is_said_in_a_sentence(made_apps: MadeApps, tmp_path: Path) -> None:
    app = made_apps.on(settings_for(f"sqlite:///{tmp_path / 'empty.sqlite'}"), beside=True)
    runner = app.test_cli_runner()
    for command in (["check"], ["user", "create", "lan", "--name", "Lan", "--password", "three quiet words"]):
        said = runner.invoke(args=["supply", *command])
        assert (said.exit_code, said.output.count("\n")) == (1, 1), said.output
        assert "Run `supply init` first" in said.output
    dispose(app)


def test_a_ledger_that_lacks_an_exported_head_is_reported(run: Run, cast: Cast, tmp_path: Path) -> None:
    heads = tmp_path / "heads.txt"
    heads.write_text(run("heads").output)
    assert run("check", "--since", str(heads)).exit_code == 0
    heads.write_text(f"MAIN 3 {'ab' * 32}\n")
    said = run("check", "--since", str(heads))
    assert said.exit_code == 1
    assert "exported head #3" in said.output
    heads.write_text("\n")
    assert "there is nothing to compare with" in run("check", "--since", str(heads)).output
    heads.write_text("\nMAIN three something")
    said = run("check", "--since", str(heads))
    assert (said.exit_code, "Line 2" in said.output) == (1, True)


def test_the_first_person_is_the_admin_and_the_others_come_from_them(run: Run) -> None:
    first = run("user", "create", "Ngoc", "--name", "Ngọc", "--password", "la tia to va gung")
    assert first.exit_code == 0, first.output
    assert "admin of all branches" in first.output
    weak = run("user", "create", "lan", "--name", "Lan", "--role", "admin", "--password", "short")
    assert weak.exit_code == 1
    wrong = run(
        "user", "create", "lan", "--name", "Lan", "--role", "chef@X", "--password", "la tia to va gung"
    )
    assert wrong.exit_code == 1
    made = run("user", "create", "lan", "--name", "Lan", "--role", "admin", "--password", "la tia to va gung")
    assert made.exit_code == 0, made.output
    assert run("user", "roles", "lan", "manager@X").exit_code == 1
    assert run("user", "roles", "lan", "admin").output == "lan is now admin.\n"
    assert run("user", "password", "lan", "--password", "short").exit_code == 1
    assert run("user", "password", "lan", "--password", "gung va la tia to").exit_code == 0
    assert run("user", "deactivate", "lan").exit_code == 0
    assert run("user", "deactivate", "nobody").exit_code == 1


def test_the_night_plans_each_branch(run: Run, cast: Cast) -> None:
    goods = stock_up(cast)
    two_a_day = {"branch_id": cast.branch_id, "item_id": goods.ginger, "amount": Decimal(2), "unit": "kg"}
    write_transaction(lambda session: deciding.set_estimate(session, cast.manager, **two_a_day))
    asked = "MAIN: 1 flagged, requisitions that wait for approval: 1.\n"
    for _again in range(2):  # the second night finds what the first one asked for
        said = run("plan", "--branch", "MAIN")
        assert (said.exit_code, said.output) == (0, asked)
    assert asked in run("plan").output
    nowhere = run("plan", "--branch", "NOWHERE")
    assert (nowhere.exit_code, nowhere.output) == (1, "Error: There is no open branch of this code.\n")


def test_a_token_is_printed_once_and_revoked_by_id(run: Run, cast: Cast) -> None:
    made = run("token", "create", "manager", "--name", "booking", "--scope", "stock:see", "--days", "30")
    assert made.exit_code == 0, made.output
    assert len(made.output.strip()) > 30
    beyond = run("token", "create", "therapist", "--name", "x", "--scope", "catalog:manage")
    assert beyond.exit_code == 1


def test_backup_and_restore(run: Run, cast: Cast, session: Session, tmp_path: Path) -> None:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    shelves.stock(cast, item_id, 500_000, expires_on=date(2030, 1, 1))
    path = tmp_path / "copies" / "supply.backup"
    assert run("backup", str(path)).exit_code == 0
    assert [file.name for file in path.parent.iterdir()] == ["supply.backup"]
    shelves.use(cast, [(item_id, 100_000)])
    session.rollback()
    refused = run("restore", str(path))
    assert refused.exit_code == 1
    assert shelves.on_hand(cast, item_id) == 400_000
    db.session.remove()
    done = run("restore", "--replace", str(path))
    assert done.exit_code == 0, done.output
    assert shelves.on_hand(cast, item_id) == 500_000


def test_a_broken_backup_replaces_nothing(run: Run, cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"SQLite format 3\x00" + b"no pages here" * 100)
    assert run("restore", "--replace", str(path)).exit_code == 1
    assert run("check").exit_code == 0


def test_tidy_forgets_only_what_is_old(run: Run, cast: Cast) -> None:
    assert "0 idempotency keys, 0 sign-ins, 0 messages, 0 lists" in run("tidy").output


def test_there_are_no_demo_sign_ins_in_a_real_spa(run: Run, cast: Cast) -> None:
    assert run("sign-ins").output == ""
