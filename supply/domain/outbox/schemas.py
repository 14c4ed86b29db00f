"""What outgoing mail looks like from outside: whom it goes to and how far it is, never its text."""

from __future__ import annotations

from marshmallow import fields

from supply.fields import Id, Moment, OutSchema


class MailOut(OutSchema):
    """sent_at and given_up_at are both null while it waits; next_at says for when."""

    id = Id(required=True)
    recipient = fields.String(required=True)
    subject = fields.String(required=True)
    queued_at = Moment(required=True)
    attempts = fields.Integer(required=True)
    next_at = Moment(required=True)
    last_error = fields.String(required=True, allow_none=True)
    sent_at = Moment(required=True, allow_none=True)
    given_up_at = Moment(required=True, allow_none=True)
