"""What suppliers and their terms look like coming in and going out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import stock_amount
from supply.domain.suppliers.ordering import clock_of
from supply.fields import Amount, BaseSchema, Code, Id, Moment, Money, OutSchema, Text, Tick, Whole
from supply.i18n import LOCALES, lazy
from supply.quantity import MINOR_DIGITS

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Weekdays(fields.List[str]):
    """A list of weekdays outside, a set of bits inside: bit 0 is Monday."""

    def __init__(self, **kwargs: Any) -> None:
        inner = fields.String(validate=validate.OneOf(WEEKDAYS))
        super().__init__(inner, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        days = super()._deserialize(value, attr, data, **kwargs)
        if not days:
            raise ValidationError(str(lazy("Choose at least one day.")))
        return sum(1 << WEEKDAYS.index(day) for day in set(days))

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[str] | None:
        return None if value is None else weekdays(value)


def weekdays(bits: int) -> list[str]:
    """The names of the days that the bits hold."""
    return [day for index, day in enumerate(WEEKDAYS) if bits >> index & 1]


class DayMinute(fields.String):
    """A time of day outside ("14:30"), minutes since midnight inside."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {}).update({"pattern": _CLOCK.pattern, "example": "14:30"})
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if not _CLOCK.fullmatch(text) or text == "00:00":
            raise ValidationError(str(lazy("Write a time of day after midnight, such as 14:30.")))
        return int(text[:2]) * 60 + int(text[3:])

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else clock_of(value)


class WriteSupplier(BaseSchema):
    """The facts of a supplier, as a whole."""

    code = Code(required=True, metadata={"label": lazy("Code"), "example": "dao-herbs"})
    name = Text(required=True, max_length=120, metadata={"label": lazy("Name"), "example": "Dao Herbs"})
    language = fields.String(
        load_default="vi",
        validate=validate.OneOf(LOCALES),
        metadata={"label": lazy("Language of orders")},
    )
    email = Text(
        load_default=None,
        allow_none=True,
        max_length=200,
        validate=validate.Email(),
        metadata={"label": lazy("Email"), "example": "orders@example.com"},
    )
    phone = Text(
        load_default=None,
        allow_none=True,
        max_length=40,
        validate=validate.Regexp(r"^[0-9+() .-]+$"),
        metadata={"label": lazy("Phone"), "example": "+84 24 0000 0000"},
    )
    order_days = Weekdays(
        load_default=127, metadata={"label": lazy("Days on which orders are taken"), "example": ["monday"]}
    )
    order_cutoff = DayMinute(
        attribute="cutoff_minute",
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("Orders until"),
            "hint": lazy("From this hour on, an order counts for the next order day."),
            "description": "A time of day where the branch is; from then on, the next order day counts.",
        },
    )
    lead_time_days = Whole(
        minimum=0, maximum=365, load_default=2, metadata={"label": lazy("Lead time in days"), "example": 2}
    )
    order_fee_minor = Money(load_default=0, metadata={"label": lazy("Cost of a delivery"), "example": 30000})
    active = Tick(load_default=True, metadata={"label": lazy("In use")})


class ListSuppliers(BaseSchema):
    search = Text(load_default="", min_length=0, max_length=100, metadata={"label": lazy("Search")})
    active = Tick(load_default=True, metadata={"label": lazy("In use only")})


class WriteTerms(BaseSchema):
    """How the supplier sells an item: one pack holds `amount` of `unit` and costs `price_minor`."""

    pack_name = Text(required=True, max_length=40, metadata={"label": lazy("Pack"), "example": "bag of 1 kg"})
    amount = Amount(required=True, metadata={"label": lazy("A pack holds"), "example": "1"})
    unit = Code(required=True, max_length=20, metadata={"label": lazy("Unit"), "example": "kg"})
    price_minor = Money(required=True, metadata={"label": lazy("Price per pack"), "example": 125000})
    currency = fields.String(
        load_default="VND", validate=validate.OneOf(list(MINOR_DIGITS)), metadata={"label": lazy("Currency")}
    )
    minimum_packs = Whole(
        minimum=1, maximum=10_000, load_default=1, metadata={"label": lazy("Packs at least"), "example": 1}
    )
    supplier_code = Text(
        load_default=None,
        allow_none=True,
        max_length=60,
        metadata={"label": lazy("Supplier's article number")},
    )
    lead_time_days = Whole(
        minimum=0,
        maximum=365,
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("Lead time of this item in days"),
            "hint": lazy("Left empty, the supplier's holds."),
            "example": 5,
        },
    )
    preferred = Tick(load_default=False, metadata={"label": lazy("Order from here first")})
    second = Tick(load_default=False, metadata={"label": lazy("Second choice")})


class AddTerms(WriteTerms):
    """Terms together with the item that they are for."""

    item_id = fields.UUID(required=True, metadata={"label": lazy("Item")})


class SupplierOut(OutSchema):
    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    language = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    order_days = Weekdays(required=True)
    order_cutoff = DayMinute(attribute="cutoff_minute", required=True, allow_none=True)
    lead_time_days = fields.Integer(required=True)
    order_fee_minor = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class TermsOut(OutSchema):
    """Terms as they are listed: of a supplier or of an item."""

    supplier_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    pack_name = fields.String(required=True)
    pack = Quantity(lambda terms: stock_amount(terms.item, terms.pack_quantity), required=True)
    minimum_packs = fields.Integer(required=True)
    price_minor = fields.Integer(required=True)
    currency = fields.String(required=True)
    supplier_code = fields.String(required=True, allow_none=True)
    preferred = fields.Boolean(required=True)
    second = fields.Boolean(required=True)
    lead_time_days = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of this item; null: the supplier's holds."}
    )


class PriceOut(OutSchema):
    """What a pack cost from a moment on; `delivery_id` names the delivery that showed it."""

    id = Id(required=True)
    since_at = Moment(required=True)
    price_minor = fields.Integer(required=True)
    currency = fields.String(required=True)
    pack_name = fields.String(required=True)
    pack = Quantity(lambda price: stock_amount(price.item, price.pack_quantity), required=True)
    delivery_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)


class ChooseSuppliers(BaseSchema):
    """Who is asked first for an item, and who when the first cannot deliver."""

    preferred_id = Id(required=True, metadata={"label": lazy("Order from here first")})
    second_id = Id(load_default=None, allow_none=True, metadata={"label": lazy("Second choice")})
