"""Brew recipes and batches in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import fields

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import QuantityOut, quantity_out
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.preparation.models import BrewRecipe, PreparedBatch
from supply.domain.preparation.standing import Brewable
from supply.fields import Amount, BaseSchema, Code, Id, Moment, OutSchema, Text, Tick, Whole, at_most, some
from supply.i18n import lazy

MOST_LINES = 30


class WriteBrewLine(BaseSchema):
    item_id = Id(required=True, metadata={"label": lazy("Herb")})
    amount = Amount(required=True, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, required=True)
    assumed = Tick(load_default=False, metadata={"label": lazy("Still an assumption")})


class ChangeBrewRecipe(BaseSchema):
    """A whole recipe: what comes of it, until when it may be used, and the herbs for that."""

    yield_amount = Amount(required=True, metadata={"label": lazy("One batch gives")})
    yield_unit = Code(max_length=20, required=True)
    use_by_hours = Whole(
        minimum=1, maximum=720, required=True, metadata={"label": lazy("Good for so many hours")}
    )
    storage_place = Text(
        max_length=80,
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Usually kept at"),
            "hint": lazy("The name of a storage location. A branch without it uses its first."),
        },
    )
    active = Tick(load_default=True, metadata={"label": lazy("In use")})
    assumed = Tick(load_default=False, metadata={"label": lazy("Amount and hours are still an assumption")})
    lines = fields.List(
        fields.Nested(WriteBrewLine), required=True, validate=some(MOST_LINES, lazy("Add at least one herb."))
    )


class CreateBrewRecipe(ChangeBrewRecipe):
    item_id = Id(required=True, metadata={"label": lazy("What is brewed")})


class ListBrewRecipes(BaseSchema):
    active = Tick(load_default=None, metadata={"description": "Only those in use, or only retired ones."})


class TakenHerb(BaseSchema):
    """What was really taken of a herb, in place of the recipe's line."""

    item_id = Id(required=True)
    amount = Amount(zero=True, required=True, metadata={"label": lazy("Taken")})
    unit = Code(max_length=20, required=True)
    lot_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Lot")})


class Brew(BaseSchema):
    """So many batches, or an amount of it; without more, exactly what the recipe says is taken."""

    branch_id = Id(required=True)
    recipe_id = Id(required=True)
    batches = Amount(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Batches"), "example": "2", "description": "A half batch is 0.5."},
    )
    amount = Amount(allow_none=True, load_default=None, metadata={"label": lazy("How much")})
    unit = Code(max_length=20, allow_none=True, load_default=None)
    lines = fields.List(fields.Nested(TakenHerb), load_default=list, validate=at_most(MOST_LINES * 2))
    made_amount = Amount(
        allow_none=True, load_default=None, metadata={"label": lazy("What really came of it")}
    )
    made_unit = Code(max_length=20, allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Kept at")})
    note = Text(
        max_length=400, multiline=True, allow_none=True, load_default=None, metadata={"label": lazy("Note")}
    )
    happened_at = Moment(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("When"), "hint": lazy("Leave it empty for now.")},
    )
    consent_to_shortage = Tick(
        load_default=False, metadata={"label": lazy("Record it although the book has too little")}
    )


class CancelBatch(BaseSchema):
    """Taking a batch back. Without a time: now."""

    happened_at = Moment(allow_none=True, load_default=None)


class ListBatches(BaseSchema):
    branch_id = Id(required=True)
    item_id = Id()


