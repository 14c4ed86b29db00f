"""The real server on a database, and what its processes cost. Started here, ended here, by its process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.stores import SECRET

BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int

    def pids(self) -> list[int]:
        """The server and its workers."""
        return [self.pid, *_children(self.pid)]

    def most_memory(self) -> float:
        """MiB that the largest of its processes holds or held."""
        return max(_peak(pid) for pid in self.pids())


# As the Makefile starts it: a worker for each of two cores, six threads in all.
WORKERS, THREADS = "2", "3"


def granian(port: int) -> list[str]:
    return [
        str(BIN / "granian"), "--interface", "wsgi", "--workers", WORKERS, "--blocking-threads", THREADS,
        "--host", "127.0.0.1", "--port", str(port), "wsgi:app",
    ]  # fmt: skip


def gunicorn(port: int) -> list[str]:
    return [
        str(BIN / "gunicorn"), "--worker-class", "gthread", "--workers", WORKERS, "--threads", THREADS,
        "--bind", f"127.0.0.1:{port}", "--keep-alive", "60", "wsgi:app",
    ]  # fmt: skip


SERVERS = {"granian": granian, "gunicorn": gunicorn}


@contextmanager
def served(url: str, folder: Path, kind: str = "granian") -> Iterator[Server]:
    """The server answers within the block."""
    port = _free_port()
    environment = os.environ | {
        "SUPPLY_DATABASE_URL": url,
        "SUPPLY_SECRET_KEY": SECRET,
        "SUPPLY_SECURE_COOKIES": "no",
        "SUPPLY_RATE_LIMIT": "1000000",
    }
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(SERVERS[kind](port), env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(process, port)
            yield Server(port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server ended before it answered; see server.log")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer within half a minute")


def cpu_seconds(pids: Iterable[int]) -> float:
    """What processes, and those of theirs that have ended, have used so far: user and system time."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def _children(pid: int) -> Sequence[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_children(child)]
    return found


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
