"""The limit: the rows of one completed step, written by hand as fast as the database takes them.

PostgreSQL: one prepared statement in autocommit, the branch's head locked in it. SQLite: one process, one
transaction. Both choose lots first expired first, chain the movements, and write movement, holding,
stock_level, demand_day, ledger_head, completion, completion_line, visit_step, visit and idempotency_key.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import psycopg

from bench.clients import Load
from bench.stores import PostgresStore, SqliteStore
from bench.world import STANDARD, Step, World
from supply.database import new_id

# The product keeps its answer beside the key; about as long as this.
ANSWER = "x" * 1900

POSTGRES = """
WITH head AS (SELECT seq, hash FROM ledger_head WHERE branch_id = %(branch)s FOR UPDATE),
want AS (SELECT item_id, line FROM unnest(%(items)s::uuid[]) WITH ORDINALITY AS w (item_id, line)),
pick AS MATERIALIZED (SELECT w.item_id, w.line, h.id, h.lot_id, h.location_id FROM head, want w
 CROSS JOIN LATERAL (SELECT id, lot_id, location_id FROM holding WHERE branch_id = %(branch)s
  AND item_id = w.item_id AND quantity > 0 AND expires_on >= %(day)s ORDER BY expires_on, lot_id LIMIT 1) h),
chained AS (SELECT 1 AS line, sha256(hash || int8send(seq + 1)) AS hash FROM head
 UNION ALL SELECT 2, sha256(sha256(hash || int8send(seq + 1)) || int8send(seq + 2)) FROM head
 UNION ALL SELECT 3, sha256(sha256(sha256(hash || int8send(seq + 1)) || int8send(seq + 2))
  || int8send(seq + 3)) FROM head),
w1 AS (INSERT INTO movement (branch_id, seq, type, item_id, lot_id, location_id, quantity, happened_at,
  recorded_at, person_id, source_type, source_id, source_line, hash_version, hash)
 SELECT %(branch)s, head.seq + p.line, 'usage', p.item_id, p.lot_id, p.location_id, -%(quantity)s, %(now)s,
  %(now)s, %(person)s, 'completion', %(completion)s, p.line, 1, c.hash
 FROM head, pick p JOIN chained c ON c.line = p.line),
w2 AS (UPDATE holding SET quantity = quantity - %(quantity)s FROM pick p WHERE holding.id = p.id),
w3 AS (UPDATE stock_level SET on_hand = on_hand - %(quantity)s, reserved = reserved - %(quantity)s
 FROM pick p WHERE stock_level.branch_id = %(branch)s AND stock_level.item_id = p.item_id),
w4 AS (INSERT INTO demand_day (branch_id, item_id, day_on, used, short)
 SELECT %(branch)s, item_id, %(day)s, %(quantity)s, 0 FROM pick ON CONFLICT (branch_id, item_id, day_on)
 DO UPDATE SET used = demand_day.used + excluded.used),
w5 AS (UPDATE ledger_head SET seq = head.seq + 3, hash = c.hash FROM head, chained c
 WHERE branch_id = %(branch)s AND c.line = 3),
w6 AS (INSERT INTO completion (id, branch_id, visit_step_id, person_id, happened_at, recorded_at)
 SELECT %(completion)s, %(branch)s, %(step)s, %(person)s, %(now)s, %(now)s FROM head),
w7 AS (INSERT INTO completion_line (completion_id, position, item_id, standard, actual, shortfall)
 SELECT %(completion)s, line, item_id, %(quantity)s, %(quantity)s, 0 FROM pick),
