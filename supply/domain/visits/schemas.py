"""What visits look like coming in. How they go out is in answers."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from supply.domain.treatments.allergies import ALLERGY
from supply.domain.treatments.factors import Factor
from supply.domain.visits.models import SkipReason, VisitStatus
from supply.fields import Amount, BaseSchema, Code, Day, Id, Moment, Text, Tick, Whole, at_most, some
from supply.i18n import lazy

MAX_GUESTS = 14
MAX_BULK = 1000
_WHEN: dict[str, Any] = {"label": lazy("When"), "hint": lazy("Left empty, it means now.")}


def _reference(**kwargs: Any) -> Text:
    return Text(
        max_length=60, metadata={"label": lazy("Booking reference"), "example": "BK-20261122-7"}, **kwargs
    )


class ConditionCode(Text):
    """A condition's code, or "allergy:" and the code of the ingredient."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = rf"^({ALLERGY}:)?[A-Za-z0-9][A-Za-z0-9._-]*$"
        super().__init__(max_length=48, validate=validate.Regexp(pattern), **kwargs)


class GuestIn(BaseSchema):
    """ "Guest 1", "guest 2": codes of conditions and factors only, never a name."""

    conditions = fields.List(
        ConditionCode(metadata={"example": "pregnancy"}),
        load_default=list,
        validate=at_most(20),
        metadata={"label": lazy("Conditions")},
    )
    factors = fields.List(
        fields.Enum(Factor, by_value=True),
        load_default=list,
        validate=at_most(len(Factor)),
        metadata={
            "label": lazy("What changes the amounts"),
            "description": "Age band (none: adult), skin, body size, preferred scent; of each at most one.",
            "example": ["senior", "sensitive-skin"],
        },
    )


def _guests(**kwargs: Any) -> fields.List[Any]:
    return fields.List(
        fields.Nested(GuestIn),
        validate=some(MAX_GUESTS, lazy("Add at least one guest.")),
        metadata={"label": lazy("Guests")},
        **kwargs,
    )


class PlanVisit(BaseSchema):
    branch_id = Id(required=True)
    procedure = Code(required=True, metadata={"label": lazy("Treatment"), "example": "back-massage"})
    package = Code(allow_none=True, load_default=None, metadata={"label": lazy("Package")})
    guests = _guests(required=True)
    room_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Room")})
    therapist_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Therapist")})
    planned_at = Moment(required=True, metadata={"label": lazy("Begins at")})
    booking_reference = _reference(allow_none=True, load_default=None)
    note = Text(
        max_length=1000,
        multiline=True,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Note"), "hint": lazy("No names: the booking knows who it is.")},
    )


class ChangeVisit(BaseSchema):
    """Only what is given changes."""

    package = Code(allow_none=True, metadata={"label": lazy("Package")})
    guests = _guests()
    room_id = Id(allow_none=True, metadata={"label": lazy("Room")})
    therapist_id = Id(allow_none=True, metadata={"label": lazy("Therapist")})
    planned_at = Moment(metadata={"label": lazy("Begins at")})
    note = Text(max_length=1000, multiline=True, allow_none=True, metadata={"label": lazy("Note")})


class ListVisits(BaseSchema):
    branch_id = Id(required=True)
    from_day = Day(load_default=None, metadata={"description": "First planned day, the branch's calendar."})
    until_day = Day(load_default=None, metadata={"description": "Last planned day."})
    status = fields.Enum(VisitStatus, by_value=True, load_default=None)
    therapist_id = Id(load_default=None)
    booking_reference = _reference(load_default=None)


class StartStep(BaseSchema):
    acknowledged = fields.List(
        Code(),
        load_default=list,
        validate=at_most(50),
        metadata={"label": lazy("I have read"), "description": "Condition codes of the warnings read."},
    )
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)


class UsedLine(BaseSchema):
    """What was really used. Zero says that nothing was."""

    item_id = Id(required=True, metadata={"label": lazy("Item")})
    amount = Amount(required=True, zero=True, metadata={"label": lazy("Amount"), "example": "12.5"})
    unit = Code(required=True, max_length=20, metadata={"label": lazy("Unit"), "example": "ml"})
    guest_position = Whole(
        minimum=1, maximum=MAX_GUESTS, allow_none=True, load_default=None, metadata={"label": lazy("Guest")}
    )
    lot_id = Id(
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Lot"),
            "description": "The lot really used; left out, first expired is taken.",
        },
    )
    container_id = Id(allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None)


