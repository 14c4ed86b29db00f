"""What flags of the plan, notices, runs and what people say to them look like from outside."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from marshmallow import fields

from supply.domain.catalog.schemas import Quantity
from supply.domain.catalog.units import stock_amount
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.planning.advising import notice_sentence
from supply.domain.planning.listing import ToOrder
from supply.domain.planning.models import NoticeKind
from supply.domain.purchasing.schemas import VERSION, OpenRequisitionOut, SupplierBriefOut, flag_sentence
from supply.domain.purchasing.wording import headline, reasons
from supply.fields import Amount, BaseSchema, Day, Id, Moment, Money, OutSchema, Text
from supply.i18n import lazy


class InBranch(BaseSchema):
    branch_id = Id(required=True)


class SnoozeFlag(BaseSchema):
    until = Day(
        required=True,
        metadata={"label": lazy("Until"), "hint": lazy("From that day on it is asked for again.")},
    )
    reason = Text(max_length=400, required=True, multiline=True, metadata={"label": lazy("Reason")})


class OverrideFlag(BaseSchema):
    """Another amount than the plan's; zero asks for nothing."""

    amount = Amount(required=True, metadata={"label": lazy("Amount"), "example": "10"})
    unit = Text(max_length=40, required=True, metadata={"label": lazy("Unit"), "example": "kg"})
    reason = Text(max_length=400, required=True, multiline=True, metadata={"label": lazy("Reason")})


class SetEstimate(BaseSchema):
    """What the branch will use of an item a day, until its history says more."""

    branch_id = Id(required=True)
    amount = Amount(required=True, metadata={"label": lazy("Use a day"), "example": "0.5"})
    unit = Text(max_length=40, required=True, metadata={"label": lazy("Unit"), "example": "kg"})


def _of(base: Callable[[Any], int | None]) -> Callable[[Any], tuple[Decimal, str] | None]:
    def tell(row: Any) -> tuple[Decimal, str] | None:
        told = base(row)
        return None if told is None else stock_amount(row.item, told)

    return tell


class LevelsOut(OutSchema):
    """The arithmetic of levels set by hand: suggested = par - available - on order, in whole packs."""

    on_hand = Quantity(_of(lambda flag: flag.position.on_hand), required=True)
    quarantined = Quantity(_of(lambda flag: flag.position.quarantined), required=True)
    expired = Quantity(_of(lambda flag: flag.position.expired), required=True)
    reserved = Quantity(_of(lambda flag: flag.position.reserved), required=True)
    available = Quantity(_of(lambda flag: flag.position.available), signed=True, required=True)
    on_order = Quantity(_of(lambda flag: flag.position.on_order), required=True)
    reorder_point = Quantity(_of(lambda flag: flag.position.reorder_point), required=True)
    par_level = Quantity(_of(lambda flag: flag.position.par_level), required=True)


class PlanFlagOut(OutSchema):
    """The plan's flag of an item. `numbers` and `days` are as they were when it was planned: in the item's
    stock unit, days counted from `planned_on`. What people said to it stands beside them."""

    id = Id(required=True)
    branch_id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    supplier = fields.Nested(SupplierBriefOut, required=True)
    planned_at = Moment(required=True)
    planned_on = Day(required=True)
    suggested = Quantity(_of(lambda flag: flag.quantity), required=True)
    wanted = Quantity(_of(lambda flag: flag.wanted), required=True)
    waits_for = Day(required=True, allow_none=True)
    reasons = fields.Function(
        lambda flag: reasons(flag.numbers),
        required=True,
        metadata={"type": "array", "items": {"type": "string"}},
    )
    numbers = fields.Dict(required=True)
    days = fields.List(fields.Dict(), required=True)
    snoozed_until = Day(required=True, allow_none=True)
    snooze_reason = fields.String(required=True, allow_none=True)
    override = Quantity(_of(lambda flag: flag.override_quantity), required=True, allow_none=True)
    override_reason = fields.String(required=True, allow_none=True)
    decided_by = Id(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    version = VERSION


def words_of(one: ToOrder) -> str:
    """Why the item is to be ordered, and how much, in the reader's language."""
    if one.plan is not None:
        return headline(one.plan.numbers)
    assert one.level is not None
    return flag_sentence(one.level)


class FlagOut(OutSchema):
    """An item to order: by the plan's flag (`plan`) or by levels set by hand (`levels`), never by both."""

    item = fields.Nested(StockItemOut, required=True)
    suggested = Quantity(_of(lambda one: one.quantity), required=True)
    pack = Quantity(
        _of(lambda one: None if one.terms is None else one.terms.pack_quantity),
        required=True,
        allow_none=True,
    )
    packs = fields.Integer(required=True, allow_none=True)
    pack_name = fields.String(required=True, allow_none=True, attribute="terms.pack_name", dump_default=None)
    supplier = fields.Nested(SupplierBriefOut, required=True, allow_none=True)
    price_minor = Money(required=True, allow_none=True)
    currency = fields.String(required=True, allow_none=True, attribute="terms.currency", dump_default=None)
    requisition = fields.Nested(OpenRequisitionOut, required=True, allow_none=True, attribute="asked")
    asks_now = fields.Boolean(
        required=True, metadata={"description": "Due today, not snoozed, and nobody has asked for it yet."}
    )
    sentence = fields.Function(words_of, required=True, metadata={"type": "string"})
    levels = fields.Nested(LevelsOut, required=True, allow_none=True, attribute="level")
    plan = fields.Nested(PlanFlagOut, required=True, allow_none=True)


class PlannedItemOut(OutSchema):
    """What the plan says of one item now; no flag where there is enough."""

    flag = fields.Nested(PlanFlagOut, required=True, allow_none=True)


class EstimateOut(OutSchema):
    branch_id = Id(required=True)
    item_id = Id(required=True)
    daily = Quantity(lambda told: told["daily"], required=True)


class NoticeOut(OutSchema):
    """A finding of the last plan beside its flags. `numbers` are in the item's stock unit, money in minor
    units, days counted from the day of the plan."""

    id = Id(required=True)
    kind = fields.Enum(NoticeKind, by_value=True, required=True)
    item = fields.Nested(StockItemOut, required=True, allow_none=True)
    supplier = fields.Nested(SupplierBriefOut, required=True, allow_none=True)
    numbers = fields.Dict(required=True)
    sentence = fields.Function(notice_sentence, required=True, metadata={"type": "string"})
    planned_at = Moment(required=True)


class PlanRunOut(OutSchema):
    """How far a run of the plan is: `done` of `total` items; `flagged` flags are open at its end."""

    id = Id(required=True)
    branch_id = Id(required=True)
    started_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    flagged = fields.Integer(required=True)
