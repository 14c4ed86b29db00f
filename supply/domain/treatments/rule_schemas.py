"""What the rules of a recipe look like coming in and going out: what packages and what guests change."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import told_amount
from supply.domain.treatments.factors import Factor
from supply.domain.treatments.recipe import PackageAction, Scale
from supply.fields import Amount, BaseSchema, Code, OutSchema, Tick, Whole
from supply.i18n import lazy


class _WriteRule(BaseSchema):
    assumed = Tick(load_default=False, metadata={"label": lazy("Only an assumption")})


class WritePackageRule(_WriteRule):
    """What a package changes in a step. Another amount wants amount and unit; a line more its scale too."""

    package_id = fields.UUID(required=True, metadata={"label": lazy("Package")})
    action = fields.Enum(PackageAction, by_value=True, required=True, metadata={"label": lazy("Change")})
    step_position = Whole(minimum=1, maximum=50, required=True, metadata={"label": lazy("Step")})
    item_id = fields.UUID(required=True, metadata={"label": lazy("Item")})
    amount = Amount(load_default=None, allow_none=True, metadata={"label": lazy("Amount"), "example": "5"})
    unit = Code(
        load_default=None,
        allow_none=True,
        max_length=20,
        metadata={"label": lazy("Unit"), "example": "ml"},
    )
    scale = fields.Enum(
        Scale, by_value=True, load_default=None, allow_none=True, metadata={"label": lazy("For")}
    )


class WriteFactorRule(_WriteRule):
    """So much more or less for who bears a factor. Percentages add up, kept within the limits."""

    factor = fields.Enum(Factor, by_value=True, required=True, metadata={"label": lazy("Guest")})
    step_position = Whole(
        minimum=1,
        maximum=50,
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Step")},
    )
    item_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Item")},
    )
    percent = Whole(
        minimum=-100,
        maximum=300,
        required=True,
        metadata={"label": lazy("Change in per cent"), "example": -20},
    )
    lowest = Whole(minimum=0, maximum=100, load_default=50, metadata={"label": lazy("At least, per cent")})
    highest = Whole(minimum=100, maximum=400, load_default=150, metadata={"label": lazy("At most, per cent")})
    shared = Tick(
        load_default=False,
        metadata={
            "label": lazy("Also what the party shares"),
            "description": "Per tub, room and kilogram of water the most careful guest decides: the "
            "smallest percentage.",
        },
    )


class PackageRuleOut(OutSchema):
    """What a package changes in a step; quantity is null where the line is left out."""

    id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    package_id = fields.UUID(required=True)
    action = fields.Enum(PackageAction, by_value=True, required=True)
    step_position = fields.Integer(required=True)
    item_id = fields.UUID(required=True)
    item_code = fields.String(required=True, attribute="item.code")
    quantity = Quantity(
        lambda rule: None if rule.quantity is None else told_amount(rule.item, rule.quantity),
        required=True,
        allow_none=True,
    )
    scale = fields.Enum(Scale, by_value=True, required=True, allow_none=True)
    assumed = fields.Boolean(required=True)


class FactorRuleOut(OutSchema):
    """What a factor changes: of one step or all (null), of one item or all (null), within the limits."""

    id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    factor = fields.Enum(Factor, by_value=True, required=True)
    step_position = fields.Integer(required=True, allow_none=True)
    item_id = fields.UUID(required=True, allow_none=True)
    percent = fields.Integer(required=True)
    lowest = fields.Integer(required=True)
    highest = fields.Integer(required=True)
    shared = fields.Boolean(required=True)
    assumed = fields.Boolean(required=True)
