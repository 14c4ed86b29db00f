"""An item's units: what an amount in one of them holds in base units. Exact, never rounded.

Common units come from quantity; an item's own (a bottle, a bundle) stand beside it.
"""

from __future__ import annotations

from decimal import Decimal

from supply.domain.catalog.models import Item
from supply.errors import Invalid
from supply.i18n import lazy
from supply.quantity import UNITS, from_base, to_base


def unit_factor(item: Item, unit_code: str, *, field: str = "unit") -> int:
    """How many base units one of `unit_code` holds for this item: a common unit of its dimension or its own.

    Raises Invalid("unit_unknown").
    """
    common = UNITS.get(unit_code)
    if common is not None and common.dimension is item.dimension:
        return common.factor
    for unit in item.units:
        if unit.code == unit_code:
            return unit.factor
    raise Invalid(
        "unit_unknown",
        lazy(
            "This item is not measured in that unit. Choose one of: %(units)s.",
            units=_units(item),
        ),
        field=field,
    )


def _units(item: Item) -> str:
    return ", ".join(code for code, _factor in unit_choices(item))


def unit_choices(item: Item) -> list[tuple[str, int]]:
    """Every (unit code, factor) in which this item may be told: its own first, then the common ones."""
    common = [(unit.code, unit.factor) for unit in UNITS.values() if unit.dimension is item.dimension]
    return [(unit.code, unit.factor) for unit in sorted(item.units, key=lambda own: own.code)] + common


def base_quantity(item: Item, amount: Decimal, unit_code: str, *, field: str = "amount") -> int:
    """An amount in some unit of the item as exact base units.

    A fault of the unit is told beside the amount's field: "lines.0.amount" -> "lines.0.unit".
    """
    unit_field = f"{field.removesuffix('amount')}unit" if field.endswith("amount") else field
    return to_base(amount, unit_factor(item, unit_code, field=unit_field), field=field)


def told_amount(item: Item, base: int) -> tuple[Decimal, str]:
    """Base units as an exact (amount, unit code): in the usage unit where exact, else the stock unit."""
    factor = unit_factor(item, item.usage_unit)
    amount = from_base(base, factor)
    if amount * factor == base and -_exponent(amount) <= 6:
        return amount, item.usage_unit
    return stock_amount(item, base)


def stock_amount(item: Item, base: int) -> tuple[Decimal, str]:
    """Base units as an exact (amount, unit code) in the stock unit, which is always a common one."""
    return from_base(base, UNITS[item.stock_unit].factor), item.stock_unit


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
