"""Units that a form offers for an item, the unit in which it repeats what was typed, and told quantities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from supply.domain.catalog.models import Item
from supply.domain.catalog.units import unit_choices
from supply.presenting import format_quantity, unit_symbol
from supply.quantity import UNITS
from supply.web.session import choose_locale

# Too fine for a hand to tell; offered only where an item is really used in it.
_FINE = frozenset({"mg", "ul", "drop"})


def unit_options(item: Item) -> list[tuple[str, str, int]]:
    """(code, label, base units in one): the stock unit first, then the item's own, then the common ones."""
    own = {unit.code: (unit.name_vi if choose_locale() == "vi" else unit.name_en) for unit in item.units}
    kept = [
        (code, own.get(code) or unit_symbol(code), factor)
        for code, factor in unit_choices(item)
        if code not in _FINE or code in (item.stock_unit, item.usage_unit)
    ]
    return sorted(kept, key=lambda option: option[0] != item.stock_unit)


def fitting_units(items: Iterable[Item], *, packs_first: bool = False) -> dict[str, list[str]]:
    """For js/units.js: the codes that each item (by its id) may be told in, the likeliest first."""
    told = {str(item.id): [code for code, _label, _factor in unit_options(item)] for item in items}
    return {
        one: sorted(codes, key=UNITS.__contains__) if packs_first else codes for one, codes in told.items()
    }


def unit_name(item: Item, code: str) -> str:
    """As people call it: the item's own unit by its name, a common one by its sign, a pack as it is sold."""
    return next((label for own, label, _factor in unit_options(item) if own == code), unit_symbol(code))


def echo_unit(item: Item) -> tuple[str, int]:
    """(label, base units in one) of the usage unit if it is a common one, else of the stock unit."""
    code = item.usage_unit if item.usage_unit in UNITS else item.stock_unit
    return unit_symbol(code), UNITS[code].factor


def told_quantity(told: Mapping[str, str]) -> str:
    """A quantity of a refusal's details ({"amount", "unit"}) as people write it."""
    unit = UNITS[told["unit"]]
    return format_quantity(int(Decimal(told["amount"]) * unit.factor), unit.dimension)
