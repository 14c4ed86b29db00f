"""What a visit looks like going out after its plan was changed."""

from __future__ import annotations

from marshmallow import fields

from supply.domain.visits.answers import Item, VisitOut
from supply.fields import OutSchema


class FallenOut(OutSchema):
    """A substitute that a change of plan could not keep: too little of it by then, or not for the guest."""

    step_position = fields.Integer(required=True)
    guest_position = fields.Integer(required=True, allow_none=True)
    item = Item()
    instead_of = Item(attribute="wanted")


class ChangedVisitOut(VisitOut):
    """The visit as it is planned now."""

    fell = fields.List(fields.Nested(FallenOut), required=True)
