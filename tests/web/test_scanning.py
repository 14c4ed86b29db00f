"""Scanning, codes of packages and labels as pages: who may, where a code leads, what a delivery takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.containers.service import open_container
from supply.domain.labels import service as labels
from tests.cast import Cast
from tests.client import OneLookClient
from tests.domain.test_labels_reading import bomb, drawn, photo
from tests.goods import KG, LATER, Goods, ordered, stock_up
from tests.shelves import stock
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in, statements

EAN = "8935001712343"
MB = 1024 * 1024
MOST_STATEMENTS = 12


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lot(cast: Cast, goods: Goods) -> UUID:
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


@pytest.fixture
def tag(cast: Cast, lot: UUID) -> str:
    def work(session: Session) -> str:
        made = labels.make_labels(session, cast.storekeeper, branch_id=cast.branch_id, lot_ids=[lot])
        return made[0].label.tag

    return write_transaction(work)


def look(client: OneLookClient, path: str, page: str, **sent: object) -> str:
    """Send a form that only asks; the page that answers."""
    frame = frame_of(client.get(page).text, path.partition("/scan")[0] or "/scan")
    with statements() as seen:
        answer = client.post(path, data=frame | sent, content_type="multipart/form-data")
    assert len(seen) <= MOST_STATEMENTS, seen
    return unescape(answer.text)


def typed_in(page: str) -> dict[str, str]:
    """What the fields of the page's own form hold: inputs, and the chosen option of each select."""
    page = re.sub("<template>.*?</template>", "", page[page.index('id="main"') :], flags=re.DOTALL)
    found = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_who_may(app: Flask, cast: Cast, goods: Goods, lot: UUID, tag: str) -> None:
    seen = ["/scan", f"/scan?code={tag}", "/scan?code=G-1", "/scan?code=ginger"]
    seen.append(f"/stock/items/{goods.ginger}/codes")
    own = [f"/labels/new?lot_id={lot}", f"/labels/print?of={tag}.2", f"/scan/choose?code={EAN}&q=ging"]
    opened = let_in(app, cast, seen + own)
    assert {path: opened[path] for path in seen} == {path: set(ROLES) for path in seen}
    assert {path: opened[path] for path in own} == {path: {"storekeeper", "manager"} for path in own}
    client = OneLookClient(app)
    sign_in(client, cast.therapist)
    assert "Print a label" not in client.get(f"/scan?code={tag}").text
    assert client.get(f"/s/{tag}").location == f"/stock/lots/{lot}"
    sign_in(client, cast.outsider)
    assert [client.get(path).status_code for path in (f"/s/{tag}", f"/scan?code={tag}")] == [404, 404]


def test_a_code_is_read_linked_and_taken_off(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.storekeeper)
    unknown = look(client, "/scan", "/scan", scanned=EAN)
    assert "Nobody has said yet" in unknown
    choose = re.search(r'href="(/scan/choose[^"]+)"', unknown)
    assert choose
    page = re.search(
        rf'href="(/stock/items/{goods.ginger}/codes\?[^"]+)"', unescape(client.get(choose[1]).text)
    )
    assert page
    path = f"/stock/items/{goods.ginger}/codes"
    linked = send(client, page[1], path, code=f"0{EAN}", amount="5", unit="kg")
    assert (linked.status_code, linked.location) == (303, f"/scan?code=0{EAN}")
    assert "5 kg" in unescape(client.get(linked.location).text).replace("\u00a0", " ")
    twice = send(
        client, f"/stock/items/{goods.oil}/codes", f"/stock/items/{goods.oil}/codes", code=EAN, unit="l"
    )
    assert twice.status_code == 409
    off = re.search(rf'action="({path}/[^"]+/removal)"', client.get(path).text)
    assert off
    assert send(client, path, off[1]).status_code == 303
    for wrong, words in ((EAN[:-1] + "9", "One of the digits is wrong"), (" ", "type it here first")):
        assert words in look(client, "/scan", "/scan", scanned=wrong)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("photo", "Lot G-1"),
        (photo(drawn("C12345678T")), "no such label"),
        (b"nothing", "not a picture that can be read"),
        (bomb(30_000, 30_000), "too large"),
    ],
)
def test_a_photo_is_read(
    client: OneLookClient, cast: Cast, goods: Goods, tag: str, file: bytes | str, words: str
) -> None:
    sign_in(client, cast.storekeeper)
    data = photo(drawn(f"http://localhost/s/{tag}"), angle=8) if isinstance(file, str) else file
    assert words in look(client, "/scan", "/scan", picture=(BytesIO(data), "photo.jpg"))


@pytest.mark.parametrize(
    ("path", "most"), [("/scan", 13 * MB), ("/deliveries/new/scan", 13 * MB), ("/deliveries/new", MB)]
)
def test_only_what_takes_pictures_may_be_large(
    client: OneLookClient, cast: Cast, path: str, most: int
) -> None:
    sign_in(client, cast.storekeeper)
    head = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\n'
    kind = {"content_type": "multipart/form-data; boundary=b"}
    for size, status in ((most + 1, 413), (most, 400)):  # 400: nothing proves where it was sent from
        body = head.ljust(size - 9, b"x") + b"\r\n--b--\r\n"
        assert client.post(path, data=body[:size], **kind).status_code == status


