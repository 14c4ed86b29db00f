"""PINs of the shared tablets: who has one, choosing it, the lock after five wrong, signing in.

A lock is of a person at a tablet and ends by the hand of somebody who looks after them, by a new PIN, or by
their password. Passwords and their locks are signing_in.py's.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from supply import clock
from supply.alphabet import person_key, sort_key
from supply.domain.audit import service as audit
from supply.domain.people import granting
from supply.domain.people.models import Person, RoleGrant, SignIn, Tablet, Throttle
from supply.domain.people.passwords import NewPin, password_fits
from supply.domain.people.service import get_person
from supply.domain.people.signing_in import (
    Opened,
    forget_tries_of,
    open_session,
    pin_subject,
    tries_of,
)
from supply.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require

TRIES = 5
# Until somebody unlocks it: no lock of this kind is waited out.
_LOCKED_FOR = timedelta(days=36_500)
_RUNS = "01234567890", "09876543210"


@dataclass(frozen=True, slots=True)
class PinPerson:
    """Somebody who may tap their name at a tablet."""

    id: UUID
    name: str
    locked: bool


def is_weak(pin: str) -> bool:
    """Whether it is among the first that anybody would try: 0000, 1212, 123123, 1234, 9876."""
    repeated = any(pin == pin[:part] * (len(pin) // part) for part in range(1, len(pin)))
    return repeated or any(pin in run for run in _RUNS)


def draw_pin() -> str:
    """Six digits by chance, for somebody who then chooses their own."""
    while is_weak(pin := f"{secrets.randbelow(1_000_000):06}"):
        continue
    return pin


def set_pin(session: Session, actor: Actor, *, proven: str, pin: NewPin) -> Person:
    """Choose one's own PIN. `proven` is what prove_own_password gave. Raises Invalid("pin_weak")."""
    person = session.get_one(Person, actor.person_id, with_for_update=True, populate_existing=True)
    if person.password_hash != proven:
        raise Invalid("password_wrong", lazy("This is not your present password."), field="current_password")
    return _give(session, actor, person, pin)


def reset_pin(session: Session, actor: Actor, person_id: UUID, *, pin: NewPin | None) -> Person:
    """Give somebody else another PIN, or (None) take theirs away. Raises NotFound, Forbidden, Invalid."""
    require(actor, Permission.PEOPLE_STAFF)
    person = get_person(session, actor, person_id)
    granting.require_whole_person(actor, person)
    if person.id == actor.person_id:
        raise Forbidden("own_account", lazy("Choose your own PIN in your account."))
    return _give(session, actor, person, pin)


