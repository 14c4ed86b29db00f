"""Pages from a delivery to the supplier: why less came, what it cost now, whom to ask next time."""

from __future__ import annotations

import re

from flask import Flask

from tests import goods as shop
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import LATER, stock_up
from tests.web.browsing import ROLES, let_in, send, sign_in


def test_a_dearer_short_delivery(app: Flask, client: OneLookClient, cast: Cast) -> None:
    goods = stock_up(cast)
    (order,) = shop.ordered(cast, (goods.ginger, "3", "carton"))
    sign_in(client, cast.storekeeper)
    page = f"/deliveries/new?order_id={order}"
    assert "Ordered at ₫250,000 a pack." in client.get(page).text
    typed = {
        "lines-0-amount": "4",
        "lines-0-unit": "carton",
        "lines-0-lot_number": "G-1",
        "lines-0-expires_on": LATER.isoformat(),
        "lines-0-cost_minor": "1,040,000",
    }
    refused = send(client, page, page, **typed)
    assert refused.status_code == 422
    assert 'href="#f-lines-0-reason"' in refused.text
    few = typed | {"lines-0-amount": "2", "lines-0-cost_minor": "520000", "lines-0-reason": "sold-out"}
    taken = send(client, page, page, **few)
    assert taken.status_code == 303, taken.text
    told = client.get(taken.location).text
    for words in ("the supplier has no more", "₫260,000", "+4\u00a0%", "agreed: ₫250,000"):
        assert words in told
    ordered_page = client.get(f"/purchase-orders/{order}").text
    assert "the supplier has no more" in ordered_page
    assert taken.location in ordered_page
    assert send(client, taken.location, f"{taken.location}/price-confirmation").status_code == 303
    assert "from now on" not in client.get(taken.location).text

    supplier, compare = f"/suppliers/{goods.farm}", f"/items/{goods.ginger}/suppliers"
    prices = f"{supplier}/terms/{goods.ginger}/prices"
    pages = [supplier, compare, prices, taken.location, f"/purchase-orders/{order}"]
    assert let_in(app, cast, pages) == {page: set(ROLES) for page in pages}
    assert re.search(r"₫260,000.*₫250,000", client.get(prices).text, re.DOTALL)
    sign_in(client, cast.manager)
    terms = f"/suppliers/{goods.oil_house}/terms/new"
    added = {"item_id": str(goods.ginger), "pack_name": "sack", "amount": "10", "unit": "kg"}
    added |= {"price_minor": "450000", "currency": "VND", "minimum_packs": "1"}
    assert send(client, terms, terms, **added, lead_time_days="9", second="on").status_code == 303
    assert "second choice" in client.get(compare).text
    chosen = {"preferred_id": str(goods.oil_house), "second_id": str(goods.oil_house)}
    assert send(client, compare, compare, **chosen).status_code == 422
    assert send(client, compare, compare, **(chosen | {"second_id": ""})).status_code == 303
    assert "second choice" not in client.get(compare).text
    edit = f"{supplier}/edit"
    kept = {"name": "Farm", "code": "FARM", "language": "vi", "lead_time_days": "2", "order_fee_minor": "0"}
    cut = {"order_days": "monday", "order_cutoff": "14:30", "active": "on"}
    assert send(client, edit, edit, **kept, **cut).status_code == 303
    assert "Monday, until 14:30" in client.get(supplier).text
    assert 'value="14:30"' in client.get(edit).text
