"""What comes in and goes out about opened containers. Amounts bear a unit, weights one of mass."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from supply.domain.catalog.schemas import QuantityOut, SignedQuantityOut, density_out, grams_out, quantity_out
from supply.domain.containers.models import CheckKind, FinishReason
from supply.domain.containers.reading import Opened
from supply.domain.ledger.schemas import StockItemOut
from supply.fields import Amount, BaseSchema, Code, Day, Id, Moment, OutSchema, Tick
from supply.i18n import lazy


class ContainerState(StrEnum):
    """In one word: expired and quarantined ones are never chosen by a step."""

    IN_USE = "in-use"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"
    FINISHED = "finished"


class OpenContainer(BaseSchema):
    """Of an item alone the lot that is to be used first gives one unit; or name a lot, an amount, or both."""

    branch_id = Id(required=True)
    item_id = Id(allow_none=True, load_default=None)
    lot_id = Id(allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None)
    room_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Room")})
    amount = Amount(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("How much is in it"), "description": "Left out: one of the item's own unit."},
    )
    unit = Code(max_length=20, allow_none=True, load_default=None)
    happened_at = Moment(allow_none=True, load_default=None)

    @validates_schema
    def _amount_with_unit(self, data: dict[str, Any], **_told: Any) -> None:
        if data.get("amount") is not None and data.get("unit") is None:
            raise ValidationError(str(lazy("Say the unit of the amount.")), "unit")


class TopUpContainer(BaseSchema):
    branch_id = Id(required=True)
    lot_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "The lot that you pour from; it must be the container's own."},
    )
    amount = Amount(required=True, metadata={"label": lazy("Poured in")})
    unit = Code(max_length=20, required=True)
    happened_at = Moment(allow_none=True, load_default=None)


class MoveContainer(BaseSchema):
    branch_id = Id(required=True)
    room_id = Id(
        required=True,
        allow_none=True,
        metadata={"label": lazy("Room"), "description": "null: back to the storeroom."},
    )


class WeighIn(BaseSchema):
    """Gross and tare in one unit of mass."""

    branch_id = Id(required=True)
    gross = Amount(required=True, metadata={"label": lazy("The scale says"), "example": "612.5"})
    tare = Amount(
        zero=True,
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Empty it weighs"),
            "description": "Kept with the container. Left out: its own, else that of its unit.",
            "example": "210",
        },
    )
    unit = Code(max_length=20, required=True, metadata={"example": "g"})
    happened_at = Moment(allow_none=True, load_default=None)


class FinishContainer(BaseSchema):
    branch_id = Id(required=True)
    reason = fields.Enum(
        FinishReason, by_value=True, load_default=FinishReason.EMPTY, metadata={"label": lazy("Why")}
    )
    happened_at = Moment(allow_none=True, load_default=None)


class ReopenContainer(BaseSchema):
    branch_id = Id(required=True)
    happened_at = Moment(allow_none=True, load_default=None)


class ListContainers(BaseSchema):
    branch_id = Id(required=True)
    room_id = Id()
    item_id = Id()
    finished = Tick(
        load_default=False, metadata={"description": "Those that are finished, in place of those in use."}
    )


class ListContainerChecks(BaseSchema):
    branch_id = Id(required=True)
    container_id = Id()


class ContainerOut(OutSchema):
    """An opened bottle, jar or bag. `use_until` is the earlier of the lot's expiry and `use_by_on`."""

    id = Id(required=True)
    branch_id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    room_id = Id(required=True, allow_none=True)
    room_name = fields.String(required=True, allow_none=True)
    state = fields.Enum(ContainerState, by_value=True, required=True)
    remaining = fields.Nested(QuantityOut, required=True)
    filled = fields.Nested(QuantityOut, required=True, metadata={"description": "What was ever put in."})
    opened_at = Moment(required=True)
    opened_by = fields.String(required=True)
    use_by_on = Day(required=True, allow_none=True)
    use_until = Day(required=True, allow_none=True)
    tare = fields.Nested(QuantityOut, required=True, allow_none=True)
    finished_at = Moment(required=True, allow_none=True)
    finish_reason = fields.Enum(FinishReason, by_value=True, required=True, allow_none=True)


def state_of(opened: Opened, today: date) -> ContainerState:
    """What a container is today."""
    if opened.container.finished_at is not None:
        return ContainerState.FINISHED
    if opened.lot.quarantined_at is not None:
        return ContainerState.QUARANTINED
    return ContainerState.EXPIRED if opened.expired(today) else ContainerState.IN_USE


def container_view(opened: Opened, today: date) -> dict[str, Any]:
    """A row of containers.reading as ContainerOut reads it."""
    container = opened.container
    columns = ("id", "branch_id", "lot_id", "room_id", "opened_at", "use_by_on", "finished_at")
    told = {name: getattr(container, name) for name in columns}
    reason = container.finish_reason
    return told | {
        "item": opened.item,
        "lot_number": opened.lot.number,
        "room_name": opened.room.name if opened.room else None,
        "state": state_of(opened, today),
        "remaining": quantity_out(opened.remaining, opened.item),
        "filled": quantity_out(opened.filled, opened.item),
        "opened_by": opened.opened_by,
        "use_until": opened.expires_on,
        "tare": grams_out(opened.tare_mg),
        "finish_reason": FinishReason(reason) if reason else None,
    }


class ContainerCheckOut(OutSchema):
    """What was found in a container beside what the book held then; difference = found − expected."""

    id = Id(required=True)
    branch_id = Id(required=True)
    container_id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    kind = fields.Enum(CheckKind, by_value=True, required=True)
    gross = fields.Nested(QuantityOut, required=True, allow_none=True)
    tare = fields.Nested(QuantityOut, required=True, allow_none=True)
    density = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Grams in a millilitre, as reckoned with then.", "example": "0.915"},
    )
    expected = fields.Nested(QuantityOut, required=True)
    found = fields.Nested(QuantityOut, required=True)
    difference = fields.Nested(SignedQuantityOut, required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    undone_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When it was taken back into use: this no longer counts."},
    )
    person_name = fields.String(required=True)


def check_view(row: Any) -> dict[str, Any]:
    """A row of containers.reading.list_checks as ContainerCheckOut reads it."""
    check, item = row.ContainerCheck, row.Item
    columns = ("id", "branch_id", "container_id", "lot_id", "kind", "happened_at", "recorded_at", "undone_at")
    told = {name: getattr(check, name) for name in columns}
    return told | {
        "item": item,
        "lot_number": row.Lot.number,
        "person_name": row.Person.name,
        "gross": grams_out(check.gross_mg),
        "tare": grams_out(check.tare_mg),
        "density": density_out(check.density_mg_per_l),
        **{name: quantity_out(getattr(check, name), item) for name in ("expected", "found", "difference")},
    }
