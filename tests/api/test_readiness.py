"""Readiness over the API: own branches, today or tomorrow, every amount with its unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from supply import clock
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.shelves import stock
from tests.treatments import offer_oils, open_spa, plan


def test_readiness_says_what_is_missing(client: OneLookClient, session: Session, cast: Cast) -> None:
    items = open_spa(cast, quantity=0)
    stock(cast, items["oil-massage"], 20_000)
    stock(cast, items["oil-lavender"], 1_000_000)
    plan(cast, package=offer_oils(cast), planned_at=clock.now() + timedelta(minutes=1))
    therapist, outsider = Caller(client, cast.therapist), Caller(client, cast.outsider)
    branch = str(cast.branch_id)
    told = therapist.get("/readiness", branch_id=branch)
    [visit] = told["visits"]
    [step] = visit["steps"]
    assert (told["green"], told["amber"], told["red"]) == (0, 0, 1)
    assert [(item["item"]["code"], item["colour"], item["causes"]) for item in step["items"]] == [
        ("oil-massage", "red", ["short"]),
        ("oil-lemongrass", "amber", ["substitute"]),
    ]
    assert (step["items"][0]["on_shelf"], step["items"][0]["short"]) == (
        {"amount": "0.02", "unit": "l"},
        {"amount": "0.01", "unit": "l"},
    )
    [fix] = told["to_do"]
    assert (fix["remedy"], fix["item"]["code"], fix["instead_of"]["code"]) == (
        "substitute",
        "oil-lavender",
        "oil-lemongrass",
    )
    assert fix["quantity"] == {"amount": "1", "unit": "ml"}
    late = {"branch_id": branch, "day": datetime.now(UTC).date().replace(year=2031).isoformat()}
    headers = {"Authorization": f"Bearer {therapist.secret}"}
    assert client.get("/api/v1/readiness", query_string=late, headers=headers).status_code == 422
    headers = {"Authorization": f"Bearer {outsider.secret}"}
    assert (
        client.get("/api/v1/readiness", query_string={"branch_id": branch}, headers=headers).status_code
        == 404
    )
