"""What goes out about stock value, use and shrinkage. Money: minor units, at lot cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from marshmallow import fields

from supply.domain.catalog.schemas import SignedQuantityOut, quantity_out
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.reports.figures import Books
from supply.domain.reports.kinds import Kind
from supply.domain.reports.losses import CLASSES, ItemLoss, Losses
from supply.domain.reports.report_schemas import UNPRICED, ReportOut, frame, minor_field
from supply.domain.reports.using import Uses
from supply.domain.reports.worth import DayWorth, ItemWorth
from supply.fields import Day, OutSchema


class DayWorthOut(OutSchema):
    """The stock at the end of a day: the value of the day before and the four changes make it up."""

    day = Day(required=True)
    value_minor = minor_field("At the end of the day.")
    came_minor = minor_field("Deliveries, opening stock, batches brewed.")
    used_minor = minor_field("Used by steps and by brewing: below zero.")
    wasted_minor = minor_field("Thrown away: below zero.")
    other_minor = minor_field("Counts, corrections, transfers.")


class StockValueOut(ReportOut):
    days = fields.List(fields.Nested(DayWorthOut), required=True)


def stock_value_view(books: Books, days: Sequence[DayWorth]) -> dict[str, Any]:
    names = {"value_minor": "minor"} | {f"{name}_minor": name for name in ("came", "used", "wasted", "other")}
    told = [{"day": day.day, **{key: getattr(day, name) for key, name in names.items()}} for day in days]
    return {**frame(books), "days": told}


class ItemWorthOut(OutSchema):
    item = fields.Nested(StockItemOut, required=True)
    quantity = fields.Nested(SignedQuantityOut, required=True)
    value_minor = minor_field("The lines add up to the day's value.")
    unpriced = fields.Boolean(required=True, metadata=UNPRICED)


class ItemsAtOut(OutSchema):
    """What stood of each item at the end of a day, the most precious first."""

    day = Day(required=True)
    currency = fields.String(required=True, metadata={"example": "VND"})
    value_minor = minor_field("The whole.")
    lines = fields.List(fields.Nested(ItemWorthOut), required=True)


def items_at_view(books: Books, day: date, told: Sequence[ItemWorth]) -> dict[str, Any]:
    lines = [
        {
            "item": one.item,
            "quantity": quantity_out(one.quantity, one.item),
            "value_minor": one.minor,
            "unpriced": one.unpriced,
        }
        for one in told
    ]
    whole = sum(one.minor for one in told)
    return {"day": day, "currency": books.branch.currency, "value_minor": whole, "lines": lines}


class ItemUseOut(OutSchema):
    item = fields.Nested(StockItemOut, required=True)
    used = fields.Nested(SignedQuantityOut, required=True, metadata={"description": "By steps."})
    used_minor = minor_field("The lines add up to the whole.")
    brewed = fields.Nested(SignedQuantityOut, required=True, metadata={"description": "For batches."})
    brewed_minor = minor_field("What batches were brewed of; steps use the batches in their turn.")
    unpriced = fields.Boolean(required=True, metadata=UNPRICED)


class UseOut(ReportOut):
    used_minor = minor_field("The whole that steps used.")
    brewed_minor = minor_field("The whole that went into batches.")
    lines = fields.List(fields.Nested(ItemUseOut), required=True)


def use_view(books: Books, told: Uses) -> dict[str, Any]:
    lines = [
        {
            "item": one.item,
            "used": quantity_out(one.used, one.item),
            "used_minor": one.minor,
            "brewed": quantity_out(one.brewed, one.item),
            "brewed_minor": one.brewed_minor,
            "unpriced": one.unpriced,
        }
        for one in told.lines
    ]
    return {**frame(books), "used_minor": told.minor, "brewed_minor": told.brewed_minor, "lines": lines}


class LossOut(OutSchema):
    quantity = fields.Nested(SignedQuantityOut, required=True)
    value_minor = minor_field("Below zero: more was found than missed.")


class ItemLossOut(OutSchema):
    """An item's losses by class."""

    item = fields.Nested(StockItemOut, required=True)
    over_use = fields.Nested(LossOut, required=True)
    unrecorded = fields.Nested(LossOut, required=True)
    waste = fields.Nested(LossOut, required=True)
    unknown_loss = fields.Nested(LossOut, required=True, attribute="unknown", data_key="unknown")
    value_minor = minor_field("The four together.")
    unpriced = fields.Boolean(required=True, metadata=UNPRICED)


class WasteShareOut(OutSchema):
    kind = fields.Enum(Kind, by_value=True, required=True)
    value_minor = minor_field("The reasons add up to the waste.")


class ShrinkageOut(ReportOut):
    """Over-use, unrecorded use, waste and unknown: together they are the whole."""

    over_use_minor = minor_field("Done steps took so much above their recipes.")
    unrecorded_minor = minor_field("Counts missed so much that steps needed which nobody recorded.")
    waste_minor = minor_field("Thrown away.")
    unknown_minor = minor_field("The rest of what counts and weighings found.")
    value_minor = minor_field("The whole.")
    reasons = fields.List(fields.Nested(WasteShareOut), required=True)
    lines = fields.List(fields.Nested(ItemLossOut), required=True)


def shrinkage_view(books: Books, told: Losses) -> dict[str, Any]:
    classes = {f"{name}_minor": minor for name, minor in zip(CLASSES, told.minors, strict=True)}
    reasons = [{"kind": one.kind, "value_minor": one.minor} for one in told.reasons]
    lines = [_loss(line) for line in told.lines]
    return {**frame(books), **classes, "value_minor": told.minor, "reasons": reasons, "lines": lines}


def _loss(line: ItemLoss) -> dict[str, Any]:
    told = {
        name: {"quantity": quantity_out(quantity, line.item), "value_minor": minor}
        for name, quantity, minor in zip(CLASSES, line.quantities, line.minors, strict=True)
    }
    return {"item": line.item, **told, "value_minor": line.minor, "unpriced": line.unpriced}
