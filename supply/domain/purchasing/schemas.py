"""What flags, requisitions and orders look like from outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from supply.domain.catalog.schemas import Quantity, quantity_out
from supply.domain.catalog.units import stock_amount
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.purchasing.asking import PLAN
from supply.domain.purchasing.flags import Flag, sentence
from supply.domain.purchasing.models import (
    Deviation,
    OrderStatus,
    PurchaseOrderLine,
    RequisitionLine,
    RequisitionStatus,
    SentBy,
)
from supply.fields import Amount as AmountField
from supply.fields import BaseSchema, Id, Moment, Money, OutSchema, Text, Tick, Whole, at_most, some
from supply.i18n import lazy
from supply.presenting import format_quantity

MAX_LINES = 200
VERSION = Whole(minimum=1, maximum=2**53, required=True)


class AskForLine(BaseSchema):
    """An item to order. Without an amount the suggestion is taken; without a supplier the preferred one."""

    item_id = Id(required=True, metadata={"label": lazy("Item")})
    amount = AmountField(allow_none=True, load_default=None, metadata={"label": lazy("Amount")})
    unit = Text(
        max_length=40,
        allow_none=True,
        load_default=None,
        metadata={
            "label": lazy("Unit"),
            "description": "A unit of the item or the supplier's pack name.",
            "example": "kg",
        },
    )
    supplier_id = Id(allow_none=True, load_default=None, metadata={"label": lazy("Supplier")})

    @validates_schema
    def _together(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("amount") is not None and data.get("unit") is None:
            raise ValidationError(str(lazy("Say the unit of the amount.")), "unit")


class RaiseRequisition(BaseSchema):
    """Lines, or `from_flags` for every flag that nobody has asked for yet, or both."""

    branch_id = Id(required=True)
    lines = fields.List(fields.Nested(AskForLine), load_default=list, validate=at_most(MAX_LINES))
    from_flags = Tick(load_default=False, metadata={"label": lazy("All flags not asked for yet")})


class EditRequisition(BaseSchema):
    """The lines as they shall be; what is not named is taken off."""

    lines = fields.List(
        fields.Nested(AskForLine),
        required=True,
        validate=some(MAX_LINES, lazy("Add at least one item to order.")),
    )


class RejectRequisition(BaseSchema):
    reason = Text(max_length=400, required=True, multiline=True, metadata={"label": lazy("Reason")})


class CancelOrder(BaseSchema):
    reason = Text(max_length=400, required=True, multiline=True, metadata={"label": lazy("Reason")})


class SendOrder(BaseSchema):
    by = fields.Enum(SentBy, by_value=True, required=True, metadata={"label": lazy("Sent by")})


class CloseOrder(BaseSchema):
    reason = Text(
        max_length=400,
        load_default=None,
        allow_none=True,
        multiline=True,
        metadata={"label": lazy("Reason"), "hint": lazy("Needed where something has not come.")},
    )


class ListRequisitions(BaseSchema):
    branch_id = Id(required=True)
    status = fields.Enum(RequisitionStatus, by_value=True, load_default=None)


class ListOrders(BaseSchema):
    branch_id = Id(required=True)
    status = fields.Enum(OrderStatus, by_value=True, load_default=None)
    supplier_id = Id(load_default=None)


class SupplierBriefOut(OutSchema):
    id = Id(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)


class OpenRequisitionOut(OutSchema):
    """The requisition on which the item stands already."""

    id = Id(required=True, attribute="requisition_id")
    number = fields.Integer(required=True)
    status = fields.Enum(RequisitionStatus, by_value=True, required=True)


def flag_sentence(flag: Flag) -> str:
    """The flag in one sentence, in the reader's language."""
    return str(sentence(flag.position, flag.suggestion, lambda base: format_quantity(base, flag.item)))


def line_arithmetic(line: RequisitionLine) -> dict[str, Any]:
    """The kept numbers as quantities; packs stay a count, and what the plan said stays as it was."""
    told = {
        name: quantity_out(base, line.item)
        for name, base in line.arithmetic.items()
        if name not in ("packs", PLAN)
    }
    shown = {
        name: None if pair is None else {"amount": format(pair["amount"], "f"), "unit": pair["unit"]}
        for name, pair in told.items()
    }
    return shown | {"packs": line.arithmetic.get("packs"), "plan": line.arithmetic.get(PLAN)}


