"""The days on which suppliers take orders, in words."""

from __future__ import annotations

from supply.domain.suppliers.models import Supplier
from supply.domain.suppliers.ordering import clock_of
from supply.domain.suppliers.schemas import WEEKDAYS, weekdays
from supply.i18n import _, lazy

_DAYS = dict(
    zip(
        WEEKDAYS,
        (
            lazy("Monday"),
            lazy("Tuesday"),
            lazy("Wednesday"),
            lazy("Thursday"),
            lazy("Friday"),
            lazy("Saturday"),
            lazy("Sunday"),
        ),
        strict=True,
    )
)


def day_choices() -> list[tuple[str, str]]:
    """The days of the week to choose from."""
    return [(day, str(words)) for day, words in _DAYS.items()]


def days_named(names: str) -> str:
    """ "monday, thursday" in words; any other text stays what it is."""
    return ", ".join(str(_DAYS.get(name, name)) for name in names.split(", "))


def days_told(order_days: int) -> str:
    """Days of the week, a bit each, in words."""
    return _("every day") if order_days == 127 else ", ".join(str(_DAYS[day]) for day in weekdays(order_days))


def days_of(supplier: Supplier) -> str:
    """When a supplier takes orders, in words."""
    days = days_told(supplier.order_days)
    if supplier.cutoff_minute is None:
        return days
    return _("%(days)s, until %(time)s", days=days, time=clock_of(supplier.cutoff_minute))
