"""The disk is full: writes are refused and say when to come back, reading goes on, writing resumes."""

from __future__ import annotations

import http.client
import json
import resource
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from supply.database import db
from tests.api.calling import Caller, make_token
from tests.cast import Cast, assemble
from tests.client import OneLookClient
from tests.conftest import MadeApps, dispose, settings_for
from tests.serving import Server, serving
from tests.treatments import differences, open_spa
from tests.web import browsing

MANY = 400


@contextmanager
def no_page_more() -> Iterator[None]:
    """The database may not grow: what SQLite says then is what it says of a full disk."""

    def hold(connection: Any, _record: Any, _proxy: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}").close()

    def let_go(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA max_page_count=1073741823").close()

    event.listen(db.engine, "checkout", hold)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", hold)
        event.listen(db.engine, "checkout", let_go)


def supplier(number: int) -> dict[str, Any]:
    return {"code": f"FARM-{number}", "name": "Farm " * 20, "lead_time_days": 2}


def test_a_full_database_is_told_and_ends_by_itself(client: OneLookClient, cast: Cast) -> None:
    manager = Caller(client, cast.manager)
    browsing.sign_in(client, cast.manager)
    with no_page_more():
        answers = (manager.send("POST", "/suppliers", supplier(number)) for number in range(MANY))
        refused = next(answer for answer in answers if answer.status_code != 201)
        assert (refused.status_code, refused.get_json()["code"]) == (503, "store_unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/healthz").get_json()["alarm"] == "the last write failed: OperationalError"
        stored = len(manager.get("/suppliers", limit=200)["data"])
        assert stored > 0
        for page in ("/", "/stock", "/suppliers"):
            assert client.get(page).status_code == 200, page
        typed = {"name": "Farm " * 20, "order_days": "monday"}
        forms = (
            browsing.send(client, "/suppliers/new", "/suppliers/new", code=f"X{number}", **typed)
            for number in range(MANY)
        )
        page = next(answer for answer in forms if answer.status_code != 303)
        assert page.status_code == 503
        assert int(page.headers["Retry-After"]) > 0
        assert "Nothing was saved" in page.text
    assert manager.send("POST", "/suppliers", supplier(MANY)).status_code == 201
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200


# --- a server that may not write beyond a size -------------------------------------------------------------


@pytest.fixture
def spa(sqlite_template: Path, tmp_path: Path, made_apps: MadeApps) -> Iterator[tuple[Server, str, Path]]:
    """A server on a spa of its own, a manager's token, and the file."""
    file = tmp_path / "supply.sqlite"
    shutil.copyfile(sqlite_template, file)
    app = made_apps.on(settings_for(f"sqlite:///{file}"))
    with app.app_context():
        cast = assemble(db.session())
        open_spa(cast)
        token = make_token(cast.manager)
        with serving(f"sqlite:///{file}", tmp_path) as server:
            yield server, token, file
    dispose(app)


def workers(server: Server) -> list[int]:
    assert server.process is not None
    told = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [server.process.pid, *map(int, told.split())]


def limit(server: Server, size: int) -> None:
    """Let no file of the server's grow beyond so many bytes."""
    for pid in workers(server):
        _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def send(server: Server, token: str, number: int) -> tuple[int, str | None, dict[str, Any]]:
    """Status, Retry-After and body of a keyed write."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": f"supplier-{number}",
        "Content-Type": "application/json",
    }
    connection.request("POST", "/api/v1/suppliers", json.dumps(supplier(number)), headers)
    answer = connection.getresponse()
    told = answer.status, answer.headers["Retry-After"], json.loads(answer.read())
    connection.close()
    return told


def look(server: Server, path: str, token: str = "") -> Any:
    request = urllib.request.Request(f"{server.address}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_a_server_that_can_write_no_more_recovers_without_a_hand(spa: tuple[Server, str, Path]) -> None:
    server, token, file = spa
    assert send(server, token, 0)[0] == 201
    limit(server, file.with_name(f"{file.name}-wal").stat().st_size)
    refused = next(number for number in range(1, MANY) if send(server, token, number)[0] != 201)
    status, wait, problem = send(server, token, refused)
    assert (status, problem["code"]) == (503, "store_unavailable")
    assert wait is not None
    assert int(wait) > 0
    assert "alarm" in look(server, "/healthz")
    with pytest.raises(urllib.request.HTTPError) as unready:
        look(server, "/readyz")
    assert unready.value.code == 503
    unready.value.close()
    assert len(look(server, "/api/v1/suppliers?limit=200", token)["data"]) == refused
    limit(server, resource.RLIM_INFINITY)
    assert look(server, "/readyz") == {"status": "ready"}
    assert send(server, token, refused)[0] == 201
    assert look(server, "/healthz") == {"status": "ok"}
    assert differences() == []
