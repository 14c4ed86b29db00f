"""Ready for the day: who sees the page, marks with words, fixes as links, the number on the start page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from supply import clock
from tests.cast import Cast
from tests.client import OneLookClient
from tests.shelves import stock
from tests.treatments import open_spa, plan
from tests.web.browsing import let_in, sign_in

NINE = datetime(2026, 11, 22, 2, tzinfo=UTC)


def test_the_day_is_shown_with_marks_words_and_fixes(
    app: Flask, client: OneLookClient, session: Session, cast: Cast
) -> None:
    items = open_spa(cast, quantity=0)
    for code in ("oil-massage", "oil-lavender", "ginger", "oil-sauna"):
        stock(cast, items[code], 1_000_000)
    with clock.standing_at(NINE - timedelta(hours=1)):
        plan(cast, package="short-ritual", planned_at=NINE)
        plan(cast, package="massage-only", planned_at=NINE + timedelta(hours=24))
        plan(cast, package="herbal-baths", planned_at=NINE + timedelta(hours=1))
        paths = ["/readiness", "/readiness?day=2026-11-23", "/", "/visits"]
        everybody = {"storekeeper", "therapist", "manager", "admin"}
        assert let_in(app, cast, paths) == dict.fromkeys(paths, everybody)
        sign_in(client, cast.therapist)
        page = client.get("/readiness").text
        start = client.get("/").text
        tomorrow = client.get("/readiness?day=2026-11-23").text
        assert client.get("/readiness?day=2026-11-29").text.count('<details class="ready-row">') == 2
    assert [len(re.findall(f'class="mark mark-{colour}"', page)) for colour in ("green", "amber", "red")] == [
        3,
        1,
        3,
    ]
    assert "Use 1\u00a0ml of Lavender essential oil instead" in page
    assert "Therapeutic massage, something to do" in page
    assert "Nothing is known that would help" in page
    assert "1 visit: not possible yet" in page
    assert tomorrow.count('<details class="ready-row">') == 1
    tile = re.search(r"Which visits are not ready\?</span></p>\s*<p class=\"tile-figure\">(\d+)", start)
    assert tile
    assert tile[1] == "2"
