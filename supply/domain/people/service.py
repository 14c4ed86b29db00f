"""People of the branches: who there is, what they hold where, and their own preferences.

The door of the capability: signing in and tokens live beside it and are offered here too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.alphabet import person_key
from supply.database import new_id
from supply.domain.audit import service as audit
from supply.domain.people import granting
from supply.domain.people.granting import Grant, sorted_grants
from supply.domain.people.models import Person, RoleGrant
from supply.domain.people.passwords import NewPassword, password_fits
from supply.domain.people.signing_in import (
    Known,
    Limits,
    Opened,
    actor_of_sign_in,
    begin_own_try,
    begin_try,
    end_own_try,
    end_sign_in,
    find_demo,
    list_demo_people,
    list_sign_ins,
    note_seen,
    open_session,
    prove,
    sign_in,
)
from supply.domain.people.tokens import (
    NewToken,
    create_token,
    list_tokens,
    revoke_token,
    revoke_tokens_of,
)
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

__all__ = [
    "Known",
    "Limits",
    "NewPassword",
    "NewToken",
    "Opened",
    "actor_of_sign_in",
    "begin_own_try",
    "begin_try",
    "create_token",
    "end_own_try",
    "end_sign_in",
    "find_demo",
    "list_demo_people",
    "list_sign_ins",
    "list_tokens",
    "note_seen",
    "open_session",
    "prove",
    "revoke_token",
    "sign_in",
]


def list_people(session: Session, actor: Actor, *, active: bool | None = True) -> list[Person]:
    """People whom the actor looks after, by name: all for an admin, those of their branches for a manager."""
    require(actor, Permission.PEOPLE_STAFF)
    query = select(Person).options(selectinload(Person.grants)).order_by(Person.name, Person.id).limit(500)
    if active is not None:
        query = query.where(Person.active.is_(active))
    if actor.branch_ids() is not None:
        within = RoleGrant.branch_id.in_(granting.managed(actor))
        query = query.where(exists().where(RoleGrant.person_id == Person.id, within))
    return sorted(session.scalars(query), key=lambda person: (person_key(person.name), person.id))


def get_person(session: Session, actor: Actor, person_id: UUID) -> Person:
    """Oneself, or somebody whom the actor looks after. Raises NotFound."""
    person = session.get(Person, person_id, options=[selectinload(Person.grants)])
    if person is None or not (person_id == actor.person_id or granting.looks_after(actor, person)):
        raise NotFound("person_not_found", lazy("There is no such person in your branches."))
    return person


def create_person(
    session: Session,
    actor: Actor,
    *,
    login: str,
    name: str,
    password: NewPassword,
    language: str = "vi",
    grants: Collection[Grant],
) -> Person:
    """Add somebody with a first password. Raises Invalid, Forbidden, Conflict("login_taken")."""
    require(actor, Permission.PEOPLE_STAFF)
    login = login.strip().casefold()
    _require_good_password(password, login)
    granting.require_may_grant(session, actor, set(), set(grants))
    person = Person(
        id=new_id(),
        login=login,
        name=name,
        language=language,
        password_hash=password.hashed,
        created_at=clock.now(),
        grants=[RoleGrant(role=role, branch_id=branch_id) for role, branch_id in sorted_grants(grants)],
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        taken = lazy("Somebody signs in with this name already. Choose another one.")
        raise Conflict("login_taken", taken, field="login") from error
    _note(session, actor, person, "person.create", {"name": [None, name], "roles": [[], _told(set(grants))]})
    return person


def update_person(
    session: Session,
    actor: Actor,
    person_id: UUID,
    *,
    version: int,
    name: str | None = None,
    language: str | None = None,
    active: bool | None = None,
    grants: Collection[Grant] | None = None,
) -> Person:
    """Change somebody's name, language, activity or roles. Raises Stale, Forbidden, Conflict."""
    require(actor, Permission.PEOPLE_STAFF)
    person = get_person(session, actor, person_id)
    _require_version(person, version)
    granting.require_whole_person(actor, person)
    changes: dict[str, Any] = {}
    for field, value in (("name", name), ("language", language)):
        if value is not None and value != getattr(person, field):
            changes[field] = [getattr(person, field), value]
            setattr(person, field, value)
    if grants is not None:
        changes |= _regrant(session, actor, person, set(grants))
    if active is not None and active != person.active:
        if person.id == actor.person_id:
            raise Forbidden("own_account", lazy("Somebody else must do this for you."))
        changes["active"] = [person.active, active]
        person.active = active
    if changes.keys() & {"active", "roles"}:
        person.session_epoch += 1
        granting.require_an_admin(session)
    session.flush()
    if changes:
        _note(session, actor, person, "person.update", changes)
    return person


