"""The pages of transfers: who may open them, a transfer from form to form, moving within the branch."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.branches import service as branches
from supply.domain.people.models import RoleGrant
from supply.domain.planning.models import NoticeKind, PlanNotice
from supply.permissions import Role
from tests.carriers import KG, ask, disagreements, levels, send, take_in
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import LATER, Goods, stock_up
from tests.shelves import stock
from tests.treatments import open_spa, plan
from tests.web import browsing
from tests.web.browsing import ROLES, frame_of, let_in, sign_in


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    made = stock_up(cast)
    stock(cast, made.ginger, 2 * KG, number="G-1", expires_on=LATER)
    session.rollback()
    return made


def test_everybody_sees_and_the_storeroom_carries(app: Flask, cast: Cast, goods: Goods) -> None:
    waiting, gone = ask(cast, (goods.ginger, "1")), ask(cast, (goods.ginger, "0.5"))
    lot_id = send(cast, gone).parcels[0].lot_id
    seen = [
        "/deliveries",
        "/transfers",
        f"/transfers/{waiting}",
        f"/transfers/{gone}",
        f"/stock/lots/{lot_id}",
    ]
    forms = ["/transfers/new", f"/transfers/new?give=on&item_id={goods.ginger}&amount=0.5&unit=kg"]
    forms += [f"/transfers/{waiting}/dispatch", f"/stock/lots/{lot_id}/move"]
    opened = let_in(app, cast, [*seen, *forms])
    client = OneLookClient(app)
    sign_in(client, cast.outsider)
    with browsing.statements() as asked:
        assert f"/transfers/{gone}" in client.get("/deliveries").text
    assert len(asked) <= browsing.MOST_STATEMENTS
    assert {path: opened.pop(path) for path in seen} == {path: set(ROLES) for path in seen}
    assert opened == {path: {"storekeeper", "manager"} for path in forms}


def test_a_transfer_goes_from_form_to_form(app: Flask, cast: Cast, goods: Goods) -> None:
    here, there = OneLookClient(app), OneLookClient(app)
    sign_in(here, cast.storekeeper)
    sign_in(there, cast.outsider)
    page = f"/transfers/new?item_id={goods.ginger}&amount=1&unit=kg"
    form = f"/transfers/new?item_id={goods.ginger}"
    typed = {"from_branch_id": str(cast.branch_id), "lines-0-amount": "1,5", "lines-0-unit": "kg"}
    one = browsing.send(there, page, form, **typed).location
    assert "/transfers/" in one
    assert one in here.get("/transfers").text
    packing = f"{one}/dispatch"
    assert 'value="1.5"' in here.get(packing).text
    refused = browsing.send(here, packing, packing, **{"parcels-0-amount": "3", "parcels-0-unit": "kg"})
    assert (refused.status_code, 'value="3"' in refused.text) == (409, True)
    nothing = browsing.send(here, packing, packing, **{"parcels-0-amount": "", "parcels-0-unit": "kg"})
    assert nothing.status_code == 422
    typed = {"parcels-0-amount": "1", "parcels-0-unit": "kg"}
    assert browsing.send(here, packing, packing, **typed).location == one
    assert levels(cast.other_branch_id, goods.ginger) == (0, KG)
    taking = f"{one}/receipt"
    typed = {"lines-0-amount": "0,75", "lines-0-unit": "kg"}
    refused = browsing.send(there, taking, taking, **typed)
    assert (refused.status_code, "Say what became of the rest." in refused.text) == (422, True)
    typed |= {"lines-0-missing_reason": "lost"}
    assert browsing.send(there, taking, taking, **typed).location == one
    # A form of a leg that is done leads to what came of it.
    assert "All of this came" not in there.get(taking).text
    assert browsing.frame_of(there.get(taking).text, f"{one}/receipt-reversal")
    shown = there.get(one).text.replace("\u00a0", " ")
    assert "Lost: 250 g" in shown
    assert levels(cast.other_branch_id, goods.ginger) == (750_000, 0)
    lot = re.search(r'href="(/stock/lots/[^"]+)"', shown)
    assert lot
    assert "Main branch" in there.get(lot[1]).text
    frame = frame_of(shown, f"{one}/receipt-reversal")
    assert there.post(f"{one}/receipt-reversal", data=frame).location == one
    recall = f"{one}/recall"
    frame = frame_of(here.get(one).text, recall)
    assert here.post(recall, data=frame | {"never_left": "on"}).location == one
    cancelling = f"{one}/cancellation"
    assert browsing.send(here, one, cancelling, reason="No").location == "/transfers"
    assert levels(cast.branch_id, goods.ginger) == (2 * KG, 0)
    assert disagreements() == []


def test_a_lot_shows_where_it_went(app: Flask, cast: Cast, goods: Goods) -> None:
    client = OneLookClient(app)
    sign_in(client, cast.storekeeper)
    lot_id = send(cast, ask(cast, (goods.ginger, "0.5"))).parcels[0].lot_id
    assert "500 g on the way" in client.get(f"/stock/lots/{lot_id}").text.replace("\u00a0", " ")
    take_in(cast, send(cast, ask(cast, (goods.ginger, "0.25"))).id)
    assert "250 g there" in client.get(f"/stock/lots/{lot_id}").text.replace("\u00a0", " ")


def test_stock_is_moved_and_put_back(app: Flask, cast: Cast, goods: Goods) -> None:
    place: UUID = write_transaction(
        lambda session: branches.create_location(session, cast.admin, cast.branch_id, name="Trolley").id
    )
    client = OneLookClient(app)
    sign_in(client, cast.storekeeper)
    held = re.search(r'href="(/stock/lots/[^"]+)"', client.get(f"/stock/items/{goods.ginger}").text)
    assert held
    page = f"{held[1]}/move"
    typed = {
        "from_location_id": str(cast.location_id),
        "to_location_id": str(place),
        "amount": "500",
        "unit": "g",
    }
    moved = browsing.send(client, page, page, **typed).location
    assert "Trolley" in client.get(held[1]).text
    assert moved in client.get(held[1]).text
    browsing.send(client, moved, f"{moved}/reversal")
    assert "undone" in client.get(moved).text
    assert disagreements() == []


def test_what_is_too_much_here_is_offered_filled_in(
    app: Flask, session: Session, cast: Cast, goods: Goods
) -> None:
    numbers = {"unit": "kg", "quantity": 1.5000001, "value_minor": 0, "first_expiry": 3}
    kind = NoticeKind.WILL_EXPIRE
    session.add(
        PlanNotice(
            branch_id=cast.branch_id,
            kind=kind,
            item_id=goods.ginger,
            numbers=numbers,
            planned_at=clock.now(),
        )
    )
    session.commit()
    client = OneLookClient(app)
    sign_in(client, cast.storekeeper)
    link = re.search(r'href="(/transfers/new[^"]+)"', client.get("/plan-notices").text)
    assert link
    page = client.get(unescape(link[1])).text
    assert "Offer something to another branch" in page
    assert 'value="1.5"' in page


def test_what_another_branch_has_is_asked_for_filled_in(app: Flask, session: Session, cast: Cast) -> None:
    items = open_spa(cast, quantity=0)
    oil = items["oil-massage"]
    session.add(
        RoleGrant(person_id=cast.manager.person_id, role=Role.MANAGER, branch_id=cast.other_branch_id)
    )
    session.commit()
    there = replace(
        cast, branch_id=cast.other_branch_id, location_id=cast.other_location_id, storekeeper=cast.outsider
    )
    stock(there, oil, 1_000_000, expires_on=LATER)
    plan(cast, package="massage-only", planned_at=clock.now() + timedelta(minutes=5))
    client = OneLookClient(app)
    sign_in(client, cast.manager)
    client.post("/account/branch", data={"branch_id": str(cast.branch_id)})
    link = re.search(r'href="(/transfers/new[^"]+)"', client.get("/readiness").text)
    assert link
    page = client.get(unescape(link[1])).text
    assert f'<option value="{cast.other_branch_id}" selected>' in page
    assert f'name="lines-0-item_id" value="{oil}"' in page
