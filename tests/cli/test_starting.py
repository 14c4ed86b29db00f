"""Starting with settings that cannot be meant: a sentence, never a trace; and from nothing, all at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.serving import COMMAND, Server
from tests.sources import ROOT


def start(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SUPPLY_", "COV"))}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "supply.cli.setup"),
        ("-m", "flask", "--app", "wsgi", "supply", "check"),
        ("-c", "import wsgi"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_one_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = start(tmp_path, *command, SUPPLY_SESSION_HOURS="soon", SUPPLY_SECRET_KEY="x" * 32)
    assert done.returncode != 0
    said = "Supply does not start. SUPPLY_SESSION_HOURS must be a whole number from 1 to 720, not 'soon'."
    assert done.stderr.strip() == said


def test_setting_up_makes_secret_and_database_once(tmp_path: Path) -> None:
    first = start(tmp_path, "-m", "supply.cli.setup")
    assert first.returncode == 0, first.stderr
    secret = (tmp_path / "instance" / "secret-key").read_text()
    again = start(tmp_path, "-m", "supply.cli.setup")
    assert again.stdout == "The database is ready.\n"
    assert (tmp_path / "instance" / "secret-key").read_text() == secret
    assert (tmp_path / "instance" / "supply.sqlite").exists()


def test_an_order_to_stop_is_heard_while_it_starts(tmp_path: Path) -> None:
    """While a worker imports the application; nothing is asked of the database yet."""
    server = Server(f"sqlite:///{tmp_path / 'none.sqlite'}", tmp_path)
    process = server.begin(COMMAND)
    until = time.monotonic() + 20
    while "Spawning worker-1" not in server.log.read_text() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    assert "Started worker-1" not in server.log.read_text()
    try:
        process.terminate()
        process.wait(10)
    finally:
        server.end(signal.SIGKILL)


def test_an_id_keeps_its_type_whatever_is_imported_first() -> None:
    """A foreign key's type comes from the table it points to, which must be known by then."""
    query = "from supply.domain.ledger.writer import _SHELF; query = _SHELF._query"
    look = f"{query}; print(repr(query.compile().binds['items'].type))"
    assert start(ROOT, "-c", look).stdout.strip() == "Uuid()"
