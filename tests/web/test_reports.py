"""Reports on pages: who may open them, every number leads on, files hold numbers and no formula."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from html import unescape
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.catalog.models import Item
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from tests.cast import Cast
from tests.client import OneLookClient
from tests.domain.test_tallies import priced
from tests.treatments import complete, noon, open_spa, plan
from tests.web.browsing import let_in, sign_in

PAGES = ("costs", "costs?by=step", "costs?by=package", "costs?by=month", "stock-value", "use", "shrinkage")
FILES = {"costs": "1200", "stock-value": "7800", "items": "7800", "use": "1200", "shrinkage": "1200"}


@pytest.fixture
def ginger(session: Session, cast: Cast) -> UUID:
    """120 g of ginger used for 100 g, at 10 ₫ the gram, 100 g thrown away; its name would be a formula."""
    ginger = open_spa(cast, quantity=0)["ginger"]
    lot = priced(cast, ginger, 1_000, 10_000, "A", noon())
    told = [{"item_id": ginger, "guest_position": 1, "amount": Decimal(120), "unit": "g"}]
    complete(cast, plan(cast).visit.id, 4, lines=told, consent_to_shortage=True)
    thrown = {"amount": Decimal(100), "unit": "g", "reason": WasteReason.SPILLED}
    write_transaction(
        lambda s: waste.log_waste(s, cast.storekeeper, branch_id=cast.branch_id, lot_id=lot, **thrown)
    )
    write_transaction(lambda s: s.execute(update(Item).where(Item.id == ginger).values(name_en="=1+1")))
    session.rollback()
    return ginger


def test_managers_see_them_and_every_number_leads_on(
    app: Flask, client: OneLookClient, cast: Cast, ginger: UUID
) -> None:
    behind = [f"movements?item_id={ginger}&part=waste", "costs/steps?position=4", "stock-value/items"]
    opened = let_in(app, cast, ["/reports", *(f"/reports/{page}" for page in (*PAGES, *behind))])
    assert set(map(frozenset, opened.values())) == {frozenset({"manager"})}
    sign_in(client, cast.manager)
    asked, followed = [f"/reports/{page}" for page in PAGES], set()
    for address in asked:
        page = client.get(address).text
        followed |= {
            unescape(link) for link in re.findall(r'href="(/(?:reports|variance)/[^"]+\?[^"]+)"', page)
        }
    assert len(followed) > 20
    for link in sorted(followed):
        assert client.get(link).status_code == 200, link
    assert "1,200" in client.get("/reports/costs").text
    figures = client.get("/reports").text
    for told in ("₫1,200 in ", "₫7,800 today", "₫1,200 in thirty days", "Too few steps in thirty"):
        assert told in figures, told
    assert 'data-figures="/reports"' in client.get("/").text
    lost = client.get("/reports/shrinkage").text
    assert [f"₫{part}" in lost for part in ("200", "1,000", "1,200")] == [True] * 3
    assert "Nothing was lost" in client.get("/reports/shrinkage?month=2020-02").text


@pytest.mark.parametrize("report", FILES)
def test_files_hold_numbers_and_no_formula(
    client: OneLookClient, cast: Cast, ginger: UUID, report: str
) -> None:
    sign_in(client, cast.manager)
    text = client.get(f"/reports/files/{report}/csv").get_data().decode("utf-8-sig")
    assert FILES[report] in re.split(r"[,\r\n]+", text)
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/reports/files/{report}/xlsx").get_data()))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert int(FILES[report]) in [cell.value for cell in cells]
    assert "f" not in {cell.data_type for cell in cells}
    if report in ("items", "use", "shrinkage"):
        assert "'=1+1" in text
        assert "=1+1" in [cell.value for cell in cells]
    assert client.get(f"/reports/files/{report}/ods").status_code == 404
