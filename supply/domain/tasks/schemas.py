"""What tasks look like going out, and how they are asked for."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.catalog.schemas import QuantityOut
from supply.domain.tasks.models import TaskKind
from supply.fields import BaseSchema, Id, Moment, OutSchema
from supply.quantity import UNITS, from_base


class ListTasks(BaseSchema):
    branch_id = Id(required=True)
    kind = fields.Enum(TaskKind, by_value=True, load_default=None)
    item_id = Id(load_default=None)


class TaskOut(OutSchema):
    """Something that waits for somebody: a shelf to count after a shortfall, an incident to know of."""

    id = fields.UUID(required=True)
    kind = fields.Enum(TaskKind, by_value=True, required=True)
    item_id = fields.UUID(required=True, allow_none=True)
    item_code = fields.String(required=True, allow_none=True)
    item_name_en = fields.String(required=True, allow_none=True)
    item_name_vi = fields.String(required=True, allow_none=True)
    quantity = fields.Method(
        "written", required=True, metadata={"description": "Of a shortfall: what was missing."}
    )
    source_type = fields.String(required=True, metadata={"example": "completion"})
    source_id = fields.UUID(required=True)
    reason = fields.String(required=True, metadata={"example": "shortfall"})
    opened_at = Moment(required=True)

    def written(self, task: Any) -> dict[str, str] | None:
        if task.quantity is None or task.stock_unit is None:
            return None
        amount = from_base(task.quantity, UNITS[task.stock_unit].factor)
        told: dict[str, str] = QuantityOut().dump({"amount": amount, "unit": task.stock_unit})
        return told


class ClosedTaskOut(OutSchema):
    """A task that has been seen to."""

    id = fields.UUID(required=True)
    branch_id = fields.UUID(required=True)
    kind = fields.Enum(TaskKind, by_value=True, required=True)
    outcome = fields.String(required=True, metadata={"example": "seen"})
    closed_at = Moment(required=True)
    closed_by = fields.UUID(required=True)
