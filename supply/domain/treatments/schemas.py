"""What procedures, recipes, packages, conditions and contraindications look like coming in and going out."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import told_amount
from supply.domain.treatments.recipe import Scale
from supply.domain.treatments.rule_schemas import (
    FactorRuleOut,
    PackageRuleOut,
    WriteFactorRule,
    WritePackageRule,
)
from supply.fields import Amount, BaseSchema, Code, Moment, OutSchema, Text, Tick, Whole, at_most, some
from supply.i18n import lazy


class _Names(BaseSchema):
    name_en = Text(required=True, max_length=120, metadata={"label": lazy("English name")})
    name_vi = Text(required=True, max_length=120, metadata={"label": lazy("Vietnamese name")})


class CreateProcedure(_Names):
    code = Code(required=True, metadata={"label": lazy("Code"), "example": "back-massage"})


class ChangeProcedure(_Names):
    active = Tick(load_default=True, metadata={"label": lazy("In use")})


class ListProcedures(BaseSchema):
    search = Text(load_default="", min_length=0, max_length=100, metadata={"label": lazy("Search")})
    active = Tick(load_default=True, metadata={"label": lazy("In use only")})


class WriteRecipeLine(BaseSchema):
    """So much of an item for each client, each tub, the room or each kilogram of water."""

    item_id = fields.UUID(required=True, metadata={"label": lazy("Item")})
    amount = Amount(required=True, metadata={"label": lazy("Amount"), "example": "50"})
    unit = Code(required=True, max_length=20, metadata={"label": lazy("Unit"), "example": "g"})
    scale = fields.Enum(Scale, by_value=True, required=True, metadata={"label": lazy("For")})
    assumed = Tick(load_default=False, metadata={"label": lazy("Only an assumption")})


class WriteStep(_Names):
    note_en = Text(
        load_default=None, allow_none=True, max_length=400, metadata={"label": lazy("English note")}
    )
    note_vi = Text(
        load_default=None, allow_none=True, max_length=400, metadata={"label": lazy("Vietnamese note")}
    )
    lines = fields.List(
        fields.Nested(WriteRecipeLine),
        load_default=list,
        validate=at_most(30),
        metadata={"label": lazy("Supplies")},
    )


class SaveDraft(BaseSchema):
    """The whole draft, step by step, and its rules; what is not named is gone."""

    steps = fields.List(
        fields.Nested(WriteStep),
        required=True,
        validate=at_most(50),
        metadata={"label": lazy("Steps")},
    )
    package_rules = fields.List(
        fields.Nested(WritePackageRule),
        load_default=list,
        validate=at_most(100),
        metadata={"label": lazy("What packages change")},
    )
    factor_rules = fields.List(
        fields.Nested(WriteFactorRule),
        load_default=list,
        validate=at_most(100),
        metadata={"label": lazy("What guests change")},
    )


class ListPackages(BaseSchema):
    procedure_id = fields.UUID(load_default=None, metadata={"label": lazy("Procedure")})
    active = Tick(load_default=True, metadata={"label": lazy("In use only")})


class _Steps(_Names):
    steps = fields.List(
        Whole(minimum=1, maximum=50),
        required=True,
        validate=some(50, lazy("Choose at least one step.")),
        metadata={"label": lazy("Steps"), "example": [1, 4, 6]},
    )


class CreatePackage(_Steps):
    procedure_id = fields.UUID(required=True, metadata={"label": lazy("Procedure")})
    code = Code(required=True, metadata={"label": lazy("Code"), "example": "short-ritual"})


class ChangePackage(_Steps):
    active = Tick(load_default=True, metadata={"label": lazy("In use")})


class WriteSubstitute(BaseSchema):
    """So much of a substitute stands in for so much of the item: 1 g for 2 ml."""

    substitute_id = fields.UUID(required=True, metadata={"label": lazy("Substitute")})
    amount = Amount(required=True, metadata={"label": lazy("So much of the substitute"), "example": "1"})
    unit = Code(required=True, max_length=20, metadata={"label": lazy("Unit"), "example": "g"})
    for_amount = Amount(required=True, metadata={"label": lazy("for so much of the item"), "example": "2"})
    for_unit = Code(required=True, max_length=20, metadata={"label": lazy("Unit"), "example": "ml"})
    note = Text(load_default=None, allow_none=True, max_length=200, metadata={"label": lazy("Note")})
    assumed = Tick(load_default=False, metadata={"label": lazy("Only an assumption")})


class SaveSubstitutes(BaseSchema):
    """All substitutes of an item, most wanted first; what is not named is gone."""

    substitutes = fields.List(
        fields.Nested(WriteSubstitute),
        required=True,
        validate=at_most(10),
        metadata={"label": lazy("Substitutes")},
    )


class ProcedureOut(OutSchema):
    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class RecipeLineOut(OutSchema):
    """`assumed` is true until a manager has confirmed the quantity."""

    id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    item_id = fields.UUID(required=True)
    item_code = fields.String(required=True, attribute="item.code")
    quantity = Quantity(lambda line: told_amount(line.item, line.quantity), required=True)
    scale = fields.Enum(Scale, by_value=True, required=True)
    assumed = fields.Boolean(required=True)


class StepOut(OutSchema):
    position = fields.Integer(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    note_en = fields.String(required=True, allow_none=True)
    note_vi = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(RecipeLineOut), required=True)


class RecipeVersionOut(OutSchema):
    id = fields.UUID(required=True)
    procedure_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    published_at = Moment(required=True, allow_none=True)
    published_by = fields.UUID(required=True, allow_none=True)
    version = fields.Integer(required=True)


class RecipeOut(RecipeVersionOut):
    """A recipe version with everything in it. published_at is null for the draft."""

    steps = fields.List(fields.Nested(StepOut), required=True)
    package_rules = fields.List(fields.Nested(PackageRuleOut), required=True)
    factor_rules = fields.List(fields.Nested(FactorRuleOut), required=True)


class PackageOut(OutSchema):
    id = fields.UUID(required=True)
    procedure_id = fields.UUID(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    steps = fields.Pluck("PackageStepOut", "position", many=True, required=True)
    active = fields.Boolean(required=True)


class PackageStepOut(OutSchema):
    position = fields.Integer(required=True)


class SubstituteOut(OutSchema):
    """`amount` of the substitute stands in for `for_amount` of the item, in this proportion."""

    position = fields.Integer(required=True)
    substitute_id = fields.UUID(required=True, attribute="substitute.id")
    substitute_code = fields.String(required=True, attribute="substitute.code")
    quantity = Quantity(lambda row: told_amount(row.substitute, row.numerator), required=True)
    stands_in_for = Quantity(lambda row: told_amount(row.item, row.denominator), required=True)
    note = fields.String(required=True, allow_none=True)
    assumed = fields.Boolean(required=True)


class SubstitutesOut(OutSchema):
    """An item's substitutes, most wanted first. The version is the item's."""

    item_id = fields.UUID(required=True, attribute="item.id")
    item_code = fields.String(required=True, attribute="item.code")
    version = fields.Integer(required=True)
    substitutes = fields.List(fields.Nested(SubstituteOut), required=True)