def reset_password(session: Session, actor: Actor, person_id: UUID, *, password: NewPassword) -> Person:
    """Give somebody else a new first password; all their sessions and tokens end, whoever holds them now."""
    require(actor, Permission.PEOPLE_STAFF)
    person = get_person(session, actor, person_id)
    granting.require_whole_person(actor, person)
    if person.id == actor.person_id:
        raise Forbidden("own_account", lazy("Change your own password in your account."))
    _set_password(session, actor, person, password)
    revoke_tokens_of(session, actor, person)
    return person


def change_password(
    session: Session, actor: Actor, *, proven: str, password: NewPassword, revoke_tokens: bool = False
) -> Person:
    """Change one's own password; all one's sessions end, and one's tokens where that is asked for.

    `proven` is what prove_own_password gave. Programs work on by themselves, since whoever only wants another
    password should not stop the booking system.
    """
    person = session.get_one(Person, actor.person_id)
    if person.password_hash != proven:
        raise _wrong()
    _set_password(session, actor, person, password)
    if revoke_tokens:
        revoke_tokens_of(session, actor, person)
    return person


def prove_own_password(session: Session, actor: Actor, current_password: str) -> str:
    """The stored hash that one's present password fits. Raises Invalid.

    Takes a tenth of a second, so it belongs before the write transaction. The edge counts the tries
    (begin_own_try).
    """
    stored = session.get_one(Person, actor.person_id).password_hash
    if not password_fits(stored, current_password):
        raise _wrong()
    return stored


def set_preferences(
    session: Session,
    actor: Actor,
    *,
    language: str | None = None,
    theme: str | None = None,
    single_keys: bool | None = None,
) -> Person:
    """One's own language, appearance and keyboard; what is None stays."""
    person = session.get_one(Person, actor.person_id)
    told = {"language": language, "theme": theme, "single_keys": single_keys}
    wanted = {name: value for name, value in told.items() if value is not None}
    changes = {name: [getattr(person, name), value] for name, value in wanted.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    for name, (_before, after) in changes.items():
        setattr(person, name, after)
    session.flush()
    if changes:
        _note(session, actor, person, "person.preferences", changes)
    return person


def _set_password(session: Session, actor: Actor, person: Person, password: NewPassword) -> None:
    _require_good_password(password, person.login)
    person.password_hash = password.hashed
    person.session_epoch += 1
    session.flush()
    _note(session, actor, person, "person.password", {})


def _regrant(session: Session, actor: Actor, person: Person, wanted: set[Grant]) -> dict[str, Any]:
    held = {(grant.role, grant.branch_id) for grant in person.grants}
    if wanted == held:
        return {}
    if person.id == actor.person_id:
        raise Forbidden("own_roles", lazy("Nobody changes their own roles. Ask somebody else."))
    granting.require_may_grant(session, actor, held, wanted)
    for grant in [grant for grant in person.grants if (grant.role, grant.branch_id) not in wanted]:
        person.grants.remove(grant)
    for role, branch_id in sorted_grants(wanted - held):
        person.grants.append(RoleGrant(role=role, branch_id=branch_id))
    return {"roles": [_told(held), _told(wanted)]}


def _require_version(person: Person, version: int) -> None:
    if person.version != version:
        raise Stale("stale", lazy("Somebody changed this meanwhile. Look at it again before you save."))


def _wrong() -> Invalid:
    return Invalid("password_wrong", lazy("This is not your present password."), field="current_password")


def _require_good_password(password: NewPassword, login: str) -> None:
    told = password.told
    whole = not any("\ud800" <= char <= "\udfff" for char in told)
    if not whole or len(told) < 10 or told.casefold() == login or len(set(told)) < 4:
        raise Invalid(
            "password_weak",
            lazy("Take at least ten characters that are not your sign-in name; several words are best."),
            field="password",
        )


def _told(grants: set[Grant]) -> list[str]:
    return [f"{role.value}@{branch_id or '*'}" for role, branch_id in sorted_grants(grants)]


def _note(session: Session, actor: Actor, person: Person, action: str, changes: dict[str, Any]) -> None:
    audit.record(session, actor, action=action, entity="person", entity_id=person.id, changes=changes)
