"""Signing in and out, and what tries to get round it."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.people import passwords
from supply.domain.people.models import Person, SignIn
from tests.api.calling import Caller
from tests.cast import PASSWORD, Cast
from tests.client import OneLookClient
from tests.web.browsing import frame_of, send, sign_in


def cookie(client: OneLookClient) -> str:
    found = client.get_cookie("supply")
    assert found is not None
    return str(found.value)


def test_signing_in_and_out(client: OneLookClient, cast: Cast) -> None:
    assert client.get("/").headers["Location"].endswith("/sign-in")
    assert sign_in(client, cast.therapist).headers["Location"] == "/"
    assert "therapist" in client.get("/").text
    send(client, "/", "/sign-out")
    assert client.get("/").status_code == 303


def test_one_is_led_on_to_where_one_wanted(client: OneLookClient, cast: Cast) -> None:
    led = client.get("/tokens").headers["Location"]
    answer = send(client, led, "/sign-in", login="manager", password=PASSWORD)
    assert answer.headers["Location"] == "/tokens"


def test_keys_that_act_alone_are_listed_and_can_be_turned_off(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    assert "Down and up in the inbox" in client.get("/account").text
    assert send(client, "/account", "/single-keys").status_code == 303
    assert 'data-single-keys="off"' in client.get("/inbox").text
    assert "Down and up in the inbox" not in client.get("/account").text
    send(client, "/account", "/single-keys")
    assert "data-single-keys" not in client.get("/inbox").text


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example", "/\\evil.example"])
def test_no_open_redirect(client: OneLookClient, cast: Cast, target: str) -> None:
    answer = send(client, "/sign-in", "/sign-in", login="manager", password=PASSWORD, next=target)
    assert answer.headers["Location"] == "/"


def test_an_old_cookie_is_dead_after_signing_out(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    stolen = cookie(client)
    send(client, "/", "/sign-out")
    client.set_cookie("supply", stolen)
    assert client.get("/account").status_code == 303


def test_a_planted_session_does_not_become_signed_in(app: Flask, cast: Cast) -> None:
    victim, attacker = OneLookClient(app), OneLookClient(app)
    attacker.get("/sign-in")
    planted = cookie(attacker)
    victim.set_cookie("supply", planted)
    sign_in(victim, cast.manager)
    assert cookie(victim) != planted
    assert attacker.get("/account").status_code == 303


def test_the_proof_of_origin_changes_at_sign_in(client: OneLookClient, cast: Cast) -> None:
    before = frame_of(client.get("/sign-in").text, "/sign-in")["csrf_token"]
    sign_in(client, cast.manager)
    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 400
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/tokens", "/language", "/current-branch", "/people"]
)
def test_without_proof_of_origin_nothing_is_done(client: OneLookClient, cast: Cast, path: str) -> None:
    sign_in(client, cast.manager)
    answer = client.post(path, data={"login": "manager", "locale": "vi"})
    assert answer.status_code == 400
    assert "Nothing was saved" in answer.text
    assert client.get("/account").status_code == 200


def test_our_own_form_that_grew_old_keeps_what_was_typed(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    typed = {"name": "Scanner by the door", "csrf_token": "old"}
    told = client.post("/tokens", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    assert told.status_code == 400
    assert "Scanner by the door" in told.text
    foreign = client.post("/tokens", data=typed, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Scanner by the door" not in foreign.text


def test_who_is_shut_out_is_out_at_once(client: OneLookClient, cast: Cast, session: Session) -> None:
    sign_in(client, cast.therapist)
    session.get_one(Person, cast.therapist.person_id).active = False
    session.commit()
    assert client.get("/account").status_code == 303
    assert sign_in(client, cast.therapist).status_code == 401


def test_unknown_and_wrong_are_answered_alike(client: OneLookClient, cast: Cast) -> None:
    wrong = send(client, "/sign-in", "/sign-in", login="manager", password="wrong")
    unknown = send(client, "/sign-in", "/sign-in", login="nobody", password="wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert "The name or the password is wrong." in wrong.text
    assert "The name or the password is wrong." in unknown.text


def test_guessing_is_stopped_with_words(client: OneLookClient, cast: Cast) -> None:
    tries = [send(client, "/sign-in", "/sign-in", login="manager", password="x") for _try in range(10)]
    assert [answer.status_code for answer in tries] == [401] * 9 + [429]
    assert int(tries[-1].headers["Retry-After"]) > 60
    assert "Too many wrong tries" in tries[-1].text
    assert sign_in(client, cast.manager).status_code == 429
    assert sign_in(client, cast.therapist).status_code == 303


def test_a_new_password_ends_the_other_devices(app: Flask, cast: Cast) -> None:
    here, there = OneLookClient(app), OneLookClient(app)
    sign_in(here, cast.manager)
    sign_in(there, cast.manager)
    words = "ginger under the moon"
    answer = send(here, "/account", "/account/password", current_password=PASSWORD, password=words)
    assert answer.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_nobody_waits_for_a_password_to_be_hashed(
    app: Flask, client: OneLookClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a tenth of a second: before the writer's lock is taken, never under it."""
    line, seen = app.extensions["supply_writer"]._thread, []

    class Watched(PasswordHasher):
        def hash(self, *told: Any, **named: Any) -> str:
            seen.append(line.locked())
            return super().hash(*told, **named)

        def verify(self, *told: Any, **named: Any) -> bool:
            seen.append(line.locked())
            return bool(super().verify(*told, **named))

    monkeypatch.setattr(passwords, "_HASHER", Watched(time_cost=1, memory_cost=64, parallelism=1))
    words, hoa = "ginger under the moon", {"login": "hoa", "name": "Hoa", "language": "vi"}
    whom = f"/people/{cast.storekeeper.person_id}"
    grants = [f"therapist.{cast.branch_id}"]
    sign_in(client, cast.manager)
    for done, status in (
        (send(client, "/account", "/account/password", current_password=PASSWORD, password=words), 303),
        (send(client, "/people/new", "/people", **hoa, grants=grants), 200),
        (send(client, whom, f"{whom}/password"), 200),
        (Caller(client, cast.manager).send("POST", f"{whom}/password-reset", {"password": words}), 200),
    ):
        assert done.status_code == status, done.text
    assert len(seen) == 6, "verified and hashed at the sign-in and the change, hashed at the others"
    assert not any(seen)


