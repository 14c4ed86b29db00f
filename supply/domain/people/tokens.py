"""API tokens: made by the person they speak for, within that person's own rights, shown once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.people.models import ApiToken, Person, RoleGrant
from supply.domain.people.passwords import digest, new_secret
from supply.domain.people.signing_in import SEEN_EVERY, actor_of
from supply.errors import Conflict, Invalid, NotFound, Unauthenticated
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.statements import Prepared

LONGEST = timedelta(days=366)
MOST = 50


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `secret` is the whole bearer token and is stored nowhere."""

    token: ApiToken
    secret: str


_BY_HASH = Prepared(
    select(
        ApiToken.id.label("token_id"),
        ApiToken.scopes,
        ApiToken.expires_at,
        ApiToken.revoked_at,
        ApiToken.seen_at,
        Person.id,
        Person.name,
        Person.language,
        Person.active,
        RoleGrant.role,
        RoleGrant.branch_id,
    )
    .join(Person, Person.id == ApiToken.person_id)
    .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
    .where(ApiToken.secret_hash == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token speaks for."""

    actor: Actor
    token_id: UUID
    language: str
    unseen: bool


def actor_of_token(connection: Connection, secret: str) -> Bearer:
    """The person a bearer token speaks for, with its scopes. Raises Unauthenticated. One statement."""
    rows = _BY_HASH.all(connection, {"digest": digest(secret)})
    now = clock.now()
    if not rows or not rows[0].active or rows[0].revoked_at is not None:
        raise _not_valid()
    row = rows[0]
    if row.expires_at is not None and row.expires_at <= now:
        raise Unauthenticated(
            "token_expired", lazy("This token has expired. Make a new one in your account.")
        )
    actor = actor_of(row.id, row.name, rows, frozenset(row.scopes), row.token_id)
    unseen = row.seen_at is None or abs(now - row.seen_at) > SEEN_EVERY
    return Bearer(actor, row.token_id, row.language, unseen)


def note_token_seen(session: Session, token_id: UUID) -> None:
    """Remember that the token is in use; the edge calls it at most once a minute, apart from the request."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(seen_at=clock.now()))


def create_token(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> NewToken:
    """Make a token for oneself. Raises Invalid for scopes beyond one's own rights or a date too far.

    One made with a token has none of its scopes beyond that one's, and ends no later and along with it.
    """
    require(actor, Permission.TOKEN_OWN)
    # Whoever revokes the person's tokens meanwhile waits, and then finds this one too.
    session.get_one(Person, actor.person_id, with_for_update=True)
    now = clock.now()
    unknown = [scope for scope in scopes if not _may(actor, scope)]
    if unknown or not scopes:
        raise Invalid(
            "scope_not_yours",
            lazy("Choose at least one right, and only rights that you hold yourself."),
            field="scopes",
            details={"scopes": unknown},
        )
    expires_at = _agreed_end(session, actor, expires_at, now)
    if len(list_tokens(session, actor)) >= MOST:
        raise Conflict("too_many_tokens", lazy("You have many tokens already. Revoke one that is not used."))
    prefix = secrets.token_hex(4)
    secret = f"spl_{prefix}_{new_secret()}"
    token = ApiToken(
        id=new_id(),
        person_id=actor.person_id,
        name=name,
        prefix=prefix,
        secret_hash=digest(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
        made_with_id=actor.token_id,
    )
    session.add(token)
    session.flush()
    changes: dict[str, list[Any]] = {"name": [None, name], "scopes": [None, token.scopes]}
    audit.record(session, actor, action="token.create", entity="token", entity_id=token.id, changes=changes)
    return NewToken(token, secret)


def _agreed_end(session: Session, actor: Actor, wanted: datetime | None, now: datetime) -> datetime:
    """When a new token ends; without a wish as late as may be."""
    if wanted is not None and not now < wanted <= now + LONGEST:
        raise Invalid("expiry_out_of_range", lazy("Choose a day within the next year."), field="expires_at")
    if actor.token_id is None:
        return wanted or now + LONGEST
    maker = session.get_one(ApiToken, actor.token_id, populate_existing=True)
    if maker.revoked_at is not None:
        raise _not_valid()
    last = min(maker.expires_at or now + LONGEST, now + LONGEST)
    if wanted is not None and wanted > last:
        raise Invalid(
            "expiry_beyond_token",
            lazy("A token made with another one ends no later than that one does."),
            field="expires_at",
            details={"latest": last.isoformat()},
        )
    return wanted or last


def _not_valid() -> Unauthenticated:
    return Unauthenticated("token_invalid", lazy("This token is not valid. Make a new one in your account."))


def _may(actor: Actor, scope: str) -> bool:
    try:
        return actor.may(Permission(scope))
    except ValueError:
        return False


def list_tokens(session: Session, actor: Actor) -> Sequence[ApiToken]:
    """One's own tokens that are not revoked, newest first."""
    query = select(ApiToken).where(ApiToken.person_id == actor.person_id, ApiToken.revoked_at.is_(None))
    return session.scalars(query.order_by(ApiToken.id.desc())).all()


def revoke_token(session: Session, actor: Actor, token_id: UUID) -> ApiToken:
    """End a token at once, and what was made with it. Raises NotFound.

    One's own, or, for an admin of the whole spa, anybody's.
    """
    require(actor, Permission.TOKEN_OWN)
    token = session.get(ApiToken, token_id)
    own = token is not None and token.person_id == actor.person_id
    if token is None or not (own or (actor.may(Permission.PEOPLE_MANAGE) and actor.branch_ids() is None)):
        raise NotFound("token_not_found", lazy("There is no such token of yours."))
    living = _living_tokens(session, token.person_id)
    ended: set[UUID] = set()
    ending = {token.id}
    while ending:
        ended |= ending
        ending = {one.id for one in living if one.made_with_id in ending} - ended
    _end(session, actor, [one for one in living if one.id in ended])
    return token


def revoke_tokens_of(session: Session, actor: Actor, person: Person) -> None:
    """End every token of a person at once. Who may is the caller's to ask."""
    _end(session, actor, _living_tokens(session, person.id))


def _living_tokens(session: Session, person_id: UUID) -> Sequence[ApiToken]:
    """Tokens of a person that are not revoked, while no new one can be made."""
    session.get_one(Person, person_id, with_for_update=True)
    query = select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    return session.scalars(query.order_by(ApiToken.id)).all()


def _end(session: Session, actor: Actor, living: Sequence[ApiToken]) -> None:
    for token in living:
        token.revoked_at = clock.now()
        audit.record(
            session,
            actor,
            action="token.revoke",
            entity="token",
            entity_id=token.id,
            changes={"revoked": [False, True]},
        )
    session.flush()