def _give(session: Session, actor: Actor, person: Person, pin: NewPin | None) -> Person:
    """Whoever typed the old PIN is signed out, and every lock is open."""
    if pin is not None and is_weak(pin.told):
        raise Invalid(
            "pin_weak",
            lazy("Others would guess this PIN: choose digits that neither repeat nor run in order."),
            field="pin",
        )
    had, person.pin_hash = person.pin_hash is not None, pin.hashed if pin else None
    session.flush()
    session.execute(
        update(SignIn)
        .where(SignIn.person_id == person.id, SignIn.with_pin, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    session.execute(delete(Throttle).where(Throttle.subject.startswith(_all_of(person.id))))
    audit.record(
        session,
        actor,
        action="person.pin" if pin else "person.pin-removed",
        entity="person",
        entity_id=person.id,
        changes={"pin": [had, pin is not None]},
    )
    return person


def _all_of(person_id: UUID) -> str:
    return f"pin:{person_id.hex}:"


def list_locks(session: Session, actor: Actor, person_id: UUID) -> Sequence[Tablet]:
    """The tablets at which somebody whom one looks after is locked. Raises NotFound."""
    get_person(session, actor, person_id)
    locked = Throttle.locked_until > clock.now()
    subjects = session.scalars(
        select(Throttle.subject).where(Throttle.subject.startswith(_all_of(person_id)), locked)
    ).all()
    ids = [UUID(hex=subject.rpartition(":")[2]) for subject in subjects]
    query = select(Tablet).where(Tablet.id.in_(ids), Tablet.revoked_at.is_(None))
    return sorted(session.scalars(query), key=lambda one: sort_key(one.name)) if ids else []


def unlock(session: Session, actor: Actor, person_id: UUID) -> Person:
    """Let somebody try their PIN again, at every tablet. Raises NotFound, Forbidden."""
    require(actor, Permission.PEOPLE_STAFF)
    person = get_person(session, actor, person_id)
    names = [tablet.name for tablet in list_locks(session, actor, person_id)]
    session.execute(delete(Throttle).where(Throttle.subject.startswith(_all_of(person_id))))
    if names:
        audit.record(
            session,
            actor,
            action="person.unlock",
            entity="person",
            entity_id=person.id,
            changes={"locked": [names, []]},
        )
    return person


def _may_tap(tablet: Tablet) -> Select[Person]:
    """Who has a PIN and a role in the tablet's branch."""
    here = select(RoleGrant.person_id).where(RoleGrant.branch_id == tablet.branch_id)
    return select(Person).where(Person.active, Person.pin_hash.is_not(None), Person.id.in_(here))


def list_names(session: Session, tablet: Tablet) -> list[PinPerson]:
    """Whose names stand on the tablet while nobody is signed in."""
    people = sorted(
        session.scalars(_may_tap(tablet).order_by(Person.name, Person.id).limit(200)),
        key=lambda person: (person_key(person.name), person.id),
    )
    locked = set(
        session.scalars(
            select(Throttle.subject).where(
                Throttle.subject.in_([pin_subject(person.id, tablet.id) for person in people]),
                Throttle.locked_until > clock.now(),
            )
        )
    )
    return [
        PinPerson(person.id, person.name, pin_subject(person.id, tablet.id) in locked) for person in people
    ]


def get_name(session: Session, tablet: Tablet, person_id: UUID) -> Person:
    """One of them. Raises NotFound."""
    person = session.scalar(_may_tap(tablet).where(Person.id == person_id))
    if person is None:
        raise NotFound("person_not_found", lazy("There is nobody of this name at this tablet."))
    return person


def begin_pin_try(session: Session, tablet: Tablet, person_id: UUID) -> int:
    """Count a try before the PIN is looked at, in a transaction of its own; how many are left after it.

    Raises NotFound, TooMany("pin_locked").
    """
    get_name(session, tablet, person_id)
    row = tries_of(session, pin_subject(person_id, tablet.id))
    if row.locked_until is not None:
        raise _locked()
    row.failures += 1
    if row.failures >= TRIES:
        row.locked_until = clock.now() + _LOCKED_FOR
    session.flush()
    return max(0, TRIES - row.failures)


def prove_pin(session: Session, tablet: Tablet, person_id: UUID, pin: str, *, left: int) -> str:
    """The stored hash that the PIN fits. Raises Unauthenticated, and TooMany with the last try.

    Takes a tenth of a second whoever it is, so it belongs before the write transaction.
    """
    stored = session.scalar(_may_tap(tablet).with_only_columns(Person.pin_hash).where(Person.id == person_id))
    if password_fits(stored, pin) and stored is not None:
        return stored
    if left == 0:
        raise _locked()
    raise Unauthenticated(
        "pin_refused",
        lazy("This is not the right PIN. Tries left: %(left)s.", left=left),
        field="pin",
    )


def sign_in_with_pin(session: Session, tablet: Tablet, person_id: UUID, *, proven: str) -> Opened:
    """Open a session at the tablet and give the tries back. `proven` is what prove_pin gave."""
    person = session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.pin_hash != proven or not person.active:
        raise Unauthenticated("pin_refused", lazy("This PIN was changed meanwhile. Tap your name again."))
    forget_tries_of(session, pin_subject(person_id, tablet.id))
    return open_session(session, person, tablet, with_pin=True)


def _locked() -> TooMany:
    return TooMany(
        "pin_locked",
        lazy(
            "Five wrong PINs: this name is locked at this tablet. Sign in with your password, or ask a "
            "manager to unlock it under “People”."
        ),
    )
