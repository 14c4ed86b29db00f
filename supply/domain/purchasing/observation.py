"""What the policy is told, as plain JSON types: an evening in one branch. Names only, no rule.

Days are integers (day 0 is a Monday) and quantities floats in the item's stock unit: whoever asks converts
dates and base units. Lists of the past end today, lists of the days ahead start tomorrow and hold 60 days.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

AHEAD = 60


class Event(TypedDict):
    """An entry of the manager's calendar: from its first to its last day demand is multiplied."""

    start: int
    end: int
    factor: float


class SupplierSeen(TypedDict):
    """`order_days` are weekdays; `lead_history` pairs the day of an order with its arrival, oldest first."""

    order_days: list[int]
    can_order: bool
    lead_stated: float
    order_fee: float
    lead_history: list[list[int]]


class SupplySeen(TypedDict):
    """One item. `lots` are [expiry day, quantity] as booked, `on_order` [ordered, expected, quantity].

    A lot is gone on the morning of its expiry day. `bookings` is what the known visits of each day need;
    `pending_usage` what visits took that nobody has logged yet. `shortage_cost` is that of one missing unit.
    """

    unit: str
    supplier: str
    unit_cost: float
    shortage_cost: float
    pack: float
    moq: float
    shelf_life: float
    shelf_life_max: float
    active: bool
    prior_daily: float
    history: list[float]
    lots: list[list[float]]
    on_order: list[list[float]]
    bookings: list[float]
    pending_usage: float


class Observation(TypedDict):
    """The branch. `booked_share[h]` of the guests finally served were booked h days ahead; None is unknown.

    `unlogged_history` marks days whose visits nobody has logged; without it they are told by their silence.
    `deliveries` are the `lead_history` of all its suppliers; without it, of those asked about.
    """

    today: int
    weekday: int
    holding_rate: float
    show_rate: float
    booked_share: list[float] | None
    open_history: list[int]
    open_ahead: list[int]
    events: list[Event]
    supplier_closed: list[list[int]]
    suppliers: dict[str, SupplierSeen]
    supplies: dict[str, SupplySeen]
    unlogged_history: NotRequired[list[int]]
    deliveries: NotRequired[dict[str, list[list[int]]]]
