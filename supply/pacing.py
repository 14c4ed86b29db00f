"""How far a transaction is that takes long. Nobody sees into one, so it is told beside the store.

In a file that is locked while somebody is at it: a process that died is known at once. With SQLite it lies
beside the database, with PostgreSQL in the machine's folder for what passes; another machine then knows only
that the work was begun. Refuses to decide anything: without the file the work is the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from flask import current_app
from sqlalchemy.engine import make_url

T = TypeVar("T")
STRIDE = 100
PORTION = 500


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of the work is through, and whether anybody is still at it."""

    done: int
    alive: bool


class _Teller:
    def __init__(self, handle: int) -> None:
        self._handle, self._done = handle, 0
        self.went(0)

    def went(self, count: int) -> None:
        self._done += count
        # A full disk stops the work itself, and says so; it need not stop here.
        with contextlib.suppress(OSError):
            os.pwrite(self._handle, b"%10d" % self._done, 0)

    def anew(self) -> None:
        self.went(-self._done)


_TELLER: ContextVar[_Teller | None] = ContextVar("supply_pace", default=None)


@contextlib.contextmanager
def telling(key: UUID) -> Iterator[bool]:
    """Within the block it is told how far the work `key` is; False where somebody is at it already.

    Whoever leaves it by an exception has come to no end, as one that died.
    """
    path = _path(key)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        yield True
        return
    if not _taken(handle):
        os.close(handle)
        yield False
        return
    token = _TELLER.set(_Teller(handle))
    try:
        yield True
        path.unlink(missing_ok=True)
    finally:
        _TELLER.reset(token)
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def seen(key: UUID) -> Pace | None:
    """How far it is; None where nobody on this machine has told."""
    try:
        handle = os.open(_path(key), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        done = int(os.pread(handle, 10, 0) or 0)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Pace(done, alive=True)
        return Pace(done, alive=False)
    finally:
        os.close(handle)


def anew() -> None:
    """A transaction that is repeated begins again."""
    if (teller := _TELLER.get()) is not None:
        teller.anew()


def went(count: int) -> None:
    """So much more is through."""
    if (teller := _TELLER.get()) is not None:
        teller.went(count)


def paced(rows: Iterable[T]) -> Iterator[T]:
    """The rows, while every so often it is told how many are through."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if number % STRIDE == 0:
            went(STRIDE)
    went(number % STRIDE)


def in_portions(rows: Sequence[T], size: int = PORTION) -> Iterator[Sequence[T]]:
    """The rows some hundreds at a time, each told when it is through."""
    for first in range(0, len(rows), size):
        portion = rows[first : first + size]
        yield portion
        went(len(portion))


def _path(key: UUID) -> Path:
    settings = current_app.extensions["supply_settings"]
    database = make_url(settings.database_url).database if settings.sqlite else None
    folder = Path(database).parent if database else Path(tempfile.gettempdir())
    return folder / f"supply-{key}.pace"
