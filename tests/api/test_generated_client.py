"""A client that a program's author would generate: it comes out without a warning, and it works."""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests import goods as shop
from tests.api.calling import make_token
from tests.cast import Cast
from tests.treatments import noon, open_spa

NAME = "supply_client"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application answers on loopback."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def generated(client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package that openapi-python-client makes of the document."""
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(client.get("/api/v1/openapi.json").get_json()))
    tools = Path(sys.executable).parent
    command = [tools / "openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"]
    done = subprocess.run(
        [*command, "--path", document, "--output-path", tmp_path / NAME],
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(NAME)
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def operation(path: str) -> Any:
    return importlib.import_module(f"{NAME}.api.{path}")


def key() -> str:
    return uuid.uuid4().hex


def test_it_does_the_days_work(address: str, cast: Cast, generated: ModuleType) -> None:
    goods = shop.stock_up(cast)
    open_spa(cast)
    shop.policy(cast, goods.oil, 20_000_000, 30_000_000)
    told = importlib.import_module(f"{NAME}.models")
    storeroom, therapist = (
        generated.AuthenticatedClient(base_url=address, token=make_token(actor))
        for actor in (cast.storekeeper, cast.therapist)
    )
    with storeroom, therapist:
        line = told.LogDeliveryLine(
            item_id=goods.ginger, amount="2", unit="carton", lot_number="G-1", expires_on=shop.LATER
        )
        body = told.LogDelivery(branch_id=cast.branch_id, supplier_id=goods.farm, lines=[line])
        delivery = operation("deliveries.log_delivery").sync(
            client=storeroom, idempotency_key=key(), body=body
        )
        assert (delivery.lines[0].quantity.amount, delivery.lines[0].quantity.unit) == ("10", "kg")

        plan = told.PlanVisit(
            branch_id=cast.branch_id,
            guests=[told.GuestIn()],
            planned_at=noon(),
            procedure="back-massage",
        )
        visit = operation("visits.plan_visit").sync(client=therapist, idempotency_key=key(), body=plan)
        assert [step.position for step in visit.steps] == [1, 2, 3, 4, 5, 6]

        once = key()
        completions = [
            operation("visits.complete_step").sync(
                visit.id, 4, client=therapist, idempotency_key=once, body=told.CompleteStep()
            )
            for _time in range(2)
        ]
        assert completions[0] == completions[1]
        assert completions[0].lines

        flags = operation("flags.list_flags").sync(client=storeroom, branch_id=cast.branch_id)
        assert [flag.item.code for flag in flags.data] == ["orange-oil"]
        assert flags.next_cursor is None

        refused = operation("deliveries.log_delivery").sync_detailed(
            client=therapist, idempotency_key=key(), body=body
        )
        assert (refused.status_code, refused.parsed.code) == (403, "not_permitted")
