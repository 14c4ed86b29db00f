"""The shared tablet: enrolled by a manager, names and PINs while nobody is signed in, and its lock."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from supply import clock
from tests.cast import PASSWORD, PIN, Cast
from tests.client import OneLookClient
from tests.treatments import complete, noon, open_spa, plan
from tests.web.browsing import MOST_STATEMENTS, frame_of, let_in, send, sign_in, statements


@pytest.fixture
def tablet(app: Flask, cast: Cast) -> OneLookClient:
    """A device that the manager has just enrolled."""
    client = OneLookClient(app)
    sign_in(client, cast.manager)
    answer = send(client, "/tablets", "/tablets", name="Second floor")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tablet")
    return client


def tap(tablet: OneLookClient, name: str, pin: str = PIN, page: str = "/tablet") -> tuple[int, str]:
    """Tap a name, type a PIN: the status, and where it leads or what it says."""
    found = re.search(rf'href="(/tablet/[^"]+)">(?:(?!href).)*<span>{name}<', tablet.get(page).text)
    assert found, f"{name} does not stand there"
    action = found[1].partition("?")[0]
    answer = send(tablet, found[1], action, pin=pin)
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def test_who_sees_the_list(app: Flask, cast: Cast) -> None:
    assert let_in(app, cast, ["/tablets", "/room"]) == {
        "/tablets": {"manager", "admin"},
        "/room": {"therapist", "manager"},
    }


def test_enrolling_signs_the_manager_out_and_shows_names(tablet: OneLookClient, cast: Cast) -> None:
    page = tablet.get("/tablet").text
    assert "Second floor" in page
    assert "therapist" in page
    assert "outsider" not in page
    assert tablet.get("/tablets").headers["Location"].startswith("/tablet?next=")


def test_a_name_and_a_pin_open_the_day_and_lock_ends_it(tablet: OneLookClient, cast: Cast) -> None:
    assert tap(tablet, "therapist") == (303, "/room")
    page = tablet.get("/").text
    assert 'data-lock-after="300"' in page
    assert send(tablet, "/", "/sign-out").headers["Location"] == "/tablet"
    assert tablet.get("/").status_code == 303
    assert tap(tablet, "storekeeper") == (303, "/")
    assert tap(tablet, "storekeeper", page="/tablet?next=/stock") == (303, "/stock")


def test_one_lands_at_what_goes_on_in_the_room(tablet: OneLookClient, cast: Cast) -> None:
    """First what one may record, and of that what is running; the tablet remembers its room."""
    open_spa(cast)
    theirs = plan(cast, room_id=cast.room_id, therapist_id=cast.manager.person_id).visit.id
    later = plan(cast, room_id=cast.room_id, planned_at=noon() + timedelta(minutes=1)).visit.id
    with clock.standing_at(noon()):
        tap(tablet, "therapist")
        with statements() as seen:
            assert "Lotus" in tablet.get("/room").text
        assert len(seen) <= MOST_STATEMENTS
        assert send(tablet, "/room", "/room", room_id=cast.other_branch_id).status_code == 404
        chosen = send(tablet, "/room", "/room", room_id=cast.room_id)
        assert chosen.headers["Location"] == f"/visits/{later}"
        assert tap(tablet, "manager")[1] == f"/visits/{theirs}"
        complete(cast, later, 1)
        assert tap(tablet, "therapist")[1] == f"/visits/{later}#step-2"
        # What they did last is undone from here too, and from every page of theirs.
        room = tablet.get("/room").text
        undo = re.search(
            r'action="(/visits/[^"]+/reversal)".*?"completion_id" value="([^"]+)"', room, re.DOTALL
        )
        assert undo
        recipe = re.search(r'"(/procedures/[0-9a-f-]{36})"', tablet.get("/procedures").text)
        assert recipe
        for page in ("/", "/visits", "/stock", "/account", recipe[1], f"/visits/{later}/steps/2/skip"):
            with statements() as seen:
                assert undo[1] in tablet.get(page).text, page
            assert len(seen) <= MOST_STATEMENTS, page
        assert send(tablet, "/room", undo[1], completion_id=undo[2]).status_code == 303
        assert "undone" in tablet.get("/room").text
        # What they left out stands there too, until it is taken back.
        skip = f"/visits/{later}/steps/2/skip"
        assert send(tablet, skip, skip, reason="time").status_code == 303
        for page in ("/room", f"/visits/{later}"):
            assert "Skipped: Red Dao wood bath" in tablet.get(page).text, page
        assert send(tablet, "/room", f"{skip}/reversal").status_code == 303
        assert "Skipped:" not in tablet.get("/room").text
        complete(cast, later, 1)
        assert tap(tablet, "manager")[1] == f"/visits/{later}#step-2"
        tap(tablet, "therapist")
        page = tablet.get("/room").text
        assert page.index(f"/visits/{later}") < page.index(f"/visits/{theirs}")
        assert "This visit is with manager" in tablet.get(f"/visits/{theirs}").text


def test_a_pin_is_not_enough_for_what_takes_the_password(tablet: OneLookClient, cast: Cast) -> None:
    tap(tablet, "manager")
    for page in ("/people", "/tablets", "/requisitions", "/tokens", "/audit", "/reports"):
        answer = tablet.get(page)
        assert answer.status_code in (200, 403), page
        if answer.status_code == 403:
            assert "A PIN is not enough for this" in answer.text
    assert tablet.get("/people").status_code == tablet.get("/tokens").status_code == 403
    assert "/people" not in re.findall(r'href="([^"]+)"', tablet.get("/").text)


def test_five_wrong_lock_and_say_what_to_do(app: Flask, tablet: OneLookClient, cast: Cast) -> None:
    for left in (4, 3, 2, 1):
        status, page = tap(tablet, "therapist", "999999")
        assert status == 401
        assert f"Tries left: {left}." in page
    status, page = tap(tablet, "therapist", "999999")
    assert status == 429
    assert "ask a manager to unlock it" in page
    manager = OneLookClient(app)
    sign_in(manager, cast.manager)
    person = f"/people/{cast.therapist.person_id}"
    assert "Locked after five wrong PINs at: Second floor" in manager.get(person).text
    send(manager, person, f"{person}/pin/unlocking")
    assert tap(tablet, "therapist")[0] == 303


def test_the_password_works_at_the_tablet_too(tablet: OneLookClient, cast: Cast) -> None:
    assert 'href="/tablet"' in tablet.get("/sign-in").text
    sign_in(tablet, cast.manager)
    assert tablet.get("/people").status_code == 200
    assert 'data-lock-after="300"' in tablet.get("/people").text


def test_a_pin_is_chosen_with_the_password_and_must_not_be_weak(tablet: OneLookClient, cast: Cast) -> None:
    sign_in(tablet, cast.therapist)
    for typed, password, status in (("1234", PASSWORD, 422), ("27a9", PASSWORD, 422), ("2719", "x", 422)):
        answer = send(tablet, "/account", "/account/pin", pin=typed, current_password=password)
        assert answer.status_code == status, typed
    answer = send(tablet, "/account", "/account/pin", pin="2719", current_password=PASSWORD)
    assert answer.status_code == 303
    send(tablet, "/", "/sign-out")
    assert tap(tablet, "therapist", "2719")[0] == 303


def test_a_manager_makes_a_pin_that_is_shown_once_and_takes_it_away(app: Flask, cast: Cast) -> None:
    client = OneLookClient(app)
    sign_in(client, cast.manager)
    person = f"/people/{cast.therapist.person_id}"
    shown = re.search(r"<dd>(\d{6})</dd>", send(client, person, f"{person}/pin").text)
    assert shown
    assert shown[1] not in client.get(person).text
    send(client, person, f"{person}/pin/removal")
    assert "no PIN yet" in client.get(person).text


def test_a_revoked_tablet_is_a_device_like_any_other(app: Flask, tablet: OneLookClient, cast: Cast) -> None:
    tap(tablet, "therapist")
    manager = OneLookClient(app)
    sign_in(manager, cast.manager)
    page = manager.get("/tablets").text
    action = re.search(r'action="(/tablets/[^"]+/revocation)"', page)
    assert action
    manager.post(action[1], data=frame_of(page, action[1]))
    assert tablet.get("/").status_code == 303
    assert "no shared tablet" in tablet.get("/tablet").text
    assert tablet.get(f"/tablet/{cast.therapist.person_id}").status_code == 303


def test_a_form_that_grew_old_is_asked_for_again(tablet: OneLookClient, cast: Cast) -> None:
    path = f"/tablet/{cast.therapist.person_id}"
    answer = tablet.post(path, data={"pin": PIN}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400
    assert "had grown old" in answer.text
