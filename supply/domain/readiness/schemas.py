"""What readiness looks like going out, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import fields

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import QuantityOut, quantity_out
from supply.domain.readiness.colouring import Cover
from supply.domain.readiness.covering import Cause, Colour
from supply.domain.readiness.fixing import Fix, Remedy
from supply.domain.readiness.service import Readiness, StepReady, VisitReady
from supply.domain.readiness.totals import ToDo
from supply.fields import BaseSchema, Day, Id, Moment, Money, OutSchema
from supply.i18n import lazy


class AskReadiness(BaseSchema):
    branch_id = Id(required=True)
    day = Day(
        load_default=None,
        metadata={"label": lazy("Day"), "description": "Today or tomorrow in the branch; both if not said."},
    )


class NeededItem(OutSchema):
    id = Id(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)


class _What(OutSchema):
    """Something to do about what is short; cost_minor is in the branch's currency, null if not known."""

    remedy = fields.Enum(Remedy, by_value=True, required=True)
    item = fields.Nested(NeededItem, required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    covers = fields.Nested(QuantityOut, required=True)
    in_time = fields.Boolean(required=True)
    cost_minor = Money(required=True, allow_none=True)
    from_branch_id = Id(required=True, allow_none=True)
    supplier_id = Id(required=True, allow_none=True)
    arrives_on = Day(required=True, allow_none=True)


class FixOut(_What):
    complete = fields.Boolean(required=True, metadata={"description": "Whether it covers all that is short."})


class ToDoOut(_What):
    """Of all visits together. `instead_of` is the item that is short."""

    instead_of = fields.Nested(NeededItem, required=True)


class ArrivalOut(OutSchema):
    """By an order, or by a transfer from another branch."""

    purchase_order_id = Id(required=True, allow_none=True)
    transfer_id = Id(required=True, allow_none=True)
    quantity = fields.Nested(QuantityOut, required=True)
    day = Day(required=True)
    unsure = fields.Boolean(
        required=True, metadata={"description": "Overdue, or not sent to the supplier yet."}
    )


class CoverOut(OutSchema):
    """How one item of a step is covered; `fixes` has what to do first at the top."""

    item = fields.Nested(NeededItem, required=True)
    colour = fields.Enum(Colour, by_value=True, required=True)
    causes = fields.List(fields.Enum(Cause, by_value=True), required=True)
    needed = fields.Nested(QuantityOut, required=True)
    on_shelf = fields.Nested(QuantityOut, required=True)
    expiring = fields.Nested(QuantityOut, required=True)
    short = fields.Nested(QuantityOut, required=True)
    arrivals = fields.List(fields.Nested(ArrivalOut), required=True)
    fixes = fields.List(fields.Nested(FixOut), required=True)


class HurdleOut(OutSchema):
    """What safety asks for before the step may start."""

    cause = fields.Enum(Cause, by_value=True, required=True)
    condition = fields.String(required=True, metadata={"example": "pregnancy"})
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    guests = fields.List(fields.Integer(), required=True)


class StepReadyOut(OutSchema):
    position = fields.Integer(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    colour = fields.Enum(Colour, by_value=True, required=True)
    items = fields.List(
        fields.Nested(CoverOut),
        required=True,
        metadata={"description": "Those that are not green; everything else is on the shelf."},
    )
    hurdles = fields.List(fields.Nested(HurdleOut), required=True)


class VisitReadyOut(OutSchema):
    """A visit with its open steps; its colour is the worst of theirs."""

    visit_id = Id(required=True)
    planned_at = Moment(required=True)
    day = Day(required=True)
    procedure = fields.String(required=True)
    colour = fields.Enum(Colour, by_value=True, required=True)
    steps = fields.List(fields.Nested(StepReadyOut), required=True)


class ReadinessOut(OutSchema):
    branch_id = Id(required=True)
    reckoned_at = Moment(required=True)
    currency = fields.String(required=True)
    green = fields.Integer(required=True)
    amber = fields.Integer(required=True)
    red = fields.Integer(required=True)
    to_do = fields.List(fields.Nested(ToDoOut), required=True)
    visits = fields.List(fields.Nested(VisitReadyOut), required=True)


def readiness_view(ready: Readiness) -> dict[str, Any]:
    """Readiness as ReadinessOut reads it."""
    return {
        "branch_id": ready.branch.id,
        "reckoned_at": ready.reckoned_at,
        "currency": ready.branch.currency,
        **{colour.value: ready.count(colour) for colour in Colour},
        "to_do": [
            _what(one, ready.items) | {"instead_of": ready.items[one.short_item_id]} for one in ready.to_do
        ],
        "visits": [_visit(one, ready.items) for one in ready.visits],
    }


def _visit(one: VisitReady, items: Mapping[UUID, Item]) -> dict[str, Any]:
    return {
        "visit_id": one.visit.id,
        "planned_at": one.visit.planned_at,
        "day": one.day,
        "procedure": one.visit.procedure,
        "colour": one.colour,
        "steps": [_step(step, items) for step in one.steps],
    }


def _step(one: StepReady, items: Mapping[UUID, Item]) -> dict[str, Any]:
    return {
        "position": one.step.position,
        "name_en": one.step.name_en,
        "name_vi": one.step.name_vi,
        "colour": one.cover.colour,
        "items": [_cover(cover, items) for cover in one.cover.covers if cover.causes],
        "hurdles": one.cover.hurdles,
    }


def _cover(cover: Cover, items: Mapping[UUID, Item]) -> dict[str, Any]:
    dealt, item = cover.dealt, items[cover.dealt.item_id]
    amounts = {"needed": dealt.needed, "on_shelf": dealt.shelf, "expiring": dealt.expiring}
    return {
        "item": item,
        "colour": cover.colour,
        "causes": cover.causes,
        **{name: quantity_out(base, item) for name, base in amounts.items()},
        "short": quantity_out(dealt.short, item),
        "arrivals": [
            {
                "purchase_order_id": None if one.transferred else one.source_id,
                "transfer_id": one.source_id if one.transferred else None,
                "quantity": quantity_out(one.quantity, item),
                "day": one.day,
                "unsure": one.unsure,
            }
            for one in dealt.arrivals
        ],
        "fixes": [_what(fix, items, short_item=item) | {"complete": fix.complete} for fix in cover.fixes],
    }


def _what(one: Fix | ToDo, items: Mapping[UUID, Item], short_item: Item | None = None) -> dict[str, Any]:
    item = items[one.item_id]
    short = short_item or (items[one.short_item_id] if isinstance(one, ToDo) else item)
    names = ("remedy", "in_time", "cost_minor", "supplier_id", "arrives_on")
    return {
        **{name: getattr(one, name) for name in names},
        "item": item,
        "quantity": quantity_out(one.quantity, item),
        "covers": quantity_out(one.covers, short),
        "from_branch_id": one.branch_id,
    }
