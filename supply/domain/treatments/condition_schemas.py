"""What conditions and safety rules look like coming in and going out."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.treatments.models import Effect
from supply.fields import BaseSchema, Code, OutSchema, Text, Tick, Whole
from supply.i18n import lazy


class ListConditions(BaseSchema):
    active = Tick(load_default=True, metadata={"label": lazy("In use only")})


class _Sourced(BaseSchema):
    name_en = Text(required=True, max_length=120, metadata={"label": lazy("English name")})
    name_vi = Text(required=True, max_length=120, metadata={"label": lazy("Vietnamese name")})
    source = Text(
        required=True,
        max_length=200,
        metadata={"label": lazy("Source"), "hint": lazy("Where the rule comes from; shown beside it.")},
    )


class CreateCondition(_Sourced):
    code = Code(required=True, metadata={"label": lazy("Code"), "example": "pregnancy"})


class ChangeCondition(_Sourced):
    active = Tick(load_default=True, metadata={"label": lazy("In use")})


class ListContraindications(BaseSchema):
    procedure_id = fields.UUID(load_default=None, metadata={"label": lazy("Treatment")})
    condition_id = fields.UUID(load_default=None, metadata={"label": lazy("Condition")})
    item_id = fields.UUID(load_default=None, metadata={"label": lazy("Ingredient")})
    active = Tick(load_default=True, metadata={"label": lazy("In use only")})


class _Contraindication(BaseSchema):
    procedure_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Treatment"), "hint": lazy("Empty: the ingredient in every treatment.")},
    )
    step_position = Whole(
        minimum=1,
        maximum=50,
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Step"), "hint": lazy("Empty: every step.")},
    )
    item_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Ingredient"), "hint": lazy("Empty: the step itself, whatever it uses.")},
    )
    effect = fields.Enum(Effect, by_value=True, required=True, metadata={"label": lazy("Effect")})
    advice_en = Text(required=True, max_length=300, metadata={"label": lazy("English advice")})
    advice_vi = Text(required=True, max_length=300, metadata={"label": lazy("Vietnamese advice")})
    source = Text(
        required=True,
        max_length=200,
        metadata={"label": lazy("Source"), "hint": lazy("Where the rule comes from; shown beside it.")},
    )
    assumed = Tick(load_default=False, metadata={"label": lazy("Only an assumption")})


class CreateContraindication(_Contraindication):
    condition_id = fields.UUID(required=True, metadata={"label": lazy("Condition")})


class ChangeContraindication(_Contraindication):
    active = Tick(load_default=True, metadata={"label": lazy("In use")})


class ConditionOut(OutSchema):
    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    source = fields.String(required=True)
    active = fields.Boolean(required=True)


class ContraindicationOut(OutSchema):
    """A safety rule of the spa. `version` counts its wordings. Not medical advice."""

    id = fields.UUID(required=True)
    condition_id = fields.UUID(required=True)
    condition = fields.String(required=True, attribute="condition.code")
    procedure_id = fields.UUID(required=True, allow_none=True)
    step_position = fields.Integer(required=True, allow_none=True)
    item_id = fields.UUID(required=True, allow_none=True)
    effect = fields.Enum(Effect, by_value=True, required=True)
    advice_en = fields.String(required=True)
    advice_vi = fields.String(required=True)
    source = fields.String(required=True)
    assumed = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)
