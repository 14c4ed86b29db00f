"""How reports are asked for, and what goes out about costs. Money: minor units, at lot cost."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from marshmallow import fields, validate

from supply.domain.reports.costs import Cost, Costs, CostsBy
from supply.domain.reports.figures import Books
from supply.domain.reports.kinds import PARTS
from supply.fields import BaseSchema, Day, Id, Moment, OutSchema, Text, Whole
from supply.i18n import lazy

_MONTH = re.compile(r"^20[0-9]{2}-(0[1-9]|1[0-2])$")


class AskReport(BaseSchema):
    """A branch and its days: a month, or from day to day, at most a year. Without them the last thirty."""

    branch_id = Id(required=True)
    month = Text(
        max_length=7,
        load_default=None,
        validate=validate.Regexp(_MONTH),
        metadata={
            "label": lazy("Month"),
            "example": "2026-11",
            "description": "In place of from and until.",
        },
    )
    from_day = Day(data_key="from", load_default=None, metadata={"label": lazy("From")})
    until_day = Day(data_key="until", load_default=None, metadata={"label": lazy("Until")})


def days_of(data: dict[str, Any]) -> tuple[date | None, date | None]:
    """The first and last day that a loaded query asks for."""
    if not data["month"]:
        return data["from_day"], data["until_day"]
    first = date.fromisoformat(f"{data['month']}-01")
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


class AskCosts(AskReport):
    by = fields.Enum(CostsBy, by_value=True, load_default=CostsBy.PROCEDURE)


class AskStepCosts(AskReport):
    """Which completed steps."""

    procedure_id = Id(load_default=None)
    package_id = Id(load_default=None, metadata={"description": "The nil UUID: without a package."})
    position = Whole(
        minimum=1, maximum=50, load_default=None, metadata={"description": "Of the step in the procedure."}
    )


class AskItemsAt(BaseSchema):
    branch_id = Id(required=True)
    day = Day(required=True, metadata={"description": "At whose end, on the branch's clock."})


class AskMoved(AskReport):
    item_id = Id(required=True)
    part = fields.String(
        load_default=None,
        validate=validate.OneOf(list(PARTS)),
        metadata={"description": "Of these movements only: a kind, or what belongs together."},
    )


class ReportOut(OutSchema):
    """The days of a report and the currency of its money."""

    from_day = Day(data_key="from", required=True)
    until_day = Day(data_key="until", required=True)
    currency = fields.String(required=True, metadata={"example": "VND"})


def minor_field(words: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": words, "example": 125000})


UNPRICED = {"description": "Of some of it the cost is not known; it counts as nothing."}


class CostOut(OutSchema):
    """A line; which of the ids it bears depends on `by`. `package_id` null: without a package."""

    procedure_id = Id(required=True, allow_none=True)
    package_id = Id(required=True, allow_none=True)
    position = Whole(minimum=1, maximum=50, required=True, allow_none=True)
    month = fields.String(required=True, allow_none=True, metadata={"example": "2026-11"})
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    cost_minor = minor_field("What its steps used. The lines add up to the whole.")
    unpriced = fields.Boolean(required=True, metadata=UNPRICED)
    visits = Whole(minimum=0, maximum=2**53, required=True)
    guests = Whole(minimum=0, maximum=2**53, required=True)
    visit_minor = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of a visit on average.", "example": 41667}
    )


class CostsOut(ReportOut):
    by = fields.Enum(CostsBy, by_value=True, required=True)
    cost_minor = minor_field("The whole.")
    unpriced = fields.Boolean(required=True, metadata=UNPRICED)
    visits = Whole(minimum=0, maximum=2**53, required=True)
    guests = Whole(minimum=0, maximum=2**53, required=True)
    lines = fields.List(fields.Nested(CostOut), required=True)


def frame(books: Books) -> dict[str, Any]:
    return {"from_day": books.first, "until_day": books.last, "currency": books.branch.currency}


def costs_view(books: Books, by: CostsBy, told: Costs) -> dict[str, Any]:
    whole = {
        "cost_minor": told.minor,
        "unpriced": told.unpriced,
        "visits": told.visits,
        "guests": told.guests,
    }
    return {**frame(books), **whole, "by": by, "lines": [_cost(line) for line in told.lines]}


def _cost(line: Cost) -> dict[str, Any]:
    key = dict(line.key)
    if "month" in key:
        key["month"] = f"{key['month']:%Y-%m}"
    if key.get("package_id") is not None and not key["package_id"].int:
        key["package_id"] = None
    return {
        **dict.fromkeys(("procedure_id", "package_id", "position", "month")),
        **key,
        "name_en": line.name_en,
        "name_vi": line.name_vi,
        "cost_minor": line.minor,
        "unpriced": line.unpriced,
        "visits": line.visits,
        "guests": line.guests,
        "visit_minor": line.each_minor,
    }


class StepCostOut(OutSchema):
    """A completed step and what it used, at lot cost."""

    completion_id = Id(required=True)
    visit_id = Id(required=True)
    position = Whole(minimum=1, maximum=50, required=True)
    step_name_en = fields.String(required=True)
    step_name_vi = fields.String(required=True)
    person_name = fields.String(required=True)
    happened_at = Moment(required=True)
    cost_minor = minor_field("Rounded by itself.")


def step_view(told: tuple[Any, int]) -> dict[str, Any]:
    row, minor = told
    return {
        "completion_id": row.Completion.id,
        "visit_id": row.Visit.id,
        "position": row.VisitStep.position,
        "step_name_en": row.Step.name_en,
        "step_name_vi": row.Step.name_vi,
        "person_name": row.person_name,
        "happened_at": row.Completion.happened_at,
        "cost_minor": minor,
    }
