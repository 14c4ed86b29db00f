"""Transfers and moves in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from supply.domain.catalog.models import Item
from supply.domain.catalog.schemas import Quantity, QuantityOut, quantity_out
from supply.domain.catalog.units import stock_amount
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.transfers.models import (
    BrokenReason,
    MissingReason,
    StockMove,
    TransferStatus,
)
from supply.domain.transfers.picking import Pick
from supply.fields import (
    Amount,
    BaseSchema,
    Code,
    Day,
    Id,
    Moment,
    Money,
    OutSchema,
    Several,
    Text,
    Tick,
    Whole,
    some,
)
from supply.i18n import lazy

MAX_LINES = 100
# Parcels that were called back keep their numbers.
MAX_POSITION = 32_000
_NOW = {"label": lazy("When"), "hint": lazy("Left empty, it means now.")}


class TransferLineIn(BaseSchema):
    item_id = Id(required=True, metadata={"label": lazy("Item")})
    amount = Amount(required=True, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, required=True, metadata={"label": lazy("Unit"), "example": "kg"})


class RequestTransfer(BaseSchema):
    """From whom to whom; either of the two may write it down."""

    from_branch_id = Id(required=True, metadata={"label": lazy("From branch")})
    to_branch_id = Id(required=True, metadata={"label": lazy("To branch")})
    note = Text(
        max_length=400, multiline=True, allow_none=True, load_default=None, metadata={"label": lazy("Note")}
    )
    lines = fields.List(fields.Nested(TransferLineIn), required=True, validate=some(MAX_LINES))

    @validates_schema
    def _two_branches(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("from_branch_id") == data.get("to_branch_id"):
            raise ValidationError(str(lazy("Choose two branches.")), "from_branch_id")


class ListTransfers(BaseSchema):
    branch_id = Id(required=True)
    status = fields.Enum(TransferStatus, by_value=True, load_default=None)


class ParcelIn(BaseSchema):
    """So much of a lot; without a place where the lot stands alone."""

    lot_id = Id(required=True, metadata={"label": lazy("Lot")})
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Place")})
    amount = Amount(required=True, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, required=True, metadata={"label": lazy("Unit"), "example": "kg"})


class DispatchTransfer(BaseSchema):
    """Without parcels the first to expire go, as much as was asked for."""

    parcels = fields.List(fields.Nested(ParcelIn), load_default=list, validate=Several(MAX_LINES))
    expected_on = Day(
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Will be there on"), "hint": lazy("Left empty, it means today.")},
    )
    happened_at = Moment(allow_none=True, load_default=None, metadata=_NOW)


class PackTransfer(DispatchTransfer):
    """What somebody packed: nobody chooses for them."""

    parcels = fields.List(fields.Nested(ParcelIn), required=True, validate=some(MAX_LINES))


class ArrivalIn(BaseSchema):
    """What was found of a parcel: `amount` is good; what is neither good nor broken is missing."""

    position = Whole(minimum=1, maximum=MAX_POSITION, required=True)
    amount = Amount(required=True, zero=True, metadata={"label": lazy("Arrived")})
    unit = Code(max_length=20, required=True, metadata={"label": lazy("Unit"), "example": "kg"})
    broken = Amount(zero=True, allow_none=True, load_default=None, metadata={"label": lazy("Broken")})
    broken_reason = fields.Enum(
        BrokenReason,
        by_value=True,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Why it cannot be used")},
    )
    missing_reason = fields.Enum(
        MissingReason,
        by_value=True,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Why some is missing")},
    )
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Place")})


class ReceiveTransfer(BaseSchema):
    """Without lines everything arrived."""

    lines = fields.List(fields.Nested(ArrivalIn), load_default=list, validate=Several(MAX_LINES))
    location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Place")})
    happened_at = Moment(allow_none=True, load_default=None, metadata=_NOW)


class CancelTransfer(BaseSchema):
    reason = Text(
        max_length=400,
        multiline=True,
        allow_none=True,
        load_default=None,
        metadata={"label": lazy("Reason")},
    )


class RecallTransfer(BaseSchema):
    """It came back, or it never left. Without a time: now."""

    never_left = Tick(
        load_default=False,
        metadata={"description": "It was written down by mistake, so it counts as never sent."},
    )
    happened_at = Moment(allow_none=True, load_default=None)


class TransferLineOut(OutSchema):
    item = fields.Nested(StockItemOut, required=True)
    wanted = Quantity(lambda line: stock_amount(line.item, line.wanted), required=True)


class ParcelArrivalOut(OutSchema):
    """Arrived, broken and missing are together what was sent; `loss_minor` is what the two last cost."""

    lot_id = Id(required=True, metadata={"description": "The receiving branch's own lot."})
    location_id = Id(required=True)
    arrived = Quantity(lambda one: stock_amount(one.item, one.arrived), required=True)
    broken = Quantity(lambda one: stock_amount(one.item, one.broken), required=True)
    broken_reason = fields.Enum(BrokenReason, by_value=True, required=True, allow_none=True)
    missing = Quantity(lambda one: stock_amount(one.item, one.missing), required=True)
    missing_reason = fields.Enum(MissingReason, by_value=True, required=True, allow_none=True)
    loss_minor = Money(required=True, allow_none=True)


class ParcelOut(OutSchema):
    """What left of a lot, and what of it arrived: null while it is on the way."""

    position = fields.Integer(required=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True, metadata={"description": "The sending branch's lot."})
    lot_number = fields.String(required=True, attribute="lot.number")
    expires_on = Day(required=True, allow_none=True, attribute="lot.expires_on")
    location_id = Id(required=True)
    quantity = Quantity(lambda parcel: stock_amount(parcel.item, parcel.quantity), required=True)
    currency = fields.String(required=True, allow_none=True, attribute="lot.currency")
    arrival = fields.Nested(ParcelArrivalOut, required=True, allow_none=True)


class TransferOut(OutSchema):
    id = Id(required=True)
    from_branch_id = Id(required=True)
    from_branch_name = fields.String(required=True, attribute="from_branch.name")
    to_branch_id = Id(required=True)
    to_branch_name = fields.String(required=True, attribute="to_branch.name")
    status = fields.Enum(TransferStatus, by_value=True, required=True)
    offered = fields.Boolean(
        required=True, metadata={"description": "The branch that sends began, not the one that needs it."}
    )
    note = fields.String(required=True, allow_none=True)
    requested_at = Moment(required=True)
    dispatched_at = Moment(required=True, allow_none=True)
    expected_on = Day(required=True, allow_none=True)
    received_at = Moment(required=True, allow_none=True)
    cancelled_at = Moment(required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(TransferLineOut), required=True)
    parcels = fields.List(fields.Nested(ParcelOut), required=True)
    version = Whole(minimum=1, maximum=2**53, required=True)


class ProposedParcelOut(OutSchema):
    """What would be taken without parcels being named: the first to expire, closed."""

    item = fields.Nested(StockItemOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    expires_on = Day(required=True, allow_none=True)
    location_id = Id(required=True)
    location_name = fields.String(required=True)
    standing = fields.Nested(QuantityOut, required=True)
    quantity = fields.Nested(QuantityOut, required=True)


def proposed_view(pick: Pick, item: Item) -> dict[str, Any]:
    """A pick as ProposedParcelOut reads it."""
    closed = pick.closed
    return {
        "item": item,
        "lot_id": closed.lot.id,
        "lot_number": closed.lot.number,
        "expires_on": closed.lot.expires_on,
        "location_id": closed.location.id,
        "location_name": closed.location.name,
        "standing": quantity_out(closed.quantity, item),
        "quantity": quantity_out(pick.quantity, item),
    }


class MoveStock(BaseSchema):
    """Without an amount all of it that stands there; an opened container always moves whole."""

    branch_id = Id(required=True)
    lot_id = Id(required=True, metadata={"label": lazy("Lot")})
    from_location_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("From place")})
    to_location_id = Id(required=True, metadata={"label": lazy("To place")})
    container_id = Id(allow_none=True, load_default=None)
    amount = Amount(allow_none=True, load_default=None, metadata={"label": lazy("Amount")})
    unit = Code(max_length=20, allow_none=True, load_default=None, metadata={"label": lazy("Unit")})
    happened_at = Moment(allow_none=True, load_default=None, metadata=_NOW)


class StockMoveOut(OutSchema):
    id = Id(required=True)
    branch_id = Id(required=True)
    item_id = Id(required=True)
    lot_id = Id(required=True)
    container_id = Id(required=True, allow_none=True)
    from_location_id = Id(required=True)
    to_location_id = Id(required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    person_id = Id(required=True)
    reversed_at = Moment(required=True, allow_none=True)


def move_view(move: StockMove, item: Item) -> dict[str, Any]:
    """A move as StockMoveOut reads it."""
    told = {name: getattr(move, name) for name in StockMoveOut._declared_fields if name != "quantity"}
    return told | {"quantity": quantity_out(move.quantity, item)}
