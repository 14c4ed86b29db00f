"""What visits, steps and completions look like going out. Quantities are written in the item's stock unit."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from marshmallow import fields

from supply.domain.catalog.schemas import QuantityOut, SignedQuantityOut
from supply.domain.treatments.models import Effect
from supply.domain.visits.models import RecordKind, SkipReason, StepStatus, VisitStatus
from supply.fields import Moment, OutSchema
from supply.quantity import UNITS, from_base


class ItemRef(OutSchema):
    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)


def written(base: int, item: Any) -> dict[str, str]:
    """Base units of an item as amount and unit."""
    return {"amount": _amount(base, item.stock_unit), "unit": item.stock_unit}


@lru_cache(10_000)
def _amount(base: int, unit: str) -> str:
    """Recipes use the same few amounts again and again."""
    return format(from_base(base, UNITS[unit].factor), "f")


class Measured(fields.Nested):
    """Base units on an object that has an `item`. Written by hand: a completion's answer has many of them."""

    def __init__(self, schema: type[OutSchema] = QuantityOut, **kwargs: Any) -> None:
        super().__init__(schema, required=True, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str]:  # type: ignore[override]
        return written(value, obj.item)


class Item(fields.Nested):
    """An item's reference, written by hand for the same reason."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ItemRef, required=True, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str]:  # type: ignore[override]
        return {
            "id": str(value.id),
            "code": value.code,
            "name_en": value.name_en,
            "name_vi": value.name_vi,
        }


class LotTakenOut(OutSchema):
    lot_id = fields.UUID(required=True)
    amount = fields.String(required=True, metadata={"example": "0.05"})
    unit = fields.String(required=True, metadata={"example": "l"})


class LotsTaken(fields.Nested):
    """The lots that a line took from."""

    def __init__(self) -> None:
        super().__init__(LotTakenOut, required=True, many=True, attribute="taken")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[dict[str, str]]:  # type: ignore[override]
        return [{"lot_id": str(part.lot_id), **written(part.quantity, obj.item)} for part in value]


class CompletionLineOut(OutSchema):
    """Standard beside actual; variance = actual - standard, with its sign."""

    position = fields.Integer(required=True)
    item = Item()
    guest_position = fields.Integer(required=True, allow_none=True)
    standard = Measured()
    actual = Measured()
    variance = Measured(SignedQuantityOut)
    shortfall = Measured()
    incident = fields.String(required=True, allow_none=True, metadata={"example": "expired-lot"})
    lots = LotsTaken()


class CompletedStepOut(OutSchema):
    """A completion just recorded, and what its visit has become."""

    id = fields.UUID(required=True)
    visit_id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    person_id = fields.UUID(required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    visit_status = fields.Enum(VisitStatus, by_value=True, required=True)
    visit_version = fields.Integer(required=True)
    lines = fields.List(fields.Nested(CompletionLineOut), required=True)


class CompletedStepsOut(OutSchema):
    """One answer per completion sent, in order."""

    completions = fields.List(fields.Nested(CompletedStepOut), required=True)


class RecordedOut(OutSchema):
    """A completion as it stands on record, live or reversed."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    person = fields.String(required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    reversed_at = Moment(required=True, allow_none=True)
    reversed_by = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(CompletionLineOut), required=True)


class FindingOut(OutSchema):
    """A safety rule against a step: for these guests, because of these lines (none: the step itself).

    `standing` are the guests for whom neither consent nor override is on record. `blocks`: the step does not
    start like this. The spa's own rules, not medical advice.
    """

    step_position = fields.Integer(required=True)
    condition = fields.String(required=True, metadata={"example": "pregnancy"})
    name_en = fields.String(required=True, attribute="rule.name_en")
    name_vi = fields.String(required=True, attribute="rule.name_vi")
    effect = fields.Enum(Effect, by_value=True, required=True)
    advice_en = fields.String(required=True, attribute="rule.advice_en")
    advice_vi = fields.String(required=True, attribute="rule.advice_vi")
    source = fields.String(required=True, attribute="rule.source")
    assumed = fields.Boolean(required=True, attribute="rule.assumed")
    rule_id = fields.UUID(required=True, allow_none=True, attribute="rule.rule_id")
    rule_version = fields.Integer(required=True, allow_none=True, attribute="rule.version")
    guests = fields.List(fields.Integer(), required=True, metadata={"description": "Whom it concerns."})
    lines = fields.List(fields.Integer(), required=True, metadata={"description": "Positions of lines."})
    standing = fields.List(fields.Integer(), required=True)
    blocks = fields.Boolean(required=True)


class SafetyRecordOut(OutSchema):
    """Who consented to a rule, overrode it, or said that it was broken; for one guest."""

    kind = fields.Enum(RecordKind, by_value=True, required=True)
    guest_position = fields.Integer(required=True)
    step_position = fields.Integer(required=True, allow_none=True)
    condition = fields.String(required=True)
    rule_id = fields.UUID(required=True, allow_none=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Of an override its words; of an incident `known-later` where the condition was "
            "told only after the step had been done."
        },
    )
    person = fields.String(required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    completion_id = fields.UUID(required=True, allow_none=True)
    void = fields.Boolean(
        required=True,
        metadata={"description": "Its guest or the steps were changed since: it no longer counts."},
    )


class _ReplacedAmount(Measured):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str]:  # type: ignore[override]
        return written(value, obj.replaces)


