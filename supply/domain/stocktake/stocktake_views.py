"""How stocktakes look from outside, as pages and programs are told of them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import QuantityOut, SignedQuantityOut, quantity_out
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.stocktake.doubt import Suggestion, Why
from supply.domain.stocktake.models import DifferenceReason, StocktakeKind, StocktakeStatus
from supply.domain.stocktake.telling import LineState, LineTold, StocktakeTold
from supply.fields import Day, Id, Moment, Money, OutSchema, Whole

_SIGNED = {"minimum": -(2**53), "maximum": 2**53}


class SettledOut(OutSchema):
    lines = Whole(minimum=0, maximum=2**53, required=True, metadata={"description": "How many there were."})


class CountingRulesOut(OutSchema):
    """Version 0 says that nobody has set them yet."""

    approval_minor = Money(required=True, allow_none=True)
    version = fields.Integer(required=True)


class WhyOut(OutSchema):
    """`figure`: times, per cent, days, lots or containers, as the code says."""

    code = fields.Enum(Why, by_value=True, required=True)
    figure = fields.Integer(required=True)


class SuggestionOut(OutSchema):
    item = fields.Nested(StockItemOut, required=True)
    points = fields.Integer(required=True)
    reasons = fields.List(fields.Nested(WhyOut), required=True)


class SuggestionsOut(OutSchema):
    items = fields.List(fields.Nested(SuggestionOut), required=True)


class ShelfOut(OutSchema):
    location_id = Id(required=True)
    name = fields.String(required=True)
    lines = fields.Integer(required=True)
    waiting = fields.Integer(required=True)


class ItemCountedOut(OutSchema):
    item_id = Id(required=True)
    reasons = fields.List(fields.Nested(WhyOut), required=True)


class TotalsOut(OutSchema):
    """What the differences come to. `without_cost`: so many are of lots whose cost nobody knows."""

    counted = fields.Integer(required=True)
    differing = fields.Integer(required=True)
    value_minor = Whole(required=True, **_SIGNED)
    gross_minor = Whole(required=True, **_SIGNED)
    without_cost = fields.Integer(required=True)
    unreasoned = fields.Integer(required=True)
    contradicted = fields.Integer(required=True)
    digest = fields.String(
        required=True,
        metadata={"description": "Whoever hands in or approves says with it what they looked at."},
    )


class StocktakeRowOut(OutSchema):
    """A stocktake in a list."""

    id = Id(required=True)
    branch_id = Id(required=True)
    number = fields.Integer(required=True)
    kind = fields.Enum(StocktakeKind, by_value=True, required=True)
    status = fields.Enum(StocktakeStatus, by_value=True, required=True)
    note = fields.String(required=True, allow_none=True)
    opened_at = Moment(required=True)
    opened_by = fields.String(required=True)
    lines = fields.Integer(required=True)
    waiting = fields.Integer(required=True, metadata={"description": "Lines that nobody has counted yet."})
    submitted_at = Moment(required=True, allow_none=True)
    posted_at = Moment(required=True, allow_none=True)
    value_minor = Whole(required=True, allow_none=True, **_SIGNED)
    gross_minor = Whole(required=True, allow_none=True, **_SIGNED)
    version = fields.Integer(required=True)


class StocktakeOut(StocktakeRowOut):
    """A stocktake. `totals` null: it is still counted, or was cancelled."""

    shelves = fields.List(fields.Nested(ShelfOut), required=True)
    items = fields.List(fields.Nested(ItemCountedOut), required=True)
    counted_by = fields.List(
        fields.String(), required=True, metadata={"description": "Who counted or handed in."}
    )
    totals = fields.Nested(TotalsOut, required=True, allow_none=True)
    needs_approval = fields.Boolean(required=True)
    approved_at = Moment(required=True, allow_none=True)
    approved_by = fields.String(required=True, allow_none=True)
    return_reason = fields.String(required=True, allow_none=True)
    cancelled_at = Moment(required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True)


class StocktakeLineOut(OutSchema):
    """One place. What the book expected is null while people count, and of what was not counted."""

    id = Id(required=True)
    position = fields.Integer(required=True)
    item_id = Id(required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    expires_on = Day(required=True, allow_none=True)
    location_id = Id(required=True)
    container_id = Id(required=True, allow_none=True)
    state = fields.Enum(LineState, by_value=True, required=True)
    found = fields.Boolean(required=True, metadata={"description": "It was not on the list."})
    recount = fields.Boolean(required=True, metadata={"description": "It is to be counted once more."})
    counted = fields.Nested(QuantityOut, required=True, allow_none=True)
    counted_at = Moment(required=True, allow_none=True)
    counted_by = fields.String(required=True, allow_none=True)
    expected = fields.Nested(SignedQuantityOut, required=True, allow_none=True)
    difference = fields.Nested(SignedQuantityOut, required=True, allow_none=True)
    value_minor = Whole(required=True, allow_none=True, **_SIGNED)
    contradicted = fields.Boolean(
        required=True, metadata={"description": "More left since than was found: count it again."}
    )
    reason = fields.Enum(DifferenceReason, by_value=True, required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


_ROW = ("id", "branch_id", "number", "kind", "status", "note", "opened_at", "submitted_at", "posted_at")
_WORTH = ("value_minor", "gross_minor", "version")
_ENDS = ("approved_at", "return_reason", "cancelled_at", "cancel_reason")


def row_view(row: Any) -> dict[str, Any]:
    """A row of progress.list_stocktakes as StocktakeRowOut reads it."""
    told = {name: getattr(row.Stocktake, name) for name in (*_ROW, *_WORTH)}
    return told | {"opened_by": row.opened_by_name, "lines": row.lines, "waiting": row.waiting}


def stocktake_view(told: StocktakeTold) -> dict[str, Any]:
    """A stocktake as StocktakeOut reads it."""
    view = {name: getattr(told.stocktake, name) for name in (*_ROW, *_WORTH, *_ENDS)}
    view |= {name: getattr(told, name) for name in ("opened_by", "approved_by", "lines", "waiting")}
    return view | {
        "shelves": [
            {
                "location_id": shelf.location.id,
                "name": shelf.location.name,
                "lines": shelf.lines,
                "waiting": shelf.waiting,
            }
            for shelf in told.shelves
        ],
        "items": [
            {"item_id": item_id, "reasons": [{"code": Why(code), "figure": figure} for code, figure in why]}
            for item_id, why in told.reasons.items()
        ],
        "counted_by": list(told.hands.values()),
        "totals": told.totals,
        "needs_approval": told.needs_approval,
    }


def line_view(told: LineTold) -> dict[str, Any]:
    """A line as StocktakeLineOut reads it."""
    line, item, weighed = told.line, told.item, told.weighed
    columns = ("id", "position", "item_id", "lot_id", "location_id", "container_id", "found")
    view = {name: getattr(line, name) for name in (*columns, "counted_at", "note", "version")}
    return view | {
        "lot_number": told.lot.number,
        "expires_on": told.lot.expires_on,
        "state": told.state,
        "recount": line.recount_at is not None,
        "counted": quantity_out(line.counted, item),
        "counted_by": told.counted_by,
        "expected": quantity_out(weighed.expected, item) if weighed else None,
        "difference": quantity_out(weighed.difference, item) if weighed else None,
        "value_minor": weighed.value_minor if weighed else None,
        "contradicted": weighed is not None and weighed.contradicted,
        "reason": weighed.reason if weighed else None,
    }


def suggestion_view(item: Item, suggestion: Suggestion) -> dict[str, Any]:
    """An item to count as SuggestionOut reads it."""
    reasons = [{"code": why, "figure": figure} for why, figure in suggestion.reasons]
    return {"item": item, "points": suggestion.points, "reasons": reasons}
