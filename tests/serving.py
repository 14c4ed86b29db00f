"""The real server as a process of its own: started, asked whether it is ready, stopped or killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sources import ROOT

SECRET = "only-for-tests-0123456789-0123456789"  # the same as the tests' own application has
COMMAND = ("--interface", "wsgi", "--no-ws", "--workers", "1", "--blocking-threads", "8")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def ready(address: str) -> bool:
    """Whether /readyz says so just now."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path, *, within: float) -> float:
    """How long it took, in seconds."""
    began = time.monotonic()
    while not ready(address):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < began + within, f"not ready within {within} s: {log.read_text()}"
        time.sleep(0.02)
    return time.monotonic() - began


class Server:
    """granian on a database, as `make run` starts it, in a process group of its own."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.url, self.port = database_url, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and wait; how long that took, in seconds."""
        return wait_until_ready(self.begin(), self.address, self.log, within=60)

    def begin(self, command: tuple[str, ...] = COMMAND) -> subprocess.Popen[bytes]:
        """Start it and do not wait."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SUPPLY_", "COV"))}
        told = {
            "SUPPLY_DATABASE_URL": self.url,
            "SUPPLY_SECRET_KEY": SECRET,
            "SUPPLY_SECURE_COOKIES": "no",
            "SUPPLY_RATE_LIMIT": "1000000",
            "SUPPLY_LOG_LEVEL": "ERROR",
        }
        program = Path(sys.executable).parent / "granian"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, *command, "--port", str(self.port), "wsgi:app"],
                cwd=ROOT,
                env=kept | told,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop, or kill all of its processes at once."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        self.process.wait(30)
        self.process = None


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[Server]:
    """A server that answers within the block."""
    server = Server(database_url, folder)
    try:
        server.start()
        yield server
    finally:
        server.end()
