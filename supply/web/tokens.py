"""A person's own API tokens. Nobody makes one for somebody else; the secret is shown once, kept nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.people import service as people
from supply.domain.people.models import ApiToken
from supply.fields import BaseSchema, Text, Whole, some
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.web.pages import Pages, Shown, Target, render, say
from supply.web.words import word

bp = Pages("tokens", __name__)


class NewToken(BaseSchema):
    name = Text(required=True, max_length=80)
    scopes = fields.List(
        fields.Enum(Permission, by_value=True),
        required=True,
        validate=some(40, lazy("Choose at least one right.")),
    )
    days = Whole(required=True, minimum=1, maximum=365)


@bp.page("/tokens", permission=Permission.TOKEN_OWN)
def list_tokens(session: Session, actor: Actor) -> str:
    return render("tokens/list.html", tokens=[_row(token) for token in people.list_tokens(session, actor)])


@bp.page("/tokens/new", permission=Permission.TOKEN_OWN)
def new_token(session: Session, actor: Actor) -> str:
    own = [(permission.value, word(permission)) for permission in Permission if actor.may(permission)]
    return render("tokens/new.html", schema=NewToken, choices=own)


@bp.action("/tokens", permission=Permission.TOKEN_OWN, back="tokens.new_token", schema=NewToken)
def create_token(session: Session, actor: Actor, data: dict[str, Any]) -> Shown:
    made = people.create_token(
        session,
        actor,
        name=data["name"],
        scopes=[permission.value for permission in data["scopes"]],
        expires_at=clock.now() + timedelta(days=data["days"]),
    )
    say(_("This token was made already. It was shown once; revoke it if you did not copy it."), "warning")
    return Shown(
        render("tokens/shown.html", token=made.token, secret=made.secret), ("tokens.list_tokens", {})
    )


@bp.action("/tokens/<uuid:token_id>/revocation", permission=Permission.TOKEN_OWN, back="tokens.list_tokens")
def revoke_token(session: Session, actor: Actor, token_id: UUID) -> Target:
    people.revoke_token(session, actor, token_id)
    say(_("The token is revoked: no program can use it any more."))
    return "tokens.list_tokens", {}


def _row(token: ApiToken) -> dict[str, Any]:
    rights = ", ".join(word(Permission(scope)) for scope in token.scopes if scope in set(Permission))
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "rights": rights,
        "created_at": token.created_at,
        "seen_at": token.seen_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "over": token.expires_at is not None and token.expires_at <= clock.now(),
    }
