"""Clients that keep their connections: one loop for all of them, which costs little beside the server."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from supply.database import new_id


@dataclass(slots=True)
class Load:
    """What a run of requests did."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.taken) / self.seconds

    @property
    def p50(self) -> float:
        return median(self.taken)

    @property
    def p95(self) -> float:
        return quantiles(self.taken, n=20)[18]


def post(path: str, token: str, body: Any = None) -> bytes:
    """A keyed write, ready to be sent."""
    content = json.dumps({} if body is None else body).encode()
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: {new_id()}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def get(path: str, token: str) -> bytes:
    return f"GET /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def run(port: int, requests: Iterable[bytes], clients: int) -> Load:
    """Send each request once, that many at a time."""
    waiting, load = iter(list(requests)), Load()
    with selectors.DefaultSelector() as selector:
        talks = [_Talk(port) for _ in range(clients)]
        began = time.perf_counter()
        for talk in talks:
            _next(talk, waiting, selector)
        while selector.get_map():
            for key, _events in selector.select(60):
                talk = key.data
                if talk.receive():
                    load.taken.append(time.perf_counter() - talk.began)
                    load.statuses[talk.status] += 1
                    if talk.status >= 400 and len(load.faults) < 3:
                        load.faults.append(talk.body)
                    selector.unregister(talk.socket)
                    _next(talk, waiting, selector)
        load.seconds = time.perf_counter() - began
        for talk in talks:
            talk.socket.close()
    return load


def _next(talk: _Talk, waiting: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    request = next(waiting, None)
    if request is not None:
        talk.send(request)
        selector.register(talk.socket, selectors.EVENT_READ, talk)


class _Talk:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began, self.status, self.body, self._got = 0.0, 0, b"", b""

    def send(self, request: bytes) -> None:
        self._got = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Whether the answer is complete now."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._got += part
        head, end, self.body = self._got.partition(b"\r\n\r\n")
        if not end:
            return False
        self.status = int(head[9:12])
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return len(self.body) >= int(length or 0)
