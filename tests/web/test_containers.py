"""The pages of opened containers: who may open them, one tap to open, weighing, moving, finishing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.catalog import service as catalog
from supply.domain.ledger.models import Container, Lot
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, Goods, stock_up, use
from tests.shelves import differences, on_hand, stock
from tests.web.browsing import ROLES, frame_of, let_in, send, sign_in


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    """Ginger in bags of half a kilo that weigh 20 g empty: five kilos of it."""
    made = stock_up(cast)
    unit: dict[str, Any] = {"code": "bag", "name_en": "bag of 500 g", "name_vi": "túi 500 g", "unit": "g"}

    def pack(session: Session) -> None:
        item = catalog.get_item(session, made.ginger)
        names = ("code", "name_en", "name_vi", "category", "stock_unit", "usage_unit")
        facts = {name: getattr(item, name) for name in names} | {"natural_step": 1}
        units = [unit | {"amount": 500, "tare": 20}]
        catalog.update_item(session, cast.manager, made.ginger, version=item.version, units=units, **facts)

    write_transaction(pack)
    stock(cast, made.ginger, 5 * KG, number="G-1", expires_on=LATER)
    session.rollback()
    return made


def open_one(client: OneLookClient, session: Session, goods: Goods) -> str:
    """Tap the button on the item's page; the address of the opened one."""
    page = f"/stock/items/{goods.ginger}"
    action = f"{page}/containers"
    fields = frame_of(client.get(page).text, action)
    assert [client.post(action, data=fields).status_code for _time in range(2)] == [303, 303]
    container = session.query(Container).one()
    found = f"/containers/{container.id}"
    session.rollback()
    return found


def test_everybody_sees_and_hands_on_is_not_the_admin_s(
    app: Flask, client: OneLookClient, session: Session, cast: Cast, goods: Goods
) -> None:
    sign_in(client, cast.therapist)
    here = open_one(client, session, goods)
    seen = ["/containers", "/containers?finished=on", f"/containers?item_id={goods.ginger}", here]
    opened = let_in(app, cast, [*seen, f"{here}/finish"])
    assert opened.pop(f"{here}/finish") == {"storekeeper", "therapist", "manager"}
    assert opened == {path: set(ROLES) for path in seen}
    sign_in(client, cast.outsider)
    assert client.get(here).status_code == 404


def test_a_bag_is_opened_weighed_moved_and_finished(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods
) -> None:
    sign_in(client, cast.therapist)
    assert "Open bag of 500 g" in client.get(f"/stock/items/{goods.ginger}").text
    here = open_one(client, session, goods)
    use(cast, goods.ginger, 100_000)
    refused = send(client, here, f"{here}/weigh-ins", gross="12", unit="g")
    assert refused.status_code == 422
    assert 'value="12"' in refused.text
    assert send(client, here, f"{here}/weigh-ins", gross="410,5", unit="g").status_code == 303
    page = client.get(here).text
    assert "Weighed: 390.5\N{NO-BREAK SPACE}g left, -9.5\N{NO-BREAK SPACE}g against the book." in page
    assert send(client, here, f"{here}/room", room_id=str(cast.room_id)).status_code == 303
    assert send(client, here, f"{here}/top-ups", amount="9,5", unit="g").status_code == 303
    assert "Lotus" in client.get("/containers").text
    asked = client.get(f"{here}/finish").text
    assert "The book still holds 400\N{NO-BREAK SPACE}g in it." in asked
    # A therapist throws nothing away: that is not offered, and refused where it is sent.
    assert 'value="spilled"' not in asked
    assert send(client, f"{here}/finish", f"{here}/finish", reason="spilled").status_code == 403
    assert send(client, f"{here}/finish", f"{here}/finish", reason="empty").status_code == 303
    assert on_hand(cast, goods.ginger) == 5 * KG - 100_000 - 9_500 - 400_000
    assert "Nothing is open" in client.get("/containers").text
    assert "Container empty" in client.get(f"/stock/items/{goods.ginger}").text
    back = send(client, here, f"{here}/reopening")
    assert "In use again: the book holds 400\N{NO-BREAK SPACE}g in it." in client.get(back.location).text
    assert differences() == []


def test_a_lot_gives_a_told_amount_and_no_more(
    client: OneLookClient, session: Session, cast: Cast, goods: Goods
) -> None:
    sign_in(client, cast.storekeeper)
    lot = f"/stock/lots/{session.query(Lot).one().id}"
    session.rollback()
    refused = send(client, lot, f"{lot}/containers", amount="60,5", unit="kg")
    assert refused.status_code == 409
    assert 'value="60,5"' in refused.text
    assert "<details" in refused.text
    assert send(client, lot, f"{lot}/containers", amount="1", unit="kg").status_code == 303
    assert on_hand(cast, goods.ginger) == 5 * KG
