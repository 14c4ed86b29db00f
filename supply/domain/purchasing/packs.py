"""What "2 cartons" means: an amount in a supplier's pack, an item's own unit or a unit everybody knows."""

from __future__ import annotations

from decimal import Decimal

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.suppliers.models import SupplierTerms
from supply.quantity import UNITS, to_base


def base_quantity(item: Item, terms: SupplierTerms | None, amount: Decimal, unit: str, *, field: str) -> int:
    """An amount as base units. `unit` is a global unit, the supplier's pack name or the item's own unit.

    Raises Invalid("unit_unknown", …) and what `quantity.to_base` raises, naming "unit" or "amount" of the
    line `field`.
    """
    if terms is not None and unit == terms.pack_name and unit not in UNITS:
        return to_base(amount, terms.pack_quantity, field=_of(field, "amount"))
    factor = catalog.unit_factor(item, unit, field=_of(field, "unit"))
    return to_base(amount, factor, field=_of(field, "amount"))


def _of(line: str, field: str) -> str:
    return f"{line}.{field}" if line else field
