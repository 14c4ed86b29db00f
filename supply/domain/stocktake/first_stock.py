"""One line of what stood on the shelves when the book began: which lot it is, how much, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd
from typing import Any

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.ledger.models import LotKind
from supply.errors import Invalid
from supply.i18n import lazy


@dataclass(frozen=True, slots=True)
class Opening:
    """A checked line of opening stock: which lot, how much in base units."""

    facts: ledger.LotFacts
    quantity: int


def read_opening(
    item: Item, line: Mapping[str, Any], currency: str, number: str, prefix: str = ""
) -> Opening:
    """A line: amount, unit, number, expires_on, cost_minor (paid for the whole line).

    `number` is the lot's where the item needs none and the line tells none. Raises Invalid naming `prefix`
    and the field.
    """
    quantity = catalog.base_quantity(item, line["amount"], line["unit"], field=f"{prefix}amount")
    told, expires_on = line.get("number"), line.get("expires_on")
    _require_lot_facts(item, told, expires_on, prefix)
    cost = _cost(currency, line.get("cost_minor"), quantity)
    facts = ledger.LotFacts(item.id, told or number, expires_on, kind=LotKind.OPENING, **cost)
    return Opening(facts, quantity)


def _cost(currency: str, paid: int | None, quantity: int) -> dict[str, Any]:
    """What was paid for how much, reduced: the same price is the same lot."""
    if paid is None:
        return {}
    share = gcd(paid, quantity)
    return {"cost_minor": paid // share, "cost_quantity": quantity // share, "currency": currency}


def _require_lot_facts(item: Item, number: str | None, expires_on: object, prefix: str) -> None:
    if item.lot_required and not number:
        raise Invalid(
            "lot_number_missing",
            lazy("This item needs its lot number: it stands on the package."),
            field=f"{prefix}number",
        )
    if item.expiry_required and expires_on is None:
        raise Invalid(
            "expires_on_missing",
            lazy("This item needs its expiry: it stands on the package."),
            field=f"{prefix}expires_on",
        )
