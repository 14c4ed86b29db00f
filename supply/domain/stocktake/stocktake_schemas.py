"""What people and programs say to a stocktake. What is said of single counts is in schemas.py."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.stocktake.models import DifferenceReason, StocktakeKind, StocktakeStatus
from supply.domain.stocktake.schemas import looked_at, noted_at
from supply.domain.stocktake.tallying import Holds, Rest
from supply.domain.stocktake.telling import LineState
from supply.fields import Amount, BaseSchema, Code, Day, Id, Moment, Money, Several, Text, some
from supply.i18n import lazy

MOST_ITEMS, MOST_LINES = 500, 500
_COUNTED_AT: dict[str, Any] = {"label": lazy("When"), "hint": lazy("Left empty, it means now.")}


class OpenStocktake(BaseSchema):
    """Everything (`full`), or the items named (`cycle`)."""

    branch_id = Id(required=True)
    kind = fields.Enum(
        StocktakeKind, by_value=True, required=True, metadata={"label": lazy("What is counted")}
    )
    item_ids = fields.List(
        Id(),
        load_default=list,
        validate=Several(MOST_ITEMS),
        metadata={"label": lazy("Items"), "description": "Of a cycle count; none of a full one."},
    )
    note = Text(max_length=400, allow_none=True, load_default=None, metadata={"label": lazy("Note")})


class ListStocktakes(BaseSchema):
    branch_id = Id(required=True)
    status = fields.Enum(StocktakeStatus, by_value=True, load_default=None)


class ListStocktakeLines(BaseSchema):
    location_id = Id(load_default=None)
    state = fields.Enum(LineState, by_value=True, load_default=None)


class CountLineOfList(BaseSchema):
    """What was found at one place."""

    amount = Amount(zero=True, required=True, metadata={"label": lazy("Found")})
    unit = Code(max_length=20, required=True)
    counted_at = Moment(allow_none=True, load_default=None, metadata=_COUNTED_AT)
    looked_at = looked_at()
    noted_at = noted_at()
    holds = fields.Enum(
        Holds,
        by_value=True,
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Which count holds?"),
            "description": "Needed where the line has a count already.",
        },
    )


class AddFoundLot(BaseSchema):
    """A lot that is not on the list: one by its id, or what is written on it."""

    item_id = Id(required=True, metadata={"label": lazy("Item")})
    lot_id = Id(allow_none=True, load_default=None)
    number = Text(max_length=60, allow_none=True, load_default=None, metadata={"label": lazy("Lot number")})
    expires_on = Day(allow_none=True, load_default=None, metadata={"label": lazy("Expiry")})
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Place")})
    amount = Amount(zero=True, required=True, metadata={"label": lazy("Found")})
    unit = Code(max_length=20, required=True, metadata={"label": lazy("Unit")})
    counted_at = Moment(allow_none=True, load_default=None, metadata=_COUNTED_AT)


class SettleRest(BaseSchema):
    """What lines are that nobody counted: those named, or all."""

    rest = fields.Enum(Rest, by_value=True, required=True, metadata={"label": lazy("Not counted")})
    line_ids = fields.List(Id(), load_default=list, validate=Several(MOST_LINES))


class AskRecount(BaseSchema):
    line_ids = fields.List(Id(), required=True, validate=some(MOST_LINES), metadata={"label": lazy("Lines")})


class ReasonOfLine(BaseSchema):
    line_id = Id(required=True)
    reason = fields.Enum(DifferenceReason, by_value=True, required=True, metadata={"label": lazy("Reason")})
    note = Text(max_length=400, allow_none=True, load_default=None, metadata={"label": lazy("Note")})


class GiveReasons(BaseSchema):
    """Why lines differ; `rest` for every line that has no reason yet and differs in that direction."""

    reasons = fields.List(fields.Nested(ReasonOfLine), load_default=list, validate=Several(MOST_LINES))
    rest = fields.Enum(
        DifferenceReason,
        by_value=True,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("For all others")},
    )


class HandIn(BaseSchema):
    """`digest` is of the differences that you looked at, as the stocktake's totals tell it."""

    digest = Text(max_length=64, required=True)


class ReturnStocktake(BaseSchema):
    reason = Text(max_length=400, required=True, metadata={"label": lazy("What is to be looked at?")})


class CancelStocktake(BaseSchema):
    reason = Text(max_length=400, required=True, metadata={"label": lazy("Reason")})


class SetCountingRules(BaseSchema):
    branch_id = Id(required=True)
    approval_minor = Money(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("A manager approves differences above"),
            "hint": lazy("Empty: nobody needs to approve."),
            "example": 500000,
        },
    )
