"""Tables of the pages: sorted by an allow-list, page by page, remembered, saved as files of what is shown."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.ledger.models import Lot
from supply.domain.suppliers import service as suppliers
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteReason
from tests import treatments
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import ordered
from tests.web.browsing import MOST_STATEMENTS, send, sign_in, statements

SHEETS = {
    "/stock": ["name", "on_hand", "available", "on_order", "reorder_point", "par_level"],
    "/items": ["name", "code", "category"],
    "/stock/lots": ["number", "item", "expires", "came"],
    "/stock/movements": ["seq", "when"],
    "/purchase-orders": ["number", "supplier", "status", "expected"],
    "/requisitions": ["number", "status", "when"],
    "/suppliers": ["name", "lead_time"],
    "/waste": ["item", "reason", "cost", "when"],
    "/people": ["name", "login"],
    "/visits": ["time", "treatment", "room", "therapist", "status"],
    "/audit": ["when"],
}
NAMES = ("Đông Dược", "Dầu Gió", "=Ăn Thảo", "Ánh", "Zen")


@pytest.fixture
def spa(cast: Cast) -> None:
    """The starter catalogue on the shelf, five suppliers, an order of the first."""
    items = treatments.open_spa(cast)

    def sold(session: Session) -> None:
        made = [
            suppliers.create_supplier(
                session, cast.manager, code=f"S{code}", name=name, lead_time_days=9 - code
            )
            for code, name in enumerate(NAMES)
        ]
        told = {"pack_name": "box", "amount": Decimal(5), "unit": "kg", "price_minor": 250_000}
        told |= {"minimum_packs": 1, "preferred": True}
        suppliers.set_terms(session, cast.manager, made[0].id, items["ginger"], **told)
        lot = session.scalars(select(Lot.id).where(Lot.item_id == items["ginger"])).one()
        lost = {"lot_id": lot, "amount": Decimal(1), "unit": "g", "reason": WasteReason.SPILLED}
        waste.log_waste(session, cast.storekeeper, branch_id=cast.branch_id, **lost)

    write_transaction(sold)
    treatments.plan(cast, planned_at=clock.now())
    ordered(cast, (items["ginger"], "5", "kg"))


def _rows(page: str) -> list[str]:
    return re.findall(r'<th role="rowheader"[^>]*><a href="[^"]+">([^<]+)<', page)


@pytest.mark.both_databases
@pytest.mark.usefixtures("spa")
def test_each_table_sorts_by_what_it_allows_and_is_saved(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    for path, columns in SHEETS.items():
        with statements() as seen:
            page = client.get(path).text
        assert len(seen) <= MOST_STATEMENTS, (path, seen)
        assert {name.lstrip("-") for name in re.findall(r"[?;]sort=(-?[a-z_]+)", page)} == set(columns), path
        for column in columns:
            for told, way in ((column, "ascending"), (f"-{column}", "descending")):
                with statements() as seen:
                    answer = client.get(f"{path}?sort={told}")
                assert re.search(f'aria-(sort|label)="{way}"', answer.text), (path, told)
                assert len(seen) <= MOST_STATEMENTS, (path, seen)
        assert client.get(f"{path}?sort=id;drop&page=x&past=0").status_code == 200
        told = client.get(f"{path}?file=csv")
        assert (told.status_code, told.mimetype) == (200, "text/csv"), path
        assert "None" not in told.text, path
        lines = list(csv.reader(io.StringIO(told.data.decode("utf-8-sig"))))
        book = load_workbook(io.BytesIO(client.get(f"{path}?file=xlsx").data))
        assert book.active is not None
        assert book.active.max_row == len(lines), path
        assert client.get(f"{path}?file=exe").status_code == 404


@pytest.mark.usefixtures("spa")
def test_names_stand_in_the_order_of_the_alphabet_and_no_cell_is_a_formula(
    client: OneLookClient, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    here = "/suppliers?sort=name"
    assert _rows(client.get(here).text) == ["Ánh", "=Ăn Thảo", "Dầu Gió", "Đông Dược", "Zen"]
    assert _rows(client.get("/suppliers?sort=-lead_time").text)[0] == NAMES[0]
    told = client.get(f"{here}&file=csv").data.decode("utf-8-sig")
    assert [line.split(",")[1] for line in told.splitlines()[1:3]] == ["Ánh", "'=Ăn Thảo"]
    # A filter is kept by the links of the head, and by the file.
    page = client.get("/suppliers?sort=name&q=an").text
    assert 'href="/suppliers?q=an&amp;sort=-name"' in page
    assert len(client.get("/suppliers?q=an&sort=name&file=csv").data.splitlines()) == 3
    moved = client.get("/stock/movements?type=waste&q=gung&sort=seq").text
    assert "type=waste&amp;" in moved
    assert moved.count("is-number") == 4
    # Days of happening are read in their order, until another is asked for.
    address = "/stock/movements?happened_from=2020-01-01"
    assert f'aria-sort="descending"><a href="{address}&amp;sort=when"' in client.get(address).text
    ginger = re.search(r"/stock/items/[0-9a-f-]{36}", client.get("/stock?q=gung").text)
    assert ginger
    address = f"{ginger[0]}/movements?sort="
    assert f'aria-sort="descending"><a href="{address}when"' in client.get(f"{address}-when").text
    nothing = client.get("/stock/movements?type=waste&q=ngai").text
    assert ("No movement fits this choice." in nothing, "file=csv" in nothing) == (True, False)
    assert client.get("/stock/lots?q=gung").text.count('role="rowheader"') == 2


@pytest.mark.both_databases
@pytest.mark.usefixtures("spa")
def test_the_order_of_a_table_is_remembered_for_its_person(client: OneLookClient, cast: Cast) -> None:
    sign_in(client, cast.manager)
    chosen = "/suppliers?sort=-name"
    assert _rows(client.get("/suppliers").text)[0] == NAMES[0]
    assert send(client, chosen, "/table-orders").status_code == 303
    assert send(client, "/suppliers?sort=name", "/table-orders").status_code == 303
    assert send(client, chosen, "/table-orders").headers["Location"] == chosen
    page = client.get("/suppliers").text
    assert _rows(page)[0] == "Zen"
    assert "Remember this choice" not in page
    # A filter is offered, not applied: a list never hides rows by itself.
    assert send(client, "/suppliers?q=dau", "/table-orders").status_code == 303
    page = client.get("/suppliers").text
    assert (_rows(page)[0], "Filter as last time: “dau”" in page) == ("Zen", True)
    assert 'href="/suppliers?q=dau"' in page
    assert "last time" not in client.get("/suppliers?q=dau").text
    # Only of tables, columns and filters that there are; a page number of any length is none.
    wrong = ({"table": "people.list_nobody"}, {"sort": "password_hash"}, {"filters": "sort=x"}, {"sort": ""})
    for told in wrong:
        assert send(client, "/suppliers?sort=name", "/table-orders", **told).status_code == 422
    assert client.get(f"/suppliers?sort=name&page={'9' * 5_000}").status_code == 200
    sign_in(client, cast.storekeeper)
    assert _rows(client.get("/suppliers").text)[0] == NAMES[0]


@pytest.mark.usefixtures("spa")
def test_a_sorted_table_is_read_page_by_page(
    client: OneLookClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supply.web.suppliers.SUPPLIERS.page", 2)
    monkeypatch.setattr("supply.web.suppliers.PAGE", 2)
    sign_in(client, cast.manager)
    seen, here = [], "/suppliers?sort=name"
    for _page in range(4):
        page = client.get(here).text
        seen += _rows(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        here = following[1].replace("&amp;", "&")
    assert seen == ["Ánh", "=Ăn Thảo", "Dầu Gió", "Đông Dược", "Zen"]
