"""Sign-ins: who is behind a cookie, opening and ending sessions, and the lock after wrong tries."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from supply import clock
from supply.database import new_id
from supply.domain.branches.models import Branch
from supply.domain.people.models import Person, RoleGrant, SignIn, Tablet, Throttle
from supply.domain.people.passwords import digest, new_secret, password_fits, same
from supply.errors import NotFound, TooMany, Unauthenticated
from supply.i18n import lazy
from supply.permissions import WITH_PIN, Actor, password_needed

ACCOUNT_TRIES = 9
# A spa's tablets share one address, so an address is let ten times as many.
ADDRESS_TRIES = 90
WINDOW = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lives at the most, and how long unused: elsewhere, and at a shared tablet."""

    age: timedelta
    idle: timedelta
    tablet_idle: timedelta


@dataclass(frozen=True, slots=True)
class Known:
    """A person behind a session, with what a page needs of them. `unseen`: its use is to be noted again.
    `tablet_id`: the shared tablet at which they stand, signed in with a PIN or with their password."""

    actor: Actor
    language: str
    theme: str
    single_keys: bool
    unseen: bool = False
    tablet_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: `secret` goes into the cookie and is stored nowhere."""

    sign_in_id: UUID
    secret: str
    actor: Actor


_BY_SIGN_IN = (
    select(
        SignIn.secret_hash,
        SignIn.session_epoch,
        SignIn.created_at,
        SignIn.seen_at,
        SignIn.ended_at,
        SignIn.tablet_id,
        SignIn.with_pin,
        Tablet.branch_id.label("tablet_branch_id"),
        Tablet.revoked_at,
        Person.id,
        Person.name,
        Person.language,
        Person.theme,
        Person.single_keys,
        Person.active,
        Person.session_epoch.label("epoch"),
        RoleGrant.role,
        RoleGrant.branch_id,
    )
    .join(Person, Person.id == SignIn.person_id)
    .outerjoin(Tablet, Tablet.id == SignIn.tablet_id)
    .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
    .where(SignIn.id == bindparam("sign_in"))
)


def actor_of_sign_in(session: Session, sign_in_id: UUID, secret: str, limits: Limits) -> Known:
    """The person of a session cookie. Raises Unauthenticated where it has ended in any way."""
    rows = session.execute(_BY_SIGN_IN, {"sign_in": sign_in_id}).all()
    if not rows or not same(rows[0].secret_hash, secret) or not _lives(rows[0], limits):
        raise Unauthenticated("session_ended", lazy("Your session has ended. Please sign in again."))
    row = rows[0]
    unseen = abs(clock.now() - row.seen_at) > SEEN_EVERY
    actor = actor_of(row.id, row.name, rows)
    if row.with_pin:
        actor = at_tablet(actor, row.tablet_id, row.tablet_branch_id)
    return Known(actor, row.language, row.theme, row.single_keys, unseen, row.tablet_id)


def at_tablet(actor: Actor, tablet_id: UUID, branch_id: UUID) -> Actor:
    """Whom a PIN makes of them: in the tablet's branch alone, with what a PIN is enough for."""
    grants = frozenset(grant for grant in actor.grants if grant[1] == branch_id)
    return replace(actor, grants=grants, scopes=frozenset(WITH_PIN), tablet_id=tablet_id)


def actor_of(
    person_id: UUID,
    name: str,
    rows: Sequence[Any],
    scopes: frozenset[str] | None = None,
    token_id: UUID | None = None,
) -> Actor:
    """An actor from rows that bear `role` and `branch_id` (None where the person holds no role)."""
    grants = frozenset((row.role, row.branch_id) for row in rows if row.role is not None)
    return Actor(person_id, name, grants, scopes, token_id)


def _lives(row: Any, limits: Limits) -> bool:
    now = clock.now()
    # Measured from both sides: a clock that was set back revives nothing older than the limits allow.
    idle = limits.idle if row.tablet_id is None else min(limits.tablet_idle, limits.idle)
    young = abs(now - row.created_at) < limits.age and abs(now - row.seen_at) < idle
    ended = row.ended_at is not None or row.revoked_at is not None
    return bool(not ended and row.active and row.session_epoch == row.epoch and young)


def note_seen(session: Session, sign_in_id: UUID) -> None:
    """Remember that the session is in use, at most once a minute."""
    now = clock.now()
    stale = SignIn.seen_at < now - SEEN_EVERY
    session.execute(
        update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None), stale).values(seen_at=now)
    )


def require_unlocked(row: Throttle) -> None:
    """Raises TooMany while the subject is locked."""
    now = clock.now()
    if row.locked_until is not None and row.locked_until > now:
        raise TooMany(
            "too_many_tries",
            lazy("Too many wrong tries. Wait a quarter of an hour, or ask a manager for a new password."),
            details={"retry_after": max(1, int((row.locked_until - now).total_seconds()))},
        )


def subjects_of(login: str, address: str) -> dict[str, int]:
    """What a wrong try counts against, and how many each may have."""
    account = login.strip().casefold()[:80]
    return {f"account:{account}": ACCOUNT_TRIES, f"address:{address[:80]}": ADDRESS_TRIES}


def begin_try(session: Session, *, login: str, address: str) -> None:
    """Count a try before the password is looked at, in a transaction of its own. Raises TooMany.

    Counted first, many guesses at once cannot all see an open lock; the right password gives the try back.
    """
    now = clock.now()
    for subject, tries in sorted(subjects_of(login, address).items()):
        row = tries_of(session, subject)
        require_unlocked(row)
        if now - row.first_at > WINDOW or row.first_at > now:
            row.failures, row.first_at, row.locked_until = 0, now, None
        row.failures += 1
        if row.failures >= tries:
            row.locked_until = now + WINDOW
    session.flush()


