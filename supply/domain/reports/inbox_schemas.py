"""What the inbox looks like from outside. Ids and numbers: each thing has its own resource."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.outbox.schemas import MailOut
from supply.domain.purchasing.models import OrderStatus
from supply.domain.tasks.schemas import TaskOut
from supply.domain.waste.schemas import ExpiredLotOut
from supply.fields import BaseSchema, Id, Moment, Money, OutSchema


class GetInbox(BaseSchema):
    branch_id = Id(required=True)


class WaitingRequisitionOut(OutSchema):
    id = Id(required=True, attribute="requisition.id")
    number = fields.Integer(required=True, attribute="requisition.number")
    version = fields.Integer(required=True, attribute="requisition.version")
    submitted_at = Moment(required=True, attribute="requisition.submitted_at")
    price_minor = Money(required=True, allow_none=True)
    decidable = fields.Function(lambda one: not one.own, required=True, metadata={"type": "boolean"})
    needs_second = fields.Boolean(required=True)
    approvals = fields.Function(lambda one: len(one.approved_by), required=True, metadata={"type": "integer"})


class WaitingOrderOut(OutSchema):
    id = Id(required=True)
    number = fields.Integer(required=True)
    version = fields.Integer(required=True)
    supplier_id = Id(required=True)
    status = fields.Enum(OrderStatus, by_value=True, required=True)
    expected_at = Moment(required=True)


class StuckWebhookOut(OutSchema):
    id = Id(required=True)
    failing_since = Moment(required=True)
    paused_at = Moment(required=True, allow_none=True)


class WaitingStocktakeOut(OutSchema):
    """A stocktake above the limit. `mine`: this person counted or handed it in, so somebody else approves."""

    id = Id(required=True, attribute="Stocktake.id")
    number = fields.Integer(required=True, attribute="Stocktake.number")
    submitted_at = Moment(required=True, attribute="Stocktake.submitted_at")
    opened_by = fields.String(required=True, attribute="opened_by_name")
    mine = fields.Boolean(required=True, attribute="own")


class InboxOut(OutSchema):
    """The longest waiting first."""

    requisitions = fields.List(fields.Nested(WaitingRequisitionOut), required=True, attribute="to_decide")
    stocktakes = fields.List(fields.Nested(WaitingStocktakeOut), required=True, attribute="counts")
    orders_to_send = fields.List(fields.Nested(WaitingOrderOut), required=True, attribute="to_send")
    orders_late = fields.List(fields.Nested(WaitingOrderOut), required=True, attribute="late")
    expired_lots = fields.List(fields.Nested(ExpiredLotOut), required=True, attribute="expired")
    incidents = fields.List(fields.Nested(TaskOut), required=True)
    mails = fields.List(fields.Nested(MailOut), required=True, attribute="stuck_mail")
    webhooks = fields.List(fields.Nested(StuckWebhookOut), required=True, attribute="stuck_hooks")
