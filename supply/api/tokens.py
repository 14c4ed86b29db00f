"""API tokens over the API: one's own, within one's own rights."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.endpoint import ApiBlueprint
from supply.domain.people import tokens
from supply.domain.people.schemas import CreateToken, NewTokenOut, TokenOut
from supply.permissions import Actor, Permission

blp = ApiBlueprint("tokens", description="Bearer tokens: hashed at rest, shown once, narrowed by scopes.")


@blp.get(
    "/tokens",
    permission=Permission.TOKEN_OWN,
    page_of=TokenOut,
    summary="List your tokens",
    description="Your own tokens that are not revoked, newest first, without their secrets.",
)
def list_tokens(session: Session, actor: Actor, query: dict[str, Any]) -> tuple[list[Any], Any]:
    rows = list(tokens.list_tokens(session, actor))
    after, limit = query["cursor"], query["limit"]
    if after is not None:
        rows = [row for row in rows if str(row.id) < str(after[0])]
    return rows[:limit], (str(rows[limit - 1].id),) if len(rows) > limit else None


@blp.post(
    "/tokens",
    permission=Permission.TOKEN_OWN,
    body=CreateToken,
    out=NewTokenOut,
    status=201,
    secret=("secret",),
    summary="Make a token",
    description="For yourself, with scopes that the token you send holds; it ends no later than that one, "
    "and along with it. The secret is in this answer and never again: repeating the request with its key "
    "answers without it.",
    example={"name": "Booking system", "scopes": ["visit:plan", "visit:complete-any", "stock:see"]},
    conflicts=("too_many_tokens",),
)
def create_token(session: Session, actor: Actor, data: dict[str, Any]) -> Any:
    return tokens.create_token(session, actor, **data)


@blp.delete(
    "/tokens/<uuid:token_id>",
    permission=Permission.TOKEN_OWN,
    summary="Revoke a token",
    description="It ends at once, with every token that was made with it. Your own; an admin may revoke "
    "anybody's.",
)
def revoke_token(session: Session, actor: Actor, token_id: UUID) -> None:
    tokens.revoke_token(session, actor, token_id)
