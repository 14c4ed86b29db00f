"""Waste in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import Quantity, QuantityOut, quantity_out
from supply.domain.catalog.units import stock_amount
from supply.domain.ledger.models import Lot
from supply.domain.waste.models import WasteEntry, WasteReason
from supply.fields import Amount, BaseSchema, Code, Day, Id, Moment, Money, OutSchema, Text
from supply.i18n import lazy


class LogWaste(BaseSchema):
    """The lot is named; without a place it is taken where the lot stands, opened containers first."""

    branch_id = Id(required=True)
    lot_id = Id(required=True, metadata={"label": lazy("Lot")})
    location_id = Id(allow_none=True, load_default=None)
    container_id = Id(allow_none=True, load_default=None)
    amount = Amount(required=True, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, required=True)
    reason = fields.Enum(WasteReason, by_value=True, required=True, metadata={"label": lazy("Reason")})
    note = Text(
        max_length=400, multiline=True, allow_none=True, load_default=None, metadata={"label": lazy("Note")}
    )
    happened_at = Moment(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("When"), "hint": lazy("Left empty, it means now.")},
    )


class Reversal(BaseSchema):
    """Taking something back. Without a time: now."""

    happened_at = Moment(allow_none=True, load_default=None)


class ListWaste(BaseSchema):
    branch_id = Id(required=True)
    item_id = Id()


class WasteEntryOut(OutSchema):
    """What was thrown away, why, and what it cost at lot cost."""

    id = Id(required=True)
    branch_id = Id(required=True)
    item_id = Id(required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    reason = fields.Enum(WasteReason, by_value=True, required=True)
    cost_minor = Money(required=True, allow_none=True)
    currency = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_id = Id(required=True)
    reversed_at = Moment(required=True, allow_none=True)


class ExpiredLotOut(OutSchema):
    """What stands of a lot past its use, since when, where, and what it cost."""

    lot_id = Id(required=True, attribute="lot.id")
    lot_number = fields.String(required=True, attribute="lot.number")
    item_id = Id(required=True, attribute="item.id")
    quantity = Quantity(lambda one: stock_amount(one.item, one.quantity), required=True)
    expired_on = Day(required=True, metadata={"description": "The last day on which it could be used."})
    places = fields.List(fields.String(), required=True)
    cost_minor = Money(required=True, allow_none=True)
    currency = fields.String(required=True, allow_none=True, attribute="lot.currency")


def waste_view(entry: WasteEntry, item: Item, lot: Lot) -> dict[str, Any]:
    """An entry with its item and lot as WasteEntryOut reads it."""
    columns = (
        "id",
        "branch_id",
        "item_id",
        "lot_id",
        "reason",
        "cost_minor",
        "note",
        "happened_at",
        "recorded_at",
    )
    told = {name: getattr(entry, name) for name in (*columns, "person_id", "reversed_at")}
    currency = None if entry.cost_minor is None else lot.currency
    return told | {
        "lot_number": lot.number,
        "currency": currency,
        "quantity": quantity_out(entry.quantity, item),
    }


def waste_views(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows of list_waste."""
    return [waste_view(row.WasteEntry, row.Item, row.Lot) for row in rows]