class RequisitionLineOut(OutSchema):
    """`arithmetic` is what the suggestion was worked out from when the line was written; its `plan` holds the
    numbers of the plan's flag, in the item's stock unit, where the line came from one."""

    position = fields.Integer(required=True)
    item = fields.Nested(StockItemOut, required=True)
    supplier = fields.Nested(SupplierBriefOut, required=True, allow_none=True)
    quantity = Quantity(lambda line: stock_amount(line.item, line.quantity), required=True)
    arithmetic = fields.Function(
        line_arithmetic,
        required=True,
        metadata={"type": "object", "additionalProperties": True},
    )


class OrderBriefOut(OutSchema):
    id = Id(required=True)
    number = fields.Integer(required=True)
    supplier_id = Id(required=True)
    status = fields.Enum(OrderStatus, by_value=True, required=True)


class ApproveRequisition(BaseSchema):
    id = Id(required=True)
    version = VERSION


class ApproveRequisitions(BaseSchema):
    """Requisitions of one branch, each in the version that was looked at."""

    requisitions = fields.List(
        fields.Nested(ApproveRequisition),
        required=True,
        validate=some(100, lazy("Choose at least one requisition.")),
    )


class ApprovalOut(OutSchema):
    """One approval; where the branch wants two, the first one waits for the second."""

    person_id = Id(required=True)
    approved_at = Moment(required=True)


class RequisitionOut(OutSchema):
    id = Id(required=True)
    branch_id = Id(required=True)
    number = fields.Integer(required=True)
    status = fields.Enum(RequisitionStatus, by_value=True, required=True)
    requested_by = Id(required=True)
    created_at = Moment(required=True)
    submitted_at = Moment(required=True, allow_none=True)
    approvals = fields.List(fields.Nested(ApprovalOut), required=True)
    decided_by = Id(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(RequisitionLineOut), required=True)
    purchase_orders = fields.List(fields.Nested(OrderBriefOut), required=True, attribute="orders")
    version = VERSION


def _pack(line: PurchaseOrderLine) -> tuple[Decimal, str] | None:
    return None if line.pack_quantity is None else stock_amount(line.item, line.pack_quantity)


class PurchaseOrderLineOut(OutSchema):
    """open = ordered - received, never below zero, and zero where `reason` says that the rest will not come.
    The price is per pack."""

    position = fields.Integer(required=True)
    item = fields.Nested(StockItemOut, required=True)
    ordered = Quantity(lambda line: stock_amount(line.item, line.ordered), required=True)
    received = Quantity(lambda line: stock_amount(line.item, line.received), required=True)
    open = Quantity(lambda line: stock_amount(line.item, line.open), required=True)
    reason = fields.Enum(
        Deviation,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "Why what came differs, as the last delivery said."},
    )
    price_minor = Money(required=True, allow_none=True)
    pack = Quantity(_pack, required=True, allow_none=True)
    pack_name = fields.String(required=True, allow_none=True)
    supplier_code = fields.String(required=True, allow_none=True)


class ApprovedOut(OutSchema):
    """The requisitions as they stand now, in the order given."""

    requisitions = fields.List(fields.Nested(RequisitionOut), required=True)


class PurchaseOrderOut(OutSchema):
    id = Id(required=True)
    branch_id = Id(required=True)
    number = fields.Integer(required=True)
    supplier = fields.Nested(SupplierBriefOut, required=True)
    requisition_id = Id(required=True)
    status = fields.Enum(OrderStatus, by_value=True, required=True)
    approved_at = Moment(required=True)
    ordered_at = Moment(required=True, allow_none=True)
    sent_by = fields.Enum(SentBy, by_value=True, required=True, allow_none=True)
    expected_at = Moment(required=True)
    cancelled_at = Moment(required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    close_reason = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(PurchaseOrderLineOut), required=True)
    version = VERSION
