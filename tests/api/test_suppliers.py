"""Suppliers over the API: what deliveries show of prices and lead times, an item's suppliers side by side."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import goods as shop
from tests.api.calling import Caller
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, LATER, level, stock_up


def test_a_delivery_tells_of_reasons_and_prices(client: OneLookClient, cast: Cast, session: Session) -> None:
    goods = stock_up(cast)
    (order,) = shop.ordered(cast, (goods.ginger, "3", "carton"))
    storekeeper, therapist = Caller(client, cast.storekeeper), Caller(client, cast.therapist)
    line = {"item_id": str(goods.ginger), "amount": "2", "unit": "carton", "lot_number": "G-1"}
    line |= {"expires_on": LATER.isoformat(), "cost_minor": 520_000}
    body = {"branch_id": str(cast.branch_id), "supplier_id": str(goods.farm), "purchase_order_id": str(order)}
    over = storekeeper.send("POST", "/deliveries", body | {"lines": [line | {"amount": "4"}]})
    assert (over.status_code, list(over.get_json()["errors"])) == (422, ["lines.0.reason"])
    made = storekeeper.done("POST", "/deliveries", body | {"lines": [line | {"reason": "sold-out"}]})
    (told,) = made["lines"]
    assert told["reason"] == "sold-out"
    assert told["price"] == {
        "now_minor": 260_000,
        "agreed_minor": 250_000,
        "moved": True,
        "difference_percent": "4.0",
    }
    (ordered,) = therapist.get(f"/purchase-orders/{order}")["lines"]
    assert (ordered["reason"], ordered["open"]["amount"]) == ("sold-out", "0")
    assert level(session, cast, goods.ginger) == (10 * KG, 0)
    confirm = f"/deliveries/{made['id']}/price-confirmation"
    assert therapist.send("POST", confirm, {}).status_code == 403
    assert Caller(client, cast.outsider).send("POST", confirm, {}).status_code == 404
    first = storekeeper.done("POST", confirm, {"lines": [1]}, Idempotency_Key="their-price")
    assert storekeeper.done("POST", confirm, {"lines": [1]}, Idempotency_Key="their-price") == first
    assert storekeeper.send("POST", confirm, {}).get_json()["code"] == "no_price_moved"
    history = therapist.get(f"/suppliers/{goods.farm}/terms/{goods.ginger}/prices")["data"]
    assert [(one["price_minor"], one["delivery_id"]) for one in history] == [
        (250_000, None),
        (260_000, made["id"]),
    ]


def test_suppliers_are_compared_and_chosen(client: OneLookClient, cast: Cast) -> None:
    goods = stock_up(cast)
    manager, storekeeper = Caller(client, cast.manager), Caller(client, cast.storekeeper)
    terms = {"pack_name": "sack", "amount": "10", "unit": "kg", "price_minor": 450_000}
    own = terms | {"lead_time_days": 9, "second": True}
    set_terms = manager.done("PUT", f"/suppliers/{goods.oil_house}/terms/{goods.ginger}", own)
    assert (set_terms["lead_time_days"], set_terms["second"]) == (9, True)
    late = {"code": "FARM", "name": "Farm", "order_cutoff": "14:30"}
    farm = manager.done("PUT", f"/suppliers/{goods.farm}", late, If_Match='"1"')
    assert farm["order_cutoff"] == "14:30"
    for wrong in ("00:00", "24:00", "9:30"):
        refused = manager.send("POST", "/suppliers", late | {"order_cutoff": wrong})
        assert list(refused.get_json()["errors"]) == ["order_cutoff"]
    (order,) = shop.ordered(cast, (goods.ginger, "2", "carton"))
    shop.deliver(cast, goods.farm, shop.line(goods.ginger, "2", "carton"), order=order)
    here = {"branch_id": str(cast.branch_id)}
    leads = storekeeper.get(f"/suppliers/{goods.farm}/lead-times", **here)
    assert (leads["count"], leads["median_days"], leads["worst_days"]) == (1, 0, 0)
    assert (leads["on_time_share"], leads["arrivals"][0]["order_id"]) == (1.0, str(order))
    path = f"/items/{goods.ginger}/supplier-comparison"
    assert Caller(client, cast.outsider).send("GET", f"{path}?branch_id={cast.branch_id}").status_code == 404
    compared = storekeeper.get(path, **here)["data"]
    assert [
        (one["supplier"]["code"], one["unit_price_minor"], one["stated_days"], one["record"]["count"])
        for one in compared
    ] == [("FARM", 50_000, 2, 1), ("OIL", 45_000, 9, 0)]
    choice = f"/items/{goods.ginger}/supplier-choice"
    chosen = {"preferred_id": str(goods.oil_house), "second_id": str(goods.farm)}
    assert storekeeper.send("PUT", choice, chosen).status_code == 403
    assert manager.send("PUT", choice, chosen).status_code == 204
    places = [(one["preferred"], one["second"]) for one in storekeeper.get(path, **here)["data"]]
    assert places == [(True, False), (False, True)]
    twice = manager.send("PUT", choice, chosen | {"second_id": str(goods.oil_house)})
    assert (twice.status_code, list(twice.get_json()["errors"])) == (422, ["second_id"])