class BrewLineOut(OutSchema):
    item = fields.Nested(StockItemOut, required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    assumed = fields.Boolean(required=True)


class BrewRecipeOut(OutSchema):
    """How an item is brewed. `assumed` is true until a manager has confirmed amount and hours."""

    id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    yield_quantity = fields.Nested(QuantityOut, required=True)
    use_by_hours = Whole(minimum=1, maximum=720, required=True)
    storage_place = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    assumed = fields.Boolean(required=True)
    version = Whole(minimum=1, maximum=2**53, required=True)
    lines = fields.List(fields.Nested(BrewLineOut), required=True)


def recipe_view(recipe: BrewRecipe) -> dict[str, Any]:
    """A recipe as BrewRecipeOut reads it."""
    names = ("id", "item", "use_by_hours", "storage_place", "active", "assumed", "version")
    return {name: getattr(recipe, name) for name in names} | {
        "yield_quantity": quantity_out(recipe.yield_quantity, recipe.item),
        "lines": [
            {
                "item": line.item,
                "quantity": quantity_out(line.quantity, line.item),
                "assumed": line.assumed,
            }
            for line in recipe.lines
        ],
    }


class PreparedLineOut(OutSchema):
    item_id = Id(required=True)
    item_code = fields.String(required=True)
    standard = fields.Nested(QuantityOut, required=True)
    actual = fields.Nested(QuantityOut, required=True)
    shortfall = fields.Nested(QuantityOut, required=True)
    incident = fields.String(required=True, allow_none=True)


class BatchOut(OutSchema):
    """A prepared batch: what came of which herbs, until when it may be used, what is left."""

    id = Id(required=True)
    branch_id = Id(required=True)
    recipe_id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    expected = fields.Nested(QuantityOut, required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    standing = fields.Nested(QuantityOut, required=True)
    use_by_at = Moment(required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_id = Id(required=True)
    note = fields.String(required=True, allow_none=True)
    cancelled_at = Moment(required=True, allow_none=True)


class BatchDetailOut(BatchOut):
    """A batch with the herbs that it took."""

    lines = fields.List(fields.Nested(PreparedLineOut), required=True)


def batch_view(row: Any) -> dict[str, Any]:
    """A row of standing.list_batches as BatchOut reads it."""
    batch: PreparedBatch = row.PreparedBatch
    names = ("id", "branch_id", "recipe_id", "lot_id", "happened_at", "recorded_at", "person_id", "note")
    told = {name: getattr(batch, name) for name in (*names, "cancelled_at")}
    return told | {
        "item": row.Item,
        "lot_number": row.Lot.number,
        "use_by_at": row.Lot.use_by_at,
        "expected": quantity_out(batch.expected, row.Item),
        "quantity": quantity_out(batch.quantity, row.Item),
        "standing": quantity_out(int(row.standing), row.Item),
    }


def batch_detail(row: Any, items: Mapping[UUID, Item]) -> dict[str, Any]:
    """A batch with its lines as BatchDetailOut reads it; `items` are those of the lines."""
    lines = []
    for line in row.PreparedBatch.lines:
        item = items[line.item_id]
        amounts = {name: quantity_out(getattr(line, name), item) for name in _AMOUNTS}
        lines.append({"item_id": item.id, "item_code": item.code, "incident": line.incident, **amounts})
    return batch_view(row) | {"lines": lines}


_AMOUNTS = ("standard", "actual", "shortfall")


class LeftoverOut(OutSchema):
    """What is left of a batch whose hour is over: write it off."""

    batch_id = Id(required=True, allow_none=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    use_by_at = Moment(required=True)


def leftover_view(row: Any) -> dict[str, Any]:
    """A row of standing.leftovers as LeftoverOut reads it."""
    return {
        "batch_id": row.batch_id,
        "item": row.Item,
        "lot_id": row.lot_id,
        "lot_number": row.number,
        "quantity": quantity_out(int(row.quantity), row.Item),
        "use_by_at": row.use_by_at,
    }


class HerbAtHandOut(OutSchema):
    item = fields.Nested(StockItemOut, required=True)
    needed = fields.Nested(QuantityOut, required=True, metadata={"description": "For one batch."})
    available = fields.Nested(QuantityOut, required=True)


class BrewableOut(OutSchema):
    """What the herbs allow of a prepared item now."""

    recipe_id = Id(required=True)
    most = fields.Nested(QuantityOut, required=True)
    batches = Whole(minimum=0, maximum=2**53, required=True, metadata={"description": "Whole batches."})
    herbs = fields.List(fields.Nested(HerbAtHandOut), required=True)


def brewable_view(one: Brewable) -> dict[str, Any]:
    """As BrewableOut reads it."""
    return {
        "recipe_id": one.recipe.id,
        "most": quantity_out(one.most, one.recipe.item),
        "batches": one.batches,
        "herbs": [
            {
                "item": herb.line.item,
                "needed": quantity_out(herb.line.quantity, herb.line.item),
                "available": quantity_out(max(herb.available, 0), herb.line.item),
            }
            for herb in one.herbs
        ],
    }


class StarterOut(OutSchema):
    """How many of each kind the starter catalogue added; what was there already is not among them."""

    items = Whole(minimum=0, maximum=1000, required=True)
    procedures = Whole(minimum=0, maximum=1000, required=True)
    packages = Whole(minimum=0, maximum=1000, required=True)
    conditions = Whole(minimum=0, maximum=1000, required=True)
    rules = Whole(minimum=0, maximum=1000, required=True)
    substitutes = Whole(minimum=0, maximum=1000, required=True)
    brew_recipes = Whole(minimum=0, maximum=1000, required=True)