def test_a_scan_fills_a_line_of_the_delivery(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.storekeeper)
    path = f"/stock/items/{goods.ginger}/codes"
    send(client, path, path, code=EAN, amount="5", unit="kg")
    gs1 = f"(01)0{EAN}(17)271130(10)A-7"
    kept = {"supplier_id": str(goods.farm), "reference": "DN-1", "lines-0-unit": "kg"}
    page = look(client, "/deliveries/new/scan", "/deliveries/new", scanned=gs1, **kept)
    form = typed_in(page)
    line = {
        name: form[f"lines-0-{name}"] for name in ("item_id", "lot_number", "expires_on", "amount", "unit")
    }
    assert line == {
        "item_id": str(goods.ginger),
        "lot_number": "A-7",
        "expires_on": "2027-11-30",
        "amount": "1",
        "unit": "carton",
    }
    assert (form["supplier_id"], form["reference"]) == (str(goods.farm), "DN-1")
    # The same package again is one more, another lot another line; the key stays, so it is one delivery.
    again = typed_in(look(client, "/deliveries/new/scan", "/deliveries/new", **(form | {"scanned": gs1})))
    assert (again["lines-0-amount"], again["idempotency_key"]) == ("2", form["idempotency_key"])
    other = f"(01)0{EAN}(17)280131(10)B-8"
    both = typed_in(look(client, "/deliveries/new/scan", "/deliveries/new", **(again | {"scanned": other})))
    assert [both[f"lines-{n}-lot_number"] for n in range(2)] == ["A-7", "B-8"]
    assert (both["lines-0-amount"], both["lines-1-amount"]) == ("2", "1")
    unknown = look(
        client, "/deliveries/new/scan", "/deliveries/new", **(both | {"scanned": "(01)09501101020917(10)C"})
    )
    assert "choose the item" in unknown
    assert typed_in(unknown)["lines-2-lot_number"] == "C"
    saved = client.post("/deliveries/new", data=both | {"scanned": "left over"})
    assert saved.status_code == 303
    shown = client.get(saved.location).text
    assert all(words in shown for words in ("A-7", "B-8", "/labels/new?delivery_id="))
    offered = typed_in(client.get(f"/labels/new?delivery_id={saved.location.rpartition('/')[2]}").text)
    assert (offered["lines-0-copies"], offered["lines-1-copies"]) == ("2", "1")


def test_against_an_order_the_scan_finds_its_line(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    (order,) = ordered(cast, (goods.ginger, "2", "carton"))
    sign_in(client, cast.storekeeper)
    path = f"/stock/items/{goods.ginger}/codes"
    send(client, path, path, code=EAN, amount="5", unit="kg")
    page = f"/deliveries/new?order_id={order}"
    form = typed_in(client.get(page).text)
    scan = f"/deliveries/new/scan?order_id={order}"
    answer = client.post(scan, data=form | {"scanned": f"(01)0{EAN}(17)271130(10)A-7"})
    filled = typed_in(answer.text)
    assert (filled["lines-0-lot_number"], filled["lines-0-expires_on"]) == ("A-7", "2027-11-30")
    assert (filled["lines-0-amount"], filled["lines-0-unit"]) == ("2", "carton")


def test_labels_are_printed_as_often_as_wanted(
    client: OneLookClient, cast: Cast, goods: Goods, lot: UUID
) -> None:
    sign_in(client, cast.storekeeper)
    page = f"/labels/new?lot_id={lot}"
    wanted = {"lines-0-copies": "3", "lines-0-lot_id": str(lot), "used": "2"}
    for paper, pages in (("roll", 3), ("sheet", 1)):
        made = send(client, page, page, paper=paper, **wanted)
        assert made.status_code == 303
        shown = client.get(made.location).text
        assert shown.count("labels-page") == pages
        assert shown.count('class="qr"') == 3
        assert f"css/labels-{paper}.css" in shown
        assert shown.count('<div class="label" aria-hidden="true">') == (2 if paper == "sheet" else 0)
    assert send(client, page, page, paper="roll", **(wanted | {"lines-0-copies": "0"})).status_code == 422
    assert client.get("/labels/print?of=C12345678T.1").status_code == 404

    def opened(session: Session) -> str:
        bag = {"lot_id": lot, "amount": Decimal(1), "unit": "kg"}
        bag_id = open_container(session, cast.therapist, branch_id=cast.branch_id, **bag).id
        made = labels.make_labels(session, cast.storekeeper, branch_id=cast.branch_id, container_ids=[bag_id])
        return made[0].label.tag

    with clock.standing_at(datetime(2026, 11, 20, 18, 5, tzinfo=UTC)):  # past midnight at the spa
        label = write_transaction(opened)
    assert "Opened <b>21 Nov 2026</b>" in client.get(f"/labels/print?of={label}.1").text
