"""The only reader of the wall clock. Instants are aware UTC; days are a branch's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_told: ContextVar[datetime | None] = ContextVar("told_instant", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC, to the microsecond."""
    return _told.get() or datetime.now(UTC)


def day_of(instant: datetime, timezone: str) -> date:
    """The branch's calendar day on which an instant lies."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def today(timezone: str) -> date:
    """The present day in a branch's time zone (an IANA name)."""
    return day_of(now(), timezone)


def span_of(day: date, timezone: str) -> tuple[datetime, datetime]:
    """The instants at which a branch's day begins and ends."""
    zone = ZoneInfo(timezone)
    starts = datetime.combine(day, time(), zone)
    return starts.astimezone(UTC), datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def begin_of(day: date | None, timezone: str) -> datetime | None:
    """When a branch's day begins; None where no day is named."""
    return span_of(day, timezone)[0] if day else None


def end_of(day: date | None, timezone: str) -> datetime | None:
    """When a branch's day is over; None where no day is named."""
    return span_of(day, timezone)[1] if day else None


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Let the clock stand at an instant: for the demo's history and for tests of midnight."""
    token = _told.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _told.reset(token)
