"""People over the API: the ladder of each action, and fields that nobody may set."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.people import tablets
from supply.domain.people.models import Person
from tests.api.calling import Caller
from tests.cast import Cast

GOOD = "three quiet words"


def newcomer(cast: Cast, **facts: Any) -> dict[str, Any]:
    grants = [{"role": "therapist", "branch_id": str(cast.branch_id)}]
    return {"login": "hoa", "name": "Hoa", "password": GOOD, "grants": grants} | facts


def number_of(session: Session) -> int:
    found = session.scalar(select(func.count(Person.id))) or 0
    session.rollback()
    return found


def test_adding_somebody(client: FlaskClient, cast: Cast, session: Session) -> None:
    before = number_of(session)
    for actor in (cast.storekeeper, cast.therapist):
        assert Caller(client, actor).send("POST", "/people", newcomer(cast)).status_code == 403
    assert Caller(client, cast.outsider).send("POST", "/people", newcomer(cast)).status_code == 404
    manager = Caller(client, cast.manager)
    for field, value in (
        ("login", "not a name"),
        ("name", ""),
        ("password", "short"),
        ("language", "fr"),
        ("grants", []),
    ):
        wrong = manager.send("POST", "/people", newcomer(cast, **{field: value}))
        assert wrong.status_code == 422
        assert list(wrong.get_json()["errors"]) == [field]
    assert number_of(session) == before
    first, again = (
        manager.send("POST", "/people", newcomer(cast), Idempotency_Key="hoa-comes-once")
        for _time in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert number_of(session) == before + 1
    assert "password" not in first.text
    taken = manager.send("POST", "/people", newcomer(cast))
    assert (taken.status_code, taken.get_json()["code"]) == (409, "login_taken")


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "version",
        "active",
        "session_epoch",
        "password_hash",
        "pin_hash",
        "created_at",
        "theme",
        "single_keys",
        "is_admin",
    ],
)
def test_what_is_the_servers_is_nobody_elses(
    client: FlaskClient, cast: Cast, session: Session, field: str
) -> None:
    before = number_of(session)
    answer = Caller(client, cast.admin).send("POST", "/people", newcomer(cast, **{field: 1}))
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]
    assert number_of(session) == before


def test_a_manager_promotes_nobody(client: FlaskClient, cast: Cast) -> None:
    manager, path = Caller(client, cast.manager), f"/people/{cast.therapist.person_id}"
    for role, branch, status in (
        ("manager", str(cast.branch_id), 403),
        ("admin", None, 404),
        ("storeroom", str(cast.other_branch_id), 404),
    ):
        grants = {"grants": [{"role": role, "branch_id": branch}]}
        assert manager.send("PATCH", path, grants, If_Match='"1"').status_code == status


def test_nobody_promotes_themself(client: FlaskClient, cast: Cast) -> None:
    for actor in (cast.manager, cast.admin):
        path = f"/people/{actor.person_id}"
        grants = {"grants": [{"role": "admin"}, {"role": "manager", "branch_id": str(cast.branch_id)}]}
        answer = Caller(client, actor).send("PATCH", path, grants, If_Match='"1"')
        assert (answer.status_code, answer.get_json()["code"]) == (403, "own_roles")


def test_changing_somebody(client: FlaskClient, cast: Cast) -> None:
    manager, path = Caller(client, cast.manager), f"/people/{cast.therapist.person_id}"
    body = {"name": "Thu"}
    assert Caller(client, cast.therapist).send("PATCH", path, body, If_Match='"1"').status_code == 403
    assert Caller(client, cast.outsider).send("PATCH", path, body, If_Match='"1"').status_code == 404
    assert manager.send("PATCH", path, body).status_code == 428
    assert manager.send("PATCH", path, body, If_Match='"7"').status_code == 412
    done = manager.send("PATCH", path, body, If_Match='"1"')
    assert (done.status_code, done.get_json()["name"], done.headers["ETag"]) == (200, "Thu", '"2"')
    beyond = manager.send("PATCH", f"/people/{cast.second_manager.person_id}", body, If_Match='"1"')
    assert (beyond.status_code, beyond.get_json()["code"]) == (403, "person_beyond_you")


def test_the_last_admin_stays(client: FlaskClient, cast: Cast) -> None:
    admin = Caller(client, cast.admin)
    answer = admin.send("PATCH", f"/people/{cast.admin.person_id}", {"active": False}, If_Match='"1"')
    assert answer.status_code == 403
    made = admin.done("POST", "/people", newcomer(cast, grants=[{"role": "admin"}]))
    changed = admin.done("PATCH", f"/people/{made['id']}", {"active": False}, If_Match='"1"')
    assert changed["active"] is False


def test_who_leaves_is_out_at_once(client: FlaskClient, cast: Cast) -> None:
    therapist = Caller(client, cast.therapist)
    own = f"/people/{cast.therapist.person_id}"
    assert therapist.get(own)["login"] == "therapist"
    Caller(client, cast.manager).done("PATCH", own, {"active": False}, If_Match='"1"')
    assert therapist.send("GET", own).status_code == 401


def test_a_first_password_anew(client: FlaskClient, cast: Cast) -> None:
    manager, path = Caller(client, cast.manager), f"/people/{cast.therapist.person_id}/password-reset"
    weak = manager.send("POST", path, {"password": "aaaaaaaaaaaa"})
    assert (weak.status_code, list(weak.get_json()["errors"])) == (422, ["password"])
    assert Caller(client, cast.storekeeper).send("POST", path, {"password": GOOD}).status_code == 403
    assert Caller(client, cast.outsider).send("POST", path, {"password": GOOD}).status_code == 404
    own = f"/people/{cast.manager.person_id}/password-reset"
    assert manager.send("POST", own, {"password": GOOD}).get_json()["code"] == "own_account"
    done = manager.send("POST", path, {"password": GOOD})
    assert done.status_code == 200
    assert GOOD not in done.text


def test_who_sees_whom(client: FlaskClient, cast: Cast) -> None:
    listed = Caller(client, cast.manager).get("/people")["data"]
    assert {one["login"] for one in listed} == {"manager", "second-manager", "storekeeper", "therapist"}
    assert all("hash" not in name for one in listed for name in one)
    therapist = Caller(client, cast.therapist)
    assert therapist.send("GET", "/people").status_code == 403
    assert therapist.send("GET", f"/people/{cast.manager.person_id}").status_code == 404
    assert Caller(client, cast.outsider).send("GET", f"/people/{cast.manager.person_id}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "password_hash=x",
        "login=admin",
        "person__password_hash__startswith=a",
        "order_by=password_hash",
        "limit=2&limit=3",
    ],
)
def test_nobody_filters_by_what_a_list_does_not_offer(client: FlaskClient, cast: Cast, query: str) -> None:
    answer = Caller(client, cast.admin).send("GET", f"/people?{query}")
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [query.partition("=")[0]]


def test_pages_of_people_hold_everybody_once(client: FlaskClient, cast: Cast) -> None:
    admin = Caller(client, cast.admin)
    seen, cursor = [], {}
    while True:
        page = admin.get("/people", limit=2, **cursor)
        seen += [one["login"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 6


def test_pins_and_tablets_over_the_api(client: FlaskClient, cast: Cast) -> None:
    person = f"/people/{cast.therapist.person_id}"
    body = {"pin": "481516"}
    assert Caller(client, cast.storekeeper).send("POST", f"{person}/pin-reset", body).status_code == 403
    assert Caller(client, cast.outsider).send("POST", f"{person}/pin-reset", body).status_code == 404
    manager = Caller(client, cast.manager)
    for pin in ("1234", "12", "abcd", "１２３５"):
        wrong = manager.send("POST", f"{person}/pin-reset", {"pin": pin})
        assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["pin"])
    made = manager.send("POST", f"{person}/pin-reset", body)
    assert (made.status_code, made.get_json()["has_pin"]) == (200, True)
    assert "481516" not in made.text
    assert manager.send("DELETE", f"{person}/pin-locks").status_code == 204
    assert manager.send("DELETE", f"{person}/pin").status_code == 204
    assert manager.get(person)["has_pin"] is False
    made_here = write_transaction(
        lambda s: tablets.enrol_tablet(s, cast.manager, cast.branch_id, name="Second floor")
    )
    assert [row["name"] for row in manager.get("/tablets")["data"]] == ["Second floor"]
    address = f"/tablets/{made_here.tablet.id}"
    assert Caller(client, cast.outsider).send("DELETE", address).status_code == 404
    assert manager.send("DELETE", address).status_code == 204
    assert manager.get("/tablets")["data"] == []
