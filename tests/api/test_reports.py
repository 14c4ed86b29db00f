"""Reports over the API: the numbers, the lists behind them, who may ask, what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.domain.test_tallies import priced
from tests.treatments import complete, noon, open_spa, plan

PATHS = ("costs", "costs/steps", "stock-value", "use", "shrinkage")


@pytest.fixture
def ginger(session: Session, cast: Cast) -> UUID:
    """One step done with 120 g of ginger for 100 g, at 10 ₫ the gram."""
    ginger = open_spa(cast, quantity=0)["ginger"]
    priced(cast, ginger, 1_000, 10_000, "A", noon())
    told = [{"item_id": ginger, "guest_position": 1, "amount": Decimal(120), "unit": "g"}]
    complete(cast, plan(cast).visit.id, 4, lines=told, consent_to_shortage=True)
    return ginger


def test_each_number_and_what_is_behind_it(client: OneLookClient, cast: Cast, ginger: UUID) -> None:
    manager, here = Caller(client, cast.manager), {"branch_id": str(cast.branch_id)}
    costs = manager.get("/reports/costs", **here)
    assert (costs["cost_minor"], costs["visits"], costs["currency"]) == (1_200, 1, "VND")
    (line,) = costs["lines"]
    assert (line["cost_minor"], line["visit_minor"], line["name_en"]) == (1_200, 1_200, "Back massage")
    for by in ("step", "package", "month"):
        assert manager.get("/reports/costs", **here, by=by)["lines"][0]["cost_minor"] == 1_200
    behind = manager.get("/reports/costs/steps", **here, procedure_id=line["procedure_id"], position=4)
    assert [row["cost_minor"] for row in behind["data"]] == [1_200]
    use = manager.get("/reports/use", **here)
    assert use["lines"][0]["used"] == {"amount": "0.12", "unit": "kg"}
    moved = manager.get("/reports/movements", **here, item_id=ginger, part="use")
    assert [row["amount"] for row in moved["data"]] == ["-0.12"]
    assert manager.get("/reports/movements", **here, item_id=ginger, part="waste")["data"] == []
    value = manager.get("/reports/stock-value", **here)["days"][-1]
    assert value["value_minor"] == 8_800
    at_end = manager.get("/reports/stock-value/items", **here, day=value["day"])
    assert [(row["quantity"]["amount"], row["value_minor"]) for row in at_end["lines"]] == [("0.88", 8_800)]
    lost = manager.get("/reports/shrinkage", **here)
    assert (lost["over_use_minor"], lost["value_minor"]) == (200, 200)
    assert lost["lines"][0]["over_use"]["quantity"] == {"amount": "0.02", "unit": "kg"}


def test_who_may_ask_and_for_which_days(client: OneLookClient, cast: Cast, ginger: UUID) -> None:
    def status(actor: Any, path: str, asked: str = "") -> int:
        told = Caller(client, actor).send("GET", f"/reports/{path}?branch_id={cast.branch_id}{asked}")
        return int(told.status_code)

    more = {"movements": f"&item_id={ginger}", "stock-value/items": "&day=2026-01-01"}
    for path, asked in (*((path, "") for path in PATHS), *more.items()):
        told = [status(actor, path, asked) for actor in (cast.manager, cast.therapist, cast.outsider)]
        assert told == [200, 403, 404], path
    for asked in ("&from=2026-02-01&until=2026-01-01", "&from=2024-01-01&until=2026-01-01", "&month=2026-13"):
        assert status(cast.manager, "use", asked) == 422
    empty = Caller(client, cast.manager).get(
        "/reports/costs", branch_id=str(cast.branch_id), month="2020-02", by="month"
    )
    assert (empty["from"], empty["until"], empty["lines"]) == ("2020-02-01", "2020-02-29", [])
