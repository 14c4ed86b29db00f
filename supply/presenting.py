"""How facts are written for people: quantities, money, days, instants, shares. Pure; no unit is ever rounded.

It decides words and marks only. Which time zone or currency applies is the caller's to say.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from babel.numbers import format_percent as babel_percent

from supply.i18n import locale_now
from supply.quantity import MINOR_DIGITS, UNITS, Dimension, best_unit, from_base

NO_BREAK = "\u00a0"
_SYMBOLS = {"vi": {"pc": "cái", "drop": "giọt"}}
_DAYS = {"vi": "dd/MM/yyyy", "en": "d MMM yyyy"}
_LONG_DAYS = {"vi": "EEEE, dd/MM/yyyy", "en": "EEEE, d MMMM yyyy"}
_MONTHS = {"vi": "'Tháng' M/yyyy", "en": "MMM yyyy"}
_SHORT_DAYS = {"vi": "EEE dd/MM", "en": "EEE d MMM"}
_INSTANTS = {"vi": "dd/MM/yyyy HH:mm", "en": "d MMM yyyy, HH:mm"}


class Measured(Protocol):
    """Whatever has a dimension: an item."""

    @property
    def dimension(self) -> Dimension: ...


def format_number(number: Decimal | int, locale: str | None = None) -> str:
    """An exact number with the language's marks: 1250.5 is "1.250,5" in Vietnamese."""
    return str(format_decimal(number, format="#,##0.######", locale=locale or locale_now()))


def unit_symbol(code: str, locale: str | None = None) -> str:
    """How a unit is written after a number; an item's own unit is its code."""
    symbol = UNITS[code].symbol if code in UNITS else code
    return _SYMBOLS.get(locale or locale_now(), {}).get(symbol, symbol)


def format_quantity(
    base: int | None,
    of: Measured | Dimension,
    locale: str | None = None,
    *,
    unit: str | None = None,
    signed: bool = False,
) -> str:
    """Base units in the unit a person would use, or in the named one: 12500 µl is "12,5 ml". None is "–"."""
    if base is None:
        return "–"
    dimension = Dimension(of) if isinstance(of, str) else of.dimension
    chosen = UNITS[unit] if unit in UNITS else best_unit(base, dimension)
    number = format_number(from_base(base, chosen.factor), locale)
    sign = "+" if signed and base > 0 else ""
    return f"{sign}{number}{NO_BREAK}{unit_symbol(chosen.code, locale)}"


def format_amount(amount: Decimal, unit: str, locale: str | None = None) -> str:
    """An amount as somebody entered it: Decimal("1.25") and "kg" is "1,25 kg"."""
    return f"{format_number(amount, locale)}{NO_BREAK}{unit_symbol(unit, locale)}"


def format_money(minor: int | None, currency: str, locale: str | None = None) -> str:
    """Integer minor units: 125000 VND is "125.000 ₫". None is "–"."""
    if minor is None:
        return "–"
    amount = Decimal(minor).scaleb(-MINOR_DIGITS.get(currency, 2))
    return str(format_currency(amount, currency, locale=locale or locale_now()))


def typed_money(minor: int | None, currency: str) -> str:
    """What a price field holds: plain digits, 125000 for VND and 12.50 for USD."""
    return "" if minor is None else format(Decimal(minor).scaleb(-MINOR_DIGITS.get(currency, 2)), "f")


def format_day(day: date | None, locale: str | None = None, *, short: bool = False) -> str:
    """A calendar day: 22/11/2026, or "22 Nov 2026"; short leaves the year and says the weekday."""
    if day is None:
        return "–"
    spoken = locale or locale_now()
    patterns = _SHORT_DAYS if short else _DAYS
    return str(format_date(day, patterns[spoken], locale=spoken))


def format_month(day: date, locale: str | None = None) -> str:
    """The month of a day: "Tháng 11/2026", "Nov 2026"."""
    spoken = locale or locale_now()
    return str(format_date(day, _MONTHS[spoken], locale=spoken))


def format_long_day(day: date, locale: str | None = None) -> str:
    """A day with its weekday: "Sunday, 22 November 2026"; in Vietnamese "Chủ Nhật, 22/11/2026"."""
    spoken = locale or locale_now()
    return str(format_date(day, _LONG_DAYS[spoken], locale=spoken))


def format_instant(instant: datetime | None, timezone: str, locale: str | None = None) -> str:
    """A moment on a branch's clock: "22/11/2026 14:05"."""
    if instant is None:
        return "–"
    spoken = locale or locale_now()
    local = instant.astimezone(ZoneInfo(timezone))
    return str(format_datetime(local, _INSTANTS[spoken], locale=spoken))


def format_clock(instant: datetime | None, timezone: str, locale: str | None = None) -> str:
    """The hour and minute on a branch's clock: "14:05"."""
    if instant is None:
        return "–"
    return str(format_time(instant.astimezone(ZoneInfo(timezone)), "HH:mm", locale=locale or locale_now()))


def format_percent(share: float | Decimal | None, locale: str | None = None) -> str:
    """A share of one as whole percent. None is "–"."""
    return "–" if share is None else str(babel_percent(share, format="#,##0%", locale=locale or locale_now()))


def initials(name: str) -> str:
    """Two letters for a round badge: a Vietnamese name is known by its last word."""
    words = name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()
