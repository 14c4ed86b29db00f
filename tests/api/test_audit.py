"""The audit over the API: who sees what, narrowed by what, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.api.catalog import _GINGER as GINGER
from supply.domain.audit import service as audit
from supply.domain.audit.models import AuditEntry
from tests.api.calling import Caller
from tests.api.everything import furnish
from tests.cast import Cast
from tests.client import OneLookClient


@pytest.fixture
def manager(client: OneLookClient, cast: Cast) -> Caller:
    """A manager who has added an item and set its policy in the main branch."""
    caller = Caller(client, cast.manager)
    item = caller.done("POST", "/items", GINGER)["id"]
    policy = {"branch_id": str(cast.branch_id), "reorder_point": "1", "par_level": "2", "unit": "kg"}
    caller.done("PUT", f"/items/{item}/stock-policy", policy, If_Match='"1"')
    return caller


def actions(caller: Caller, **query: Any) -> list[str]:
    return [entry["action"] for entry in caller.get("/audit-entries", **query)["data"]]


def test_an_entry_says_who_changed_which_field(manager: Caller, cast: Cast) -> None:
    entry = manager.get("/audit-entries")["data"][0]
    assert (entry["action"], entry["person_name"]) == ("stock-policy.set", "manager")
    assert entry["branch_id"] == str(cast.branch_id)
    assert {"field": "par_level", "before": None, "after": 2_000_000} in entry["changes"]


@pytest.mark.both_databases
def test_managers_see_their_branches_and_what_is_shared(
    client: OneLookClient, manager: Caller, cast: Cast
) -> None:
    told = {"login": "nora", "name": "Nora", "password": "a long enough one"}
    grant = {"role": "therapist", "branch_id": str(cast.branch_id)}
    admin = Caller(client, cast.admin)
    admin.done("POST", "/people", told | {"grants": [grant]})
    assert "person.create" in actions(admin)
    assert actions(manager) == ["stock-policy.set", "item.create"]
    assert actions(Caller(client, cast.outsider)) == ["item.create"]


def test_only_managers_and_admins_see_it(client: OneLookClient, cast: Cast) -> None:
    for actor in (cast.storekeeper, cast.therapist):
        assert Caller(client, actor).send("GET", "/audit-entries").status_code == 403
    outsider = Caller(client, cast.outsider)
    assert outsider.send("GET", f"/audit-entries?branch_id={cast.branch_id}").status_code == 404


@pytest.mark.both_databases
def test_the_list_is_narrowed_and_paged(manager: Caller, cast: Cast) -> None:
    first = manager.get("/audit-entries", limit=1)
    second = manager.get("/audit-entries", limit=1, cursor=first["next_cursor"])
    assert [first["data"][0]["action"], second["data"][0]["action"]] == ["stock-policy.set", "item.create"]
    assert second["next_cursor"] is None
    item = first["data"][0]["entity_id"]
    assert len(actions(manager, entity="item", entity_id=item, person_id=cast.manager.person_id)) == 2
    assert actions(manager, branch_id=cast.branch_id) == ["stock-policy.set"]
    assert actions(manager, person_id=cast.therapist.person_id) == []
    when = first["data"][0]["recorded_at"]
    assert actions(manager, recorded_before=when) == ["item.create"]
    assert actions(manager, recorded_from=when) == ["stock-policy.set"]


@pytest.mark.both_databases
def test_the_list_is_searched(manager: Caller, cast: Cast) -> None:
    both = ["stock-policy.set", "item.create"]
    for asked, found in (
        ({"action": "item.create"}, ["item.create"]),
        ({"action": "set"}, ["stock-policy.set"]),
        ({"field": "par_level"}, ["stock-policy.set"]),
        ({"field": "par"}, []),
        ({"words": "gung"}, both),
        ({"words": "GỪNG"}, both),
        ({"words": "2000000"}, ["stock-policy.set"]),
        ({"words": "Manager"}, both),
        ({"words": "100%"}, []),
        ({"words": "gung", "action": "create", "field": "code"}, ["item.create"]),
    ):
        assert actions(manager, **asked) == found, asked


@pytest.mark.parametrize(
    ("query", "field"),
    [("entity=salary", "entity"), ("person_id=7", "person_id"), ("recorded_from=today", "recorded_from")],
)
def test_a_bad_filter_names_its_field(manager: Caller, query: str, field: str) -> None:
    refused = manager.send("GET", f"/audit-entries?{query}")
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])


def test_whatever_is_written_down_can_be_asked_for(
    client: OneLookClient, session: Session, cast: Cast
) -> None:
    furnish(client, cast)
    written = set(session.scalars(select(AuditEntry.entity).distinct()))
    assert len(written) > 5
    assert written <= set(audit.ENTITIES)
