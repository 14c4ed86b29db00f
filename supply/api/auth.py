"""Who is behind a bearer token. The API takes tokens and never a session cookie."""

from __future__ import annotations

from flask import Request, g
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from supply import ceiling
from supply.database import glance, write_transaction
from supply.domain.people import tokens
from supply.errors import Forbidden, SupplyError, Unauthenticated
from supply.i18n import lazy
from supply.permissions import TABLE, Actor, Permission


def admit(request: Request, permission: Permission) -> Actor:
    """The actor of the request. Raises Unauthenticated; Forbidden where no role or scope could allow it."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret or len(secret) > 200 or not secret.isascii():
        raise Unauthenticated("token_missing", lazy("Send a token of yours: Authorization: Bearer spl_…"))
    bearer = glance(lambda connection: tokens.actor_of_token(connection, secret.strip()))
    ceiling.prove()
    g.api_language = bearer.language
    if bearer.unseen:
        _note_seen(bearer)
    if not bearer.actor.may(permission):
        raise Forbidden(
            "insufficient_scope" if _role_would(bearer.actor, permission) else "not_permitted",
            lazy("This token or your role does not allow it."),
            details={"permission": permission.value},
        )
    return bearer.actor


def _role_would(actor: Actor, permission: Permission) -> bool:
    return any(role in TABLE[permission] for role, _branch in actor.grants)


def _note_seen(bearer: tokens.Bearer) -> None:
    """Kept apart from the request, which does not fail over it."""

    def note(session: Session) -> None:
        tokens.note_token_seen(session, bearer.token_id)

    try:
        write_transaction(note)
    except (SQLAlchemyError, SupplyError):
        return
