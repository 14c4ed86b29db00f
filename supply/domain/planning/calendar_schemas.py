"""What days of the calendar look like coming in and going out."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.planning.models import EntryKind
from supply.fields import BaseSchema, Day, Id, OutSchema, Text, Whole
from supply.i18n import lazy


class WriteCalendarEntry(BaseSchema):
    """Days that are not like others, the first and the last included."""

    kind = fields.Enum(EntryKind, by_value=True, required=True, metadata={"label": lazy("What happens")})
    name = Text(required=True, max_length=80, metadata={"label": lazy("Name"), "example": "Tết"})
    first_on = Day(required=True, metadata={"label": lazy("First day"), "example": "2027-01-23"})
    last_on = Day(required=True, metadata={"label": lazy("Last day"), "example": "2027-02-04"})
    factor_percent = Whole(
        minimum=1,
        maximum=1000,
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Demand in percent of a usual day"),
            "hint": lazy("Only where demand differs: 150 is half as much again, 50 is half."),
            "description": "Needed for an event, ignored for closed days.",
            "example": 150,
        },
    )


class AddCalendarEntry(WriteCalendarEntry):
    """An entry together with the branch whose days it tells of."""

    branch_id = Id(required=True)


class ListCalendarEntries(BaseSchema):
    branch_id = Id(required=True)
    since = Day(
        load_default=None,
        metadata={"description": "Only what ends on this day or later; untold, half a year back."},
    )


class CalendarEntryOut(OutSchema):
    id = Id(required=True)
    branch_id = Id(required=True)
    kind = fields.Enum(EntryKind, by_value=True, required=True)
    name = fields.String(required=True)
    first_on = Day(required=True)
    last_on = Day(required=True)
    factor_percent = fields.Integer(required=True, allow_none=True)
    version = fields.Integer(required=True)
