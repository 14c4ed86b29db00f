"""What is to be brewed, where a lot went, which lots are behind a visit: as the API tells it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import QuantityOut, quantity_out
from supply.domain.ledger.models import LotKind
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.preparation.schemas import BrewableOut, brewable_view
from supply.domain.reports.brewing import Need, Preparing
from supply.domain.reports.carried import CarriedLot, Departure
from supply.domain.reports.servings import StepUse
from supply.domain.reports.tracing import GivenLot, LotUses
from supply.fields import Day, Id, Moment, OutSchema, Whole


class NeedOut(OutSchema):
    """What a day's open steps need, what lacks of it, and the whole batches that make up for that."""

    day = Day(required=True)
    visits = Whole(minimum=0, maximum=2**31, required=True)
    needed = fields.Nested(QuantityOut, required=True)
    missing = fields.Nested(QuantityOut, required=True)
    batches = Whole(minimum=0, maximum=2**53, required=True)


class StandingBatchOut(OutSchema):
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    use_by_at = Moment(required=True)


class PreparingOut(OutSchema):
    """A prepared item: what is needed of it, what stands of it, what can be brewed."""

    item = fields.Nested(StockItemOut, required=True)
    today = fields.Nested(NeedOut, required=True)
    tomorrow = fields.Nested(NeedOut, required=True)
    good_until = Moment(required=True, metadata={"description": "Of a batch that is begun now."})
    batches_now = Whole(
        minimum=0,
        maximum=2**53,
        required=True,
        metadata={"description": "To brew at once: what would be over before its visits come is left out."},
    )
    standing = fields.List(fields.Nested(StandingBatchOut), required=True)
    brewable = fields.Nested(BrewableOut, required=True)


def preparing_view(one: Preparing) -> dict[str, Any]:
    """As PreparingOut reads it."""
    item = one.brewable.recipe.item
    return {
        "item": item,
        "today": _need(one.today, item),
        "tomorrow": _need(one.tomorrow, item),
        "good_until": one.good_until,
        "batches_now": one.batches_now,
        "standing": [
            {
                "lot_id": row.lot_id,
                "lot_number": row.number,
                "quantity": quantity_out(row.quantity, item),
                "use_by_at": row.use_by_at,
            }
            for row in one.standing
        ],
        "brewable": brewable_view(one.brewable),
    }


def _need(need: Need, item: Item) -> dict[str, Any]:
    amounts = {name: quantity_out(getattr(need, name), item) for name in ("needed", "missing")}
    return {"day": need.day, "visits": need.visits, "batches": need.batches, **amounts}


class BrewedLotOut(OutSchema):
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    item = fields.Nested(StockItemOut, required=True)
    branch_id = Id(required=True)
    branch_name = fields.String(required=True)
    standing = fields.Nested(QuantityOut, required=True)


class CarriedLotOut(BrewedLotOut):
    """What a lot became in another branch, and how much of it stands there."""


class OnTheWayOut(OutSchema):
    """So much of a lot has left its branch and not arrived."""

    transfer_id = Id(required=True)
    to_branch_id = Id(required=True)
    to_branch_name = fields.String(required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    quantity = fields.Nested(QuantityOut, required=True)


class VisitsElsewhereOut(OutSchema):
    """How many visits used of it in a branch that is not yours."""

    branch_id = Id(required=True)
    visits = Whole(minimum=1, maximum=2**31, required=True)


class StepUseOut(OutSchema):
    """A completed step that used of the lot, or of a batch that was brewed from it."""

    visit_id = Id(required=True)
    position = Whole(minimum=1, maximum=50, required=True)
    planned_at = Moment(required=True)
    happened_at = Moment(required=True)
    booking_reference = fields.String(required=True, allow_none=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    item = fields.Nested(StockItemOut, required=True)
    quantity = fields.Nested(QuantityOut, required=True)


class LotUsesOut(OutSchema):
    """Everything that a recall of the lot concerns; of branches that are not yours the numbers alone."""

    lot_id = Id(required=True)
    visits = Whole(minimum=0, maximum=2**53, required=True, metadata={"description": "In your branches."})
    brewed = fields.List(fields.Nested(BrewedLotOut), required=True)
    carried = fields.List(fields.Nested(CarriedLotOut), required=True)
    on_the_way = fields.List(fields.Nested(OnTheWayOut), required=True)
    visits_elsewhere = fields.List(fields.Nested(VisitsElsewhereOut), required=True)
    step_count = Whole(minimum=0, maximum=2**53, required=True)
    steps = fields.List(
        fields.Nested(StepUseOut),
        required=True,
        metadata={"description": "The last hundred recorded; the list of steps has all of them."},
    )


def lot_uses_view(uses: LotUses) -> dict[str, Any]:
    """As LotUsesOut reads it."""
    return {
        "lot_id": uses.lots[0].id,
        "visits": uses.visit_count,
        "step_count": uses.step_count,
        "brewed": [_further(one) for one in uses.brewed],
        "carried": [_further(one) for one in uses.carried],
        "on_the_way": [on_the_way_view(one) for one in uses.on_the_way],
        "visits_elsewhere": [
            {"branch_id": branch_id, "visits": visits}
            for branch_id, visits in sorted(uses.visits_elsewhere.items())
        ],
        "steps": [step_view(step) for step in uses.steps],
    }


def on_the_way_view(one: Departure) -> dict[str, Any]:
    """As OnTheWayOut reads it."""
    return {
        "transfer_id": one.transfer.id,
        "to_branch_id": one.to_branch.id,
        "to_branch_name": one.to_branch.name,
        "lot_id": one.lot.id,
        "lot_number": one.lot.number,
        "quantity": quantity_out(one.quantity, one.item),
    }


def step_view(step: StepUse) -> dict[str, Any]:
    """As StepUseOut reads it."""
    names = ("visit_id", "position", "planned_at", "happened_at", "booking_reference", "lot_id", "lot_number")
    told = {name: getattr(step, name) for name in (*names, "item")}
    return told | {"quantity": quantity_out(step.quantity, step.item)}


def _further(one: CarriedLot) -> dict[str, Any]:
    return {
        "lot_id": one.lot.id,
        "lot_number": one.lot.number,
        "item": one.item,
        "branch_id": one.branch.id,
        "branch_name": one.branch.name,
        "standing": quantity_out(one.standing, one.item),
    }


class GivenLotOut(OutSchema):
    """A lot behind a visit. `into_lot_id` is the batch that was brewed from it or, `carried`, the lot that it
    became in another branch; null where a step used it."""

    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    kind = fields.Enum(LotKind, by_value=True, required=True)
    item = fields.Nested(StockItemOut, required=True)
    supplier_id = Id(required=True, allow_none=True)
    supplier_name = fields.String(required=True, allow_none=True)
    into_lot_id = Id(required=True, allow_none=True)
    branch_id = Id(required=True)
    branch_name = fields.String(required=True)
    carried = fields.Boolean(required=True)


def given_lot_view(one: GivenLot) -> dict[str, Any]:
    """As GivenLotOut reads it."""
    return {
        "lot_id": one.lot.id,
        "lot_number": one.lot.number,
        "kind": one.lot.kind,
        "item": one.item,
        "supplier_id": one.lot.supplier_id,
        "supplier_name": one.supplier.name if one.supplier else None,
        "into_lot_id": one.into,
        "branch_id": one.branch.id,
        "branch_name": one.branch.name,
        "carried": one.carried,
    }
