"""A live server on loopback over a demo spa, with the clock of a working morning.

The demo is told once per process; each server gets a copy of its file. The clock starts at MORNING and
runs on, so that the pictures and the journeys are the same at any hour of the day they run.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from supply import clock
from supply.cli.demo.founding import told
from supply.cli.demo_command import tell
from supply.database import read_snapshot

MORNING = datetime(2026, 11, 20, 4, 10, tzinfo=UTC)  # 11:10 on a Friday where the spa is
PASSWORD = str(told()["password"])


@dataclass(frozen=True)
class Spa:
    """A running server: where it answers, and its database for a look behind the pages."""

    url: str
    app: Flask

    def look(self, work: Callable[[Any], Any]) -> Any:
        with self.app.app_context():
            return read_snapshot(work)


def tell_demo(app: Flask, days: int) -> None:
    """Fill the app's database with the demo spa of `days` days up to MORNING."""
    with app.app_context(), clock.standing_at(MORNING):
        tell(1, days=days)


@contextmanager
def serving(app: Flask) -> Iterator[Spa]:
    """Serve the app from a thread, its clock running from MORNING."""
    began = time.monotonic()
    plain = app.wsgi_app

    def at_work(environ: Any, start_response: Any) -> Iterable[bytes]:
        # Pages are counted as covered where tests call them directly; counting again takes as long again.
        sys.settrace(None)
        now = MORNING + timedelta(seconds=time.monotonic() - began)
        with clock.standing_at(now), closing(plain(environ, start_response)) as answer:
            # Read whole: a browser that moves on in mid-answer must leave no file open behind it.
            return [b"".join(answer)]

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, at_work, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Spa(f"http://127.0.0.1:{server.server_port}", app)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        return None
