"""A notice of the plan in words: what was found, and what somebody can do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from supply.domain.planning.models import NoticeKind, PlanNotice
from supply.domain.purchasing.explaining import Show
from supply.domain.purchasing.wording import shown_in
from supply.i18n import Text, lazy, lazy_ngettext

Numbers = dict[str, Any]


class Advice(NamedTuple):
    """What was found, and what to do."""

    found: Text
    do: Text


def advise(notice: PlanNotice) -> Advice:
    """The notice in words."""
    unit = notice.numbers.get("unit")
    return _ADVICE[notice.kind](notice.numbers, shown_in(unit) if unit else str)


def notice_sentence(notice: PlanNotice) -> str:
    """Both in one, in the reader's language."""
    return " ".join(map(str, advise(notice)))


def _late(numbers: Numbers, _show: Show) -> Advice:
    found = lazy_ngettext(
        "The oldest order is %(num)s day late: it is %(age)s days old, usually it takes %(usual)s.",
        "The oldest order is %(num)s days late: it is %(age)s days old, usually it takes %(usual)s.",
        numbers["days_late"],
        age=numbers["oldest_open"],
        usual=numbers["usual"],
    )
    return Advice(
        found, lazy("Call the supplier. What does not come is closed, so that it is asked for again.")
    )


def _will_expire(numbers: Numbers, show: Show) -> Advice:
    first = numbers["first_expiry"]
    values = {"quantity": show(numbers["quantity"])}
    if first is None or first < 0:
        found = lazy("%(quantity)s will expire before it is used.", **values)
    elif first == 0:
        found = lazy("%(quantity)s will expire before it is used, the first of it today.", **values)
    else:
        found = lazy_ngettext(
            "%(quantity)s will expire before it is used, the first of it in %(num)s day.",
            "%(quantity)s will expire before it is used, the first of it in %(num)s days.",
            first,
            **values,
        )
    return Advice(found, lazy("Use these lots first, order less next time, or give some to another branch."))


def _rots(numbers: Numbers, show: Show) -> Advice:
    found = lazy(
        "Of the smallest order, %(minimum)s, so much would spoil that it costs more than the shortage.",
        minimum=show(numbers["minimum"]),
    )
    return Advice(found, lazy("Ask for a smaller minimum, or order together with another branch."))


def _dead(numbers: Numbers, show: Show) -> Advice:
    values = {"on_hand": show(numbers["on_hand"])}
    found = lazy_ngettext(
        "%(on_hand)s stand there and none was used for %(num)s day.",
        "%(on_hand)s stand there and none was used for %(num)s days.",
        numbers["days"],
        **values,
    )
    return Advice(
        found, lazy("Give it to a branch that uses it, or take it out of the recipes and the shelf.")
    )


def _changed(numbers: Numbers, show: Show) -> Advice:
    found = lazy(
        "Use has moved from %(before)s to %(now)s a day.",
        before=show(numbers["before"]),
        now=show(numbers["now"]),
    )
    return Advice(found, lazy("The plan follows it already. If it cannot be so, look at what was logged."))


def _no_estimate(_numbers: Numbers, _show: Show) -> Advice:
    return Advice(
        lazy("No use of it is known, so nothing is planned."),
        lazy("Say how much will be used a day; the plan goes by that until it knows better."),
    )


def _inactive(numbers: Numbers, show: Show) -> Advice:
    found = lazy_ngettext(
        "%(num)s planned visit needs %(needed)s of it, but it is not in use any more; %(on_hand)s are there.",
        "%(num)s planned visits need %(needed)s of it, but it is not in use any more; %(on_hand)s are there.",
        numbers["visits"],
        needed=show(numbers["needed"]),
        on_hand=show(numbers["on_hand"]),
    )
    return Advice(
        found,
        lazy("No plan orders it. Take another item in those visits and in the recipe, or use it again."),
    )


_ADVICE: dict[NoticeKind, Callable[[Numbers, Show], Advice]] = {
    NoticeKind.BOOKED_INACTIVE: _inactive,
    NoticeKind.LATE_SUPPLIER: _late,
    NoticeKind.WILL_EXPIRE: _will_expire,
    NoticeKind.MINIMUM_ROTS: _rots,
    NoticeKind.DEAD_STOCK: _dead,
    NoticeKind.CHANGED_USE: _changed,
    NoticeKind.NO_ESTIMATE: _no_estimate,
}
# The order in which they are read: what costs most to overlook first.
KINDS = tuple(_ADVICE)
