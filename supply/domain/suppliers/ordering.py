"""When an order counts and how long it takes: order days, the hour of the cut-off, lead times. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from supply.domain.suppliers.models import Supplier, SupplierTerms

HOUR = 60


def days_to_order(supplier: Supplier, now: datetime, timezone: str) -> int:
    """Days from the branch's today to the order day for which an order of now counts: 0 is today.

    From the hour of the cut-off on, it is for the next order day.
    """
    local = now.astimezone(ZoneInfo(timezone))
    cutoff = supplier.cutoff_minute
    late = cutoff is not None and local.hour * HOUR + local.minute >= cutoff
    return next(
        ahead for ahead in range(int(late), 8) if supplier.order_days >> (local.weekday() + ahead) % 7 & 1
    )


def lead_days(supplier: Supplier, terms: SupplierTerms | None) -> int:
    """What was stated for the item, else for the supplier."""
    own = None if terms is None else terms.lead_time_days
    return supplier.lead_time_days if own is None else own


def due(supplier: Supplier, longest: int, now: datetime, timezone: str) -> datetime:
    """When what is ordered now should be here, if the slowest item takes `longest` days."""
    return now + timedelta(days=days_to_order(supplier, now, timezone) + longest)


def clock_of(minute: int) -> str:
    """A minute of the day as a clock shows it: 870 is "14:30"."""
    return f"{minute // HOUR:02}:{minute % HOUR:02}"
