"""Pages of webhooks: who is told of what, how it went, once more. The secret is shown once, kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from supply import calling
from supply.domain.branches import service as branches
from supply.domain.outbox import delivering, subscribing
from supply.domain.outbox.models import Event, Webhook, WebhookMessage
from supply.fields import BaseSchema, Id, at_most
from supply.i18n import _, lazy, plural
from supply.permissions import Actor, Permission
from supply.web.pages import NavGroup, Pages, Shown, query, render, say
from supply.web.words import word

bp = Pages("webhooks", __name__)
_MANAGE = Permission.WEBHOOK_MANAGE
bp.nav(
    label=lazy("Webhooks"),
    icon="globe",
    endpoint="webhooks.list_webhooks",
    permission=_MANAGE,
    order=93,
    group=NavGroup.SETUP,
)
PAGE = 20
Target = tuple[str, dict[str, Any]]


class WebhookForm(calling.SetPublicWebhook):
    """In a form no tick is no list."""

    branch_ids = fields.List(Id(), load_default=(), validate=at_most(1_000))


class Earlier(BaseSchema):
    before = Id(load_default=None)


@bp.page("/webhooks", permission=_MANAGE)
def list_webhooks(session: Session, actor: Actor) -> str:
    hooks = subscribing.list_webhooks(session, actor)
    return render("webhooks/list.html", hooks=[_row(hook) for hook in hooks])


def _row(hook: Webhook) -> dict[str, Any]:
    return {
        "title": hook.name,
        "url": url_for("webhooks.show_webhook", webhook_id=hook.id),
        "detail": hook.url,
        "side_note": ", ".join(branch.name for branch in hook.branches),
        "status": _state(hook),
    }


def _state(hook: Webhook) -> tuple[str, str]:
    """How it goes, as a kind and a word."""
    if hook.paused_at is not None:
        return "neutral", _("paused")
    if hook.failing_since is not None:
        return "warning", _("not reached")
    return ("ok", _("reached")) if hook.reached_at else ("info", _("nothing sent yet"))


@bp.page("/webhooks/new", permission=_MANAGE)
def new_webhook(session: Session, actor: Actor) -> str:
    return _form(session, actor, None)


def _form(session: Session, actor: Actor, hook: Webhook | None) -> str:
    own = [
        (str(branch.id), branch.name)
        for branch in branches.list_branches(session, actor)
        if actor.may(_MANAGE, branch.id)
    ]
    return render(
        "webhooks/edit.html",
        schema=WebhookForm,
        hook=hook,
        branch_choices=own,
        chosen=[str(branch.id) for branch in hook.branches] if hook else [],
        private=calling.private_allowed(),
    )


@bp.action("/webhooks", permission=_MANAGE, schema=WebhookForm, back="webhooks.new_webhook")
def create_webhook(session: Session, actor: Actor, data: dict[str, Any]) -> Shown:
    hook = subscribing.create_webhook(session, actor, private=calling.private_allowed(), **data)
    say(
        _("This webhook was made already. Its secret was shown once; make a new one if it is lost."),
        "warning",
    )
    return _shown(hook)


def _shown(hook: Webhook) -> Shown:
    target = "webhooks.show_webhook", {"webhook_id": hook.id}
    return Shown(render("webhooks/shown.html", hook=hook, secret=calling.secret_now(hook)), target)


@bp.page("/webhooks/<uuid:webhook_id>", permission=_MANAGE)
def show_webhook(session: Session, actor: Actor, webhook_id: UUID) -> str:
    hook = subscribing.get_webhook(session, actor, webhook_id)
    before = query(Earlier)["before"]
    found = delivering.list_messages(session, actor, webhook_id, limit=PAGE + 1, before=before)
    rows = [_message_row(message) for message in found[:PAGE]]
    here = url_for("webhooks.show_webhook", webhook_id=webhook_id)
    return render(
        "webhooks/show.html",
        hook=hook,
        state=_state(hook),
        events=[word(Event(event)) for event in hook.events],
        messages=rows,
        lost=any(row["lost"] for row in rows),
        next_url=f"{here}?before={found[PAGE - 1].id}" if len(found) > PAGE else None,
        first_url=here if before else None,
    )


def _message_row(message: WebhookMessage) -> dict[str, Any]:
    known = message.type in {event.value for event in Event}
    return {
        "id": message.id,
        "what": word(Event(message.type)) if known else _("Test"),
        "queued_at": message.queued_at,
        "state": _message_state(message),
        "detail": message.last_error or "",
        "tried": message.attempts > 0,
        "next_at": message.next_at if message.last_error and not message.given_up_at else None,
        "lost": message.given_up_at is not None,
    }


def _message_state(message: WebhookMessage) -> tuple[str, str]:
    if message.sent_at is not None:
        return "ok", _("taken")
    if message.given_up_at is not None:
        return "danger", _("given up")
    return ("warning", _("not taken yet")) if message.last_error else ("info", _("waits"))


@bp.page("/webhooks/<uuid:webhook_id>/edit", permission=_MANAGE)
def edit_webhook(session: Session, actor: Actor, webhook_id: UUID) -> str:
    return _form(session, actor, subscribing.get_webhook(session, actor, webhook_id))


def _act(
    rule: str, *, schema: type[Schema] | None = None, versioned: bool = False, back: str = "show_webhook"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An action on one webhook; refused, its own page is shown again."""
    return bp.action(
        f"/webhooks/<uuid:webhook_id>/{rule}",
        permission=_MANAGE,
        schema=schema,
        versioned=versioned,
        back=f"webhooks.{back}",
    )


