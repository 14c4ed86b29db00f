"""PINs at shared tablets: who may set whose, the lock of a person at a device, what a PIN is enough for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any, TypeVar
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.people import pins, tablets
from supply.domain.people import service as people
from supply.domain.people.models import Person, Tablet
from supply.domain.people.passwords import NewPin
from supply.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from supply.permissions import WITH_PIN, Actor, Permission, Role, require
from tests.cast import PASSWORD, PIN, Cast

pytestmark = pytest.mark.usefixtures("session")
T = TypeVar("T")
LIMITS = people.Limits(timedelta(hours=12), idle=timedelta(hours=2), tablet_idle=timedelta(minutes=5))
OTHER = NewPin.of("481516")


def do(work: Callable[..., T], *args: Any, **facts: Any) -> T:
    return write_transaction(lambda session: work(session, *args, **facts))


@pytest.fixture
def tablet(cast: Cast) -> tablets.NewTablet:
    return do(tablets.enrol_tablet, cast.manager, cast.branch_id, name="Second floor")


def tap(made: tablets.NewTablet, person: Actor, pin: str = PIN) -> people.Opened:
    """As the edge does it: count the try, look at the PIN, open the session."""
    left = do(pins.begin_pin_try, made.tablet, person.person_id)
    proven = read_snapshot(lambda s: pins.prove_pin(s, made.tablet, person.person_id, pin, left=left))
    return do(pins.sign_in_with_pin, made.tablet, person.person_id, proven=proven)


def lock(made: tablets.NewTablet, person: Actor) -> None:
    for error in [Unauthenticated] * 4 + [TooMany]:
        with pytest.raises(error):
            tap(made, person, "999999")


def known(opened: people.Opened) -> people.Known:
    return read_snapshot(lambda s: people.actor_of_sign_in(s, opened.sign_in_id, opened.secret, LIMITS))


def lives(opened: people.Opened) -> bool:
    try:
        return bool(known(opened))
    except Unauthenticated:
        return False


@pytest.mark.parametrize(
    ("pin", "weak"),
    [
        *((pin, True) for pin in ("0000", "777777", "1234", "4321", "7890", "98765", "1212", "123123")),
        *((pin, False) for pin in ("2719", "1235", "271828", "12312", "90125")),
    ],
)
def test_what_anybody_would_try_first_is_weak(pin: str, weak: bool) -> None:
    assert pins.is_weak(pin) is weak


def test_a_drawn_pin_is_not() -> None:
    drawn = [pins.draw_pin() for _time in range(200)]
    assert all(len(pin) == 6 and not pins.is_weak(pin) for pin in drawn)
    assert len(set(drawn)) > 190


def test_names_are_of_the_branch_and_have_a_pin(cast: Cast, tablet: tablets.NewTablet) -> None:
    do(pins.reset_pin, cast.manager, cast.storekeeper.person_id, pin=None)
    names = [one.name for one in do(pins.list_names, tablet.tablet)]
    assert names == ["manager", "second-manager", "therapist"]
    for nobody in (cast.storekeeper, cast.outsider, cast.admin):
        with pytest.raises(NotFound):
            tap(tablet, nobody)


def test_a_pin_opens_a_session_that_may_treat_and_no_more(cast: Cast, tablet: tablets.NewTablet) -> None:
    opened = tap(tablet, cast.manager)
    actor = known(opened).actor
    assert (actor, known(opened).tablet_id) == (opened.actor, tablet.tablet.id)
    held = {permission for permission in Permission if actor.may(permission, cast.branch_id)}
    assert held == set(WITH_PIN)
    for permission in set(Permission) - WITH_PIN - {Permission.PEOPLE_MANAGE, Permission.BRANCH_MANAGE}:
        with pytest.raises(Forbidden, match="password_needed"):
            require(actor, permission, cast.branch_id)
    with pytest.raises(Forbidden, match="not_permitted"):
        require(actor, Permission.PEOPLE_MANAGE, cast.branch_id)


def test_a_pin_counts_in_the_tablets_branch_alone(cast: Cast, tablet: tablets.NewTablet) -> None:
    grants = {(Role.THERAPIST, cast.branch_id), (Role.MANAGER, cast.other_branch_id)}
    do(people.update_person, cast.admin, cast.therapist.person_id, version=1, grants=grants)
    actor = tap(tablet, cast.therapist).actor
    assert actor.branch_ids() == {cast.branch_id}


def test_five_wrong_lock_this_person_at_this_tablet(cast: Cast, tablet: tablets.NewTablet) -> None:
    other = do(tablets.enrol_tablet, cast.manager, cast.branch_id, name="First floor")
    lock(tablet, cast.therapist)
    with pytest.raises(TooMany, match="pin_locked"):
        tap(tablet, cast.therapist)
    assert tap(other, cast.therapist)
    assert tap(tablet, cast.storekeeper)
    assert [one.locked for one in do(pins.list_names, tablet.tablet) if one.name == "therapist"] == [True]
    with clock.standing_at(clock.now() + timedelta(days=400)), pytest.raises(TooMany):
        tap(tablet, cast.therapist)


def test_a_lock_is_opened_by_a_manager_a_new_pin_or_the_password(
    cast: Cast, tablet: tablets.NewTablet, session: Session
) -> None:
    lock(tablet, cast.therapist)
    for stranger, error in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(error):
            do(pins.unlock, stranger, cast.therapist.person_id)
    assert [one.name for one in do(pins.list_locks, cast.manager, cast.therapist.person_id)] == [
        "Second floor"
    ]
    do(pins.unlock, cast.manager, cast.therapist.person_id)
    assert tap(tablet, cast.therapist)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.unlock")).one()
    assert entry.changes == {"locked": [["Second floor"], []]}
    lock(tablet, cast.therapist)
    do(people.sign_in, cast.therapist.person_id, login="therapist", address="10.0.0.1", tablet=tablet.tablet)
    assert tap(tablet, cast.therapist)
    lock(tablet, cast.therapist)
    do(pins.reset_pin, cast.manager, cast.therapist.person_id, pin=OTHER)
    assert tap(tablet, cast.therapist, OTHER.told)


def test_the_right_one_gives_the_tries_back(cast: Cast, tablet: tablets.NewTablet) -> None:
    for _round in range(3):
        for _try in range(3):
            with pytest.raises(Unauthenticated):
                tap(tablet, cast.therapist, "999999")
        assert tap(tablet, cast.therapist)


def test_many_guesses_at_once_are_counted_before_they_are_looked_at(
    app: Flask, cast: Cast, tablet: tablets.NewTablet
) -> None:
    answers: list[type[Exception]] = []
    start = Barrier(8)
    # No session's row: eight threads look at it.
    here = tablets.NewTablet(Tablet(id=tablet.tablet.id, branch_id=cast.branch_id), tablet.secret)

    def guess() -> None:
        with app.app_context():
            start.wait(10)
            try:
                tap(here, cast.therapist, "999999")
            except (Unauthenticated, TooMany) as refusal:
                answers.append(type(refusal))

    threads = [Thread(target=guess) for _guess in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers.count(Unauthenticated) == 4
    assert answers.count(TooMany) == 4


@pytest.mark.parametrize("reason", ["tablet", "pin", "no pin", "own pin", "roles", "leaving", "idle"])
def test_a_session_at_the_tablet_ends(
    cast: Cast, tablet: tablets.NewTablet, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tap(tablet, cast.therapist)
    assert lives(opened)
    who = cast.therapist.person_id
    if reason == "tablet":
        do(tablets.revoke_tablet, cast.manager, tablet.tablet.id)
        assert read_snapshot(lambda s: tablets.find_tablet(s, tablet.tablet.id, tablet.secret)) is None
    elif reason in ("pin", "no pin"):
        do(pins.reset_pin, cast.manager, who, pin=OTHER if reason == "pin" else None)
    elif reason == "own pin":
        proven = do(people.prove_own_password, cast.therapist, PASSWORD)
        do(pins.set_pin, cast.therapist, proven=proven, pin=OTHER)
    elif reason == "roles":
        grants = {(Role.STOREROOM, cast.branch_id)}
        do(people.update_person, cast.manager, who, version=1, grants=grants)
    elif reason == "leaving":
        do(people.update_person, cast.manager, who, version=1, active=False)
    else:
        then = clock.now() + timedelta(minutes=5)
        monkeypatch.setattr(clock, "now", lambda: then)
    assert not lives(opened)


def test_a_new_pin_leaves_the_password_session_alone(cast: Cast) -> None:
    opened = do(people.sign_in, cast.therapist.person_id, login="therapist", address="10.0.0.1")
    do(pins.reset_pin, cast.manager, cast.therapist.person_id, pin=OTHER)
    assert lives(opened)


def test_a_pin_changed_between_the_look_and_the_session_opens_none(
    cast: Cast, tablet: tablets.NewTablet, session: Session
) -> None:
    proven = session.get_one(Person, cast.therapist.person_id).pin_hash
    session.rollback()
    do(pins.reset_pin, cast.manager, cast.therapist.person_id, pin=OTHER)
    with pytest.raises(Unauthenticated):
        do(pins.sign_in_with_pin, tablet.tablet, cast.therapist.person_id, proven=proven)


def test_who_sets_whose(cast: Cast) -> None:
    who = cast.therapist.person_id
    ladder: list[tuple[Actor, UUID, type[Exception], str]] = [
        (cast.storekeeper, who, Forbidden, "not_permitted"),
        (cast.outsider, who, NotFound, "person_not_found"),
        (cast.manager, cast.second_manager.person_id, Forbidden, "person_beyond_you"),
        (cast.manager, cast.manager.person_id, Forbidden, "own_account"),
    ]
    for actor, person_id, error, code in ladder:
        with pytest.raises(error, match=code):
            do(pins.reset_pin, actor, person_id, pin=OTHER)
    with pytest.raises(Invalid, match="pin_weak") as refusal:
        do(pins.reset_pin, cast.manager, who, pin=NewPin.of("0000"))
    assert list(refusal.value.errors) == ["pin"]
    with pytest.raises(Invalid, match="password_wrong"):
        do(pins.set_pin, cast.therapist, proven="an older one", pin=OTHER)


def test_a_pin_ends_no_session_elsewhere(cast: Cast, tablet: tablets.NewTablet) -> None:
    laptop = do(people.sign_in, cast.therapist.person_id, login="therapist", address="10.0.0.1")
    here = tap(tablet, cast.therapist)
    with pytest.raises(Forbidden, match="password_needed"):
        do(people.end_sign_in, here.actor, laptop.sign_in_id)
    do(people.end_sign_in, here.actor, here.sign_in_id)
    assert (lives(laptop), lives(here)) == (True, False)


def test_who_enrols_and_revokes(cast: Cast, tablet: tablets.NewTablet, session: Session) -> None:
    for actor, error in (
        (cast.therapist, Forbidden),
        (cast.storekeeper, Forbidden),
        (cast.outsider, NotFound),
    ):
        with pytest.raises(error):
            do(tablets.enrol_tablet, actor, cast.branch_id, name="X")
        with pytest.raises(error):
            do(tablets.revoke_tablet, actor, tablet.tablet.id)
    assert [one.name for one in do(tablets.list_tablets, cast.manager)] == ["Second floor"]
    assert do(tablets.list_tablets, cast.outsider) == []
    assert tablet.secret not in session.get_one(type(tablet.tablet), tablet.tablet.id).secret_hash
    for _time in range(2):
        do(tablets.revoke_tablet, cast.admin, tablet.tablet.id)
    assert do(tablets.list_tablets, cast.manager) == []
    told = select(AuditEntry.action).where(AuditEntry.entity == "tablet").order_by(AuditEntry.id)
    assert session.scalars(told).all() == ["tablet.enrol", "tablet.revoke"]
