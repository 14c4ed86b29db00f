"""What a branch's rules of buying look like from outside."""

from __future__ import annotations

from marshmallow import fields

from supply.fields import BaseSchema, Id, Money, OutSchema
from supply.i18n import lazy


class SetBuyingRules(BaseSchema):
    """What a branch decides about buying."""

    branch_id = Id(required=True)
    blocked_step_minor = Money(
        required=True,
        metadata={
            "label": lazy("What a step that cannot be given costs"),
            "hint": lazy("About what a guest pays for one step; shortages are weighed with it."),
            "example": 200000,
        },
    )
    second_approval_minor = Money(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("Two people approve above"),
            "hint": lazy("Empty: one person is always enough."),
            "example": 5000000,
        },
    )


class GetBuyingRules(BaseSchema):
    branch_id = Id(required=True)


class BuyingRulesOut(OutSchema):
    """Version 0 says that nobody has set them yet."""

    blocked_step_minor = Money(required=True)
    second_approval_minor = Money(required=True, allow_none=True)
    version = fields.Integer(required=True)