class ReplacedOut(OutSchema):
    """What the recipe wanted here. The same item as the line's: it was left out."""

    item = Item(attribute="replaces")
    standard = _ReplacedAmount(attribute="replaces_quantity")
    because = fields.String(required=True, attribute="replaces_because", metadata={"example": "pregnancy"})


class Replacing(fields.Nested):
    """What a line stands in for, by a safety rule or by hand; null for most."""

    def __init__(self) -> None:
        super().__init__(ReplacedOut, required=True, allow_none=True)

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        return obj if obj.replaces else None


class PlannedLineOut(OutSchema):
    """So much, for that guest (null: the party), by that path of rules.

    `rule` is the scale, then what changed it, each after "|": "client|senior-20|limit:60" is per client,
    20 % less for a senior, kept at the limit of 60 %.
    """

    position = fields.Integer(required=True)
    item = Item()
    guest_position = fields.Integer(required=True, allow_none=True)
    standard = Measured(attribute="quantity")
    rule = fields.String(required=True, metadata={"example": "client|senior-20"})
    replaces = Replacing()


class ItemOfferOut(OutSchema):
    item = Item()
    quantity = Measured()


class LineOffersOut(OutSchema):
    """A line of an open step and what may be put in its place, most wanted first."""

    position = fields.Integer(required=True)
    item = Item()
    guest_position = fields.Integer(required=True, allow_none=True)
    standard = Measured(attribute="quantity")
    replaces = Replacing()
    offers = fields.List(fields.Nested(ItemOfferOut), required=True)


class VisitStepOut(OutSchema):
    position = fields.Integer(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    note_en = fields.String(required=True, allow_none=True)
    note_vi = fields.String(required=True, allow_none=True)
    status = fields.Enum(StepStatus, by_value=True, required=True)
    started_at = Moment(required=True, allow_none=True)
    skip_reason = fields.Enum(SkipReason, by_value=True, required=True, allow_none=True)
    acknowledged = fields.List(fields.String(), required=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(PlannedLineOut), required=True)
    findings = fields.List(fields.Nested(FindingOut), required=True)
    completion = fields.Nested(RecordedOut, required=True, allow_none=True)
    history = fields.List(
        fields.Nested(RecordedOut), required=True, metadata={"description": "Newest first."}
    )


class GuestOut(OutSchema):
    position = fields.Integer(required=True)
    conditions = fields.List(fields.String(), required=True)
    factors = fields.List(fields.String(), required=True, metadata={"example": ["senior"]})


class VisitOut(OutSchema):
    """A visit whole: guests, steps, what they are to use and what they used."""

    id = fields.UUID(required=True, attribute="visit.id")
    branch_id = fields.UUID(required=True, attribute="visit.branch_id")
    booking_reference = fields.String(required=True, allow_none=True, attribute="visit.booking_reference")
    procedure = fields.String(required=True, attribute="procedure.code")
    procedure_name_en = fields.String(required=True, attribute="procedure.name_en")
    procedure_name_vi = fields.String(required=True, attribute="procedure.name_vi")
    recipe_number = fields.Integer(required=True)
    package = fields.String(required=True, allow_none=True, attribute="package_code")
    room_id = fields.UUID(required=True, allow_none=True, attribute="visit.room_id")
    therapist_id = fields.UUID(required=True, allow_none=True, attribute="visit.therapist_id")
    party_size = fields.Integer(required=True, attribute="visit.party_size")
    planned_at = Moment(required=True, attribute="visit.planned_at")
    recorded_at = Moment(required=True, attribute="visit.recorded_at")
    status = fields.Enum(VisitStatus, by_value=True, required=True, attribute="visit.status")
    note = fields.String(required=True, allow_none=True, attribute="visit.note")
    version = fields.Integer(required=True)
    guests = fields.List(fields.Nested(GuestOut), required=True)
    steps = fields.List(fields.Nested(VisitStepOut), required=True)
    findings = fields.List(
        fields.Nested(FindingOut),
        required=True,
        metadata={"description": "Of all steps that are still to be done."},
    )
    safety_records = fields.List(
        fields.Nested(SafetyRecordOut),
        required=True,
        attribute="records",
        metadata={"description": "Consents, overrides and incidents, oldest first."},
    )


class VisitSummaryOut(OutSchema):
    """A visit in a list."""

    id = fields.UUID(required=True)
    booking_reference = fields.String(required=True, allow_none=True)
    procedure = fields.String(required=True)
    status = fields.Enum(VisitStatus, by_value=True, required=True)
    planned_at = Moment(required=True)
    party_size = fields.Integer(required=True)
    room_id = fields.UUID(required=True, allow_none=True)
    therapist_id = fields.UUID(required=True, allow_none=True)
    steps = fields.Integer(required=True)
    steps_done = fields.Integer(required=True)
    version = fields.Integer(required=True)
