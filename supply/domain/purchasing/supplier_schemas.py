"""What is told of suppliers from their orders: lead times learned, and an item's suppliers side by side."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import stock_amount
from supply.domain.purchasing.schemas import SupplierBriefOut
from supply.fields import BaseSchema, Day, Id, Money, OutSchema


class InBranch(BaseSchema):
    """Lead times are a branch's own."""

    branch_id = Id(required=True)


class OrderArrivalOut(OutSchema):
    order_id = Id(required=True)
    number = fields.Integer(required=True)
    ordered_on = Day(required=True)
    expected_on = Day(required=True)
    arrived_on = Day(required=True)
    days = fields.Integer(required=True)
    days_late = fields.Integer(required=True)


class LeadRecordOut(OutSchema):
    """Of the latest orders of which something came; null where there are none yet."""

    count = fields.Integer(required=True)
    median_days = fields.Integer(required=True, allow_none=True)
    worst_days = fields.Integer(required=True, allow_none=True)
    on_time_share = fields.Float(
        required=True, allow_none=True, metadata={"description": "The part that was not late, 0 to 1."}
    )


class LeadTimesOut(LeadRecordOut):
    """With the orders themselves, the newest first."""

    arrivals = fields.List(fields.Nested(OrderArrivalOut), required=True)


class ComparedOut(OutSchema):
    """One supplier of the item. `unit_price_minor` is for one stock unit."""

    supplier = fields.Nested(SupplierBriefOut, required=True)
    active = fields.Boolean(required=True, attribute="supplier.active")
    preferred = fields.Boolean(required=True, attribute="terms.preferred")
    second = fields.Boolean(required=True, attribute="terms.second")
    unit_price_minor = Money(required=True)
    currency = fields.String(required=True, attribute="terms.currency")
    pack_name = fields.String(required=True, attribute="terms.pack_name")
    pack = Quantity(lambda one: stock_amount(one.item, one.terms.pack_quantity), required=True)
    price_minor = Money(required=True, attribute="terms.price_minor")
    minimum = Quantity(lambda one: stock_amount(one.item, one.minimum), required=True)
    order_fee_minor = Money(required=True, attribute="supplier.order_fee_minor")
    stated_days = fields.Integer(required=True)
    record = fields.Nested(LeadRecordOut, required=True)
