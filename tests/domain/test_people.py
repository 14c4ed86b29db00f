"""People: who may add and change whom, signing in and its lock, tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import glance, read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.people import service as people
from supply.domain.people import tokens
from supply.domain.people.models import ApiToken, Person, SignIn
from supply.domain.people.passwords import NewPassword, digest
from supply.domain.people.signing_in import forget_tries
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, TooMany, Unauthenticated
from supply.permissions import Actor, Permission, Role
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.usefixtures("session")
T = TypeVar("T")
GOOD = "three quiet words"
NEW = NewPassword.of(GOOD)
Grant = tuple[Role, UUID | None]
LIMITS = people.Limits(timedelta(hours=12), idle=timedelta(hours=2), tablet_idle=timedelta(minutes=5))


def do(work: Callable[..., T], *args: Any, **facts: Any) -> T:
    """Call a service in a transaction of its own."""
    return write_transaction(lambda session: work(session, *args, **facts))


def add(actor: Actor, *grants: Grant, login: str = "hoa", password: str = GOOD) -> Person:
    return do(
        people.create_person,
        actor,
        login=login,
        name="Hoa",
        password=NewPassword.of(password),
        grants=set(grants),
    )


def sign_in(login: str, password: str = PASSWORD, address: str = "10.0.0.1") -> people.Opened:
    """As the edge does it: count the try, look at the password, open the session."""
    do(people.begin_try, login=login, address=address)
    person_id = read_snapshot(lambda session: people.prove(session, login=login, password=password))
    return do(people.sign_in, person_id, login=login, address=address)


def fail(login: str, address: str = "10.0.0.1") -> None:
    with pytest.raises(Unauthenticated):
        sign_in(login, "not the password", address)


def lives(opened: people.Opened) -> bool:
    try:
        read_snapshot(
            lambda session: people.actor_of_sign_in(session, opened.sign_in_id, opened.secret, LIMITS)
        )
    except Unauthenticated:
        return False
    return True


def at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    then = clock.now() + later
    monkeypatch.setattr(clock, "now", lambda: then)


# --- adding and changing people ----------------------------------------------------------------------------


def test_an_admin_gives_any_role_and_it_is_on_record(cast: Cast, session: Session) -> None:
    made = add(cast.admin, (Role.MANAGER, cast.branch_id), (Role.ADMIN, None), login="  HOA ")
    assert made.login == "hoa"
    assert sign_in("Hoa", GOOD).actor.grants == {(Role.MANAGER, cast.branch_id), (Role.ADMIN, None)}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == made.id)).one()
    assert (entry.action, entry.person_id) == ("person.create", cast.admin.person_id)
    assert GOOD not in str(entry.changes)
    assert GOOD not in session.get_one(Person, made.id).password_hash


@pytest.mark.parametrize("role", [Role.STOREROOM, Role.THERAPIST])
def test_a_manager_adds_staff_to_the_own_branch(cast: Cast, role: Role) -> None:
    assert add(cast.manager, (role, cast.branch_id)).active


@pytest.mark.parametrize(
    ("role", "branch", "error"),
    [
        (Role.MANAGER, "branch_id", Forbidden),
        (Role.ADMIN, "branch_id", Forbidden),
        (Role.ADMIN, None, NotFound),
        (Role.THERAPIST, "other_branch_id", NotFound),
    ],
)
def test_a_manager_gives_nothing_else(
    cast: Cast, role: Role, branch: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(cast.manager, (role, getattr(cast, branch) if branch else None))


@pytest.mark.parametrize("who", ["storekeeper", "therapist"])
def test_others_look_after_nobody(cast: Cast, who: str) -> None:
    actor: Actor = getattr(cast, who)
    with pytest.raises(Forbidden):
        add(actor, (Role.THERAPIST, cast.branch_id))
    with pytest.raises(Forbidden):
        do(people.list_people, actor)
    with pytest.raises(Forbidden):
        do(people.reset_password, actor, cast.therapist.person_id, password=NEW)


def test_a_role_needs_a_branch_that_is_there(cast: Cast) -> None:
    for grants in ([], [(Role.MANAGER, None)], [(Role.MANAGER, cast.room_id)]):
        with pytest.raises(Invalid) as refusal:
            add(cast.admin, *grants)
        assert list(refusal.value.errors) == ["grants"]


def test_a_sign_in_name_is_one_persons_whatever_its_case(cast: Cast) -> None:
    with pytest.raises(Conflict, match="login_taken") as refusal:
        add(cast.admin, (Role.ADMIN, None), login="THERAPIST")
    assert list(refusal.value.errors) == ["login"]


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaa", "abababababab", "hoa-of-the-spa", "\ud800" * 12]
)
def test_a_weak_password_is_refused(cast: Cast, password: str) -> None:
    with pytest.raises(Invalid, match="password_weak") as refusal:
        add(cast.admin, (Role.ADMIN, None), login="hoa-of-the-spa", password=password)
    assert list(refusal.value.errors) == ["password"]


def test_a_manager_sees_the_people_of_the_own_branches(cast: Cast) -> None:
    names = {person.login for person in do(people.list_people, cast.manager)}
    assert names == {"storekeeper", "therapist", "manager", "second-manager"}
    assert {person.login for person in do(people.list_people, cast.admin)} == names | {"admin", "outsider"}
    with pytest.raises(NotFound):
        do(people.get_person, cast.manager, cast.outsider.person_id)
    with pytest.raises(NotFound):
        do(people.get_person, cast.therapist, cast.manager.person_id)
    assert do(people.get_person, cast.therapist, cast.therapist.person_id).login == "therapist"


def test_nobody_changes_their_own_roles_or_leaves_by_themselves(cast: Cast) -> None:
    for actor in (cast.manager, cast.admin):
        with pytest.raises(Forbidden, match="own_roles"):
            change(actor, actor, grants={(Role.ADMIN, None), (Role.MANAGER, cast.branch_id)})
        with pytest.raises(Forbidden, match="own_account"):
            change(actor, actor, active=False)
        with pytest.raises(Forbidden, match="own_account"):
            do(people.reset_password, actor, actor.person_id, password=NEW)


def change(actor: Actor, whom: Actor, version: int = 1, **facts: Any) -> Person:
    return do(people.update_person, actor, whom.person_id, version=version, **facts)


def test_a_manager_changes_nobody_who_holds_more(cast: Cast) -> None:
    for facts in ({"active": False}, {"name": "X"}, {"grants": {(Role.THERAPIST, cast.branch_id)}}):
        with pytest.raises(Forbidden, match="person_beyond_you"):
            change(cast.manager, cast.second_manager, **facts)
    change(
        cast.admin,
        cast.therapist,
        grants={(Role.THERAPIST, cast.branch_id), (Role.THERAPIST, cast.other_branch_id)},
    )
    with pytest.raises(Forbidden, match="person_beyond_you"):
        do(people.reset_password, cast.manager, cast.therapist.person_id, password=NEW)


def test_the_last_admin_stays(cast: Cast) -> None:
    second = add(cast.admin, (Role.ADMIN, None))
    other = Actor(second.id, "Hoa", frozenset({(Role.ADMIN, None)}))
    change(other, cast.admin, grants={(Role.MANAGER, cast.branch_id)})
    with pytest.raises(Conflict, match="last_admin"):
        change(cast.admin, other, active=False)
    with pytest.raises(Conflict, match="last_admin"):
        change(cast.admin, other, grants={(Role.MANAGER, cast.branch_id)})


def test_a_branchs_admin_is_not_the_spas_last(cast: Cast) -> None:
    """Who administers a single branch could not look after the others."""
    local = add(cast.admin, (Role.ADMIN, cast.branch_id))
    actor = Actor(local.id, "Hoa", frozenset({(Role.ADMIN, cast.branch_id)}))
    with pytest.raises(NotFound):
        change(actor, cast.outsider, active=False)
    with pytest.raises((Forbidden, NotFound)):
        add(actor, (Role.ADMIN, None), login="king")
    with pytest.raises((Forbidden, NotFound)):
        add(actor, (Role.THERAPIST, cast.other_branch_id), login="spy")


def test_who_decided_on_an_older_version_is_told(cast: Cast) -> None:
    change(cast.manager, cast.therapist, name="Thu")
    with pytest.raises(Stale):
        change(cast.manager, cast.therapist, name="Thuy")


def test_changes_tell_before_and_after(cast: Cast, session: Session) -> None:
    change(cast.manager, cast.therapist, name="Thu", active=False)
    change(cast.manager, cast.therapist, version=2, name="Thu")
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.entity_id == cast.therapist.person_id)
    ).all()
    assert [entry.changes for entry in entries] == [{"name": ["therapist", "Thu"], "active": [True, False]}]


# --- sessions ----------------------------------------------------------------------------------------------


def test_every_kind_of_wrong_sounds_the_same(cast: Cast) -> None:
    change(cast.manager, cast.storekeeper, active=False)
    for login, password in (("nobody", PASSWORD), ("therapist", "wrong"), ("storekeeper", PASSWORD)):
        with pytest.raises(Unauthenticated, match="sign_in_refused"):
            sign_in(login, password)


def test_a_session_needs_its_secret(cast: Cast) -> None:
    opened = sign_in("therapist")
    assert lives(opened)
    assert not lives(people.Opened(opened.sign_in_id, "guessed", opened.actor))
    assert not lives(people.Opened(cast.room_id, opened.secret, opened.actor))


@pytest.mark.parametrize("reason", ["password", "reset", "leaving", "roles", "sign-out"])
def test_a_session_ends(cast: Cast, reason: str) -> None:
    opened = sign_in("therapist")
    if reason == "password":
        change_own(cast.therapist)
    elif reason == "reset":
        do(people.reset_password, cast.manager, cast.therapist.person_id, password=NEW)
    elif reason == "leaving":
        change(cast.manager, cast.therapist, active=False)
    elif reason == "roles":
        change(cast.manager, cast.therapist, grants={(Role.STOREROOM, cast.branch_id)})
    else:
        do(people.end_sign_in, cast.therapist, opened.sign_in_id)
    assert not lives(opened)


def test_another_name_ends_no_session(cast: Cast) -> None:
    opened = sign_in("therapist")
    change(cast.manager, cast.therapist, name="Thu")
    assert lives(opened)


@pytest.mark.parametrize("jump", [timedelta(hours=2), timedelta(days=400), timedelta(days=-1)])
def test_time_ends_a_session_in_both_directions(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    opened = sign_in("therapist")
    at(monkeypatch, jump)
    assert not lives(opened)


def test_a_used_session_ends_after_half_a_day(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = sign_in("therapist")
    for _hour in range(11):
        at(monkeypatch, timedelta(hours=1))
        do(people.note_seen, opened.sign_in_id)
        assert lives(opened)
    at(monkeypatch, timedelta(hours=1))
    assert not lives(opened)


def test_nobody_ends_somebody_elses_session(cast: Cast) -> None:
    opened = sign_in("therapist")
    with pytest.raises(NotFound):
        do(people.end_sign_in, cast.manager, opened.sign_in_id)
    assert lives(opened)


def test_the_present_password_is_asked_for(cast: Cast) -> None:
    with pytest.raises(Invalid, match="password_wrong") as refusal:
        change_own(cast.therapist, present="guessed")
    assert list(refusal.value.errors) == ["current_password"]
    assert sign_in("therapist")


def test_no_secret_is_stored_as_it_is(cast: Cast, session: Session) -> None:
    opened = sign_in("therapist")
    row = session.get_one(SignIn, opened.sign_in_id)
    assert row.secret_hash == digest(opened.secret)
    assert opened.secret not in str(vars(row))


# --- wrong tries -------------------------------------------------------------------------------------------


def test_the_tenth_wrong_try_is_not_looked_at(cast: Cast) -> None:
    for _try in range(9):
        fail("therapist")
    with pytest.raises(TooMany) as refusal:
        sign_in("therapist")
    assert 0 < refusal.value.details["retry_after"] <= 900
    assert sign_in("storekeeper"), "others behind the same address are not locked out"
    with pytest.raises(TooMany):
        sign_in("THERAPIST ", address="10.0.0.2")


def test_spelling_the_name_otherwise_gives_no_more_tries(cast: Cast) -> None:
    spellings = ["therapist", "Therapist", " therapist", "therapist ", "THERAPIST"]
    for number in range(9):
        fail(spellings[number % len(spellings)])
    for spelling in spellings:
        with pytest.raises(TooMany):
            sign_in(spelling)


def test_an_unknown_name_is_locked_alike(cast: Cast) -> None:
    for _try in range(9):
        fail("nobody")
    with pytest.raises(TooMany):
        sign_in("nobody")


def test_a_lock_opens_and_a_right_password_forgets(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _try in range(8):
        fail("therapist")
    sign_in("therapist")
    for _try in range(9):
        fail("therapist")
    at(monkeypatch, timedelta(minutes=15, seconds=1))
    assert sign_in("therapist")


def test_tries_are_forgotten_once_their_lock_is_over(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _try in range(9):
        fail("nobody")
    assert do(forget_tries) == 0
    at(monkeypatch, timedelta(minutes=16))
    fail("somebody", "10.0.0.2")
    assert do(forget_tries) == 2, "the name and the address of the first tries"
    with pytest.raises(Unauthenticated):
        sign_in("nobody", "x")


def test_an_address_may_fail_ten_times_as_often(cast: Cast) -> None:
    for number in range(90):
        do(people.begin_try, login=f"guess-{number}", address="10.0.0.1")
    with pytest.raises(TooMany):
        sign_in("therapist")
    assert sign_in("therapist", address="10.0.0.2")


# --- tokens ------------------------------------------------------------------------------------------------


def change_own(actor: Actor, present: str = PASSWORD, **facts: Any) -> Person:
    """As the edge does it: look at the present password, then change it."""
    proven = read_snapshot(lambda session: people.prove_own_password(session, actor, present))
    return do(people.change_password, actor, proven=proven, password=NEW, **facts)


def token(actor: Actor, *scopes: str, **facts: Any) -> people.NewToken:
    return do(people.create_token, actor, name="Booking", scopes=scopes or ("stock:see",), **facts)


def actor_of(secret: str) -> Actor:
    return glance(lambda connection: tokens.actor_of_token(connection, secret)).actor


def test_a_token_speaks_for_its_person_within_its_scopes(cast: Cast, session: Session) -> None:
    made = token(cast.manager, "stock:see", "delivery:log")
    actor = actor_of(made.secret)
    assert actor.person_id == cast.manager.person_id
    assert actor.may(Permission.DELIVERY_LOG, cast.branch_id)
    assert not actor.may(Permission.PEOPLE_STAFF)
    assert not actor.may(Permission.DELIVERY_LOG, cast.other_branch_id)
    row = session.get_one(ApiToken, made.token.id)
    assert row.secret_hash == digest(made.secret)
    assert made.secret not in str(vars(row))


def test_a_token_gives_no_right_that_its_maker_lacks(cast: Cast) -> None:
    for scopes in (["people:manage"], ["stock:see", "no:such"], []):
        with pytest.raises(Invalid, match="scope_not_yours") as refusal:
            do(people.create_token, cast.manager, name="x", scopes=scopes)
        assert list(refusal.value.errors) == ["scopes"]


def test_a_token_makes_no_wider_token(cast: Cast) -> None:
    narrow = actor_of(token(cast.manager, "token:own", "stock:see").secret)
    with pytest.raises(Invalid, match="scope_not_yours"):
        token(narrow, "delivery:log")
    with pytest.raises(Forbidden):
        token(actor_of(token(cast.manager, "stock:see").secret))


def test_a_token_outlives_not_the_one_that_it_was_made_with(cast: Cast) -> None:
    own = ("token:own", "stock:see")
    first = token(cast.manager, *own, expires_at=clock.now() + timedelta(days=9))
    maker = actor_of(first.secret)
    with pytest.raises(Invalid, match="expiry_beyond_token") as refusal:
        token(maker, expires_at=clock.now() + timedelta(days=10))
    assert list(refusal.value.errors) == ["expires_at"]
    assert token(maker, expires_at=clock.now() + timedelta(days=8)).token.made_with_id == first.token.id
    second = token(maker, *own)
    third, apart = token(actor_of(second.secret)), token(cast.manager)
    assert first.token.expires_at == second.token.expires_at == third.token.expires_at
    do(people.revoke_token, cast.manager, first.token.id)
    for made in (first, second, third):
        with pytest.raises(Unauthenticated):
            actor_of(made.secret)
    assert actor_of(apart.secret)
    with pytest.raises(Unauthenticated):
        token(maker)


@pytest.mark.parametrize("reason", ["reset", "password", "password-and-tokens"])
def test_tokens_end_with_a_password_that_others_may_know(cast: Cast, reason: str) -> None:
    made = token(cast.therapist)
    if reason == "reset":
        do(people.reset_password, cast.manager, cast.therapist.person_id, password=NEW)
    else:
        change_own(cast.therapist, revoke_tokens=reason == "password-and-tokens")
    if reason == "password":
        assert actor_of(made.secret)
        return
    with pytest.raises(Unauthenticated):
        actor_of(made.secret)


def test_a_password_proven_before_somebody_reset_it_changes_nothing(cast: Cast) -> None:
    proven = read_snapshot(lambda session: people.prove_own_password(session, cast.therapist, PASSWORD))
    do(
        people.reset_password,
        cast.manager,
        cast.therapist.person_id,
        password=NewPassword.of("quiet tea time"),
    )
    with pytest.raises(Invalid, match="password_wrong"):
        do(people.change_password, cast.therapist, proven=proven, password=NEW)


def test_a_token_loses_what_its_person_loses(cast: Cast) -> None:
    made = token(cast.therapist, "visit:plan")
    assert actor_of(made.secret).may(Permission.VISIT_PLAN, cast.branch_id)
    change(cast.manager, cast.therapist, grants={(Role.STOREROOM, cast.branch_id)})
    assert not actor_of(made.secret).may(Permission.VISIT_PLAN, cast.branch_id)
    change(cast.manager, cast.therapist, version=2, active=False)
    with pytest.raises(Unauthenticated):
        actor_of(made.secret)


def test_a_token_ends_by_its_day(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = token(cast.manager, expires_at=clock.now() + timedelta(days=1))
    at(monkeypatch, timedelta(days=1))
    with pytest.raises(Unauthenticated, match="token_expired"):
        actor_of(made.secret)


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_tokens_day_lies_within_a_year(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid, match="expiry_out_of_range"):
        token(cast.manager, expires_at=clock.now() + timedelta(days=days))


def test_a_revoked_token_is_dead_at_once(cast: Cast) -> None:
    made = token(cast.manager)
    do(people.revoke_token, cast.manager, made.token.id)
    with pytest.raises(Unauthenticated):
        actor_of(made.secret)
    assert made.token.id not in [one.id for one in do(people.list_tokens, cast.manager)]


def test_only_an_admin_revokes_anothers_token(cast: Cast) -> None:
    made = token(cast.therapist)
    for actor in (cast.manager, cast.storekeeper, cast.outsider):
        with pytest.raises(NotFound):
            do(people.revoke_token, actor, made.token.id)
    do(people.revoke_token, cast.admin, made.token.id)
    with pytest.raises(Unauthenticated):
        actor_of(made.secret)


@pytest.mark.parametrize("secret", ["", "spl_", "spl_12345678_guess", "é", "x" * 500])
def test_a_guessed_token_is_nobody(cast: Cast, secret: str) -> None:
    with pytest.raises(Unauthenticated):
        actor_of(secret)
