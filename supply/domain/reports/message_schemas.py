"""What a message to a webhook says: ids, codes and amounts; no names of people, no conditions."""

from __future__ import annotations

from marshmallow import Schema, fields

from supply.domain.catalog.schemas import QuantityOut
from supply.domain.ledger.models import MovementType
from supply.domain.outbox.delivering import TEST
from supply.domain.outbox.models import Event
from supply.fields import Day, Id, Moment, Money, OutSchema, Whole


class CodedOut(OutSchema):
    """Something by its id and its code."""

    id = Id(required=True)
    code = fields.String(required=True)


class ToldMovementOut(OutSchema):
    """One change of one holding; positive came in, negative went out."""

    seq = Whole(minimum=1, maximum=2**53, required=True)
    type = fields.Enum(MovementType, by_value=True, required=True)
    item = fields.Nested(CodedOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    location_id = Id(required=True)
    container_id = Id(required=True, allow_none=True)
    amount = fields.String(required=True, metadata={"description": "Signed decimal.", "example": "-0.25"})
    unit = fields.String(required=True, metadata={"example": "kg"})
    happened_at = Moment(required=True)
    recorded_at = Moment(required=True)
    reason = fields.String(required=True, allow_none=True)
    source_type = fields.String(required=True, metadata={"example": "completion"})
    source_id = Id(required=True)
    reverses_seq = Whole(minimum=1, maximum=2**53, required=True, allow_none=True)


class MovementPostedOut(OutSchema):
    """What was posted together, at most 200 movements in one message, in the order of their numbers."""

    branch = fields.Nested(CodedOut, required=True)
    movements = fields.List(fields.Nested(ToldMovementOut), required=True)


class FlagRaisedOut(OutSchema):
    """An item is to be ordered. Without `flag_id` it is low by levels that a manager set by hand."""

    branch = fields.Nested(CodedOut, required=True)
    flag_id = Id(required=True, allow_none=True)
    item = fields.Nested(CodedOut, required=True)
    quantity = fields.Nested(QuantityOut, required=True)
    supplier = fields.Nested(CodedOut, required=True, allow_none=True)
    planned_on = Day(required=True)


class ToldOrderLineOut(OutSchema):
    """The price is per pack; null where it is not known."""

    item = fields.Nested(CodedOut, required=True)
    ordered = fields.Nested(QuantityOut, required=True)
    pack = fields.Nested(QuantityOut, required=True, allow_none=True)
    price_minor = Money(required=True, allow_none=True)


class OrderApprovedOut(OutSchema):
    """An approval made this purchase order; it has not gone to the supplier yet."""

    branch = fields.Nested(CodedOut, required=True)
    order_id = Id(required=True)
    number = fields.String(required=True, metadata={"example": "HN-00012"})
    requisition_id = Id(required=True)
    supplier = fields.Nested(CodedOut, required=True)
    approved_at = Moment(required=True)
    expected_at = Moment(required=True)
    currency = fields.String(required=True, metadata={"example": "VND"})
    lines = fields.List(fields.Nested(ToldOrderLineOut), required=True)


class LotExpiringOut(OutSchema):
    """What stands of a lot comes to its last day within fourteen days. Each lot is told of once."""

    branch = fields.Nested(CodedOut, required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    item = fields.Nested(CodedOut, required=True)
    supplier_id = Id(required=True, allow_none=True)
    expires_on = Day(required=True)
    quantity = fields.Nested(QuantityOut, required=True)


class VisitCompletedOut(OutSchema):
    """The last open step of a visit was done or left out. After an undo it may be completed again."""

    branch = fields.Nested(CodedOut, required=True)
    visit_id = Id(required=True)
    booking_reference = fields.String(required=True, allow_none=True)
    procedure = fields.String(required=True, metadata={"description": "Its code."})
    package = fields.String(required=True, allow_none=True, metadata={"description": "Its code."})
    party_size = Whole(minimum=1, maximum=14, required=True)
    completed_at = Moment(required=True)


class WebhookTestOut(OutSchema):
    """Somebody pressed the button: nothing has happened."""

    webhook_id = Id(required=True)


DATA: dict[str, type[Schema]] = {
    Event.MOVEMENT_POSTED.value: MovementPostedOut,
    Event.FLAG_RAISED.value: FlagRaisedOut,
    Event.ORDER_APPROVED.value: OrderApprovedOut,
    Event.LOT_EXPIRING.value: LotExpiringOut,
    Event.VISIT_COMPLETED.value: VisitCompletedOut,
    TEST: WebhookTestOut,
}
