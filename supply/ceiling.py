"""How many requests one caller may send in a minute, so that a loud one does not take the others' place.

A token that proved right is counted by itself. What has not yet (a guess, or a token's first call here)
counts against its address, so guesses are limited however many one makes up; and apart from the address's
other calls, so guessing from a spa's network shuts out neither its pages nor its programs at work.
"""

from __future__ import annotations

import threading
from hashlib import sha256

from flask import Flask, Response, abort, g, request
from limits import RateLimitItemPerMinute
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from supply import clock
from supply.config import Settings

TIDY_EVERY = 60
MOST_WINDOWS = 50_000
MOST_PROVEN = 10_000
UNCOUNTED = ("static", "bootstrap.static", "health.healthz")


def init_ceiling(app: Flask, settings: Settings) -> None:
    """Hold every caller to SUPPLY_RATE_LIMIT and tell them where they stand."""
    proven = ProvenTokens()
    # One rule for all: of the library its windows and stores are needed, not what Flask-Limiter adds, which
    # costs a twentieth of a step.
    counts = FixedWindowRateLimiter(storage_from_string(settings.rate_limit_storage))
    most = RateLimitItemPerMinute(settings.rate_limit_per_minute)

    @app.before_request
    def _count() -> None:
        if request.endpoint in UNCOUNTED:
            return
        caller = _caller(proven)
        within = counts.hit(most, caller)
        g.window = counts.get_window_stats(most, caller)
        if not within:
            abort(429)

    @app.after_request
    def _learn(response: Response) -> Response:
        """What the API's gate found out about the token (see prove)."""
        if "token_told" in g:
            refused = response.status_code == 401
            proven.note(g.token_told, right=g.get("token_proven", False), refused=refused)
        return response

    @app.after_request
    def _tell(response: Response) -> Response:
        """The fields of the IETF draft: how many in which window, how many are left, until when."""
        window = g.get("window")
        if window is not None:
            seconds = max(0, round(window.reset_time - clock.now().timestamp()))
            response.headers["RateLimit-Policy"] = f'"caller";q={settings.rate_limit_per_minute};w=60'
            response.headers["RateLimit"] = f'"caller";r={max(0, window.remaining)};t={seconds}'
            if response.status_code == 429:
                response.headers.setdefault("Retry-After", str(seconds))
        return response


def prove() -> None:
    """The API's gate found a person behind this request's token."""
    g.token_proven = True


def _caller(proven: ProvenTokens) -> str:
    """Whose calls this one is counted with. A page takes no token, whatever is sent."""
    header = request.headers.get("Authorization", "") if request.path.startswith("/api/") else ""
    address = request.remote_addr or "unknown"
    if not header:
        return address
    # The secret alone: other spaces or capitals around it begin no other count.
    g.token_told = sha256(header.partition(" ")[2].strip().encode()).hexdigest()[:32]
    return f"token:{g.token_told}" if g.token_told in proven else f"unproven:{address}"


class ProvenTokens:
    """Hashes of tokens that were right when last seen, at most MOST_PROVEN. Guesses never enter."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}

    def __contains__(self, told: str) -> bool:
        return told in self._known

    def note(self, told: str, *, right: bool, refused: bool) -> None:
        """Remember one that is right, the oldest making room; forget one that is refused by now."""
        with self._lock:
            if right and told not in self._known:
                self._known[told] = None
                if len(self._known) > MOST_PROVEN:
                    del self._known[next(iter(self._known))]
            elif refused:
                self._known.pop(told, None)


class CallCounts(Storage):
    """Counting in this process: what SUPPLY_RATE_LIMIT_STORAGE=memory:// means, in fixed windows.

    The library's own memory store starts a thread to tidy up after nearly every call, which costs more than
    most calls do. This one tidies once a minute. Declaring the scheme makes it the one of it.
    """

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
            if now > self._tidy_at or len(self._windows) > MOST_WINDOWS:
                self._tidy(now)
        return count + amount

    def _tidy(self, now: float) -> None:
        """Forget windows that ended; where too many are open still, the older half of them."""
        self._tidy_at = now + TIDY_EVERY
        open_ones = {name: window for name, window in self._windows.items() if window[1] > now}
        if len(open_ones) > MOST_WINDOWS // 2:
            open_ones = dict(list(open_ones.items())[-MOST_WINDOWS // 2 :])
        self._windows = open_ones

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