def test_a_wrong_present_password_changes_nothing(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    answer = send(
        client, "/account", "/account/password", current_password="wrong", password="ginger under the moon"
    )
    assert answer.status_code == 422
    assert "f-current_password-error" in answer.text
    assert "ginger under" not in answer.text


def test_an_open_screen_is_no_way_round_the_lock(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    form, words = ("/account", "/account/password"), "ginger under the moon"
    weak = send(client, *form, current_password=PASSWORD, password="short")
    tries = [send(client, *form, current_password=f"guess {one}", password=words) for one in range(10)]
    assert [answer.status_code for answer in (weak, *tries)] == [422] * 10 + [429]
    assert send(client, *form, current_password=PASSWORD, password=words).status_code == 429


def test_another_device_is_signed_out(app: Flask, cast: Cast, session: Session) -> None:
    here, there = OneLookClient(app), OneLookClient(app)
    sign_in(there, cast.manager)
    other = session.scalar(select(SignIn.id))
    sign_in(here, cast.manager)
    assert send(here, "/account", f"/account/sign-ins/{other}/end").status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200


def test_somebody_elses_device_is_not_found(app: Flask, cast: Cast, session: Session) -> None:
    mine, theirs = OneLookClient(app), OneLookClient(app)
    sign_in(theirs, cast.therapist)
    other = session.scalar(select(SignIn.id))
    sign_in(mine, cast.manager)
    form = frame_of(mine.get("/account").text, "/account/password")
    assert mine.post(f"/account/sign-ins/{other}/end", data=form).status_code == 404
    assert theirs.get("/account").status_code == 200


def test_language_and_appearance_hold_signed_in_and_out(client: OneLookClient, cast: Cast) -> None:
    answer = send(client, "/sign-in?next=/tokens", "/language", locale="vi")
    assert answer.headers["Location"] == "/sign-in?next=/tokens"
    assert '<html lang="vi"' in client.get("/sign-in").text
    sign_in(client, cast.manager)
    assert '<html lang="vi"' in client.get("/account").text
    send(client, "/account", "/theme", theme="dark")
    assert 'data-bs-theme="dark"' in client.get("/account").text
    # What was asked for before one sign-in is nobody else's: the next person reads their own language.
    send(client, "/account", "/sign-out")
    assert '<html lang="vi"' in client.get("/sign-in").text
    sign_in(client, cast.storekeeper)
    assert '<html lang="en"' in client.get("/account").text


def test_one_works_in_ones_own_branches_only(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    form = frame_of(client.get("/account").text, "/language")
    assert (
        client.post("/current-branch", data=form | {"branch_id": str(cast.other_branch_id)}).status_code
        == 404
    )


def test_the_chosen_branch_holds(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.admin)
    here = '<span class="bar-text">{}</span>'.format
    assert here("Main branch") in client.get("/").text
    send(client, "/", "/current-branch", branch_id=str(cast.other_branch_id))
    assert here("Other branch") in client.get("/account").text


def test_pages_are_kept_by_nobody_and_framed_by_nobody(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    for path in ("/account", "/", "/sign-in", "/nowhere"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: OneLookClient, cast: Cast) -> None:
    told = sign_in(client, cast.manager).headers["Set-Cookie"]
    assert "HttpOnly" in told
    assert "SameSite=Lax" in told


def test_a_name_is_text_and_nothing_else(client: OneLookClient, cast: Cast, session: Session) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7*7 }}'
    session.get_one(Person, cast.manager.person_id).name = evil
    session.commit()
    sign_in(client, cast.manager)
    for path in ("/", "/account", "/people"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7*7 }}" in page or "7*7" in page


def test_where_there_is_nothing(client: OneLookClient, cast: Cast) -> None:
    assert client.get("/nowhere").status_code == 404
    sign_in(client, cast.manager)
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "This page does not exist here" in answer.text
    assert client.post("/account", data=frame_of(client.get("/account").text, "/theme")).status_code == 405
