"""Which items to count next, and why: by what they are worth and by what makes the book doubtful. Pure.

Dear items are due every month, the middle ones every quarter, cheap ones twice a year; whatever gives rise to
doubt comes sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Why(StrEnum):
    """What puts an item on the list; each comes with a figure."""

    SHORTFALL = "shortfall"
    """So many times more was used than the book had."""
    VARIANCE = "variance"
    """So many per cent of what the book expected, shelf and book differed when it was counted."""
    OVERDUE = "overdue"
    """For so many days nobody has counted some of it."""
    EXPIRED = "expired"
    """So many lots of it are past their use and stand there."""
    OPENED = "opened"
    """So many containers of it are open."""
    VALUE = "value"
    """It is so many per cent of what all stock is worth."""
    CHOSEN = "chosen"
    """Somebody chose it."""
    FULL = "full"
    """Everything is counted."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of an item before it is counted. `value` at lot cost, in any unit of money.

    `differed` and `expected` are base units: how far counts were off, and what the book expected of them.
    """

    item_id: UUID
    value: int = 0
    unseen_days: int = 0
    shortfalls: int = 0
    differed: int = 0
    expected: int = 0
    expired: int = 0
    opened: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item to count: the more points the sooner. `reasons`: codes with their figures, strongest first."""

    item_id: UUID
    points: int
    reasons: Sequence[tuple[Why, int]]


@dataclass(frozen=True, slots=True)
class _Grade:
    """How often an item of so much worth is due, and how much its doubts weigh, in tenths."""

    until_percent: int
    due_days: int
    weight: int


_GRADES = (_Grade(80, 30, 15), _Grade(95, 90, 12), _Grade(100, 180, 10))
_DEAR = _GRADES[0]
SMALLEST_PERCENT = 2


def suggest(sights: Iterable[Sight]) -> list[Suggestion]:
    """The items about which there is something to doubt, most urgent first; those without are left out."""
    known = sorted(sights, key=lambda sight: (-sight.value, sight.item_id))
    total = sum(sight.value for sight in known)
    above = 0
    found = []
    for sight in known:
        grade = _grade(above, total)
        doubts = _doubts(sight, grade)
        above += sight.value
        if doubts:
            points = sum(weight for weight, _why, _figure in doubts) * grade.weight // 10
            reasons = [(why, figure) for _weight, why, figure in sorted(doubts, key=lambda one: -one[0])]
            if grade is _DEAR and total:
                reasons.append((Why.VALUE, round(100 * sight.value / total)))
            found.append(Suggestion(sight.item_id, points, reasons))
    return sorted(found, key=lambda one: (-one.points, one.item_id))


def _grade(above: int, total: int) -> _Grade:
    """By the share of all value that dearer items make up."""
    return next((grade for grade in _GRADES if above * 100 < total * grade.until_percent), _GRADES[-1])


def _doubts(sight: Sight, grade: _Grade) -> list[tuple[int, Why, int]]:
    """(weight, code, figure) of each."""
    doubts = []
    if sight.shortfalls:
        doubts.append((100 + 10 * min(sight.shortfalls, 10), Why.SHORTFALL, sight.shortfalls))
    percent = _percent(sight)
    if percent >= SMALLEST_PERCENT:
        doubts.append((min(percent, 60), Why.VARIANCE, percent))
    if sight.unseen_days >= grade.due_days:
        doubts.append((min(30 * sight.unseen_days // grade.due_days, 90), Why.OVERDUE, sight.unseen_days))
    if sight.expired:
        doubts.append((25, Why.EXPIRED, sight.expired))
    if sight.opened:
        doubts.append((min(5 * sight.opened, 20), Why.OPENED, sight.opened))
    return doubts


def _percent(sight: Sight) -> int:
    if not sight.differed:
        return 0
    return 100 if sight.expected <= 0 else round(100 * sight.differed / sight.expected)
