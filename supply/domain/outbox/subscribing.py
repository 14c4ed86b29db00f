"""Webhooks: who listens where for what. Made by managers and admins, for their own branches.

Whoever listens in a branch is repeated in `branch.listeners`, so that nobody has to ask when something
happens; each change here writes it anew, in its own transaction, branches always in one order.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.branches import service as branches
from supply.domain.branches.models import Branch
from supply.domain.outbox.models import Event, PauseReason, Webhook, WebhookBranch, WebhookMessage
from supply.domain.outbox.queue import waiting
from supply.errors import Conflict, Invalid, NotFound, Stale
from supply.i18n import Text, lazy
from supply.outside import taken_apart
from supply.permissions import Actor, Permission, require

MOST = 50
Changes = dict[str, list[Any]]
_WRONG: dict[str, Text] = {
    "scheme": lazy("The address must begin with https://."),
    "private": lazy("This address is not on the public internet."),
}


def list_webhooks(session: Session, actor: Actor, *, branch_id: uuid.UUID | None = None) -> list[Webhook]:
    """The webhooks that one may look after, newest first; those of one branch where it is named."""
    require(actor, Permission.WEBHOOK_MANAGE, branch_id)
    query = select(Webhook).where(Webhook.ended_at.is_(None)).options(selectinload(Webhook.branches))
    if branch_id is not None:
        query = query.where(Webhook.branches.any(Branch.id == branch_id))
    return [hook for hook in session.scalars(query.order_by(Webhook.id.desc())) if _own(actor, hook)]


def get_webhook(
    session: Session, actor: Actor, webhook_id: uuid.UUID, *, version: int | None = None
) -> Webhook:
    """One that lives, of branches that are all the actor's. Raises NotFound, Forbidden, Stale."""
    hook = session.get(Webhook, webhook_id, options=[selectinload(Webhook.branches)])
    if hook is None or hook.ended_at is not None or not all(map(actor.belongs_to, ids_of(hook))):
        raise NotFound("webhook_not_found", lazy("There is no such webhook in your branches."))
    for branch_id in ids_of(hook):
        require(actor, Permission.WEBHOOK_MANAGE, branch_id)
    if version is not None and hook.version != version:
        raise Stale("stale", lazy("Somebody changed this webhook meanwhile. Look at it again."))
    return hook


def create_webhook(
    session: Session,
    actor: Actor,
    *,
    name: str,
    url: str,
    events: Sequence[Event],
    branch_ids: Collection[uuid.UUID] | None = None,
    private: bool = False,
) -> Webhook:
    """Have a program told of events in the branches named, or in all of one's own.

    `private`: whether this installation lets webhooks lead to private addresses. Raises Invalid for the url,
    NotFound, Conflict("too_many_webhooks").
    """
    chosen = _chosen(session, actor, branch_ids)
    _check(url, private)
    if len(list_webhooks(session, actor)) >= MOST:
        raise Conflict("too_many_webhooks", lazy("There are many webhooks already. Remove one first."))
    now = clock.now()
    hook = Webhook(
        id=new_id(),
        name=name,
        url=url,
        events=sorted(set(events)),
        created_at=now,
        created_by=actor.person_id,
        secret_at=now,
        branches=chosen,
    )
    session.add(hook)
    keep_listeners(session, ids_of(hook))
    told: Changes = {"name": [None, name], "url": [None, url], "events": [None, hook.events]}
    record(session, actor, hook, "create", told)
    return hook


def change_webhook(
    session: Session,
    actor: Actor,
    webhook_id: uuid.UUID,
    *,
    version: int,
    name: str,
    url: str,
    events: Sequence[Event],
    branch_ids: Collection[uuid.UUID] | None = None,
    private: bool = False,
) -> Webhook:
    """Change all of it but the secret. Raises as `create_webhook` does, and Stale."""
    hook = get_webhook(session, actor, webhook_id, version=version)
    chosen = _chosen(session, actor, branch_ids)
    _check(url, private)
    values: dict[str, Any] = {"name": name, "url": url, "events": sorted(set(events))}
    changes = {field: [getattr(hook, field), value] for field, value in values.items()}
    changes["branches"] = [[one.code for one in hook.branches], [one.code for one in chosen]]
    touched = {*ids_of(hook), *(branch.id for branch in chosen)}
    for field, value in values.items():
        setattr(hook, field, value)
    hook.branches, hook.version = chosen, hook.version + 1
    keep_listeners(session, touched)
    record(session, actor, hook, "update", changes)
    return hook


def renew_secret(session: Session, actor: Actor, webhook_id: uuid.UUID, *, version: int) -> Webhook:
    """A new secret. For a day messages bear the signature of the old one too."""
    hook = get_webhook(session, actor, webhook_id, version=version)
    hook.secret_number, hook.secret_at, hook.version = hook.secret_number + 1, clock.now(), hook.version + 1
    record(session, actor, hook, "renew-secret", {"secret": [hook.secret_number - 1, hook.secret_number]})
    return hook