def begin_own_try(session: Session, actor: Actor, *, address: str) -> None:
    """As begin_try, for somebody signed in: a screen left open is no way round the lock. Raises TooMany."""
    begin_try(session, login=session.get_one(Person, actor.person_id).login, address=address)


def end_own_try(session: Session, actor: Actor, *, address: str) -> None:
    """The password was right: the tries are given back."""
    _give_tries_back(session, session.get_one(Person, actor.person_id).login, address)


def _give_tries_back(session: Session, login: str, address: str) -> None:
    account, from_there = subjects_of(login, address)
    session.execute(delete(Throttle).where(Throttle.subject == account))
    session.execute(
        update(Throttle)
        .where(Throttle.subject == from_there, Throttle.failures > 0)
        .values(failures=Throttle.failures - 1)
    )


def tries_of(session: Session, subject: str) -> Throttle:
    """The subject's row, locked; made where there is none, also when somebody else makes it meanwhile."""
    if session.get(Throttle, subject) is None:
        with contextlib.suppress(IntegrityError), session.begin_nested():
            session.add(Throttle(subject=subject, failures=0, first_at=clock.now()))
    return session.get_one(Throttle, subject, with_for_update=True, populate_existing=True)


def forget_tries(session: Session) -> int:
    """Forget counts that say nothing any more: guessed names are told without end. How many there were.

    A PIN's stay: they end with the right one, and there are no more of them than people and tablets.
    """
    now = clock.now()
    over = (Throttle.first_at < now - WINDOW) & (
        Throttle.locked_until.is_(None) | (Throttle.locked_until < now)
    )
    gone = session.execute(delete(Throttle).where(over, ~Throttle.subject.startswith("pin:")))
    return int(getattr(gone, "rowcount", 0))


def prove(session: Session, *, login: str, password: str) -> UUID:
    """Whose name and password these are. Raises Unauthenticated: same words and time for every kind of wrong.

    Takes a tenth of a second, so it belongs before the write transaction.
    """
    person = session.scalar(select(Person).where(Person.login == login.strip().casefold()))
    fits = password_fits(person.password_hash if person else None, password)
    if person is None or not fits or not person.active:
        raise Unauthenticated("sign_in_refused", lazy("The name or the password is wrong."))
    return person.id


def sign_in(
    session: Session, person_id: UUID, *, login: str, address: str, tablet: Tablet | None = None
) -> Opened:
    """Open a session for somebody who has proven who they are, and give their tries back: at a shared tablet
    those of their PIN there too."""
    _give_tries_back(session, login, address)
    if tablet is not None:
        forget_tries_of(session, pin_subject(person_id, tablet.id))
    return open_session(session, session.get_one(Person, person_id), tablet)


def pin_subject(person_id: UUID, tablet_id: UUID) -> str:
    """What a wrong PIN counts against: the person at this tablet, never the address that tablets share."""
    return f"pin:{person_id.hex}:{tablet_id.hex}"


def forget_tries_of(session: Session, subject: str) -> None:
    session.execute(delete(Throttle).where(Throttle.subject == subject))


def open_session(
    session: Session, person: Person, tablet: Tablet | None = None, *, with_pin: bool = False
) -> Opened:
    secret, now = new_secret(), clock.now()
    row = SignIn(
        id=new_id(),
        person_id=person.id,
        secret_hash=digest(secret),
        session_epoch=person.session_epoch,
        created_at=now,
        seen_at=now,
        tablet_id=tablet.id if tablet else None,
        with_pin=with_pin,
    )
    session.add(row)
    if tablet is not None:
        tablet.seen_at = now
    session.flush()
    actor = Actor(person.id, person.name, frozenset((one.role, one.branch_id) for one in person.grants))
    if tablet is not None and with_pin:
        actor = at_tablet(actor, tablet.id, tablet.branch_id)
    return Opened(row.id, secret, actor)


def list_sign_ins(session: Session, actor: Actor, limits: Limits) -> Sequence[SignIn]:
    """One's own open sessions, newest first."""
    query = select(SignIn).where(SignIn.person_id == actor.person_id, SignIn.ended_at.is_(None))
    oldest = clock.now() - limits.age
    return session.scalars(query.where(SignIn.created_at > oldest).order_by(SignIn.id.desc()).limit(50)).all()


def end_sign_in(session: Session, actor: Actor, sign_in_id: UUID) -> None:
    """End one of one's own sessions; with a PIN one at this tablet. Raises NotFound, Forbidden."""
    row = session.get(SignIn, sign_in_id)
    if row is None or row.person_id != actor.person_id:
        raise NotFound("sign_in_not_found", lazy("There is no such session of yours."))
    if actor.tablet_id not in (None, row.tablet_id):
        raise password_needed()
    row.ended_at = row.ended_at or clock.now()
    session.flush()


def find_demo(session: Session) -> bool:
    """Whether this is the demo spa, whose sign-ins may be shown: until there is another's branch."""
    return set(session.scalars(select(Branch.demo).distinct())) == {True}


def list_demo_people(session: Session) -> Sequence[Person]:
    """The people of the demo spa, whose sign-in names anybody may see; nobody where no demo is stored."""
    if not find_demo(session):
        return []
    query = select(Person).options(selectinload(Person.grants)).where(Person.active)
    return session.scalars(query.order_by(Person.id).limit(12)).all()
