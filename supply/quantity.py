"""Exact quantities: integers in the smallest unit of a dimension, read and written in people's units.

Base units: milligram (mass), microlitre (volume), thousandth of a piece (count). Nothing is rounded
silently: what does not fit the base unit exactly is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from supply.errors import Invalid
from supply.i18n import Text, lazy

MAX_BASE = 10**15
# A density is told in grams per millilitre and kept in milligrams per litre.
DENSITY_FACTOR = 1_000_000
_QUANTITY = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,6})?")
_MONEY_GROUPED = re.compile(r"[0-9]{1,3}(?:[., \u00a0\u202f][0-9]{3})*|[0-9]{1,15}")


class Dimension(StrEnum):
    MASS = "mass"
    VOLUME = "volume"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a dimension; `factor` is how many base units one of it holds."""

    code: str
    dimension: Dimension
    factor: int
    symbol: str


UNITS: dict[str, Unit] = {
    unit.code: unit
    for unit in (
        Unit("mg", Dimension.MASS, 1, "mg"),
        Unit("g", Dimension.MASS, 1_000, "g"),
        Unit("kg", Dimension.MASS, 1_000_000, "kg"),
        Unit("ul", Dimension.VOLUME, 1, "µl"),
        Unit("drop", Dimension.VOLUME, 50, "drop"),
        Unit("ml", Dimension.VOLUME, 1_000, "ml"),
        Unit("l", Dimension.VOLUME, 1_000_000, "l"),
        Unit("piece", Dimension.COUNT, 1_000, "pc"),
    )
}
# The ladder a quantity climbs when it is shown: the largest unit in which it is at least one.
LADDERS = {
    Dimension.MASS: ("kg", "g", "mg"),
    # Nobody in a spa writes microlitres: half a millilitre is 0.5 ml, as exactly.
    Dimension.VOLUME: ("l", "ml"),
    Dimension.COUNT: ("piece",),
}


def parse_decimal(text: str, *, field: str) -> Decimal:
    """A typed amount: digits with at most one "." or "," as decimal mark, no grouping.

    Raises Invalid("quantity_malformed") naming the field. "1.250" is one and a quarter, in every language.
    """
    cleaned = text.strip()
    if not _QUANTITY.fullmatch(cleaned):
        raise Invalid(
            "quantity_malformed",
            lazy("Write the amount with digits and at most one decimal mark, such as 1,25 or 1.25."),
            field=field,
        )
    return Decimal(cleaned.replace(",", "."))


def to_base(amount: Decimal, factor: int, *, field: str) -> int:
    """An amount in a unit of `factor` base units, as exact base units.

    Raises Invalid: "quantity_inexact" where it falls between two base units, "quantity_too_large".
    """
    base = amount * factor
    whole = int(base)
    if base != whole:
        raise Invalid(
            "quantity_inexact",
            lazy("This amount has more decimals than the unit can hold exactly."),
            field=field,
        )
    if abs(whole) > MAX_BASE:
        raise Invalid("quantity_too_large", lazy("This amount is too large."), field=field)
    return whole


def from_base(base: int, factor: int) -> Decimal:
    """Base units as an exact decimal amount of a unit: 1250000 mg is Decimal("1.25") kg."""
    return plain(Decimal(base) / factor)


def plain(value: Decimal) -> Decimal:
    """The same number without exponent or trailing zeros."""
    value = value.normalize()
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else value


def best_unit(base: int, dimension: Dimension) -> Unit:
    """The unit a person would use for so much: the largest in which it is at least one."""
    ladder = [UNITS[code] for code in LADDERS[dimension]]
    return next((unit for unit in ladder if abs(base) >= unit.factor), ladder[-1] if base else ladder[:2][-1])


def pack_up(base: int, pack: int) -> int:
    """The smallest whole number of packs that holds `base`, in base units; 0 for nothing."""
    return -(-max(base, 0) // pack) * pack


MINOR_DIGITS = {"VND": 0, "USD": 2, "EUR": 2, "THB": 2, "SGD": 2}


def parse_money(text: str, currency: str, *, field: str) -> int:
    """A typed price in minor units of its currency.

    For a currency without decimals every ".", "," and space is grouping; otherwise the last mark is
    the decimal one. Raises Invalid("money_malformed").
    """
    digits = MINOR_DIGITS[currency]
    cleaned = text.strip()
    words: Text = lazy("Write the price with digits, such as 125.000.")
    if digits == 0:
        if not _MONEY_GROUPED.fullmatch(cleaned):
            raise Invalid("money_malformed", words, field=field)
        return int(re.sub(r"\D", "", cleaned))
    if not re.fullmatch(rf"[0-9]{{1,12}}(?:[.,][0-9]{{1,{digits}}})?", cleaned):
        raise Invalid("money_malformed", lazy("Write the price with digits, such as 12.50."), field=field)
    return int(Decimal(cleaned.replace(",", ".")).scaleb(digits))
