"""The start page: what each role is asked, and that every number opens a list."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.cast import Cast
from tests.client import OneLookClient
from tests.web.browsing import sign_in


def test_whoever_has_many_places_finds_them_in_groups(app: Flask, cast: Cast) -> None:
    opened = re.compile(r'<details name="side" open><summary[^>]*>([^<]+)<')
    client = OneLookClient(app)
    sign_in(client, cast.manager)
    for path, group in (("/", "Stock and movements"), ("/purchase-orders", "Buying"), ("/items", "Set-up")):
        assert opened.findall(client.get(path).text) == [group], path
    client = OneLookClient(app)
    sign_in(client, cast.storekeeper)
    page = client.get("/").text
    assert 'name="side"' not in page
    assert 'class="side-item" href="/waste"' in page


@pytest.mark.parametrize(
    ("role", "asked", "not_asked"),
    [
        (
            "manager",
            ["What waits for me?", "What must be ordered?", "What went against a rule?", "What did it cost?"],
            [],
        ),
        (
            "storekeeper",
            ["What must be ordered?", "What must be counted?"],
            ["What waits for me?", "What did it cost?"],
        ),
        ("therapist", ["My visits", "What expires?"], ["What must be ordered?", "Log a delivery"]),
        ("admin", ["What expires?"], ["What waits for me?", "Log a delivery", "Plan a visit"]),
    ],
)
def test_each_role_is_asked_its_own(
    client: OneLookClient, cast: Cast, role: str, asked: list[str], not_asked: list[str]
) -> None:
    sign_in(client, getattr(cast, role))
    page = client.get("/").text
    assert [words for words in asked if words not in page] == []
    assert [words for words in not_asked if words in page] == []


def test_every_number_opens_its_list(app: Flask, cast: Cast) -> None:
    client = OneLookClient(app)
    sign_in(client, cast.manager)
    links = set(re.findall(r'<a class="tile" href="([^"]+)"', client.get("/").text))
    assert links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_what_is_empty_says_what_comes_next(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    page = client.get("/").text
    assert "Nothing is on its way" in page
    assert "No visits today" in page
