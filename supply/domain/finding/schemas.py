"""What is asked of a search, and what it finds as programs see it."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import stock_amount
from supply.domain.finding.found import Found, Kind
from supply.fields import BaseSchema, Id, Moment, OutSchema, Text
from supply.i18n import lazy


class Search(BaseSchema):
    branch_id = Id(required=True)
    q = Text(
        required=True,
        max_length=100,
        metadata={
            "label": lazy("Search"),
            "description": "Words that all occur in it, with or without accents; two letters at least. An "
            "order or a requisition is found by its number.",
            "example": "gung",
        },
    )


def _standing(found: Found) -> tuple[Decimal, str] | None:
    """What stands of an item or a lot in the branch."""
    if found.item is None or found.quantity is None:
        return None
    return stock_amount(found.item, found.quantity)


class FoundOut(OutSchema):
    """`code` is a code, a lot's number, a booking, an order's number or a login. The names are those of what
    it is about: a lot's item, a visit's procedure, an order's supplier, who asked for a requisition.
    """

    kind = fields.Enum(Kind, by_value=True, required=True)
    id = Id(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    standing = Quantity(_standing, required=True, allow_none=True)
    expires_on = fields.Date(required=True, allow_none=True)
    quarantined = fields.Boolean(required=True)
    at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When a visit is planned, an order expected, a requisition begun."},
    )
    status = fields.Function(
        lambda found: found.status and found.status.value,
        required=True,
        metadata={"type": ["string", "null"]},
    )


class SearchOut(OutSchema):
    """Kind by kind, at most six of each, the most wanted first."""

    found = fields.List(fields.Nested(FoundOut), required=True)
