"""Deliveries in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import stock_amount
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.purchasing.models import Deviation
from supply.domain.receiving.dating import Dating
from supply.fields import (
    Amount,
    BaseSchema,
    Day,
    Id,
    Moment,
    Money,
    OutSchema,
    Text,
    Tick,
    Whole,
    at_most,
    some,
)
from supply.i18n import lazy

MAX_LINES = 200


class LogDeliveryLine(BaseSchema):
    """What came of an item. The unit may be the supplier's pack. Without an amount nothing came of an item
    that is ordered, for the reason."""

    item_id = Id(required=True, metadata={"label": lazy("Item")})
    amount = Amount(allow_none=True, load_default=None, metadata={"label": lazy("Amount")})
    unit = Text(
        allow_none=True,
        load_default=None,
        max_length=40,
        metadata={
            "label": lazy("Unit"),
            "description": "A unit of the item or the supplier's pack name.",
            "example": "kg",
        },
    )
    lot_number = Text(
        max_length=60,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Lot number"), "description": "Required where the item needs one."},
    )
    expires_on = Day(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Expiry"), "description": "Required where the item needs one."},
    )
    cost_minor = Money(
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Price of the line"),
            "description": "What the whole line cost, in the branch's currency; untold, the terms' price.",
        },
    )
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Place")})
    reason = fields.Enum(
        Deviation,
        by_value=True,
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Why less or more came"),
            "description": "Against an order. Less without a reason: more is to come. More needs one.",
        },
    )

    @validates_schema
    def _enough(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("amount") is None and data.get("reason") is None:
            raise ValidationError(str(lazy("Write how much came.")), "amount")
        if data.get("amount") is not None and data.get("unit") is None:
            raise ValidationError(str(lazy("Say the unit of the amount.")), "unit")


class LogDelivery(BaseSchema):
    branch_id = Id(required=True)
    supplier_id = Id(required=True, metadata={"label": lazy("Supplier")})
    purchase_order_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Purchase order")})
    reference = Text(
        max_length=60, allow_none=True, load_default=None, metadata={"label": lazy("Delivery note")}
    )
    happened_at = Moment(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("When"), "hint": lazy("Left empty, it means now.")},
    )
    location_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Place"), "description": "Where everything goes; untold, the first place."},
    )
    accept_expired = Tick(
        load_default=False, metadata={"label": lazy("Take in what had expired when it came")}
    )
    lines = fields.List(
        fields.Nested(LogDeliveryLine),
        required=True,
        validate=some(MAX_LINES, lazy("Add at least one line of what came.")),
    )


class ReverseDelivery(BaseSchema):
    """Without lines all of it is taken back."""

    reason = Text(required=True, max_length=400, multiline=True, metadata={"label": lazy("Reason")})
    lines = fields.List(
        Whole(minimum=1, maximum=MAX_LINES),
        load_default=list,
        validate=at_most(MAX_LINES),
        metadata={"description": "Positions of the lines to take back."},
    )


class CorrectDeliveryLine(BaseSchema):
    """What really came."""

    amount = Amount(required=True, metadata={"label": lazy("What really came")})
    unit = Text(required=True, max_length=40, metadata={"label": lazy("Unit"), "example": "kg"})
    reason = Text(required=True, max_length=400, multiline=True, metadata={"label": lazy("Reason")})


class ConfirmPrices(BaseSchema):
    """Without lines every price that moved is taken over."""

    lines = fields.List(
        Whole(minimum=1, maximum=MAX_LINES),
        load_default=list,
        validate=at_most(MAX_LINES),
        metadata={"description": "Positions of the lines whose prices are taken over."},
    )


class ListDeliveries(BaseSchema):
    branch_id = Id(required=True)
    supplier_id = Id(load_default=None)
    purchase_order_id = Id(load_default=None)


class LinePriceOut(OutSchema):
    """Per pack: what it cost now, what was agreed (the order, else the terms), the difference in percent."""

    now_minor = Money(required=True)
    agreed_minor = Money(required=True)
    moved = fields.Boolean(required=True)
    difference_percent = fields.Decimal(required=True, allow_none=True, as_string=True, places=1)


class DeliveryLineOut(OutSchema):
    """`received` was first written down, `quantity` holds now; 0 was taken back. `price` is there where
    somebody said what the line cost and a price was agreed."""

    position = fields.Integer(required=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True, attribute="lot.number")
    expires_on = Day(required=True, allow_none=True, attribute="lot.expires_on")
    location_id = Id(required=True)
    entered_amount = fields.String(required=True)
    entered_unit = fields.String(required=True)
    received = Quantity(lambda line: stock_amount(line.item, line.received), required=True)
    quantity = Quantity(lambda line: stock_amount(line.item, line.quantity), required=True)
    cost_minor = Money(required=True, allow_none=True)
    reason = fields.Enum(
        Deviation,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "Why less or more came than the order still awaited."},
    )
    price = fields.Nested(LinePriceOut, required=True, allow_none=True)
    dating = fields.Enum(
        Dating,
        by_value=True,
        required=True,
        metadata={"description": "short-dated: less than a third of its shelf life was left on arrival."},
    )


class DeliveryOut(OutSchema):
    id = Id(required=True)
    branch_id = Id(required=True)
    supplier_id = Id(required=True)
    purchase_order_id = Id(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_id = Id(required=True)
    reversed_at = Moment(required=True, allow_none=True)
    lines = fields.List(fields.Nested(DeliveryLineOut), required=True)
    version = Whole(minimum=1, maximum=2**53, required=True)
