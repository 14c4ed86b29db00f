"""Standard against actual over the API: the table, the cases behind it, who may."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import complete, open_spa, plan


def test_the_table_and_its_cases(client: OneLookClient, session: Session, cast: Cast) -> None:
    ginger = open_spa(cast)["ginger"]
    for amount in (120, 90):
        told = [{"item_id": ginger, "guest_position": 1, "amount": Decimal(amount), "unit": "g"}]
        complete(cast, plan(cast).visit.id, 4, lines=told)
    here = {"branch_id": str(cast.branch_id)}
    manager = Caller(client, cast.manager)
    table = manager.get("/variance", **here, by="item")
    of_ginger = next(group for group in table["groups"] if group["item_id"] == str(ginger))
    assert (of_ginger["cases"], of_ginger["verdict"], of_ginger["low"]) == (2, "too-few", None)
    assert of_ginger["mean"] == pytest.approx(0.05)
    assert of_ginger["actual"] == {"amount": "0.21", "unit": "kg"}
    assert table["apart"] == {"shortfall": 0, "incident": 0, "unplanned": 0}
    assert table["weighed"] == []
    first = manager.get("/variance/cases", **here, item_id=ginger, limit=1)
    rest = manager.get("/variance/cases", **here, item_id=ginger, cursor=first["next_cursor"])
    assert [row["value"] for row in first["data"] + rest["data"]] == [-0.1, 0.2]
    for path in ("/variance", "/variance/cases"):
        for actor, status in ((cast.therapist, 403), (cast.outsider, 404)):
            asked = Caller(client, actor).send("GET", f"{path}?branch_id={cast.branch_id}")
            assert asked.status_code == status
    wrong = manager.send("GET", f"/variance?branch_id={cast.branch_id}&from=2026-02-01&until=2026-01-01")
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["until"])
