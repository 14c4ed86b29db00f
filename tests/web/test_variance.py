"""The pages of variance: who may open them, each number leads to its cases, and nobody is judged on few."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.domain.reports.deviation import Estimate, Verdict
from supply.domain.reports.headline import Headline
from supply.domain.reports.variance import Group
from supply.web.variance_rows import above_words
from tests.cast import Cast
from tests.client import OneLookClient
from tests.treatments import complete, open_spa, plan
from tests.web.browsing import let_in, sign_in


@pytest.fixture
def visit(session: Session, cast: Cast) -> UUID:
    """One step with a fifth more ginger than its recipe says, and a tea that it does not name."""
    items = open_spa(cast)
    visit_id = plan(cast).visit.id
    told = [
        {"item_id": items["ginger"], "guest_position": 1, "amount": Decimal(120), "unit": "g"},
        {"item_id": items["ginger-tea"], "amount": Decimal(1), "unit": "piece"},
    ]
    complete(cast, visit_id, 4, lines=told)
    session.rollback()
    return visit_id


def test_managers_see_it_and_every_number_leads_on(
    app: Flask, client: OneLookClient, cast: Cast, visit: UUID
) -> None:
    ways = ["item", "step", "therapist", "procedure", "branch"]
    pages = [f"/variance?by={way}" for way in ways] + ["/variance/cases", "/variance/cases?apart=unplanned"]
    opened = let_in(app, cast, [*pages, "/variance?from=2030-01-01&until=2020-01-01"])
    assert set(map(frozenset, opened.values())) == {frozenset({"manager"})}
    sign_in(client, cast.manager)
    page = client.get("/variance").text
    assert "+20\N{NO-BREAK SPACE}%" in page
    assert "too few to say" in page
    assert "more than the recipe" not in page
    cases = [unescape(link) for link in re.findall(r'href="(/variance/cases[^"]+)"', page)]
    assert len(cases) == 3  # ginger, sauna oil, and the tea that is told apart
    for link in cases:
        listed = client.get(link).text
        assert f"/visits/{visit}#step-4" in listed, link
    assert "120\N{NO-BREAK SPACE}g" in client.get(cases[0]).text
    files = [unescape(link) for link in re.findall(r'href="(/variance/files/[^"]+)"', page)]
    assert [client.get(link).status_code for link in files] == [200, 200]
    lines = client.get("/variance/files/csv").get_data().decode("utf-8-sig").splitlines()
    assert lines[1].split(",")[1:6] == ["0.1", "0.12", "kg", "1", "0.2"]


def test_of_what_more_is_used_is_said_in_a_line(app: Flask) -> None:
    def group(name: str, mean: float) -> Group:
        estimate = Estimate(30, mean, mean / 2, mean * 2, Verdict.MORE)
        return Group({}, name, name, estimate, None, None, None)

    def told(judged: int, *above: Group) -> str:
        return above_words(Headline(date(2026, 11, 1), "VND", 0, 0, 0, above, judged)).replace("\xa0", " ")

    many = [group("Ginger", 0.125), group("Wormwood", 0.02)]
    with app.test_request_context():
        assert told(9, *many) == "Ginger: +12.5 % (2 items)"
        assert told(9, many[1]) == "Wormwood: +2 %"
        assert told(9) == "Nothing in thirty days"
        assert told(0) == "Too few steps in thirty days to say"


def test_another_branch_has_none_of_it(client: OneLookClient, cast: Cast, visit: UUID) -> None:
    sign_in(client, cast.therapist)
    assert client.get("/variance/files/csv").status_code == 403
    sign_in(client, cast.outsider)
    assert "No completed steps in these days" in client.get("/variance").text
    assert client.get(f"/variance/cases?branch_id={cast.branch_id}").status_code == 404
