"""The first hour: an empty installation leads from step to step, every empty list says what comes next."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply.cli.people import found_admin
from supply.domain.audit.models import AuditEntry
from supply.domain.branches.models import Branch
from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Movement
from supply.domain.people import service as people
from supply.domain.people.models import Person
from supply.permissions import Actor
from tests.cast import PASSWORD, Cast
from tests.client import OneLookClient
from tests.shelves import add_item, stock, stock_all
from tests.treatments import plan
from tests.web.browsing import frame_of, send, sign_in

ROW = re.compile(
    r'<li>\s*<(?:a|div) class="row-item"(?: href="([^"]+)")?>.*?row-title">(\d)\. (.*?)</li>', re.DOTALL
)
# The triggers of a database as they stand.
WALLS = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
}
EMPTY = re.compile(r'<div class="empty">(.*?)</div>', re.DOTALL)


def first_steps(client: OneLookClient) -> dict[int, tuple[str, str]]:
    """The steps on the start page: number to state and link."""
    rows = ROW.findall(client.get("/").text)
    states = [re.search(r"</svg>(done|next)</span>", rest) for _link, _number, rest in rows]
    return {
        int(number): (state[1] if state else "", link)
        for (link, number, _rest), state in zip(rows, states, strict=True)
    }


@pytest.fixture
def admin(session: Session) -> Actor:
    """As `supply user create` leaves an installation, but for the language."""
    admin = found_admin(session, login="admin", name="admin", password=people.NewPassword.of(PASSWORD))
    session.get_one(Person, admin.person_id).language = "en"
    session.commit()
    return admin


def test_an_empty_installation_begins_with_its_branch(client: OneLookClient, admin: Actor) -> None:
    sign_in(client, admin)
    assert first_steps(client) == {1: ("next", "/branches/new"), **dict.fromkeys(range(2, 7), ("", ""))}
    told = {"name": "Thảo Tâm", "code": "HN", "location_name": "Kho"}
    made = send(client, "/branches/new", "/branches/new", timezone="Asia/Ho_Chi_Minh", currency="VND", **told)
    # What a manager does is named to the admin, without a link that would refuse them.
    nowhere = {4: ("", ""), 5: ("", ""), 6: ("", "")}
    assert first_steps(client) == {
        1: ("done", ""),
        2: ("next", made.location),
        3: ("", "/people/new"),
        **nowhere,
    }
    assert "A manager of the branch does this." in client.get("/").text


def test_the_steps_follow_what_is_there_and_go_when_all_is(
    client: OneLookClient, cast: Cast, session: Session
) -> None:
    sign_in(client, cast.manager)
    assert first_steps(client)[4] == ("next", "/items")
    loaded = send(client, "/items", "/starter-catalogue")
    assert (loaded.status_code, loaded.location) == (303, "/items")
    assert first_steps(client)[5] == ("next", "/opening-stock")
    stock_all(cast, session.scalars(select(Item.id)).all(), 1_000_000)
    assert first_steps(client)[6] == ("next", "/visits/new")
    choice = frame_of(client.get("/").text, "/first-steps")
    assert client.post("/first-steps", data=choice | {"first_steps": "hidden"}).status_code == 303
    assert first_steps(client) == {}
    assert "Show the first steps" in client.get("/").text
    plan(cast)
    assert "irst steps" not in client.get("/").text


def test_only_who_leads_is_led(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.storekeeper)
    assert first_steps(client) == {}
    assert client.post("/starter-catalogue").status_code in (400, 403)


@pytest.mark.both_databases
def test_a_demo_is_cleared_by_its_admin(client: OneLookClient, cast: Cast, session: Session) -> None:
    """Not before all three things are typed; then the store is empty, its walls stand, the admin stays."""
    session.execute(update(Branch).values(demo=True))
    ginger = add_item(session, "ginger")
    session.commit()
    stock(cast, ginger, 1_000)
    walls = session.scalars(text(WALLS[session.get_bind().dialect.name])).all()
    assert walls
    sign_in(client, cast.manager)
    assert client.get("/demo").status_code == 403
    sign_in(client, cast.admin)
    assert "Nothing here is real" in client.get("/").text
    told = {"confirmation": "Demo", "current_password": PASSWORD, "password": "words of our own"}
    for wrong in ({"confirmation": "yes"}, {"current_password": "not it at all"}, {"password": PASSWORD}):
        assert send(client, "/demo", "/demo", **{**told, **wrong}).status_code == 422
    assert session.scalar(select(Movement.seq)) == 1
    cleared = send(client, "/demo", "/demo", **told)
    assert (cleared.status_code, cleared.location) == (303, "/")
    assert first_steps(client)[1] == ("next", "/branches/new")
    session.rollback()
    assert session.scalars(text(WALLS[session.get_bind().dialect.name])).all() == walls
    assert session.scalars(select(Person.login)).all() == [cast.admin.name]
    assert session.scalar(select(Movement.seq)) is None
    assert session.scalars(select(AuditEntry.action)).all() == ["person.clear-demo"]
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(delete(AuditEntry))
    session.rollback()
    # It is no demo any more: nothing of it can be cleared again.
    assert "This is no demo" in client.get("/demo").text


@pytest.mark.parametrize("role", ["manager", "admin", "storekeeper", "therapist"])
def test_every_empty_list_says_what_comes_next(app: Flask, cast: Cast, role: str) -> None:
    """Nothing is written but the people: each page's empty face names a step that this person may take."""
    client = OneLookClient(app)
    sign_in(client, getattr(cast, role))
    faults, seen = [], set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments or rule.rule.startswith(("/api", "/static")):
            continue
        page = client.get(rule.rule)
        if page.status_code != 200 or page.mimetype != "text/html":
            continue
        faults += [f"{rule.rule}: a table without its empty face"] * ("Nothing here." in page.text)
        for face in EMPTY.findall(page.text):
            seen.add(rule.rule)
            links = [unescape(link) for link in re.findall(r'<a [^>]*href="([^"]+)"', face)]
            wrong = [link for link in links if client.get(link.partition("#")[0] or "/").status_code != 200]
            faults += [f"{rule.rule}: {wrong or 'no next step'}"] * (bool(wrong) or not links)
            faults += [f"{rule.rule}: nothing to do"] * (role == "manager" and links == ["/"])
    # Changes are written down by making them.
    assert faults == ["/audit: nothing to do"] * (role == "manager")
    assert len(seen) > 20
