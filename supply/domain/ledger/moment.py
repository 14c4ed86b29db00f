"""When something happened, as somebody tells it. Later than the clock is a slip, not a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from supply import clock
from supply.errors import Invalid
from supply.i18n import lazy

# How far the clock of a tablet may run ahead of ours.
LEEWAY = timedelta(minutes=5)


def happened(told: datetime | None, *, field: str = "happened_at") -> datetime:
    """The instant that was told, or now. Raises Invalid("happened_in_future")."""
    now = clock.now()
    if told is None:
        return now
    if told > now + LEEWAY:
        raise Invalid(
            "happened_in_future",
            lazy("This time lies in the future. Write when it really happened."),
            field=field,
        )
    return told
