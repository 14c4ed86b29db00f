"""Brewing over the API: recipes by version, a batch with its key, cancelling, leftovers, recall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import complete, open_spa, plan

# Seven in the morning in the branch.
MORNING = datetime(2026, 11, 22, 0, tzinfo=UTC)


@pytest.fixture
def items(session: Session, cast: Cast) -> dict[str, str]:
    return {code: str(item_id) for code, item_id in open_spa(cast).items()}


def recipe_of(caller: Caller, item_id: str) -> dict[str, Any]:
    rows = caller.get("/brew-recipes")["data"]
    return next(row for row in rows if row["item"]["id"] == item_id)


def test_a_batch_from_recipe_to_recall(client: OneLookClient, cast: Cast, items: dict[str, str]) -> None:
    caller, water = Caller(client, cast.storekeeper), items["medicinal-water"]
    recipe = recipe_of(caller, water)
    assert (recipe["assumed"], recipe["yield_quantity"]) == (True, {"amount": "10", "unit": "l"})
    body = {"branch_id": str(cast.branch_id), "recipe_id": recipe["id"], "batches": "0.5"}
    with clock.standing_at(MORNING):
        key = "brew-one-half"
        batch = caller.done("POST", "/prepared-batches", body, Idempotency_Key=key)
        assert caller.done("POST", "/prepared-batches", body, Idempotency_Key=key) == batch
        assert batch["quantity"] == batch["standing"] == {"amount": "5", "unit": "l"}
        assert batch["use_by_at"] == "2026-11-22T12:00:00.000000Z"
        assert [line["actual"]["amount"] for line in batch["lines"]] == ["0.1", "0.05", "0.05", "0.025"]
        refused = caller.send("POST", "/prepared-batches", body | {"amount": "1", "unit": "l"})
        assert (refused.status_code, refused.get_json()["code"]) == (422, "batch_size_unclear")
        refused = caller.send("POST", "/prepared-batches", body | {"batches": "500"})
        assert (refused.status_code, refused.get_json()["code"]) == (409, "stock_short")
        visit = plan(cast).visit.id
        taken = {"item_id": UUID(water), "amount": Decimal(2), "unit": "l", "lot_id": UUID(batch["lot_id"])}
        complete(cast, visit, 5, lines=[taken])
        refused = caller.send("POST", f"/prepared-batches/{batch['id']}/cancellation", {})
        assert (refused.status_code, refused.get_json()["code"]) == (409, "already_used")
        assert caller.get("/leftovers", branch_id=cast.branch_id)["data"] == []
    herb = caller.get("/movements", branch_id=cast.branch_id, item_id=items["herb-perilla"])["data"][0]
    uses = caller.get(f"/lots/{herb['lot_id']}/uses", branch_id=cast.branch_id)
    assert (uses["visits"], [step["visit_id"] for step in uses["steps"]]) == (1, [str(visit)])
    assert [row["lot_id"] for row in uses["brewed"]] == [batch["lot_id"]]
    behind = caller.get(f"/visits/{visit}/lots")["data"]
    assert {row["lot_id"] for row in behind} >= {herb["lot_id"], batch["lot_id"]}
    with clock.standing_at(MORNING + timedelta(hours=12)):
        (left,) = caller.get("/leftovers", branch_id=cast.branch_id)["data"]
        assert left["quantity"] == {"amount": "3", "unit": "l"}
        gone = caller.done("POST", f"/prepared-batches/{batch['id']}/write-off")
        assert (gone["reason"], gone["quantity"]) == ("expired", {"amount": "3", "unit": "l"})


def test_what_is_to_be_brewed_is_said(client: OneLookClient, cast: Cast, session: Session) -> None:
    items = open_spa(cast, quantity=0)
    caller = Caller(client, cast.therapist)
    with clock.standing_at(MORNING):
        plan(cast, guests=3, planned_at=MORNING + timedelta(hours=2))
        plan(cast, guests=4, planned_at=MORNING + timedelta(hours=27))
        rows = caller.get("/preparations", branch_id=cast.branch_id)["data"]
    told = next(row for row in rows if row["item"]["id"] == str(items["medicinal-water"]))
    assert (told["today"]["needed"]["amount"], told["today"]["missing"]["amount"]) == ("6", "6")
    assert (told["tomorrow"]["missing"]["amount"], told["tomorrow"]["batches"]) == ("8", 1)
    # Brewed at once, tomorrow's would be over before its visits come.
    assert (told["batches_now"], told["good_until"]) == (1, "2026-11-22T12:00:00.000000Z")
    assert (told["brewable"]["batches"], told["standing"]) == (0, [])


def test_recipes_are_the_managers_and_have_versions(
    client: OneLookClient, cast: Cast, items: dict[str, str]
) -> None:
    manager, keeper = Caller(client, cast.manager), Caller(client, cast.storekeeper)
    recipe = recipe_of(manager, items["medicinal-water"])
    here = f"/brew-recipes/{recipe['id']}"
    body = {
        "yield_amount": "8",
        "yield_unit": "l",
        "use_by_hours": 10,
        "lines": [{"item_id": items["ginger"], "amount": "100", "unit": "g"}],
    }
    assert keeper.send("PUT", here, body, If_Match='"1"').status_code == 403
    assert manager.send("PUT", here, body).status_code == 428
    assert manager.send("PUT", here, body, If_Match='"7"').status_code == 412
    confirmed = manager.send("POST", f"{here}/confirmation", If_Match='"1"')
    assert (confirmed.status_code, confirmed.headers["ETag"]) == (201, '"2"')
    assert not confirmed.get_json()["assumed"]
    changed = manager.done("PUT", here, body, If_Match='"2"')
    assert (changed["version"], changed["use_by_hours"], len(changed["lines"])) == (3, 10, 1)
    new = {"item_id": items["towel"], **body, "yield_unit": "piece"}
    assert manager.done("POST", "/brew-recipes", new)["storage_place"] is None
    assert manager.send("POST", "/brew-recipes", new).get_json()["code"] == "brew_recipe_taken"
    actions = [row["action"] for row in manager.get("/audit-entries", entity="brew-recipe")["data"]]
    assert actions[:3] == ["brew-recipe.create", "brew-recipe.update", "brew-recipe.confirm"]
