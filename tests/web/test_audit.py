"""The page of the audit: managers and admins read who changed what, before and after."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import pytest
from flask import Flask

from supply.domain.audit import service as audit
from supply.i18n import LOCALES, speaking
from supply.web.audit_words import ACTION_WORDS, field_word
from tests.api.everything import furnish
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, Goods, policy, stock_up, this_day
from tests.sources import ROOT
from tests.web.browsing import let_in, sign_in


@pytest.fixture
def goods(cast: Cast) -> Goods:
    """Goods that a manager wrote into the catalogue, and a policy of the main branch."""
    made = stock_up(cast)
    policy(cast, made.ginger, 3 * KG, 12 * KG)
    return made


def test_managers_and_admins_see_it(app: Flask, cast: Cast, goods: Goods) -> None:
    paths = [
        "/audit",
        f"/audit?entity=item&entity_id={goods.ginger}",
        f"/audit?person_id={cast.manager.person_id}&day={this_day().isoformat()}",
        "/audit?entity=salary&person_id=7&day=yesterday&before=x&action=y&field=z&words=%00",
    ]
    assert let_in(app, cast, paths) == {path: {"manager", "admin"} for path in paths}


def test_it_says_who_changed_what_from_what_to_what(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.manager)
    page = client.get(f"/audit?entity=item&entity_id={goods.ginger}").text
    for words in ("Item: Ginger", "Reorder point", "3\N{NO-BREAK SPACE}kg", "Main branch", "manager"):
        assert words in page, words
    assert "Orange-Oil" not in page
    assert "Supplier" in client.get("/audit?entity=supplier").text


def test_it_is_narrowed_by_who_and_when(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.manager)
    assert "Nothing found" in client.get(f"/audit?person_id={cast.therapist.person_id}").text
    assert "Nothing found" in client.get("/audit?day=2024-01-31").text
    assert "Item: Ginger" in client.get(f"/audit?day={this_day().isoformat()}&entity=item").text


def test_it_is_searched_and_saved_as_a_file(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.manager)
    chosen = f"entity=item&field=par_level&action=set&words=ginger&from={this_day()}&until={this_day()}"
    page = client.get(f"/audit?{chosen}").text
    assert "12\N{NO-BREAK SPACE}kg" in page
    assert "Nothing found" in client.get("/audit?words=nowhere").text
    files = [unescape(link) for link in re.findall(r'href="(/audit[^"]+file=[^"]+)"', page)]
    csv, book = (client.get(link).get_data() for link in files)
    lines = csv.decode("utf-8-sig").splitlines()
    assert len(lines) == 3  # the heading, and a line for each field of the policy
    assert "Item: Ginger" in lines[1]
    assert book.startswith(b"PK")
    oldest, newest = (client.get(f"/audit?{chosen}&sort={way}&file=csv").data for way in ("when", "-when"))
    assert sorted(oldest.splitlines()) == sorted(newest.splitlines())


def test_another_branch_sees_what_is_shared_only(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.outsider)
    page = client.get("/audit?entity=item").text
    assert "Item: Ginger" in page
    assert "Main branch" not in page
    assert "12\N{NO-BREAK SPACE}kg" not in page


def test_everything_that_is_recorded_has_words() -> None:
    """Of what a manager may read: an action that the program writes down has more than its name."""
    found = re.compile(r'(?:action=|actor, (?:[a-z_]+(?:\.[a-z_]+)?, )*)"([a-z-]+\.[a-z-]+)"')
    actions = {
        one for file in (ROOT / "supply/domain").rglob("*.py") for one in found.findall(file.read_text())
    }
    assert len(actions) > 60
    unsaid = {one for one in actions if not {one, one.rpartition(".")[2]} & ACTION_WORDS.keys()}
    assert unsaid == set()
    for language in LOCALES:
        with speaking(language):  # or two of the choices could not be told apart
            assert [
                word for word, times in Counter(map(str, ACTION_WORDS.values())).items() if times > 1
            ] == []


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_every_link_leads_somewhere_and_values_read_as_people_write_them(
    client: OneLookClient, cast: Cast, role: str
) -> None:
    furnish(client, cast)
    sign_in(client, getattr(cast, role))
    pages = "".join(client.get(f"/audit?entity={entity}").text for entity in audit.ENTITIES)
    links = {unescape(link) for link in re.findall(r'<a [^>]*href="(/[^"]+)"', pages)}
    assert len(links) > 20
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", pages))).replace("\N{NO-BREAK SPACE}", " ")
    for told in (
        "Own units: – → bottle of 100 ml (100 ml)",
        "Use a day: 0 g → 50 kg",
        "A pack holds: – → 5 kg",
        "Price of a pack: – → ₫250,000",
        "A batch gives: – → 10 l",
        "Angelica root 50 g, Wormwood 100 g",
        "Medicinal water rinsing bath: Medicinal water 2 l per client",
    ):
        assert told in words, told
    # A recipe has a version, a recall a lot.
    assert [field_word("number", entity) for entity in ("procedure", "recall")] == ["Version", "Lot number"]
    assert [field_word(name) for name in ("lifted", "scopes")] == ["Lifted", "What it may do"]
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7", words), "an id is nothing to read"
    assert not re.search(r"→ [0-9]{1,3}(,000)+ ", words), "nor are base units"