def _lines() -> fields.List[Any]:
    return fields.List(
        fields.Nested(UsedLine),
        load_default=list,
        validate=at_most(100),
        metadata={"description": "Only what differs from the standard; the rest counts as planned."},
    )


def _incident() -> Tick:
    return Tick(
        load_default=False,
        metadata={
            "label": lazy("It really happened: record it as an incident"),
            "description": "A safety rule stood against it and it was done all the same: it goes on record "
            "with a task for a manager. Without it such a completion is refused.",
        },
    )


class CompleteStep(BaseSchema):
    """An empty body says: done as planned, just now."""

    lines = _lines()
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)
    consent_to_shortage = Tick(
        load_default=False,
        metadata={
            "label": lazy("Record it anyway"),
            "description": "Deduct what is there; the rest becomes a shortfall with a count task.",
        },
    )
    record_as_incident = _incident()


class CorrectStep(CompleteStep):
    """What was really used; what was recorded first is taken back."""

    completion_id = Id(required=True, metadata={"description": "The completion that you saw."})


class Disclose(BaseSchema):
    """What became known of a guest; it is added to what is known."""

    guest_position = Whole(
        minimum=1, maximum=MAX_GUESTS, required=True, metadata={"label": lazy("Guest"), "example": 1}
    )
    conditions = fields.List(
        ConditionCode(metadata={"example": "pregnancy"}),
        required=True,
        validate=some(20, lazy("Choose at least one condition.")),
        metadata={"label": lazy("Conditions")},
    )


class RecordConsent(BaseSchema):
    """The guest was told what this wording of the rule says, and agrees."""

    guest_position = Whole(minimum=1, maximum=MAX_GUESTS, required=True, metadata={"label": lazy("Guest")})
    rule_id = Id(required=True)
    rule_version = Whole(
        minimum=1, maximum=10**9, required=True, metadata={"description": "The wording that was read."}
    )
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)


class OverrideStep(BaseSchema):
    reason = Text(
        min_length=5,
        max_length=300,
        required=True,
        metadata={
            "label": lazy("Reason"),
            "hint": lazy("Why it may be done all the same, and who agreed. It is kept."),
            "example": "The guest's cardiologist agreed in writing.",
        },
    )


class ReplaceLine(BaseSchema):
    """A substitute that is offered, what the recipe wanted, or null: the line is left out."""

    item_id = Id(required=True, allow_none=True, metadata={"label": lazy("Instead")})


class SkipStep(BaseSchema):
    reason = fields.Enum(SkipReason, by_value=True, required=True, metadata={"label": lazy("Reason")})


class EndVisit(BaseSchema):
    """Nothing to tell."""


class ReverseCompletion(BaseSchema):
    completion_id = Id(
        allow_none=True, load_default=None, metadata={"description": "Refused unless this is the live one."}
    )


class BookingIn(BaseSchema):
    """The visit of this reference, or, where there is none, one made from these facts."""

    booking_reference = _reference(required=True)
    procedure = Code(required=True, metadata={"example": "back-massage"})
    package = Code(allow_none=True, load_default=None)
    guests = _guests(load_default=None)
    room_id = Id(allow_none=True, load_default=None)
    planned_at = Moment(allow_none=True, load_default=None)


class BulkCompletion(BaseSchema):
    """One step done. Name its visit by visit_id or by booking, never both."""

    visit_id = Id(load_default=None)
    booking = fields.Nested(BookingIn, load_default=None)
    position = Whole(minimum=1, maximum=50, required=True)
    happened_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)
    lines = _lines()

    @validates_schema
    def name_one_visit(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if (data.get("visit_id") is None) == (data.get("booking") is None):
            raise ValidationError(
                str(lazy("Name the visit by visit_id or by booking, one of the two.")), "visit_id"
            )


class CompleteSteps(BaseSchema):
    branch_id = Id(required=True)
    completions = fields.List(
        fields.Nested(BulkCompletion),
        required=True,
        validate=some(MAX_BULK, lazy("Add at least one completed step.")),
    )
    consent_to_shortage = Tick(load_default=False)
    record_as_incident = _incident()
