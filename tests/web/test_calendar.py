"""The pages of the calendar: the next Tết is one tap away, managers alone change what is there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from flask import Flask

from supply import clock
from tests.cast import Cast
from tests.client import OneLookClient
from tests.web.browsing import ROLES, let_in, send, sign_in


def test_the_next_tet_is_a_tap_away(app: Flask, client: OneLookClient, cast: Cast) -> None:
    assert let_in(app, cast, ["/calendar", "/calendar/new"]) == {
        "/calendar": set(ROLES),
        "/calendar/new": {"manager"},
    }
    with clock.standing_at(datetime(2026, 11, 22, 5, tzinfo=UTC)):
        sign_in(client, cast.manager)
        empty = client.get("/calendar").text
        links = [unescape(link) for link in re.findall(r'href="(/calendar/new\?[^"]+)"', empty)]
        assert len(links) == 3
        told = {
            name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', client.get(links[0]).text)
            for name in ("name", "first_on", "last_on", "factor_percent")
        }
        typed = {name: found[1] for name, found in told.items() if found} | {"kind": "event"}
        assert (typed["first_on"], typed["factor_percent"]) == ("2027-01-23", "150")
        turned = send(client, "/calendar/new", "/calendar/new", **(typed | {"last_on": "2027-01-01"}))
        assert turned.status_code == 422
        assert 'href="#f-last_on"' in turned.text
        assert send(client, "/calendar/new", "/calendar/new", **typed).status_code == 303
        listed = client.get("/calendar").text
        assert "January 2027" in listed
        assert "150%" in listed
        page = re.search(r'href="(/calendar/[0-9a-f-]{36})"', listed)
        assert page
        kept = send(client, page[1], page[1], **(typed | {"factor_percent": "200"}))
        assert kept.status_code == 303
        assert "200%" in client.get("/calendar").text
        gone = send(client, page[1], f"{page[1]}/removal")
        assert gone.status_code == 303
        assert "January 2027" not in client.get("/calendar?past=on").text
    stranger = OneLookClient(app)
    sign_in(stranger, cast.outsider)
    assert stranger.get(page[1]).status_code == 404
