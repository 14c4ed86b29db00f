"""What comes in and goes out about standard against actual. Shares are of one: 0.025 is 2.5 % more."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields

from supply.domain.catalog.schemas import QuantityOut, SignedQuantityOut, quantity_out
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.reports.cases import Apart, Asked, Case
from supply.domain.reports.deviation import Estimate, Verdict
from supply.domain.reports.variance import By, Group, Variance, default_period
from supply.domain.reports.weighed import Weighed
from supply.fields import BaseSchema, Day, Id, Moment, OutSchema, Whole
from supply.i18n import lazy


class VarianceCases(BaseSchema):
    """Which completions. The days are the branch's; without them the last thirty."""

    branch_id = Id(required=True)
    from_day = Day(data_key="from", load_default=None, metadata={"label": lazy("From")})
    until_day = Day(data_key="until", load_default=None, metadata={"label": lazy("Until")})
    item_id = Id(load_default=None)
    procedure_id = Id(load_default=None)
    position = Whole(
        minimum=1,
        maximum=50,
        load_default=None,
        metadata={"description": "Of the step in the procedure.", "example": 4},
    )
    person_id = Id(load_default=None)


class AskVariance(VarianceCases):
    by = fields.Enum(By, by_value=True, load_default=By.ITEM)


class ListVarianceCases(VarianceCases):
    apart = fields.Enum(
        Apart,
        by_value=True,
        load_default=None,
        metadata={"description": "Those that are told apart, in place of those that are compared."},
    )


def asked_of(data: dict[str, Any], today: date) -> Asked:
    """A loaded query as the service is asked; `by=branch` looks at all of the person's branches."""
    first, last = default_period(today)
    names = ("branch_id", "item_id", "procedure_id", "position", "person_id")
    return Asked(
        from_day=data["from_day"] or first,
        until_day=data["until_day"] or last,
        everywhere=data.get("by") is By.BRANCH,
        **{name: data[name] for name in names},
    )


class EstimateOut(OutSchema):
    """The mean share by which the standard was exceeded, with its interval; none where cases are too few."""

    cases = Whole(minimum=0, maximum=2**53, required=True)
    mean = fields.Float(required=True, allow_none=True, metadata={"example": 0.025})
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)
    verdict = fields.Enum(
        Verdict,
        by_value=True,
        required=True,
        metadata={"description": "`more` and `less` can be told from chance; `noise` and `too-few` cannot."},
    )


class VarianceGroupOut(EstimateOut):
    """A line of the table; which of the ids it bears depends on `by`. Amounts where it is of one item."""

    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    item_id = Id(required=True, allow_none=True)
    procedure_id = Id(required=True, allow_none=True)
    position = Whole(minimum=1, maximum=50, required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    branch_id = Id(required=True, allow_none=True)
    standard = fields.Nested(QuantityOut, required=True, allow_none=True)
    actual = fields.Nested(QuantityOut, required=True, allow_none=True)


class WeighedOut(EstimateOut):
    """An item's weighings: how much more was used than the book knew, as a share of what was put in."""

    item = fields.Nested(StockItemOut, required=True)
    difference = fields.Nested(
        SignedQuantityOut, required=True, metadata={"description": "Found minus expected, all together."}
    )


class ApartOut(OutSchema):
    """Completions that are told apart: short, with a broken rule, with something the recipe lacks."""

    shortfall = Whole(minimum=0, maximum=2**53, required=True)
    incident = Whole(minimum=0, maximum=2**53, required=True)
    unplanned = Whole(minimum=0, maximum=2**53, required=True)


class VarianceOut(OutSchema):
    """Groups: those that can be told from the recipe first, each part in the order of names."""

    from_day = Day(data_key="from", required=True)
    until_day = Day(data_key="until", required=True)
    by = fields.Enum(By, by_value=True, required=True)
    groups = fields.List(fields.Nested(VarianceGroupOut), required=True)
    apart = fields.Nested(ApartOut, required=True)
    weighed = fields.List(fields.Nested(WeighedOut), required=True)


def variance_view(asked: Asked, by: By, told: Variance, weighed: list[Weighed]) -> dict[str, Any]:
    """A comparison as VarianceOut reads it."""
    return {
        "from_day": asked.from_day,
        "until_day": asked.until_day,
        "by": by,
        "groups": [_group(group) for group in told.groups],
        "apart": {kind.value: count for kind, count in told.apart.items()},
        "weighed": [
            {
                **_estimate(row.estimate),
                "item": row.item,
                "difference": quantity_out(row.difference, row.item),
            }
            for row in weighed
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    ids = dict.fromkeys(("item_id", "procedure_id", "position", "person_id", "branch_id"))
    amounts = {
        name: quantity_out(getattr(group, name), group.item) if group.item is not None else None
        for name in ("standard", "actual")
    }
    names = {"name_en": group.name_en, "name_vi": group.name_vi}
    return {**ids, **group.key, **names, **amounts, **_estimate(group.estimate)}


def _estimate(estimate: Estimate) -> dict[str, Any]:
    shares = {
        name: None if (share := getattr(estimate, name)) is None else round(share, 6)
        for name in ("mean", "low", "high")
    }
    return {"cases": estimate.cases, "verdict": estimate.verdict, **shares}


class VarianceCaseOut(OutSchema):
    """A completion behind a number: by which share it differs, over its items or of the one asked for."""

    completion_id = Id(required=True)
    visit_id = Id(required=True)
    position = Whole(minimum=1, maximum=50, required=True)
    step_name_en = fields.String(required=True)
    step_name_vi = fields.String(required=True)
    person_name = fields.String(required=True)
    happened_at = Moment(required=True)
    value = fields.Float(required=True, allow_none=True)
    standard = fields.Nested(QuantityOut, required=True, allow_none=True)
    actual = fields.Nested(QuantityOut, required=True, allow_none=True)


def case_view(row: Case, item: Any | None) -> dict[str, Any]:
    """A row of variance.list_cases; `item` where one was asked for."""
    return {
        "completion_id": row.completion.id,
        "visit_id": row.visit_id,
        "position": row.step.position,
        "step_name_en": row.step.name_en,
        "step_name_vi": row.step.name_vi,
        "person_name": row.person_name,
        "happened_at": row.completion.happened_at,
        "value": None if row.value is None else round(row.value, 6),
        "standard": quantity_out(row.standard, item) if item is not None else None,
        "actual": quantity_out(row.actual, item) if item is not None else None,
    }
