"""The pages of recalls: seen before it is decided, blocked everywhere, listed as paper and CSV, lifted."""

from __future__ import annotations

import csv
import io
import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.ledger import shelf
from supply.domain.ledger.models import Lot
from supply.domain.reports import tracing
from supply.web import brew_rows, recall_rows
from supply.web import recalls as web
from tests import carriers, shelves
from tests.brewing import brew, open_brewery
from tests.cast import Cast
from tests.client import OneLookClient
from tests.domain.test_recalls import grams, recall, there
from tests.treatments import complete, open_spa, plan
from tests.web.browsing import let_in, send, sign_in


def test_a_recall_on_its_pages(app: Flask, client: OneLookClient, session: Session, cast: Cast) -> None:
    brewery, other = open_brewery(cast), there(cast)
    odd = "=L1"
    _delivery, lot = shelves.stock(cast, brewery.perilla, 5_000_000, number=odd)
    shelves.stock(other, brewery.perilla, 2_000_000, number=odd)
    shelves.stock(cast, brewery.bark, 500_000, number="B1")
    carriers.take_in(cast, carriers.send(cast, carriers.ask(cast, (brewery.perilla, "1")), (lot, "1")).id)
    batch = brew(cast, brewery.recipe, "1", lines=[{"item_id": brewery.perilla, **grams("30", lot)}])
    page = f"/stock/lots/{lot}/recall"
    sign_in(client, cast.manager)
    assert f'href="{page}"' in client.get(f"/stock/lots/{lot}").text
    before = client.get(page).text
    assert ">4.97" in before
    sent = carriers.send(cast, carriers.ask(cast, (brewery.perilla, "1")), (lot, "1"))
    refused = send(client, page, page, reason="")
    assert refused.status_code == 422
    done = send(client, page, page, reason="The farm's notice")
    sheet = done.headers["Location"]
    shown = client.get(sheet).text
    assert shown.count("quarantined") >= 2
    assert "Not everywhere yet" not in shown
    # One kilogram went to a branch that this manager has no right to block.
    assert re.search(r"Other branch[^.]*may still use it", shown)
    for blocked, why in ((lot, "This lot number is recalled"), (batch.lot_id, "brewed of is recalled")):
        alone = client.get(f"/stock/lots/{blocked}").text
        assert why in alone
        assert "Release this lot" not in alone
    everybody = {"storekeeper", "therapist", "manager", "admin"}
    assert let_in(app, cast, ["/recalls", sheet, f"{sheet}/paper", f"{sheet}/lifting"]) == {
        "/recalls": everybody,
        sheet: everybody,
        f"{sheet}/paper": everybody,
        f"{sheet}/lifting": {"manager"},
    }
    assert "The farm&#39;s notice" in client.get("/recalls").text
    assert "a manager of that branch releases it" in client.get(f"{sheet}/lifting").text
    carriers.take_in(cast, sent.id)
    stranger = OneLookClient(app)
    sign_in(stranger, cast.outsider)
    arrived = select(Lot.id).where(Lot.origin_lot_id == lot, Lot.quarantine_reason == "recall")
    there_now = stranger.get(f"/stock/lots/{session.scalars(arrived).one()}").text
    assert "No recall of this branch holds it" in there_now
    assert "Release this lot" in there_now
    for part in ("", "/paper", "/csv"):
        assert stranger.get(f"{sheet}{part}").status_code == 404


def test_a_page_shows_the_latest_uses_and_how_many_more(
    client: OneLookClient, session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was blocked for something else and is recalled now says so, and is not let go alone."""
    monkeypatch.setattr(brew_rows, "STEPS", 1)
    items = open_spa(cast)
    herb = items["wormwood"]
    (lot,) = session.scalars(select(Lot.id).where(Lot.item_id == herb))
    session.rollback()
    for reference in ("R-101", "R-102", "R-103"):
        complete(cast, plan(cast, booking_reference=reference).visit.id, 3)
    told = {"branch_id": cast.branch_id, "lot_id": lot, "reason": "damaged"}
    write_transaction(lambda s: shelf.quarantine_lot(s, cast.storekeeper, **told).id)  # type: ignore[arg-type]
    recall(cast, lot, cast.manager)
    sign_in(client, cast.manager)
    shown = client.get(f"/stock/lots/{lot}").text
    assert ([one for one in ("R-101", "R-102", "R-103") if one in shown], "2 more." in shown) == (
        ["R-103"],
        True,
    )
    assert "This lot number is recalled" in shown
    assert "Release this lot" not in shown


def test_the_list_opens_in_a_spreadsheet(
    app: Flask, client: OneLookClient, session: Session, cast: Cast
) -> None:
    brewery = open_brewery(cast)
    _delivery, lot = shelves.stock(cast, brewery.perilla, 5_000_000, number="=1+1")
    sign_in(client, cast.manager)
    page = f"/stock/lots/{lot}/recall"
    sheet = send(client, page, page, reason="Notice").headers["Location"]
    told = client.get(f"{sheet}/csv")
    assert told.data.startswith(b"\xef\xbb\xbf")
    heading, line = csv.reader(io.StringIO(told.data.decode("utf-8-sig")))
    assert heading[:4] == ["Kind", "Branch", "Item", "Lot"]
    assert line[3] == "'=1+1"
    assert line[6:] == ["5000", "g", "quarantined"]
    assert client.get(f"{sheet}/paper").text.count("<tr>") == 2
    lifted = send(client, f"{sheet}/lifting", f"{sheet}/lifting", reason="Clean")
    assert lifted.status_code == 303
    assert "may be used" in client.get(sheet).text


def test_a_long_list_is_sent_in_portions(
    client: OneLookClient, session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = open_spa(cast)
    (lot,) = session.scalars(select(Lot.id).where(Lot.item_id == items["medicinal-water"]))
    session.rollback()
    for _each in range(4):
        complete(cast, plan(cast).visit.id, 5)
    monkeypatch.setattr(tracing, "FIRST", 1)
    monkeypatch.setattr(web, "PORTION", 2)
    monkeypatch.setattr(recall_rows, "ON_PAPER", 3)
    sign_in(client, cast.manager)
    page = f"/stock/lots/{lot}/recall"
    sheet = send(client, page, page, reason="Notice").headers["Location"]
    assert "3 more stand in the list to download." in client.get(sheet).text
    parts = list(client.get(f"{sheet}/csv").iter_encoded())
    lines = list(csv.reader(io.StringIO(b"".join(parts).decode("utf-8-sig"))))
    assert [line[0] for line in lines] == ["Kind", "Lot", *["Visit"] * 4]
    # Something is sent before anything is added up.
    assert parts[0].decode("utf-8-sig").splitlines() == [",".join(lines[0])]
    paper = client.get(f"{sheet}/paper").text
    assert (paper.count("<tr>"), "1 more stand" in paper) == (5, True)
