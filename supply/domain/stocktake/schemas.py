"""Opening stock, adjustments and counts, in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import QuantityOut, quantity_out
from supply.domain.ledger.schemas import amount_and_unit
from supply.domain.stocktake.models import Adjustment, AdjustmentReason, StockCount
from supply.domain.stocktake.service import WAYS, Direction
from supply.fields import (
    Amount,
    BaseSchema,
    Code,
    Day,
    Id,
    Moment,
    Money,
    OutSchema,
    Text,
    Whole,
    at_most,
    some,
)
from supply.i18n import lazy

_WHEN: dict[str, Any] = {"label": lazy("When"), "hint": lazy("Left empty, it means now.")}


def _note() -> Text:
    return Text(
        max_length=400, multiline=True, allow_none=True, load_default=None, metadata={"label": lazy("Note")}
    )


class OpeningLine(BaseSchema):
    item_id = Id(required=True, metadata={"label": lazy("Item")})
    number = Text(max_length=60, allow_none=True, load_default=None, metadata={"label": lazy("Lot number")})
    expires_on = Day(allow_none=True, load_default=None, metadata={"label": lazy("Expiry")})
    amount = Amount(required=True, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, required=True)
    cost_minor = Money(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Cost"), "description": "Paid for the whole line, minor units."},
    )
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Place")})


class LogOpeningStock(BaseSchema):
    branch_id = Id(required=True)
    lines = fields.List(
        fields.Nested(OpeningLine),
        required=True,
        validate=some(200, lazy("Add at least one line of what stands there.")),
    )
    note = _note()
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)


class AdjustStock(BaseSchema):
    """Correct one lot at one place."""

    branch_id = Id(required=True)
    lot_id = Id(required=True, metadata={"label": lazy("Lot")})
    location_id = Id(allow_none=True, load_default=None)
    container_id = Id(allow_none=True, load_default=None)
    direction = fields.Enum(Direction, by_value=True, required=True, metadata={"label": lazy("Direction")})
    amount = Amount(required=True, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, required=True)
    reason = fields.Enum(
        AdjustmentReason,
        by_value=True,
        required=True,
        validate=validate.OneOf(list(WAYS)),
        metadata={"label": lazy("Reason"), "enum": [reason.value for reason in WAYS]},
    )
    note = _note()
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)


class AdjustmentOut(OutSchema):
    """A correction: `amount` is signed."""

    id = Id(required=True)
    branch_id = Id(required=True)
    item_id = Id(required=True)
    lot_id = Id(required=True)
    amount = fields.String(required=True, metadata={"description": "Signed decimal.", "example": "-0.25"})
    unit = fields.String(required=True)
    reason = fields.Enum(AdjustmentReason, by_value=True, required=True)
    note = fields.String(required=True, allow_none=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_id = Id(required=True)
    reversed_at = Moment(required=True, allow_none=True)


class OpeningStockOut(OutSchema):
    adjustments = fields.List(fields.Nested(AdjustmentOut), required=True)


def adjustment_view(adjustment: Adjustment, item: Item) -> dict[str, Any]:
    """An adjustment as AdjustmentOut reads it."""
    columns = ("id", "branch_id", "item_id", "lot_id", "reason", "note", "happened_at", "recorded_at")
    told = {name: getattr(adjustment, name) for name in (*columns, "person_id", "reversed_at")}
    return told | amount_and_unit(adjustment.quantity, item)


def looked_at() -> Moment:
    """Since when somebody stood at the shelf, of a count that does not tell its own time."""
    told = "When somebody began to look: 409 `moved_meanwhile` if something moved since and no time is told."
    return Moment(allow_none=True, load_default=None, metadata={"description": told})


def noted_at() -> Moment:
    """When a count was written down, of one that a device kept and sends later."""
    told = (
        "When it was written down, where it is sent later: it is judged by that time. With `looked_at`, only "
        "what moved in between is asked about."
    )
    return Moment(allow_none=True, load_default=None, metadata={"description": told})


class CountLine(BaseSchema):
    """What was found at one place: a lot that the book names, or one by its number and expiry."""

    lot_id = Id(allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None)
    container_id = Id(allow_none=True, load_default=None)
    number = Text(max_length=60, allow_none=True, load_default=None, metadata={"label": lazy("Lot number")})
    expires_on = Day(allow_none=True, load_default=None, metadata={"label": lazy("Expiry")})
    amount = Amount(zero=True, required=True, metadata={"label": lazy("Found")})
    unit = Code(max_length=20, required=True)


class LogCount(BaseSchema):
    """Every lot that the book holds is named, with 0 for what is gone."""

    branch_id = Id(required=True)
    item_id = Id(required=True)
    lines = fields.List(fields.Nested(CountLine), required=True, validate=at_most(200))
    note = _note()
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)
    looked_at = looked_at()
    noted_at = noted_at()


class CountLineOut(OutSchema):
    lot_id = Id(required=True)
    location_id = Id(required=True)
    container_id = Id(required=True, allow_none=True)
    expected = fields.Nested(QuantityOut, required=True)
    counted = fields.Nested(QuantityOut, required=True)


class StockCountOut(OutSchema):
    """A count: the net discrepancy (found less expected) and its value at lot cost."""

    id = Id(required=True)
    branch_id = Id(required=True)
    item_id = Id(required=True)
    lines = fields.List(fields.Nested(CountLineOut), required=True)
    discrepancy_amount = fields.String(required=True, metadata={"example": "-0.25"})
    discrepancy_unit = fields.String(required=True)
    value_minor = Whole(minimum=-(2**53), maximum=2**53, required=True)
    note = fields.String(required=True, allow_none=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_id = Id(required=True)


def count_view(count: StockCount, item: Item) -> dict[str, Any]:
    """A count as StockCountOut reads it."""
    columns = ("id", "branch_id", "item_id", "value_minor", "note", "happened_at", "recorded_at", "person_id")
    told = {name: getattr(count, name) for name in columns}
    difference = amount_and_unit(count.discrepancy, item)
    told |= {"discrepancy_amount": difference["amount"], "discrepancy_unit": difference["unit"]}
    lines = [
        {
            "lot_id": line.lot_id,
            "location_id": line.location_id,
            "container_id": line.container_id,
            "expected": quantity_out(line.expected, item),
            "counted": quantity_out(line.counted, item),
        }
        for line in count.lines
    ]
    return told | {"lines": lines}
