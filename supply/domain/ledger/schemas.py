"""What stock looks like from outside: levels, lots, movements; and policy, quarantine in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from marshmallow import fields, validate

from supply.domain.catalog.models import Category, Item
from supply.domain.catalog.schemas import QuantityOut, SignedQuantityOut, quantity_out
from supply.domain.ledger.cost import cost_of
from supply.domain.ledger.models import Lot, LotKind, MovementType
from supply.domain.ledger.reading import is_expired
from supply.fields import Amount, BaseSchema, Code, Day, Id, Moment, Money, OutSchema, Text, Tick, Whole
from supply.i18n import lazy

QUARANTINE_REASONS = ("recall", "damaged", "suspect", "short-dated", "other")


class StockItemOut(OutSchema):
    """An item as stock names it."""

    id = Id(required=True)
    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_vi = fields.String(required=True)
    category = fields.Enum(Category, by_value=True, required=True)


class ListStockLevels(BaseSchema):
    branch_id = Id(required=True)
    search = Text(
        max_length=100, metadata={"description": "Part of a name or code, with or without accents."}
    )
    category = fields.Enum(Category, by_value=True)
    flagged = Tick(metadata={"description": "Only what stands at or below its reorder point."})


class BranchQuery(BaseSchema):
    """Reads that name one branch."""

    branch_id = Id(required=True)


class StockLevelOut(OutSchema):
    """available = on_hand - quarantined - expired - reserved; projected = available + on_order."""

    item = fields.Nested(StockItemOut, required=True)
    on_hand = fields.Nested(QuantityOut, required=True)
    quarantined = fields.Nested(QuantityOut, required=True)
    expired = fields.Nested(QuantityOut, required=True)
    reserved = fields.Nested(QuantityOut, required=True)
    available = fields.Nested(SignedQuantityOut, required=True)
    on_order = fields.Nested(QuantityOut, required=True)
    projected = fields.Nested(SignedQuantityOut, required=True)
    reorder_point = fields.Nested(QuantityOut, required=True, allow_none=True)
    par_level = fields.Nested(QuantityOut, required=True, allow_none=True)
    flagged = fields.Boolean(required=True)
    version = Whole(minimum=1, maximum=2**53, required=True)


AMOUNTS = (
    "on_hand",
    "quarantined",
    "expired",
    "reserved",
    "available",
    "on_order",
    "projected",
    "reorder_point",
    "par_level",
)


class LevelView:
    """A row of ledger.reading as StockLevelOut reads it; `version` is the policy's, for ETag."""

    def __init__(self, row: Any) -> None:
        self.holdings: list[dict[str, Any]] = []
        self.item: Item = row.Item
        self.flagged = bool(row.flagged)
        self.version: int = row.policy_version
        for name in AMOUNTS:
            setattr(self, name, quantity_out(getattr(row, name), row.Item))


def amount_and_unit(base: int, item: Item) -> dict[str, Any]:
    """A signed quantity as the two fields `amount` and `unit` of a row."""
    return dict(quantity_out(base, item) or {})


class SetStockPolicy(BaseSchema):
    """When an item is flagged, and up to what it is ordered. Leave all out to watch it no longer."""

    branch_id = Id(required=True)
    reorder_point = Amount(zero=True, allow_none=True, load_default=None)
    par_level = Amount(zero=True, allow_none=True, load_default=None)
    unit = Code(max_length=20, required=True)


class ListMovements(BaseSchema):
    """Of the branch, an item or a lot; of a type; recorded and happened from and until days of the branch."""

    branch_id = Id(required=True)
    item_id = Id()
    lot_id = Id()
    type = fields.Enum(MovementType, by_value=True)
    from_day = Day(data_key="from", metadata={"label": lazy("From")})
    until_day = Day(data_key="until", metadata={"label": lazy("Until")})
    happened_from = Day(metadata={"label": lazy("Happened from")})
    happened_until = Day(metadata={"label": lazy("Happened until")})


