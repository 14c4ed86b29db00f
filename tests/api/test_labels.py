"""Scans, codes and labels over the API."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply.api import scans
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up
from tests.shelves import stock

EAN = "8935001712343"


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


@pytest.fixture
def lot(cast: Cast, goods: Goods) -> UUID:
    return stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)[1]


def test_a_code_is_linked_read_and_taken_off(
    client: OneLookClient, cast: Cast, goods: Goods, lot: UUID
) -> None:
    caller = Caller(client, cast.storekeeper)
    codes = f"/items/{goods.ginger}/codes"
    said = {"code": EAN, "amount": "5", "unit": "kg"}
    made = caller.done("POST", codes, said)
    assert (made["code"], made["holds"]) == (f"0{EAN}", {"amount": "5", "unit": "kg"})
    assert caller.get(codes) == {"data": [made]}
    taken = caller.send("POST", f"/items/{goods.oil}/codes", {"code": EAN})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "code_linked")
    for wrong, field in (({"code": EAN[:-1] + "5"}, "code"), ({"code": "X", "amount": "1"}, "unit")):
        refused = caller.send("POST", codes, wrong)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    read = caller.get("/scans", branch_id=cast.branch_id, text=f"]C1010{EAN}17271130" + "10G-1\x1d2199")
    assert read["meaning"] == "lot"
    assert read["item"]["id"] == str(goods.ginger)
    assert (read["holds"], read["lot_number"], read["expires_on"]) == (made["holds"], "G-1", "2027-11-30")
    assert [one["id"] for one in read["lots"]] == [str(lot)]
    misread = caller.send("GET", f"/scans?branch_id={cast.branch_id}&text={EAN[:-1]}5")
    assert (misread.status_code, misread.get_json()["code"]) == (422, "check_digit_wrong")
    assert caller.send("DELETE", f"{codes}/{made['id']}").status_code == 204
    assert caller.get(codes) == {"data": []}
    assert caller.get("/scans", branch_id=cast.branch_id, text=EAN)["meaning"] == "unknown"


def test_the_codes_in_a_picture_are_read(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    caller = Caller(client, cast.storekeeper)
    caller.done("POST", f"/items/{goods.ginger}/codes", {"code": EAN})
    told = {"branch_id": str(cast.branch_id)}
    picture = scans.blp.endpoints[1].example["picture"]
    (read,) = caller.done("POST", "/scans", told | {"picture": picture})["data"]
    assert (read["meaning"], read["item"]["id"]) == ("item", str(goods.ginger))
    for wrong in ("!", "bm90IGEgcGljdHVyZQ==", 7):
        refused = caller.send("POST", "/scans", told | {"picture": wrong})
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["picture"])


def test_labels_say_what_is_printed(client: OneLookClient, cast: Cast, goods: Goods, lot: UUID) -> None:
    caller = Caller(client, cast.storekeeper)
    body = {"branch_id": str(cast.branch_id), "lot_ids": [str(lot)]}
    (made,) = caller.done("POST", "/labels", body)["data"]
    assert caller.done("POST", "/labels", body)["data"] == [made]
    assert caller.get(f"/labels/{made['id']}") == made
    assert made["address"] == f"http://localhost/s/{made['tag']}"
    assert (made["lot_number"], made["expires_on"]) == ("G-1", LATER.isoformat())
    assert made["qr_svg"].startswith("<svg ")
    assert caller.get("/scans", branch_id=cast.branch_id, text=made["address"])["lots"][0]["id"] == str(lot)
    assert caller.send("POST", "/labels", {"branch_id": str(cast.branch_id)}).status_code == 422
    for actor, writes, reads in ((cast.therapist, 403, 200), (cast.outsider, 404, 404)):
        other = Caller(client, actor)
        assert other.send("POST", "/labels", body).status_code == writes
        assert other.send("GET", f"/labels/{made['id']}").status_code == reads
        scanned = other.send("GET", f"/scans?branch_id={cast.branch_id}&text={made['tag']}")
        assert scanned.status_code == reads
