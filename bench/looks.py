"""What looking costs: reads that must not grow with the ledger, deliveries, pages of the demo spa.

In this process, through the whole application: what the machine's network does is no matter here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import event

from bench.steps import BULK, AnyStore
from bench.stores import settings_for
from bench.world import HOT, World
from supply.app import create_app
from supply.cli.demo.founding import told
from supply.cli.demo_command import tell
from supply.database import db, new_id
from tests.client import OneLookClient
from tests.web.browsing import send

LOOKS = 40
# Visits of a day, of six steps each, whose readiness is looked at.
READY = 200


@dataclass(slots=True)
class Looks:
    """Milliseconds of each read with one ledger, and the statements of the writes that have a ceiling."""

    store: str
    movements: int
    milliseconds: dict[str, float] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Pages:
    """Of the demo spa: by path the median milliseconds and the statements."""

    milliseconds: dict[str, float] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)


@contextmanager
def opened(url: str) -> Iterator[Flask]:
    app = create_app(settings_for(url))
    with app.app_context():
        yield app
        db.engine.dispose()


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements meanwhile; BEGIN is none."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def look(world: World, store: AnyStore) -> Looks:
    """Time what reads, count what the writes say."""
    looks = Looks(store.name, world.movements)
    with opened(store.url) as app:
        client, branch = OneLookClient(app), world.branches[0]
        of, hot = f"branch_id={branch.id}", world.items[HOT]
        headers = {"Authorization": f"Bearer {branch.secret}"}
        for name, path in {
            "flags list": f"/flags?{of}&limit=50",
            "first page of an item's movements": f"/movements?{of}&item_id={hot}&limit=50",
            "item": f"/items/{hot}/stock-level?{of}",
            f"readiness of {READY} visits": f"/readiness?{of}",
        }.items():
            get = partial(client.get, f"/api/v1{path}", headers=headers)
            _ok(get())
            looks.milliseconds[name] = _median(get)
        for name, (path, body) in _writes(world).items():
            keyed = headers | {"Idempotency-Key": str(new_id())}
            with counted() as seen:
                _ok(client.post(f"/api/v1{path}", json=body, headers=keyed))
            looks.statements[name] = len(seen)
    return looks


def _writes(world: World) -> dict[str, tuple[str, Any]]:
    """One step, a hundred, a delivery of twenty lines, all of the first branch."""
    branch = world.branches[0]
    step, *many = world.take_steps_of(0, BULK + 1)
    lines = [
        {"item_id": str(item), "amount": "1", "unit": "kg", "lot_number": "N1", "expires_on": "2099-01-01"}
        for item in world.items[:20]
    ]
    return {
        "one step": (f"/visits/{step.visit_id}/steps/{step.position}/completion", {}),
        "a hundred steps": (
            "/step-completions",
            {
                "branch_id": str(branch.id),
                "completions": [{"visit_id": str(s.visit_id), "position": s.position} for s in many],
            },
        ),
        "a delivery of 20 lines": (
            "/deliveries",
            {"branch_id": str(branch.id), "supplier_id": str(world.supplier), "lines": lines},
        ),
    }


def look_at_demo(store: AnyStore) -> Pages:
    """Every page without a place in its address, as a manager of the demo spa sees it."""
    pages = Pages()
    with opened(store.url) as app:
        tell(seed=1)
        spa = told()
        manager = next(row["login"] for row in spa["people"] if row["role"] == "manager")
        client = OneLookClient(app)
        send(client, "/sign-in", "/sign-in", login=manager, password=spa["password"])
        rules = [rule for rule in app.url_map.iter_rules() if not rule.arguments]
        for path in sorted(rule.rule for rule in rules if "GET" in (rule.methods or ())):
            answer = client.get(path)
            if answer.status_code != 200 or answer.mimetype != "text/html" or path.startswith("/api"):
                continue
            with counted() as seen:
                client.get(path)
            pages.statements[path] = len(seen)
            pages.milliseconds[path] = _median(partial(client.get, path), 7)
    return pages


def _median(work: Callable[[], Any], times: int = LOOKS) -> float:
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _ok(answer: Any) -> None:
    assert answer.status_code in (200, 201), (answer.status_code, answer.text[:500])
