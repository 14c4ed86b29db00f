"""The brewing pages: who may open them, one tap to brew, the form, cancelling, what is left over."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot
from supply.domain.preparation import recipes, standing
from tests.brewing import brew
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import open_spa, plan
from tests.web.browsing import let_in, send, sign_in

MORNING = datetime(2026, 11, 22, 0, tzinfo=UTC)
ALL = {"storekeeper", "therapist", "manager", "admin"}


@pytest.fixture
def recipe(session: Session, cast: Cast) -> UUID:
    water = open_spa(cast)["medicinal-water"]

    def look(store: Session) -> UUID:
        found = recipes.find_recipe_of(store, water)
        assert found is not None
        return found.id

    return read_snapshot(look)


def test_everybody_looks_and_those_who_brew_brew(app: Flask, cast: Cast, recipe: UUID) -> None:
    with clock.standing_at(MORNING):
        batch = brew(cast, recipe).id
    seen, brewing, managing = (
        ["/brewing", "/brewing/batches", f"/brewing/batches/{batch}", "/brew-recipes"],
        [f"/brewing/recipes/{recipe}/brew", f"/brewing/batches/{batch}/cancellation"],
        ["/brew-recipes/new", f"/brew-recipes/{recipe}"],
    )
    opened = let_in(app, cast, [*seen, *brewing, *managing])
    assert {path: opened[path] for path in seen} == dict.fromkeys(seen, ALL)
    assert all(opened[path] == ALL - {"admin"} for path in brewing)
    assert all(opened[path] == {"manager"} for path in managing)


def test_one_tap_brews_and_a_leftover_is_written_off(
    client: OneLookClient, session: Session, cast: Cast, recipe: UUID
) -> None:
    post = f"/brewing/recipes/{recipe}/brew"
    with clock.standing_at(MORNING):
        sign_in(client, cast.storekeeper)
        plan(cast, guests=12, planned_at=MORNING + timedelta(hours=3))
        # What open_spa put on the shelf is no batch and does not count.
        plan(cast, guests=1, planned_at=MORNING + timedelta(hours=27))
        board = client.get("/brewing").text
        assert "Brew 3 batches" in board
        assert "Brewed now it is good until 22 Nov 2026, 19:00" in board
        answer = send(client, "/brewing", post)
        assert answer.status_code == 303
        page = client.get(answer.location).text
        assert "30\xa0l" in page
        assert "Good until" in page
        refused = send(client, post, post, batches="900")
        assert refused.status_code == 409
        assert "Record it anyway" in refused.text
        refused = send(client, post, post, batches="0,0000001")
        assert refused.status_code == 422
        told = {"batches": "0,5", "lines-0-amount": "90", "lines-0-unit": "g"}
        told |= {"made_amount": "4,5", "made_unit": "l"}
        answer = send(client, post, post, **told)
        assert answer.status_code == 303, answer.text
        half = client.get(answer.location).text
        assert "4.5\xa0l" in half
        assert "90\xa0g" in half
        assert (
            send(client, f"{answer.location}/cancellation", f"{answer.location}/cancellation").status_code
            == 303
        )
        assert "cancelled" in client.get("/brewing").text
    with clock.standing_at(MORNING + timedelta(hours=13)):
        sign_in(client, cast.storekeeper)
        tasks, board = client.get("/tasks").text, client.get("/brewing").text
        assert "became unusable at" in tasks
        assert "became unusable at" in board
        action = re.search(r'action="(/brewing/batches/[^"]+/write-off)"', board)
        assert action
        assert send(client, "/brewing", action[1]).status_code == 303
        assert "became unusable at" not in client.get("/brewing").text
    rows = read_snapshot(lambda store: standing.list_batches(store, cast.manager, cast.branch_id))
    assert [int(row.standing) for row in rows] == [0, 0]


def test_a_manager_writes_and_confirms_a_recipe(client: OneLookClient, cast: Cast, recipe: UUID) -> None:
    sign_in(client, cast.manager)
    here = f"/brew-recipes/{recipe}"
    assert "assumed" in client.get("/brew-recipes").text
    herb = re.search(r'name="lines-0-item_id".*?value="([^"]+)" selected', client.get(here).text, re.DOTALL)
    assert herb
    told = {"yield_amount": "8", "yield_unit": "l", "use_by_hours": "10", "active": "on", "assumed": "on"}
    told |= {"lines-0-item_id": herb[1], "lines-0-amount": "40", "lines-0-unit": "g"}
    assert send(client, here, here, **told).status_code == 303
    assert send(client, "/brew-recipes", f"{here}/confirmation").status_code == 303
    listed = client.get("/brew-recipes").text
    assert "10 hours" in listed
    assert "8\xa0l" in listed
