"""What must not grow: statements with the size of a request, reads with the size of the ledger.

Counts and query plans, since they are the same on every machine; `make bench` has the seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from bench.stores import PostgresStore, SqliteStore
from bench.world import HOT, World
from supply.database import db, new_id, write_transaction
from supply.domain.outbox import subscribing
from supply.domain.outbox.models import Event, WebhookMessage
from tests.cast import Cast
from tests.client import OneLookClient

pytestmark = pytest.mark.both_databases

# A step writes ten tables: one statement on PostgreSQL, one a table on SQLite.
STEP = {"postgresql": 7, "sqlite": 15}
DELIVERY = {"postgresql": 9, "sqlite": 13}
# The ledger and what grows with it, by the database's own words for reading all of it.
SCAN = re.compile(r"(Seq Scan on|SCAN) (movement|completion|completion_line|delivery_line|idempotency_key)\b")


@pytest.fixture
def world(app: Flask, database_url: str) -> World:
    """Twenty branches, a hundred stocked items, ten thousand movements."""
    store = SqliteStore(database_url) if database_url.startswith("sqlite") else PostgresStore(database_url)
    return World(store, 10_000, 1_200)


class Program:
    """A program with the token of the first branch's therapist."""

    def __init__(self, app: Flask, world: World) -> None:
        self.client, self.branch = OneLookClient(app), world.branches[0]
        self.headers = {"Authorization": f"Bearer {self.branch.secret}"}

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}branch_id={self.branch.id}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post(self, path: str, body: Any) -> int:
        """Send a write; how many statements it took."""
        keyed = self.headers | {"Idempotency-Key": str(new_id())}
        with asked() as seen:
            answer = self.client.post(f"/api/v1{path}", json=body, headers=keyed)
        assert answer.status_code == 201, answer.text
        return len(seen)


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """The statements meanwhile, with their values; BEGIN is none."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def plan_of(statement: str, values: Any) -> str:
    """How the database means to answer."""
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, values)
        return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.usefixtures("session")
def test_a_hundred_steps_take_the_statements_of_one(app: Flask, world: World, backend: str) -> None:
    program = Program(app, world)
    one, *many = world.take_steps_of(0, 51)
    single = program.post(f"/visits/{one.visit_id}/steps/{one.position}/completion", {})
    body = {
        "branch_id": str(program.branch.id),
        "completions": [{"visit_id": str(step.visit_id), "position": step.position} for step in many],
    }
    assert program.post("/step-completions", body) <= single + 1
    assert single <= STEP[backend]


@pytest.mark.usefixtures("session")
def test_a_step_costs_one_insert_more_where_a_webhook_listens(
    app: Flask, world: World, cast: Cast, backend: str
) -> None:
    """On PostgreSQL it joins the one statement that writes everything."""
    program = Program(app, world)
    deaf, heard = world.take_steps_of(0, 2)
    alone = program.post(f"/visits/{deaf.visit_id}/steps/{deaf.position}/completion", {})
    write_transaction(
        lambda s: (
            subscribing.create_webhook(
                s, cast.admin, name="All", url="https://hooks.example/", events=list(Event)
            ).id
        )
    )
    told = program.post(f"/visits/{heard.visit_id}/steps/{heard.position}/completion", {})
    assert told - alone == {"postgresql": 0, "sqlite": 1}[backend]
    assert db.session.scalar(select(func.count()).select_from(WebhookMessage)) >= 1


@pytest.mark.usefixtures("session")
def test_a_delivery_takes_the_same_statements_for_two_lines_and_twenty(
    app: Flask, world: World, backend: str
) -> None:
    program = Program(app, world)

    def deliver(count: int) -> int:
        lines = [
            {"item_id": str(item), "amount": "1", "unit": "kg", "lot_number": "N", "expires_on": "2099-01-01"}
            for item in world.items[:count]
        ]
        body = {"branch_id": str(program.branch.id), "supplier_id": str(world.supplier), "lines": lines}
        return program.post("/deliveries", body)

    few, many = deliver(2), deliver(20)
    assert many <= few
    assert many <= DELIVERY[backend]


@pytest.mark.usefixtures("session")
def test_flags_history_and_item_never_read_the_whole_ledger(app: Flask, world: World) -> None:
    program, hot = Program(app, world), world.items[HOT]
    with asked() as seen:
        flags = program.get("/flags?limit=50&")
        history = program.get(f"/movements?item_id={hot}&limit=50&")
        program.get(f"/items/{hot}/stock-level?")
        program.get("/search?q=17&")
        program.get("/search?q=gung&")
        week = world.noon.date() - timedelta(days=9)
        program.get(f"/movements?type=waste&from={week}&limit=50&")
        program.get(f"/movements?type=waste&from={week}&happened_from={week}&limit=50&")
    assert len(flags["data"]) == 20
    assert len(history["data"]) == 50
    assert history["next_cursor"]
    assert len(seen) <= 40
    plans = [plan_of(*question) for question in seen]
    assert [plan for plan in plans if SCAN.search(plan)] == []
    assert any("movement" in plan for plan in plans)
    with asked() as seen:
        sheet = program.get(f"/lots/{program.branch.places[HOT].lot}/recall-sheet?")
    assert [lot["came"]["amount"] for lot in sheet["lots"]] == ["1000000"]
    assert len(seen) <= 15
    # (Nobody's completions stand behind the movements of this ledger; a table of none is read whole.)
    plans = [plan_of(*question) for question in seen]
    assert [plan for plan in plans if re.search(r"(Seq Scan on|SCAN) movement\b", plan)] == []
