"""What an example visit looks like coming in, and its resolved lines going out."""

from __future__ import annotations

from marshmallow import fields, validate

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import told_amount
from supply.domain.treatments.factors import Factor
from supply.fields import BaseSchema, Code, OutSchema, Tick, Whole
from supply.i18n import lazy

# "2:senior,2:sensitive-skin": a guest's number and a factor each.
_ONE = f"(1[0-4]|[1-9]):({'|'.join(Factor)})"
_GUEST_FACTORS = f"^({_ONE}(,{_ONE}){{0,27}})?$"


class ExpectLines(BaseSchema):
    """An example visit: how many guests, what about them, the tubs of the room, the package."""

    party_size = Whole(minimum=1, maximum=14, load_default=1, metadata={"label": lazy("Guests")})
    tubs = Whole(minimum=1, maximum=14, load_default=1, metadata={"label": lazy("Tubs in the room")})
    seats_per_tub = Whole(minimum=1, maximum=14, load_default=2, metadata={"label": lazy("Guests per tub")})
    tub_water_kg = Whole(
        minimum=1, maximum=2000, load_default=None, metadata={"label": lazy("Water in a tub, in kg")}
    )
    package = Code(load_default=None, metadata={"label": lazy("Package")})
    factors = fields.String(
        load_default="",
        validate=validate.Regexp(_GUEST_FACTORS),
        metadata={
            "label": lazy("What changes the amounts"),
            "description": "Guest and factor, comma between: `1:child,2:senior,2:sensitive-skin`.",
            "example": "1:senior",
        },
    )
    draft = Tick(
        load_default=False,
        metadata={"label": lazy("Draft"), "description": "The draft instead of the recipe in use."},
    )


class ExpectedLineOut(OutSchema):
    """One line of an example visit; `rule` is the path of rules that gave it, parts separated by "|"."""

    step_position = fields.Integer(required=True)
    item_id = fields.UUID(required=True)
    item_code = fields.String(required=True, attribute="item.code")
    guest_position = fields.Integer(required=True, allow_none=True)
    quantity = Quantity(lambda line: told_amount(line.item, line.quantity), required=True)
    rule = fields.String(required=True, metadata={"example": "client|senior-20|limit:60"})
    assumed = fields.Boolean(required=True)
