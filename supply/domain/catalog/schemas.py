"""What items look like coming in and going out, and how every capability writes a quantity."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from supply.domain.catalog.models import Category, Item
from supply.domain.catalog.units import stock_amount, told_amount
from supply.fields import Amount, BaseSchema, Code, OutSchema, Text, Tick, Whole, at_most
from supply.i18n import lazy
from supply.quantity import DENSITY_FACTOR, UNITS, Dimension, from_base


class QuantityOut(OutSchema):
    """An exact amount and its unit code."""

    amount = Amount(required=True)
    unit = fields.String(required=True, metadata={"example": "kg"})


class SignedQuantityOut(OutSchema):
    """An exact amount that may be below zero."""

    amount = fields.String(
        required=True, metadata={"pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$", "example": "-2.5"}
    )
    unit = fields.String(required=True, metadata={"example": "ml"})


class Quantity(fields.Nested):
    """A quantity that `tell` reads from the whole object: (amount, unit code), or None."""

    def __init__(
        self, tell: Callable[[Any], tuple[Decimal, str] | None], *, signed: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(SignedQuantityOut if signed else QuantityOut, **kwargs)
        self.tell = tell

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        told = self.tell(obj)
        return None if told is None else {"amount": told[0], "unit": told[1]}


def quantity_out(base: int | None, item: Item) -> dict[str, Any] | None:
    """Base units as {"amount", "unit"} in the item's stock unit, which holds every amount exactly."""
    if base is None:
        return None
    amount, unit = stock_amount(item, base)
    return {"amount": amount, "unit": unit}


def quantity_told(base: int, item: Item) -> dict[str, str]:
    """The same ready for JSON, as the details of a refusal tell it."""
    amount, unit = stock_amount(item, base)
    return {"amount": format(amount, "f"), "unit": unit}


def grams_out(weight_mg: int | None) -> dict[str, Any] | None:
    """A weight as {"amount", "unit"}, in grams."""
    return None if weight_mg is None else {"amount": from_base(weight_mg, UNITS["g"].factor), "unit": "g"}


def density_out(density_mg_per_l: int | None) -> str | None:
    """Grams in a millilitre, exact: 915000 mg/l is "0.915"."""
    return None if density_mg_per_l is None else format(from_base(density_mg_per_l, DENSITY_FACTOR), "f")


class WriteItemUnit(BaseSchema):
    """An item's own unit: one bottle-500 holds amount 500, unit ml."""

    code = Code(required=True, max_length=20, metadata={"label": lazy("Unit code"), "example": "bottle-500"})
    name_en = Text(
        required=True, max_length=40, metadata={"label": lazy("English name"), "example": "bottle"}
    )
    name_vi = Text(
        required=True, max_length=40, metadata={"label": lazy("Vietnamese name"), "example": "chai"}
    )
    amount = Amount(required=True, metadata={"label": lazy("One holds"), "example": "500"})
    unit = Code(required=True, max_length=20, metadata={"label": lazy("Unit"), "example": "ml"})
    tare = Amount(
        zero=True,
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Grams when empty"), "example": "210"},
    )


class WriteItem(BaseSchema):
    """The facts of an item, as a whole."""

    code = Code(required=True, metadata={"label": lazy("Code"), "example": "ginger-fresh"})
    name_en = Text(
        required=True, max_length=120, metadata={"label": lazy("English name"), "example": "Fresh ginger"}
    )
    name_vi = Text(
        required=True, max_length=120, metadata={"label": lazy("Vietnamese name"), "example": "Gừng tươi"}
    )
    category = fields.Enum(Category, by_value=True, required=True, metadata={"label": lazy("Category")})
    dimension = fields.Enum(Dimension, by_value=True, required=True, metadata={"label": lazy("Counted as")})
    stock_unit = fields.String(
        required=True,
        validate=validate.OneOf(list(UNITS)),
        metadata={"label": lazy("Stock unit"), "example": "kg"},
    )
    usage_unit = Code(required=True, max_length=20, metadata={"label": lazy("Usage unit"), "example": "g"})
    natural_step = Amount(
        required=True,
        metadata={
            "label": lazy("One tap of + or −"),
            "hint": lazy("In the usage unit: what people add or leave out at once."),
            "example": "50",
        },
    )
    lot_required = Tick(load_default=True, metadata={"label": lazy("Ask for the lot number")})
    expiry_required = Tick(load_default=True, metadata={"label": lazy("Ask for the expiry date")})
    shelf_life_days = Whole(
        minimum=1,
        maximum=7300,
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Shelf life in days")},
    )
    opened_life_days = Whole(
        minimum=1,
        maximum=7300,
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Days after opening")},
    )
    density = Amount(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("Grams in a millilitre"),
            "hint": lazy("For what is counted as a volume: with it an opened bottle can be weighed."),
            "example": "0.915",
        },
    )
    units = fields.List(
        fields.Nested(WriteItemUnit),
        load_default=list,
        validate=at_most(20),
        metadata={"label": lazy("Own units")},
    )


class ListItems(BaseSchema):
    search = Text(load_default="", min_length=0, max_length=100, metadata={"label": lazy("Search")})
    category = fields.Enum(Category, by_value=True, load_default=None, metadata={"label": lazy("Category")})
    active = Tick(load_default=True, metadata={"label": lazy("In use only")})


class WriteActive(BaseSchema):
    """Whether it is offered for new work."""

    active = Tick(required=True, metadata={"label": lazy("In use")})


class ItemUnitOut(OutSchema):
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    holds = Quantity(lambda unit: stock_amount(unit.item, unit.factor), required=True)
    # What one weighs empty.
    tare = Quantity(
        lambda unit: None if unit.tare_mg is None else (from_base(unit.tare_mg, UNITS["g"].factor), "g"),
        required=True,
        allow_none=True,
    )


class ItemOut(OutSchema):
    """An item. `assumed` is true until a manager has confirmed what the starter catalogue guessed."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    category = fields.Enum(Category, by_value=True, required=True)
    dimension = fields.Enum(Dimension, by_value=True, required=True)
    stock_unit = fields.String(required=True)
    usage_unit = fields.String(required=True)
    # What one tap of + or - adds.
    natural_step = Quantity(lambda item: told_amount(item, item.natural_step), required=True)
    lot_required = fields.Boolean(required=True)
    expiry_required = fields.Boolean(required=True)
    shelf_life_days = fields.Integer(required=True, allow_none=True)
    opened_life_days = fields.Integer(required=True, allow_none=True)
    density = fields.Function(
        lambda item: density_out(item.density_mg_per_l),
        required=True,
        metadata={"type": ["string", "null"], "example": "0.915"},
    )
    assumed = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    units = fields.List(fields.Nested(ItemUnitOut), required=True)
    version = fields.Integer(required=True)
