"""Tasks over the API: shortfalls and incidents are listed, counting closes, closing by hand is on record."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply.database import new_id, write_transaction
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import Task, TaskKind
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.shelves import add_item, differences, stock

NOWHERE = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01"


@pytest.fixture
def ginger(session: Session, cast: Cast) -> UUID:
    item_id = add_item(session, "ginger")
    session.commit()
    stock(cast, item_id, 500_000, expires_on=date(2099, 1, 1))
    return item_id


def open_both(cast: Cast, item_id: UUID) -> dict[TaskKind, str]:
    """A shortfall of 250 g and an incident, as a completion opens them."""
    reasons = {TaskKind.COUNT: "shortfall", TaskKind.INCIDENT: "expired-lot"}
    found = [
        tasks.Finding(kind, "completion", new_id(), reason, item_id, 250_000)
        for kind, reason in reasons.items()
    ]
    ids = write_transaction(lambda session: tasks.open_tasks(session, cast.therapist, cast.branch_id, found))
    return {kind: str(task_id) for kind, task_id in zip(reasons, ids, strict=True)}


def waiting(caller: Caller, cast: Cast, **query: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = caller.get("/tasks", branch_id=cast.branch_id, **query)["data"]
    return told


def test_what_waits_is_listed_page_by_page(client: OneLookClient, cast: Cast, ginger: UUID) -> None:
    ids = open_both(cast, ginger)
    caller = Caller(client, cast.therapist)
    found = waiting(caller, cast)
    assert {task["id"] for task in found} == set(ids.values())
    assert found[0]["quantity"] == {"amount": "250", "unit": "g"}
    assert [task["kind"] for task in waiting(caller, cast, kind="incident")] == ["incident"]
    first = caller.get("/tasks", branch_id=cast.branch_id, limit=1)
    second = caller.get("/tasks", branch_id=cast.branch_id, limit=1, cursor=first["next_cursor"])
    assert second["next_cursor"] is None
    assert {first["data"][0]["id"], second["data"][0]["id"]} == set(ids.values())


def test_the_list_is_for_its_branch_and_names_what_is_wrong(client: OneLookClient, cast: Cast) -> None:
    outsider = Caller(client, cast.outsider)
    assert outsider.send("GET", f"/tasks?branch_id={cast.branch_id}").status_code == 404
    caller = Caller(client, cast.storekeeper)
    for query, field in (("", "branch_id"), (f"branch_id={cast.branch_id}&kind=party", "kind")):
        refused = caller.send("GET", f"/tasks?{query}")
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    foreign = caller.send("GET", f"/tasks?branch_id={cast.branch_id}&cursor=WzFd")
    assert (foreign.status_code, list(foreign.get_json()["errors"])) == (422, ["cursor"])


def test_counting_the_item_closes_its_count_task_only(
    client: OneLookClient, session: Session, cast: Cast, ginger: UUID
) -> None:
    ids = open_both(cast, ginger)
    caller = Caller(client, cast.storekeeper)
    lot = caller.get("/lots", branch_id=cast.branch_id)["data"][0]["id"]
    line = {"lot_id": lot, "amount": "500", "unit": "g"}
    caller.done(
        "POST", "/counts", {"branch_id": str(cast.branch_id), "item_id": str(ginger), "lines": [line]}
    )
    assert [task["id"] for task in waiting(caller, cast)] == [ids[TaskKind.INCIDENT]]
    closed = session.get_one(Task, UUID(ids[TaskKind.COUNT]))
    assert (closed.outcome, closed.closed_by) == ("counted", cast.storekeeper.person_id)


def test_an_incident_is_seen_by_a_manager_once(client: OneLookClient, cast: Cast, ginger: UUID) -> None:
    task_id = open_both(cast, ginger)[TaskKind.INCIDENT]
    path = f"/tasks/{task_id}/closure"
    assert Caller(client, cast.storekeeper).send("POST", path).status_code == 403
    manager = Caller(client, cast.manager)
    first = manager.send("POST", path, Idempotency_Key="incident-seen-once")
    again = manager.send("POST", path, Idempotency_Key="incident-seen-once")
    assert (first.status_code, first.get_json()["outcome"]) == (201, "seen")
    assert first.get_json()["closed_by"] == str(cast.manager.person_id)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    late = manager.send("POST", path)
    assert (late.status_code, late.get_json()["code"]) == (409, "already_closed")


def test_a_count_task_may_be_settled_without_moving_stock(
    client: OneLookClient, cast: Cast, ginger: UUID
) -> None:
    path = f"/tasks/{open_both(cast, ginger)[TaskKind.COUNT]}/closure"
    for actor, status in ((cast.therapist, 403), (cast.admin, 403), (cast.outsider, 404)):
        assert Caller(client, actor).send("POST", path).status_code == status
    storekeeper = Caller(client, cast.storekeeper)
    assert storekeeper.send("POST", f"/tasks/{NOWHERE}/closure").status_code == 404
    assert storekeeper.send("POST", path, {"outcome": "seen"}).status_code == 422
    assert storekeeper.done("POST", path)["outcome"] == "settled"
    assert differences() == []