@_act("edit", schema=WebhookForm, versioned=True, back="edit_webhook")
def change_webhook(
    session: Session, actor: Actor, data: dict[str, Any], webhook_id: UUID, version: int
) -> Target:
    private = calling.private_allowed()
    subscribing.change_webhook(session, actor, webhook_id, version=version, private=private, **data)
    say(_("Saved."))
    return _to(webhook_id)


def _to(webhook_id: UUID) -> Target:
    return "webhooks.show_webhook", {"webhook_id": webhook_id}


@_act("test")
def send_test(session: Session, actor: Actor, webhook_id: UUID) -> Target:
    delivering.send_test(session, actor, webhook_id)
    calling.call_soon()
    say(_("A test is on its way. Open this page again in a moment to see how it ended."))
    return _to(webhook_id)


@_act("pause")
def pause_webhook(session: Session, actor: Actor, webhook_id: UUID) -> Target:
    subscribing.pause_webhook(session, actor, webhook_id)
    say(_("Paused: nothing is sent, and nothing new is collected."))
    return _to(webhook_id)


@_act("resumption")
def resume_webhook(session: Session, actor: Actor, webhook_id: UUID) -> Target:
    subscribing.resume_webhook(session, actor, webhook_id)
    calling.call_soon()
    say(_("It goes on: what waits is sent now."))
    return _to(webhook_id)


@_act("replay")
def replay_given_up(session: Session, actor: Actor, webhook_id: UUID) -> Target:
    count = delivering.replay_given_up(session, actor, webhook_id)
    calling.call_soon()
    say(plural("%(num)s message is sent again.", "%(num)s messages are sent again.", count))
    return _to(webhook_id)


@_act("messages/<uuid:message_id>/replay")
def replay_message(session: Session, actor: Actor, webhook_id: UUID, message_id: UUID) -> Target:
    delivering.replay_message(session, actor, webhook_id, message_id)
    calling.call_soon()
    say(_("It is sent again, under the same id."))
    return _to(webhook_id)


@bp.page("/webhooks/<uuid:webhook_id>/secret", permission=_MANAGE)
def confirm_secret(session: Session, actor: Actor, webhook_id: UUID) -> str:
    return render("webhooks/secret.html", hook=subscribing.get_webhook(session, actor, webhook_id))


@_act("secret", versioned=True)
def renew_secret(session: Session, actor: Actor, webhook_id: UUID, version: int) -> Shown:
    hook = subscribing.renew_secret(session, actor, webhook_id, version=version)
    say(_("The new secret was shown already. Make another one if it is lost."), "warning")
    return _shown(hook)


@bp.page("/webhooks/<uuid:webhook_id>/removal", permission=_MANAGE)
def confirm_removal(session: Session, actor: Actor, webhook_id: UUID) -> str:
    return render("webhooks/remove.html", hook=subscribing.get_webhook(session, actor, webhook_id))


@_act("removal")
def end_webhook(session: Session, actor: Actor, webhook_id: UUID) -> Target:
    subscribing.end_webhook(session, actor, webhook_id)
    say(_("The webhook is gone: nothing is sent to it any more."))
    return "webhooks.list_webhooks", {}
