"""Webhooks over the API: who is told of what, how it went, once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import calling
from supply.api.cursors import identified, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.outbox import delivering, subscribing
from supply.domain.outbox.hook_schemas import (
    ListWebhooks,
    MessageOut,
    NewSecretOut,
    ReplayedOut,
    WebhookOut,
    webhook_view,
)
from supply.domain.outbox.models import Webhook
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "webhooks",
    description="Messages to your programs when something happens, signed after the Standard Webhooks "
    "specification: `webhook-id`, `webhook-timestamp`, `webhook-signature` (v1, HMAC-SHA256). What each says "
    "is listed under `webhooks` in the document. A message may come twice, under the same id, and in any "
    "order. Answer with 2xx within ten seconds; anything else is tried again for two days, a redirect is not "
    "followed, 410 pauses the webhook, and so do three days without an answer.",
)
_MANAGE = Permission.WEBHOOK_MANAGE
_HOOK = {
    "name": "Booking system",
    "url": "https://booking.example/hooks/supply",
    "events": ["visit.completed", "flag.raised"],
    "branch_ids": ["018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"],
}


@blp.get(
    "/webhooks",
    permission=_MANAGE,
    query=ListWebhooks,
    page_of=WebhookOut,
    summary="List webhooks",
    description="Those whose branches are all yours to look after, newest first.",
)
def list_webhooks(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    hooks = subscribing.list_webhooks(session, actor, branch_id=query.get("branch_id"))
    found, more = sliced(hooks, query, lambda hook: (hook.created_at.isoformat(), hook.id))
    return [webhook_view(hook) for hook in found], more


@blp.post(
    "/webhooks",
    permission=_MANAGE,
    body=calling.SetPublicWebhook,
    out=NewSecretOut,
    status=201,
    etag=True,
    secret=("secret",),
    summary="Make a webhook",
    description="The address must be HTTPS and public. The secret is in this answer and never again: "
    "repeating the request with its key answers without it.",
    example=_HOOK,
    conflicts=("too_many_webhooks",),
)
def create_webhook(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    private = calling.private_allowed()
    return _with_secret(session, subscribing.create_webhook(session, actor, private=private, **data))


def _with_secret(session: Session, hook: Webhook) -> dict[str, Any]:
    session.flush()
    return {"webhook": webhook_view(hook), "secret": calling.secret_now(hook), "version": hook.version}


@blp.get(
    "/webhooks/<uuid:webhook_id>",
    permission=_MANAGE,
    out=WebhookOut,
    etag=True,
    summary="Get a webhook",
    description="Where it leads, what it is told of, how it goes; never its secret.",
)
def get_webhook(session: Session, actor: Actor, webhook_id: UUID) -> Any:
    return webhook_view(subscribing.get_webhook(session, actor, webhook_id))


@blp.put(
    "/webhooks/<uuid:webhook_id>",
    permission=_MANAGE,
    body=calling.SetPublicWebhook,
    out=WebhookOut,
    etag=True,
    versioned=True,
    summary="Change a webhook",
    description="Name, address, events and branches, all together. The secret stays.",
    example=_HOOK,
)
def change_webhook(
    session: Session, actor: Actor, data: dict[str, Any], webhook_id: UUID, version: int
) -> Any:
    private = calling.private_allowed()
    return webhook_view(
        subscribing.change_webhook(session, actor, webhook_id, version=version, private=private, **data)
    )


@blp.delete(
    "/webhooks/<uuid:webhook_id>",
    permission=_MANAGE,
    summary="Remove a webhook",
    description="Nothing is sent to it any more, not even what waits.",
)
def end_webhook(session: Session, actor: Actor, webhook_id: UUID) -> None:
    subscribing.end_webhook(session, actor, webhook_id)


@blp.post(
    "/webhooks/<uuid:webhook_id>/secret",
    permission=_MANAGE,
    out=NewSecretOut,
    status=201,
    etag=True,
    versioned=True,
    secret=("secret",),
    summary="Make a new secret",
    description="For a day each message bears a signature of the old secret too, so that a program can "
    "change over without a gap.",
)
def renew_secret(session: Session, actor: Actor, webhook_id: UUID, version: int) -> Any:
    return _with_secret(session, subscribing.renew_secret(session, actor, webhook_id, version=version))


@blp.post(
    "/webhooks/<uuid:webhook_id>/pause",
    permission=_MANAGE,
    out=WebhookOut,
    status=201,
    etag=True,
    summary="Pause a webhook",
    description="Nothing is sent, and nothing new is collected. What waits goes on waiting.",
    conflicts=("webhook_paused",),
)
def pause_webhook(session: Session, actor: Actor, webhook_id: UUID) -> Any:
    return webhook_view(subscribing.pause_webhook(session, actor, webhook_id))


@blp.post(
    "/webhooks/<uuid:webhook_id>/resumption",
    permission=_MANAGE,
    out=WebhookOut,
    status=201,
    etag=True,
    summary="Let a paused webhook go on",
    description="It is told of what happens from now on, and what waits is sent.",
    conflicts=("webhook_not_paused",),
)
def resume_webhook(session: Session, actor: Actor, webhook_id: UUID) -> Any:
    hook = subscribing.resume_webhook(session, actor, webhook_id)
    calling.call_soon()
    return webhook_view(hook)


@blp.post(
    "/webhooks/<uuid:webhook_id>/test",
    permission=_MANAGE,
    out=MessageOut,
    status=201,
    summary="Send a test message",
    description="Of the type `webhook.test.v1`. It goes out at once; the list of messages says how it ended.",
    conflicts=("webhook_paused",),
)
def send_test(session: Session, actor: Actor, webhook_id: UUID) -> Any:
    message = delivering.send_test(session, actor, webhook_id)
    calling.call_soon()
    return message


@blp.get(
    "/webhooks/<uuid:webhook_id>/messages",
    permission=_MANAGE,
    page_of=MessageOut,
    summary="List what was sent to a webhook",
    description="Newest first, with what waits and what was given up. Messages are kept for thirty days.",
)
def list_messages(session: Session, actor: Actor, query: dict[str, Any], webhook_id: UUID) -> Any:
    limit, before = query["limit"], identified(query["cursor"])
    rows = delivering.list_messages(session, actor, webhook_id, limit=limit + 1, before=before)
    return rows[:limit], (rows[limit - 1].id,) if len(rows) > limit else None


@blp.post(
    "/webhooks/<uuid:webhook_id>/messages/<uuid:message_id>/replay",
    permission=_MANAGE,
    out=MessageOut,
    status=201,
    summary="Send a message again",
    description="The same bytes under the same id, whatever became of it before.",
    conflicts=("webhook_paused",),
)
def replay_message(session: Session, actor: Actor, webhook_id: UUID, message_id: UUID) -> Any:
    message = delivering.replay_message(session, actor, webhook_id, message_id)
    calling.call_soon()
    return message


@blp.post(
    "/webhooks/<uuid:webhook_id>/replay",
    permission=_MANAGE,
    out=ReplayedOut,
    status=201,
    summary="Send all that was given up again",
    description="Every message that was tried in vain for two days, of the last thirty.",
    conflicts=("webhook_paused",),
)
def replay_given_up(session: Session, actor: Actor, webhook_id: UUID) -> Any:
    count = delivering.replay_given_up(session, actor, webhook_id)
    calling.call_soon()
    return {"messages": count}
