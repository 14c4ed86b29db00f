"""What webhooks look like coming in and going out. The secret goes out once, when it is made."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from supply.domain.outbox.models import Event, PauseReason, Webhook
from supply.fields import BaseSchema, Id, Moment, OutSchema, Text, Whole, some
from supply.i18n import lazy


class ListWebhooks(BaseSchema):
    branch_id = Id(metadata={"description": "Only those that are told of this branch."})


class SetWebhook(BaseSchema):
    """Where a program listens, and for what."""

    name = Text(
        required=True,
        max_length=80,
        metadata={"label": lazy("Name"), "hint": lazy("The program that listens.")},
    )
    url = Text(
        required=True,
        max_length=500,
        metadata={
            "label": lazy("Address"),
            "hint": lazy("Where messages are sent to, such as https://example.com/hook."),
        },
    )
    events = fields.List(
        fields.Enum(Event, by_value=True),
        required=True,
        validate=some(len(Event), lazy("Choose at least one event.")),
        metadata={"label": lazy("What it is told of")},
    )
    branch_ids = fields.List(
        Id(),
        load_default=None,
        allow_none=True,
        validate=some(1_000),
        metadata={"description": "Without them all open branches in which you may do this, as they are now."},
    )


class WebhookOut(OutSchema):
    """`failing_since` and `failures` tell how it goes; a paused one is sent nothing."""

    id = Id(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.Enum(Event, by_value=True), required=True)
    branch_ids = fields.List(Id(), required=True)
    created_at = Moment(required=True)
    created_by = Id(required=True)
    reached_at = Moment(required=True, allow_none=True)
    failures = Whole(minimum=0, maximum=2**53, required=True)
    failing_since = Moment(required=True, allow_none=True)
    paused_at = Moment(required=True, allow_none=True)
    pause_reason = fields.Enum(PauseReason, by_value=True, required=True, allow_none=True)
    version = Whole(minimum=1, maximum=2**53, required=True)


def webhook_view(hook: Webhook) -> dict[str, Any]:
    """As WebhookOut reads it."""
    names = [name for name in WebhookOut().fields if name not in ("branch_ids", "events")]
    told = {name: getattr(hook, name) for name in names}
    return told | {
        "branch_ids": [branch.id for branch in hook.branches],
        "events": [Event(event) for event in hook.events],
    }


class NewSecretOut(OutSchema):
    """A webhook whose secret was just made; `secret` is null where the request is repeated."""

    webhook = fields.Nested(WebhookOut, required=True)
    secret = fields.String(
        required=True, allow_none=True, metadata={"example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    )
    version = Whole(minimum=1, maximum=2**53, required=True)


class MessageOut(OutSchema):
    """A message on its way: sent_at and given_up_at are both null while it waits; next_at says for when."""

    id = Id(required=True, metadata={"description": "The webhook-id of its header."})
    branch_id = Id(required=True)
    type = fields.String(required=True, metadata={"example": "movement.posted"})
    queued_at = Moment(required=True)
    attempts = Whole(minimum=0, maximum=2**15, required=True)
    next_at = Moment(required=True)
    answered = Whole(
        minimum=100, maximum=999, required=True, allow_none=True, metadata={"description": "The last status."}
    )
    last_error = fields.String(required=True, allow_none=True)
    sent_at = Moment(required=True, allow_none=True)
    given_up_at = Moment(required=True, allow_none=True)


class ReplayedOut(OutSchema):
    """How many messages wait again."""

    messages = Whole(minimum=0, maximum=2**53, required=True)