def pause_webhook(session: Session, actor: Actor, webhook_id: uuid.UUID) -> Webhook:
    """Send nothing from now on, and collect nothing. Raises Conflict("webhook_paused")."""
    hook = get_webhook(session, actor, webhook_id)
    refuse_paused(hook)
    pause(session, actor, hook, PauseReason.ASKED)
    return hook


def pause(session: Session, actor: Actor | None, hook: Webhook, reason: PauseReason) -> None:
    """What waits goes on waiting. Without an actor it is the program's own doing."""
    hook.paused_at, hook.pause_reason, hook.version = clock.now(), reason, hook.version + 1
    keep_listeners(session, ids_of(hook))
    record(session, actor, hook, "pause", {"paused": [False, True]}, reason=reason.value)


def resume_webhook(session: Session, actor: Actor, webhook_id: uuid.UUID) -> Webhook:
    """Tell it again of what happens from now on, and of what waits. Raises Conflict("webhook_not_paused")."""
    hook = get_webhook(session, actor, webhook_id)
    if hook.paused_at is None:
        raise Conflict("webhook_not_paused", lazy("This webhook is not paused."))
    hook.paused_at = hook.pause_reason = hook.failing_since = hook.retry_at = None
    hook.failures, hook.version = 0, hook.version + 1
    waits = WebhookMessage.webhook_id == webhook_id, waiting(WebhookMessage)
    session.execute(update(WebhookMessage).where(*waits).values(next_at=clock.now()))
    keep_listeners(session, ids_of(hook))
    record(session, actor, hook, "resume", {"paused": [True, False]})
    return hook


def end_webhook(session: Session, actor: Actor, webhook_id: uuid.UUID) -> None:
    """It is gone for good; what was sent to it stays known."""
    hook = get_webhook(session, actor, webhook_id)
    hook.ended_at = clock.now()
    keep_listeners(session, ids_of(hook))
    record(session, actor, hook, "end", {"name": [hook.name, None]})


def ids_of(hook: Webhook) -> list[uuid.UUID]:
    return [branch.id for branch in hook.branches]


def refuse_paused(hook: Webhook) -> None:
    if hook.paused_at is not None:
        raise Conflict("webhook_paused", lazy("This webhook is paused. Let it go on first."))


def keep_listeners(session: Session, branch_ids: Collection[uuid.UUID]) -> None:
    """Write down anew who listens in these branches. Whoever changes the same branch meanwhile waits."""
    session.flush()
    wanted = sorted(branch_ids)
    locking = select(Branch.id).where(Branch.id.in_(wanted)).order_by(Branch.id)
    session.execute(locking.with_for_update(key_share=True))
    living = (
        select(WebhookBranch.branch_id, Webhook.id, Webhook.events)
        .join(Webhook, Webhook.id == WebhookBranch.webhook_id)
        .where(WebhookBranch.branch_id.in_(wanted), Webhook.ended_at.is_(None), Webhook.paused_at.is_(None))
        .order_by(Webhook.id)
    )
    told: dict[uuid.UUID, dict[str, list[str]]] = {branch_id: defaultdict(list) for branch_id in wanted}
    for branch_id, webhook_id, events in session.execute(living):
        for event in events:
            told[branch_id][event].append(str(webhook_id))
    for branch_id, listeners in told.items():
        # Not a change of the branch itself: its version stays.
        session.execute(update(Branch).where(Branch.id == branch_id).values(listeners=listeners or None))


def record(
    session: Session,
    actor: Actor | None,
    hook: Webhook,
    verb: str,
    changes: Changes,
    *,
    reason: str | None = None,
) -> None:
    """In the audit of each branch that it listens in, for the managers there."""
    for branch_id in ids_of(hook):
        audit.record(
            session,
            actor,
            action=f"webhook.{verb}",
            entity="webhook",
            entity_id=hook.id,
            branch_id=branch_id,
            changes=changes,
            reason=reason,
        )


def _own(actor: Actor, hook: Webhook) -> bool:
    return all(actor.may(Permission.WEBHOOK_MANAGE, branch_id) for branch_id in ids_of(hook))


def _chosen(session: Session, actor: Actor, branch_ids: Collection[uuid.UUID] | None) -> list[Branch]:
    """The branches named, or all open ones where one may. Raises NotFound, Forbidden, Invalid."""
    require(actor, Permission.WEBHOOK_MANAGE)
    for branch_id in branch_ids or ():
        require(actor, Permission.WEBHOOK_MANAGE, branch_id)
    own = [
        branch
        for branch in branches.list_branches(session, actor)
        if (branch.id in branch_ids if branch_ids else actor.may(Permission.WEBHOOK_MANAGE, branch.id))
    ]
    if not own:
        raise Invalid("branch_missing", lazy("Choose at least one open branch."), field="branch_ids")
    return own


def _check(url: str, private: bool) -> None:
    try:
        taken_apart(url, private=private)
    except ValueError as error:
        words = _WRONG.get(str(error), lazy("Write an address such as https://example.com/hook."))
        raise Invalid("url_not_allowed", words, field="url") from error