w8 AS (UPDATE visit_step SET status = 'completed' FROM head WHERE id = %(step)s),
w9 AS (UPDATE visit SET status = 'running', version = version + 1 FROM head WHERE id = %(visit)s)
INSERT INTO idempotency_key (key, person_id, fingerprint, status, body, headers, created_at)
SELECT %(key)s, %(person)s, %(mark)s, 201, %(body)s, '{}', %(now)s FROM head
"""


def _facts(world: World, step: Step) -> dict[str, Any]:
    branch = world.branches[step.branch]
    now = datetime.now(UTC)
    return {
        "branch": branch.id,
        "person": branch.therapist,
        "step": step.id,
        "visit": step.visit_id,
        "items": list(step.items),
        "quantity": STANDARD,
        "completion": new_id(),
        "key": str(new_id()),
        "mark": "0" * 64,
        "body": ANSWER,
        "now": now,
        "day": now.date(),
    }


def on_postgres(world: World, store: PostgresStore, steps: Sequence[Step], clients: int) -> Load:
    """Complete the steps by hand, that many clients at once."""
    waiting, load = iter(steps), Load()
    turn, barrier = threading.Lock(), threading.Barrier(clients + 1)

    def work() -> None:
        with psycopg.connect(store.dsn, autocommit=True, prepare_threshold=0) as connection:
            connection.execute("SET plan_cache_mode = force_generic_plan")
            barrier.wait()
            while True:
                with turn:
                    step = next(waiting, None)
                if step is None:
                    return
                began = time.perf_counter()
                assert connection.execute(POSTGRES, _facts(world, step)).rowcount == 1
                load.taken.append(time.perf_counter() - began)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - began
    return load


_PICK = (
    "SELECT id, lot_id, location_id FROM holding WHERE branch_id = ? AND item_id = ? AND quantity > 0"
    " AND expires_on >= ? ORDER BY expires_on, lot_id LIMIT 1"
)
_MOVEMENT = (
    "INSERT INTO movement (branch_id, seq, type, item_id, lot_id, location_id, quantity, happened_at,"
    " recorded_at, person_id, source_type, source_id, source_line, hash_version, hash)"
    " VALUES (?, ?, 'usage', ?, ?, ?, ?, ?, ?, ?, 'completion', ?, ?, 1, ?)"
)
_LEVEL = (
    "UPDATE stock_level SET on_hand = on_hand - ?, reserved = reserved - ?"
    " WHERE branch_id = ? AND item_id = ?"
)
_DEMAND = (
    "INSERT INTO demand_day (branch_id, item_id, day_on, used, short) VALUES (?, ?, ?, ?, 0)"
    " ON CONFLICT (branch_id, item_id, day_on) DO UPDATE SET used = used + excluded.used"
)
_COMPLETION = (
    "INSERT INTO completion (id, branch_id, visit_step_id, person_id, happened_at, recorded_at)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_LINE = (
    "INSERT INTO completion_line (completion_id, position, item_id, standard, actual, shortfall)"
    " VALUES (?, ?, ?, ?, ?, 0)"
)
_KEY = (
    "INSERT INTO idempotency_key (key, person_id, fingerprint, status, body, headers, created_at)"
    " VALUES (?, ?, ?, 201, ?, '{}', ?)"
)


def on_sqlite(world: World, store: SqliteStore, steps: Sequence[Step]) -> Load:
    """Complete the steps by hand, one after the other."""
    load = Load()
    with closing(sqlite3.connect(store.file, isolation_level=None, timeout=30)) as connection:
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            connection.execute(f"PRAGMA {pragma}")
        for step in steps:
            began = time.perf_counter()
            _by_hand(connection.execute, _facts(world, step))
            load.taken.append(time.perf_counter() - began)
    load.seconds = sum(load.taken)
    return load


def _by_hand(run: Any, facts: dict[str, Any]) -> None:
    branch, person, completion = facts["branch"].hex, facts["person"].hex, facts["completion"].hex
    now, day, quantity = facts["now"].strftime("%Y-%m-%d %H:%M:%S.%f"), str(facts["day"]), facts["quantity"]
    run("BEGIN IMMEDIATE")
    seq, tip = run("SELECT seq, hash FROM ledger_head WHERE branch_id = ?", (branch,)).fetchone()
    times = (now, now)
    run(_COMPLETION, (completion, branch, facts["step"].hex, person, *times))
    for line, item_id in enumerate(facts["items"], 1):
        item, seq = item_id.hex, seq + 1
        holding, lot, location = run(_PICK, (branch, item, day)).fetchone()
        tip = sha256(tip + seq.to_bytes(8)).digest()
        run(_MOVEMENT, (branch, seq, item, lot, location, -quantity, *times, person, completion, line, tip))
        run("UPDATE holding SET quantity = quantity - ? WHERE id = ?", (quantity, holding))
        run(_LEVEL, (quantity, quantity, branch, item))
        run(_DEMAND, (branch, item, day, quantity))
        run(_LINE, (completion, line, item, quantity, quantity))
    run("UPDATE ledger_head SET seq = ?, hash = ? WHERE branch_id = ?", (seq, tip, branch))
    run("UPDATE visit_step SET status = 'completed' WHERE id = ?", (facts["step"].hex,))
    run("UPDATE visit SET status = 'running', version = version + 1 WHERE id = ?", (facts["visit"].hex,))
    run(_KEY, (facts["key"], person, facts["mark"], facts["body"], now))
    run("COMMIT")
