"""Pages about people: the ladder, the limits of a manager, the first password that is shown once."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.domain.people.models import Person
from tests.cast import Cast
from tests.client import OneLookClient
from tests.web.browsing import frame_of, send, sign_in

SHOWN = re.compile(r"<dd>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</dd>")


def add(client: OneLookClient, grants: list[str], login: str = "minh", name: str = "Minh") -> tuple[int, str]:
    answer = send(client, "/people/new", "/people", login=login, name=name, language="vi", grants=grants)
    return answer.status_code, answer.text


def find(session: Session, login: str) -> Person | None:
    return session.scalar(select(Person).where(Person.login == login))


def test_a_manager_adds_a_therapist_who_can_sign_in(app: Flask, cast: Cast, session: Session) -> None:
    manager, minh = OneLookClient(app), OneLookClient(app)
    sign_in(manager, cast.manager)
    status, page = add(manager, [f"therapist.{cast.branch_id}"])
    assert status == 200
    password = SHOWN.search(page)
    assert password
    assert send(minh, "/sign-in", "/sign-in", login="minh", password=password[1]).status_code == 303
    assert password[1] not in manager.get("/people").text


def test_a_manager_makes_no_managers(client: OneLookClient, cast: Cast, session: Session) -> None:
    sign_in(client, cast.manager)
    for role, branch in (("manager", cast.branch_id), ("admin", "everywhere")):
        assert add(client, [f"{role}.{branch}"])[0] in (403, 404)
    assert add(client, [f"therapist.{cast.other_branch_id}"])[0] == 404
    assert find(session, "minh") is None


def test_bad_input_names_its_field_and_loses_nothing(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    status, page = add(client, [f"therapist.{cast.branch_id}"], login="not a login!", name="Gừng Tươi")
    assert status == 422
    assert 'id="f-login-error"' in page
    assert "Gừng Tươi" in page
    assert f'value="therapist.{cast.branch_id}" checked' in page
    assert add(client, [], login="minh")[0] == 422
    assert add(client, ["king.everywhere"], login="minh")[0] == 422
    status, page = add(client, [f"therapist.{cast.branch_id}"], login="therapist")
    assert status == 409
    assert "signs in with this name already" in page


def test_others_may_not(app: Flask, cast: Cast, session: Session) -> None:
    for actor in (cast.storekeeper, cast.therapist):
        client = OneLookClient(app)
        sign_in(client, actor)
        assert client.get("/people").status_code == 403
        form = frame_of(client.get("/account").text, "/account/password")
        assert client.post("/people", data=form | {"login": "minh", "name": "M"}).status_code == 403
        assert "/people" not in client.get("/").text
    assert find(session, "minh") is None


def test_people_of_another_branch_are_not_there(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.outsider)
    assert client.get(f"/people/{cast.therapist.person_id}").status_code == 404
    assert cast.therapist.name not in client.get("/people").text.replace("Therapist", "")


def test_roles_change_and_end_the_sessions(app: Flask, cast: Cast, session: Session) -> None:
    admin, therapist = OneLookClient(app), OneLookClient(app)
    sign_in(admin, cast.admin)
    sign_in(therapist, cast.therapist)
    page = f"/people/{cast.therapist.person_id}"
    grants = [f"storeroom.{cast.branch_id}", f"storeroom.{cast.other_branch_id}"]
    assert send(admin, page, page, name="Thu", language="vi", grants=grants).status_code == 303
    assert therapist.get("/account").status_code == 303
    person = session.get_one(Person, cast.therapist.person_id)
    assert {grant.branch_id for grant in person.grants} == {cast.branch_id, cast.other_branch_id}


def test_a_page_that_is_old_is_not_saved(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.admin)
    page = f"/people/{cast.therapist.person_id}"
    old = frame_of(client.get(page).text, page)
    grants = [f"therapist.{cast.branch_id}"]
    send(client, page, page, name="First", language="vi", grants=grants)
    answer = client.post(page, data=old | {"name": "Second", "language": "vi", "grants": grants})
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile" in answer.text
    assert "Second" in answer.text


def test_leaving_and_coming_back(app: Flask, cast: Cast) -> None:
    admin, therapist = OneLookClient(app), OneLookClient(app)
    sign_in(admin, cast.admin)
    sign_in(therapist, cast.therapist)
    page = f"/people/{cast.therapist.person_id}"
    assert send(admin, f"{page}/leaving", f"{page}/leaving").status_code == 303
    assert therapist.get("/account").status_code == 303
    assert send(admin, page, f"{page}/return").status_code == 303
    assert sign_in(therapist, cast.therapist).status_code == 303


def test_a_new_password_is_shown_once(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    page = f"/people/{cast.therapist.person_id}"
    form = frame_of(client.get(page).text, f"{page}/password")
    first, second = (client.post(f"{page}/password", data=form) for _try in range(2))
    assert (first.status_code, second.status_code) == (200, 303)
    assert SHOWN.search(first.text)


def test_nobody_changes_their_own_roles(client: OneLookClient, cast: Cast, session: Session) -> None:
    sign_in(client, cast.manager)
    page = f"/people/{cast.manager.person_id}"
    send(client, page, page, name="manager", language="en", grants=["admin.everywhere"])
    assert {grant.role for grant in session.get_one(Person, cast.manager.person_id).grants} == {"manager"}
