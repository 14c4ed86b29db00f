"""What a recall looks like coming in and going out, and the sheet of everything that it concerns."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.catalog.schemas import QuantityOut, SignedQuantityOut, quantity_out
from supply.domain.ledger.models import MovementType
from supply.domain.ledger.recall_models import Recall
from supply.domain.ledger.schemas import StockItemOut
from supply.domain.recalls.sheet import LotLine, Sheet
from supply.domain.reports.carried import Departure
from supply.domain.reports.schemas import (
    OnTheWayOut,
    StepUseOut,
    VisitsElsewhereOut,
    on_the_way_view,
    step_view,
)
from supply.domain.transfers.models import TransferStatus
from supply.fields import BaseSchema, Day, Id, Moment, OutSchema, Text, Whole
from supply.i18n import lazy
from supply.permissions import Actor


class ListRecalls(BaseSchema):
    branch_id = Id(required=True)


class RecallLot(BaseSchema):
    """Of a lot of the branch; its number is recalled in every branch that one manages."""

    branch_id = Id(required=True)
    reason = Text(
        required=True,
        max_length=400,
        metadata={"label": lazy("Why it is recalled"), "example": "Supplier's notice of 22 November"},
    )


class OpenRecall(RecallLot):
    lot_id = Id(required=True)


class LiftRecall(BaseSchema):
    reason = Text(
        required=True,
        max_length=400,
        metadata={"label": lazy("Why it is safe to use"), "example": "The analysis came back clean"},
    )


class RecallBranchOut(OutSchema):
    """`settled_at` is null while the branch's lots have still to follow."""

    branch_id = Id(required=True)
    settled_at = Moment(required=True, allow_none=True)


class RecallOut(OutSchema):
    """A lot number that is recalled, or was. `branches` are those of yours that it holds in."""

    id = Id(required=True)
    item = fields.Nested(StockItemOut, required=True)
    lot_number = fields.String(required=True)
    supplier_id = Id(required=True, allow_none=True)
    reason = fields.String(required=True)
    opened_at = Moment(required=True)
    opened_by = Id(required=True)
    lifted_at = Moment(required=True, allow_none=True)
    lifted_by = Id(required=True, allow_none=True)
    lift_reason = fields.String(required=True, allow_none=True)
    branches = fields.List(fields.Nested(RecallBranchOut), required=True)


def recall_view(recall: Recall, actor: Actor) -> dict[str, Any]:
    """As RecallOut reads it."""
    names = ("id", "item", "supplier_id", "reason", "opened_at", "opened_by")
    told = {name: getattr(recall, name) for name in (*names, "lifted_at", "lifted_by", "lift_reason")}
    own = [one for one in recall.branches if actor.belongs_to(one.branch_id)]
    return told | {"lot_number": recall.number, "branches": own}


class RecalledLotOut(OutSchema):
    """A lot or batch: what came and was corrected is what was used, brewed, wasted, sent, and stands."""

    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    item = fields.Nested(StockItemOut, required=True)
    branch_id = Id(required=True)
    branch_name = fields.String(required=True)
    expires_on = Day(required=True, allow_none=True)
    quarantined_at = Moment(required=True, allow_none=True)
    came = fields.Nested(QuantityOut, required=True)
    corrected = fields.Nested(SignedQuantityOut, required=True)
    used = fields.Nested(QuantityOut, required=True)
    brewed = fields.Nested(QuantityOut, required=True)
    wasted = fields.Nested(QuantityOut, required=True)
    sent = fields.Nested(QuantityOut, required=True)
    standing = fields.Nested(QuantityOut, required=True)


class SentLotOut(OutSchema):
    """A transfer that took some of a lot from branch to branch."""

    transfer_id = Id(required=True)
    status = fields.Enum(TransferStatus, by_value=True, required=True)
    from_branch_id = Id(required=True)
    to_branch_id = Id(required=True)
    lot_id = Id(required=True)
    lot_number = fields.String(required=True)
    quantity = fields.Nested(QuantityOut, required=True)


class RecallSheetOut(OutSchema):
    """Everything that a recall of the number concerns; of branches that are not yours the numbers alone."""

    item = fields.Nested(StockItemOut, required=True)
    lot_number = fields.String(required=True)
    supplier_id = Id(required=True, allow_none=True)
    visits = Whole(minimum=0, maximum=2**31, required=True, metadata={"description": "In your branches."})
    standing = fields.Nested(QuantityOut, required=True)
    lots = fields.List(fields.Nested(RecalledLotOut), required=True)
    batches = fields.List(fields.Nested(RecalledLotOut), required=True)
    step_count = Whole(minimum=0, maximum=2**53, required=True)
    steps = fields.List(
        fields.Nested(StepUseOut),
        required=True,
        metadata={"description": "The last hundred recorded; the list of steps has all of them."},
    )
    visits_elsewhere = fields.List(fields.Nested(VisitsElsewhereOut), required=True)
    on_the_way = fields.List(fields.Nested(OnTheWayOut), required=True)
    sent = fields.List(fields.Nested(SentLotOut), required=True)


def sheet_view(sheet: Sheet) -> dict[str, Any]:
    """As RecallSheetOut reads it."""
    elsewhere = sorted(sheet.visits_elsewhere.items())
    return {
        "item": sheet.item,
        "lot_number": sheet.number,
        "supplier_id": sheet.supplier.id if sheet.supplier else None,
        "visits": sheet.visit_count,
        "step_count": sheet.step_count,
        "standing": quantity_out(sheet.standing, sheet.item),
        "lots": [_line(line) for line in sheet.lots],
        "batches": [_line(line) for line in sheet.batches],
        "steps": [step_view(step) for step in sheet.steps],
        "visits_elsewhere": [{"branch_id": branch_id, "visits": visits} for branch_id, visits in elsewhere],
        "on_the_way": [on_the_way_view(one) for one in sheet.on_the_way],
        "sent": [_sent(one) for one in sheet.departures],
    }


def _line(line: LotLine) -> dict[str, Any]:
    amounts = {
        "came": line.came,
        "corrected": line.moved.get(MovementType.ADJUSTMENT, 0),
        "used": line.out(MovementType.USAGE),
        "brewed": line.out(MovementType.PREPARATION_OUT),
        "wasted": line.out(MovementType.WASTE),
        "sent": line.out(MovementType.TRANSFER_OUT),
        "standing": line.standing,
    }
    return {
        "lot_id": line.lot.id,
        "lot_number": line.lot.number,
        "item": line.item,
        "branch_id": line.branch.id,
        "branch_name": line.branch.name,
        "expires_on": line.lot.expires_on,
        "quarantined_at": line.lot.quarantined_at,
        **{name: quantity_out(amount, line.item) for name, amount in amounts.items()},
    }


def _sent(one: Departure) -> dict[str, Any]:
    return {
        "transfer_id": one.transfer.id,
        "status": one.transfer.status,
        "from_branch_id": one.lot.branch_id,
        "to_branch_id": one.to_branch.id,
        "lot_id": one.lot.id,
        "lot_number": one.lot.number,
        "quantity": quantity_out(one.quantity, one.item),
    }
