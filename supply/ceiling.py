"""Counting calls in this process: what SUPPLY_RATE_LIMIT_STORAGE=memory:// means.

The library's own memory store starts a thread to tidy up after nearly every call, which costs more than most
calls do. This one tidies once a minute.
"""

from __future__ import annotations

import threading

from limits.storage import Storage

from supply import clock

TIDY_EVERY = 60


class CallCounts(Storage):
    """Fixed windows: a name is counted until its window ends. Declaring the scheme makes it the one of it."""

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 - the library's own declaration
    base_exceptions = ValueError

    def __init__(self, uri: str | None = None, **_options: float | str | bool) -> None:
        super().__init__(uri)
        self._lock = threading.Lock()
        # name: (calls, when the window ends)
        self._windows: dict[str, tuple[int, float]] = {}
        self._tidy_at = clock.now().timestamp() + TIDY_EVERY

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = clock.now().timestamp()
        with self._lock:
            count, until = self._windows.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
            self._windows[key] = (count + amount, until)
            if now > self._tidy_at:
                self._tidy_at = now + TIDY_EVERY
                self._windows = {name: window for name, window in self._windows.items() if window[1] > now}
        return count + amount

    def get(self, key: str) -> int:
        count, until = self._windows.get(key, (0, 0.0))
        return count if until > clock.now().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        return self._windows.get(key, (0, clock.now().timestamp()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count, self._windows = len(self._windows), {}
        return count

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)