class MovementOut(OutSchema):
    """One change of one holding; positive came in, negative went out. Never changed afterwards."""

    seq = Whole(minimum=1, maximum=2**53, required=True)
    type = fields.Enum(MovementType, by_value=True, required=True)
    item_id = Id(required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    location_id = Id(required=True)
    location_name = fields.String(required=True)
    container_id = Id(required=True, allow_none=True)
    amount = fields.String(required=True, metadata={"description": "Signed decimal.", "example": "-0.25"})
    unit = fields.String(required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_name = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    source_type = fields.String(required=True, metadata={"example": "completion"})
    source_id = Id(required=True)
    reverses_seq = Whole(minimum=1, maximum=2**53, required=True, allow_none=True)


def movement_view(row: Any, item: Item) -> dict[str, Any]:
    """A row of ledger.browsing as MovementOut reads it."""
    movement = row.Movement
    columns = (
        "seq",
        "type",
        "item_id",
        "lot_id",
        "location_id",
        "container_id",
        "happened_at",
        "recorded_at",
    )
    told = {name: getattr(movement, name) for name in columns}
    told |= {name: getattr(movement, name) for name in ("reason", "source_type", "source_id", "reverses_seq")}
    told |= {"lot_number": row.Lot.number, "location_name": row.Location.name, "person_name": row.Person.name}
    return told | amount_and_unit(movement.quantity, item)


class ListLots(BaseSchema):
    branch_id = Id(required=True)
    item_id = Id()
    search = Text(
        max_length=100,
        metadata={"description": "Words of the number, the item or the supplier, with or without accents."},
    )


class LotOut(OutSchema):
    """What came together: number, expiry, cost; whether it may be used."""

    id = Id(required=True)
    branch_id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    kind = fields.Enum(LotKind, by_value=True, required=True)
    number = fields.String(required=True)
    supplier_id = Id(required=True, allow_none=True)
    expires_on = Day(required=True, allow_none=True)
    use_by_at = Moment(
        required=True, allow_none=True, metadata={"description": "Of a prepared batch: expired from then on."}
    )
    standing = fields.Nested(QuantityOut, required=True)
    value_minor = Money(
        required=True, allow_none=True, metadata={"description": "Of what stands, at lot cost."}
    )
    currency = fields.String(required=True, allow_none=True)
    quarantined_at = Moment(required=True, allow_none=True)
    quarantine_reason = fields.String(required=True, allow_none=True)
    origin_lot_id = Id(
        required=True,
        allow_none=True,
        metadata={"description": "The lot of another branch that it was sent from."},
    )


def lot_view(lot: Lot, item: Item, standing: int) -> dict[str, Any]:
    """A lot and what stands of it as LotOut reads it."""
    columns = ("id", "branch_id", "kind", "number", "supplier_id", "expires_on", "use_by_at", "currency")
    told = {
        name: getattr(lot, name)
        for name in (*columns, "quarantined_at", "quarantine_reason", "origin_lot_id")
    }
    value = cost_of(standing, lot.cost_minor, lot.cost_quantity)
    return told | {"item": item, "standing": quantity_out(standing, item), "value_minor": value}


class HoldingOut(OutSchema):
    """How much of a lot stands where; in the order in which it would be used."""

    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    expires_on = Day(required=True, allow_none=True)
    use_by_at = Moment(required=True, allow_none=True)
    location_id = Id(required=True)
    location_name = fields.String(required=True)
    container_id = Id(required=True, allow_none=True)
    quantity = fields.Nested(QuantityOut, required=True)
    expired = fields.Boolean(required=True)
    quarantined = fields.Boolean(required=True)


class StockLevelDetailOut(StockLevelOut):
    """An item's level with every place where it stands."""

    holdings = fields.List(fields.Nested(HoldingOut), required=True)


def holding_views(rows: Sequence[Any], item: Item, today: date) -> list[dict[str, Any]]:
    """Rows of ledger.reading.list_holdings as HoldingOut reads them."""
    return [
        {
            "lot_id": row.Lot.id,
            "lot_number": row.Lot.number,
            "expires_on": row.Holding.expires_on,
            "use_by_at": row.Lot.use_by_at,
            "location_id": row.Location.id,
            "location_name": row.Location.name,
            "container_id": row.Holding.container_id,
            "quantity": quantity_out(row.Holding.quantity, item),
            "expired": is_expired(row.Holding, row.Lot, today),
            "quarantined": row.Lot.quarantined_at is not None,
        }
        for row in rows
    ]


class QuarantineLot(BaseSchema):
    branch_id = Id(required=True)
    reason = Text(max_length=40, required=True, validate=validate.OneOf(QUARANTINE_REASONS))


class ReleaseLot(BaseSchema):
    branch_id = Id(required=True)
    reason = Text(max_length=400, required=True)
