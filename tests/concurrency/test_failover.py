"""PostgreSQL with a standby that must have each commit: what was acknowledged outlives the server, and what
is not certain is not acknowledged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from supply.database import db, write_transaction
from supply.errors import Unavailable
from supply.repeating import Answer, run_once
from tests import postgres
from tests.api.calling import make_token
from tests.cast import Cast, assemble
from tests.concurrency.test_kill import CLIENTS, KG, House, completion, counted, send, written_through
from tests.conftest import MadeApps, dispose, migrate, settings_for
from tests.serving import serving
from tests.treatments import differences, open_spa

WARNING = (
    "CREATE TEMP TABLE late (id int) ON COMMIT DROP",
    "CREATE OR REPLACE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE WARNING 'nobody waits any more'; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION pg_temp.warn()",
    "INSERT INTO late VALUES (1)",
)


@pytest.mark.postgres
def test_a_commit_that_was_warned_of_is_answered_when_it_is_repeated(cast: Cast, backend: str) -> None:
    def work(session: Session) -> Answer:
        for statement in WARNING:
            session.execute(text(statement))
        return Answer(201, "{}")

    key = "of-a-commit-that-was-warned-of"
    with pytest.raises(Unavailable) as caught:
        run_once(key, cast.manager.person_id, "told", work)
    assert "not known" in str(caught.value.message)
    again = run_once(key, cast.manager.person_id, "told", work)
    assert (again.status, again.replayed) == (201, True)
    db.engine.dispose()


@pytest.mark.postgres
def test_a_server_that_writes_no_more_is_left_for_one_that_does(app: Flask, cast: Cast, backend: str) -> None:
    def touch(session: Session) -> None:
        session.execute(text("UPDATE alembic_version SET version_num = version_num"))

    db.session.remove()
    dispose(app)  # so that the one that is opened now is the one that writes
    db.session.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
    db.session.commit()
    with pytest.raises(Unavailable):
        write_transaction(touch)
    write_transaction(touch)


@pytest.fixture
def pair(made_apps: MadeApps, tmp_path: Path) -> Iterator[tuple[postgres.Server, postgres.Server, House]]:
    """A primary, its standby, and a spa that knows both addresses."""
    with postgres.server(durable=True) as primary, postgres.standby(primary) as second:
        name = primary.create()
        hosts = [str(make_url(one.admin_url).query["host"]) for one in (primary, second)]
        told = {"host": hosts, "target_session_attrs": "read-write"}
        url = make_url(primary.url(name)).update_query_dict(told).render_as_string(hide_password=False)
        app = made_apps.on(settings_for(url), beside=True)
        migrate(url, app)
        with app.app_context():
            cast = assemble(db.session())
            items = open_spa(cast, quantity=1_000 * KG)
            yield primary, second, House(app, url, cast, items, make_token(cast.manager), tmp_path)
        dispose(app)


@pytest.mark.long
@pytest.mark.postgres
def test_the_standby_takes_over(pair: tuple[postgres.Server, postgres.Server, House], backend: str) -> None:
    """0 acknowledged lost or doubled, only 503 meanwhile, writing again within 5 s, without a restart."""
    primary, second, house = pair

    def strike() -> None:
        primary.die()
        time.sleep(0.5)
        second.promote()

    with serving(house.url, house.folder) as server:
        writes = written_through(house, server, strike)
    assert len(writes) > 2 * CLIENTS
    assert [write.key for write in writes if counted(write) != 1] == []
    assert differences() == []


@pytest.mark.long
@pytest.mark.postgres
def test_who_stops_waiting_for_the_standby_is_told_so(
    pair: tuple[postgres.Server, postgres.Server, House], backend: str
) -> None:
    primary, second, house = pair
    with serving(house.url, house.folder) as server, ThreadPoolExecutor(1) as pool:
        write = completion(house, reference="BK-1")
        with second.deaf():
            for _try in range(2):  # it is there by then, and the standby still has nothing of it
                sent = pool.submit(send, server.port, house.token, write)
                assert stop_waiting(primary, sent) > 0
                assert sent.result()
                assert write.status == 503, write.answer
        assert send(server.port, house.token, write)
        assert write.acknowledged, write.answer
        assert counted(write) == 1
    # The programs of PostgreSQL find the primary too.
    kept = house.folder / "pair.backup"
    with house.app.app_context():
        said = house.app.test_cli_runner().invoke(
            args=["supply", "backup", str(kept), "--pg-dump", str(postgres.programs() / "pg_dump")]
        )
    assert said.exit_code == 0, said.output
    assert kept.stat().st_size > 0


def stop_waiting(primary: postgres.Server, sent: Future[bool]) -> int:
    """What an impatient operator does to every commit that waits, until there is an answer; how often."""
    asking, count = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", 0
    with primary.connect("postgres") as connection:
        for _turn in range(600):
            if sent.done():
                return count
            count += len(connection.execute(asking).fetchall())
            time.sleep(0.05)
    raise AssertionError("no answer")
