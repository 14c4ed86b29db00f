"""The page of tasks: what happened, the way to the visit and to counting, closing by hand once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.domain.tasks.models import Task, TaskKind
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import this_day
from tests.shelves import on_hand, stock
from tests.treatments import complete, differences, open_spa, plan
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in

BATH = 2


@pytest.fixture
def wood(session: Session, cast: Cast) -> UUID:
    """Dao wood of which the spa has nothing."""
    return open_spa(cast, quantity=0)["dao-wood"]


@pytest.fixture
def visit_id(cast: Cast, wood: UUID) -> UUID:
    """A visit whose bath was completed with 100 g of wood on the shelf: 200 g short."""
    stock(cast, wood, 100_000)
    made = plan(cast).visit.id
    complete(cast, made, BATH, consent_to_shortage=True)
    return made


def task_of(session: Session, kind: TaskKind) -> Task:
    session.expire_all()
    return session.query(Task).filter_by(kind=kind).one()


def test_everybody_may_look(app: Flask, cast: Cast, visit_id: UUID) -> None:
    paths = [
        "/tasks",
        "/tasks?kind=count",
        "/tasks?kind=incident",
        "/tasks?kind=expired",
        "/tasks?after=WzFd",
    ]
    assert let_in(app, cast, paths) == {path: set(ROLES) for path in paths}


def test_what_has_expired_is_thrown_away_from_it(client: OneLookClient, cast: Cast, wood: UUID) -> None:
    lot_id = stock(cast, wood, 100_000, number="OLD", expires_on=this_day() - timedelta(days=2))[1]
    sign_in(client, cast.manager)
    for page in ("/tasks", "/tasks?kind=expired", "/inbox"):
        told = client.get(page).text
        assert ("OLD" in told, "100\N{NO-BREAK SPACE}g" in told) == (True, True), page
    gone = f"/waste/lots/{lot_id}/expired"
    frame = frame_of(client.get("/tasks").text, gone)
    assert [client.post(gone, data=frame).status_code for _time in range(2)] == [303, 303]
    assert "Nothing expired" in client.get("/tasks?kind=expired").text
    assert "Expired" not in client.get("/inbox").text
    assert on_hand(cast, wood) == 0
    assert differences() == []


def test_a_shortfall_says_what_happened_and_is_counted(
    client: OneLookClient, session: Session, cast: Cast, wood: UUID, visit_id: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    assert "/tasks" in client.get("/").text
    page = client.get("/tasks").text
    counting = f"/counts/items/{wood}/new"
    for words in ("200\N{NO-BREAK SPACE}g", "the book had too little", f"/visits/{visit_id}", counting):
        assert words in page, words
    # Nothing is there, as the book says: a count without a line.
    assert send(client, counting, counting).status_code == 303
    assert task_of(session, TaskKind.COUNT).outcome == "counted"
    session.rollback()
    assert "Nothing waits" in client.get("/tasks").text


def test_a_task_is_settled_once_and_moves_nothing(
    app: Flask, client: OneLookClient, session: Session, cast: Cast, wood: UUID, visit_id: UUID
) -> None:
    task_id = task_of(session, TaskKind.COUNT).id
    session.rollback()
    close = f"/tasks/{task_id}/closure"
    therapist = OneLookClient(app)
    sign_in(therapist, cast.therapist)
    assert close not in therapist.get("/tasks").text
    frame = frame_of(therapist.get("/account").text, "/account/password")
    assert therapist.post(close, data=frame).status_code == 403
    sign_in(client, cast.storekeeper)
    frame = frame_of(client.get("/tasks").text, close)
    assert [client.post(close, data=frame).status_code for _time in range(2)] == [303, 303]
    late = client.post(close, data=frame | {"idempotency_key": "0" * 32})
    assert late.status_code == 409
    assert "seen to this already" in late.text
    assert task_of(session, TaskKind.COUNT).outcome == "settled"
    session.rollback()
    assert on_hand(cast, wood) == 0
    assert differences() == []


def test_an_incident_is_for_a_manager_to_see(
    app: Flask, client: OneLookClient, session: Session, cast: Cast, wood: UUID
) -> None:
    old = stock(cast, wood, 500_000, number="OLD", expires_on=this_day().replace(year=this_day().year - 1))[1]
    visit = plan(cast)
    line = {"item_id": wood, "amount": Decimal(300), "unit": "g", "lot_id": old}
    sign_in(client, cast.manager)
    assert "Nothing waits" in client.get("/tasks?kind=incident").text
    complete(cast, visit.visit.id, BATH, lines=[line])
    task_id = task_of(session, TaskKind.INCIDENT).id
    session.rollback()
    close = f"/tasks/{task_id}/closure"
    storekeeper = OneLookClient(app)
    sign_in(storekeeper, cast.storekeeper)
    page = storekeeper.get("/tasks").text
    assert "An expired lot was used" in page
    assert close not in page
    assert send(client, "/tasks?kind=incident", close).status_code == 303
    assert task_of(session, TaskKind.INCIDENT).closed_by == cast.manager.person_id


def test_another_branch_has_its_own(
    client: OneLookClient, session: Session, cast: Cast, visit_id: UUID
) -> None:
    close = f"/tasks/{task_of(session, TaskKind.COUNT).id}/closure"
    session.rollback()
    sign_in(client, cast.outsider)
    assert "Nothing waits" in client.get("/tasks").text
    frame = frame_of(client.get("/account").text, "/account/password")
    assert client.post(close, data=frame).status_code == 404
    assert task_of(session, TaskKind.COUNT).closed_at is None
