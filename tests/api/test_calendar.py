"""The calendar over the API: read by who sees stock, kept by managers, under its version."""

from __future__ import annotations

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient


def test_days_are_entered_changed_and_removed(client: OneLookClient, cast: Cast) -> None:
    manager, therapist = Caller(client, cast.manager), Caller(client, cast.therapist)
    facts = {"kind": "event", "name": "Before Tết", "first_on": "2027-01-23", "last_on": "2027-02-04"}
    branch = {"branch_id": str(cast.branch_id)}
    body = facts | branch | {"factor_percent": 150}
    assert therapist.send("POST", "/calendar-entries", body).status_code == 403
    outsider = Caller(client, cast.outsider)
    assert outsider.send("POST", "/calendar-entries", body).status_code == 404
    refused = manager.send("POST", "/calendar-entries", facts | branch)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["factor_percent"])
    made = manager.done("POST", "/calendar-entries", body, Idempotency_Key="tet-and-tet")
    assert manager.done("POST", "/calendar-entries", body, Idempotency_Key="tet-and-tet") == made
    path = f"/calendar-entries/{made['id']}"
    assert therapist.get(path) == body | {"id": made["id"], "version": 1}
    assert outsider.send("GET", path).status_code == 404
    closed = facts | {"kind": "closed", "factor_percent": 150}
    assert manager.send("PUT", path, closed).status_code == 428
    assert manager.send("PUT", path, closed, If_Match='"2"').status_code == 412
    assert manager.done("PUT", path, closed, If_Match='"1"')["factor_percent"] is None
    listed = therapist.get("/calendar-entries", **branch, since="2027-02-04")
    assert [(one["kind"], one["version"]) for one in listed["data"]] == [("closed", 2)]
    assert therapist.get("/calendar-entries", **branch, since="2027-02-05")["data"] == []
    assert manager.send("DELETE", path, If_Match='"2"').status_code == 204
    assert manager.send("GET", path).status_code == 404
