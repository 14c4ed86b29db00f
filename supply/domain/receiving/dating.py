"""How long what came in will keep: pure. Expired is refused unless told; short-dated is only said."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

# Less than this part of an item's shelf life left at arrival is worth a word with the supplier.
SHORT_PART = 3


class Dating(StrEnum):
    GOOD = "good"
    SHORT = "short-dated"
    EXPIRED = "expired"


def dating(expires_on: date | None, arrived_on: date, shelf_life_days: int | None) -> Dating:
    """Judge a last day by the day of arrival; without a shelf life nothing is short."""
    if expires_on is None:
        return Dating.GOOD
    if expires_on < arrived_on:
        return Dating.EXPIRED
    left = (expires_on - arrived_on).days
    if shelf_life_days is not None and left * SHORT_PART < shelf_life_days:
        return Dating.SHORT
    return Dating.GOOD


def usual_expiry(arrived_on: date, shelf_life_days: int | None) -> date | None:
    """What a form may suggest; nobody takes it unseen."""
    return None if shelf_life_days is None else arrived_on + timedelta(days=shelf_life_days)
