"""What audit entries look like going out, and how they are asked for."""

from __future__ import annotations

from marshmallow import fields, validate

from supply.domain.audit.service import ENTITIES
from supply.fields import BaseSchema, Id, Moment, OutSchema, Text


class ListAuditEntries(BaseSchema):
    """Everything that one may see, unless narrowed."""

    branch_id = Id(metadata={"description": "Only what concerns this branch."})
    entity = fields.String(
        validate=validate.OneOf(ENTITIES), metadata={"description": "The kind of thing that was changed."}
    )
    entity_id = Id(metadata={"description": "The thing itself."})
    person_id = Id(metadata={"description": "Who changed it."})
    action = Text(
        max_length=60,
        metadata={"description": "What was done: the whole, or the verb alone.", "example": "item.update"},
    )
    field = Text(max_length=60, metadata={"description": "The field that changed.", "example": "par_level"})
    words = Text(
        max_length=100,
        metadata={"description": "In the reason or a value, or in the name of the thing or person."},
    )
    recorded_from = Moment(metadata={"description": "The first instant."})
    recorded_before = Moment(metadata={"description": "The instant after the last."})


class ChangeOut(OutSchema):
    """One field before and after, as text or number, as it was stored."""

    field = fields.String(required=True, metadata={"example": "par_level"})
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class AuditEntryOut(OutSchema):
    """Who changed which field of what. `branch_id` is null for what all branches share."""

    id = fields.UUID(required=True)
    branch_id = fields.UUID(required=True, allow_none=True)
    recorded_at = Moment(required=True)
    person_id = fields.UUID(required=True, allow_none=True)
    person_name = fields.String(required=True, allow_none=True)
    action = fields.String(required=True, metadata={"example": "item.update"})
    entity = fields.String(required=True, metadata={"example": "item"})
    entity_id = fields.UUID(required=True)
    changes = fields.List(fields.Nested(ChangeOut), required=True)
    reason = fields.String(required=True, allow_none=True)
