"""The pages of the plan: the list of what to order, a flag's page, what people say to it, planning now."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.branches.models import Branch
from supply.domain.planning import deciding, listing, running, service
from supply.domain.planning.models import ReorderFlag
from supply.domain.purchasing.wording import reasons
from supply.i18n import speaking
from supply.replanning import carry_through
from tests import goods as shop
from tests.cast import Cast
from tests.client import OneLookClient
from tests.goods import KG, Goods, stock_up
from tests.web.browsing import let_in, send, sign_in


def flagged(cast: Cast, goods: Goods) -> ReorderFlag:
    """Ginger by the plan (2 kg a day are expected), oil by levels set by hand; the plan's flag."""

    def work(session: Session) -> None:
        deciding.set_estimate(
            session,
            cast.manager,
            branch_id=cast.branch_id,
            item_id=goods.ginger,
            amount=Decimal(2),
            unit="kg",
        )
        service.plan_branch(session, session.get_one(Branch, cast.branch_id))

    shop.policy(cast, goods.oil, 1 * KG, 2 * KG)
    write_transaction(work)
    return the_flag(goods.ginger)


def the_flag(item_id: UUID) -> ReorderFlag:
    def look(session: Session) -> ReorderFlag:
        flag = session.scalars(select(ReorderFlag).where(ReorderFlag.item_id == item_id)).one()
        session.expunge(flag)
        return flag

    return read_snapshot(look)


def to_order(
    session: Session, cast: Cast, limit: int, after: tuple[str, UUID] | None = None
) -> list[tuple[str, UUID]]:
    found = listing.list_to_order(session, cast.manager, cast.branch_id, limit=limit, after=after)
    return [(one.item.sort_key, one.item.id) for one in found]


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def test_who_sees_what_at_which_price(app: Flask, cast: Cast, goods: Goods) -> None:
    flag = flagged(cast, goods)
    run_id = write_transaction(lambda s: running.begin_run(s, cast.storekeeper, cast.branch_id).run.id)
    estimate = f"/stock/items/{goods.towel}/estimate"
    everybody = {"storekeeper", "therapist", "manager", "admin"}
    opened = let_in(
        app, cast, ["/flags", f"/flags/{flag.id}", "/plan-notices", f"/plan-runs/{run_id}", estimate]
    )
    assert opened.pop(estimate) == {"manager"}
    assert set(map(frozenset, opened.values())) == {frozenset(everybody)}
    stranger = OneLookClient(app)
    sign_in(stranger, cast.outsider)
    for path in (f"/flags/{flag.id}", f"/plan-runs/{run_id}"):
        assert stranger.get(path).status_code == 404


def test_an_item_stands_in_the_list_once(app: Flask, cast: Cast, goods: Goods) -> None:
    flag = flagged(cast, goods)
    client = OneLookClient(app)
    sign_in(client, cast.storekeeper)
    page = client.get("/flags").text
    assert f'href="/flags/{flag.id}"' in page
    assert [page.count(f'value="{item}"') for item in (goods.ginger, goods.oil, goods.towel)] == [1, 1, 0]
    for limit in (1, 2):
        first = read_snapshot(lambda s, n=limit: to_order(s, cast, n))
        rest = read_snapshot(lambda s, n=limit, last=first[-1]: to_order(s, cast, n, after=last))
        assert [item_id for _, item_id in (*first, *rest)] == [goods.ginger, goods.oil]
    # The plan's flag stays open until the next plan; what somebody has just set by hand counts at once.
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    page = client.get("/flags").text
    assert f'href="/flags/{flag.id}"' not in page
    assert page.count(f'value="{goods.ginger}"') == 1


def test_a_flag_says_why_in_both_languages(cast: Cast, goods: Goods, session: Session) -> None:
    numbers = flagged(cast, goods).numbers
    told = {}
    for language in ("en", "vi"):
        with speaking(language):
            told[language] = reasons(numbers)
    assert told["en"][0].startswith("Flagged: 0")
    assert "packs of 5\u00a0kg" in told["en"][-1]
    assert len(told["en"]) == len(told["vi"])
    assert not set(told["en"]) & set(told["vi"])


def test_from_the_flag_to_a_requisition_that_remembers_it(app: Flask, cast: Cast, goods: Goods) -> None:
    flag = flagged(cast, goods)
    here = f"/flags/{flag.id}"
    manager, storekeeper = OneLookClient(app), OneLookClient(app)
    sign_in(manager, cast.manager)
    sign_in(storekeeper, cast.storekeeper)
    until = clock.today("Asia/Ho_Chi_Minh") + timedelta(days=3)
    assert "Day by day" in storekeeper.get(here).text
    assert f'action="{here}/snooze"' not in storekeeper.get(here).text
    late = send(manager, here, f"{here}/snooze", until="2030-01-01", reason="Enough")
    assert (late.status_code, "within 90 days" in late.text) == (422, True)
    assert send(manager, here, f"{here}/snooze", until=until.isoformat(), reason="Enough").status_code == 303
    assert "snoozed until" in storekeeper.get("/flags").text
    assert "Enough" in storekeeper.get(here).text
    assert send(manager, here, f"{here}/following", reason="").status_code == 303
    other = {"amount": "20", "unit": "kg", "reason": "A wedding"}
    assert send(manager, here, f"{here}/override", **other, version="1").status_code == 409
    assert send(manager, here, f"{here}/override", **other).status_code == 303
    ticked = {"lines-0-item_id": str(goods.ginger)}
    made = send(storekeeper, "/flags", "/requisitions", **ticked)
    assert made.status_code == 303, made.text
    page = storekeeper.get(made.location).text
    assert 'value="20"' in page
    assert "Flagged: 0" in page
    assert "asked for already" in storekeeper.get(here).text


def test_planning_now_is_joined_and_comes_to_its_end(app: Flask, cast: Cast, goods: Goods) -> None:
    flag = flagged(cast, goods)
    client = OneLookClient(app)
    sign_in(client, cast.storekeeper)
    begun = write_transaction(lambda s: running.begin_run(s, cast.manager, cast.branch_id).run.id)
    joined = send(client, "/flags", "/plan-runs")
    assert joined.location == f"/plan-runs/{begun}"
    page = client.get(joined.location).text
    assert '<progress value="0" max="2"' in page
    assert '<meta http-equiv="refresh"' in page
    carry_through(begun)
    page = client.get(joined.location).text
    assert "1 item is flagged" in page
    assert "http-equiv" not in page
    assert "asked for already" in client.get(f"/flags/{flag.id}").text
    assert "No use known yet" not in client.get("/plan-notices").text


def test_an_estimate_and_an_item_planned_anew(app: Flask, cast: Cast, goods: Goods) -> None:
    client = OneLookClient(app)
    sign_in(client, cast.manager)
    item = f"/stock/items/{goods.ginger}"
    anew = send(client, item, f"{item}/plan")
    assert anew.location == item
    set_ = send(client, f"{item}/estimate", f"{item}/estimate", amount="2", unit="kg")
    assert set_.status_code == 303
    assert 'value="2"' in client.get(f"{item}/estimate").text
    assert send(client, item, f"{item}/plan").location == f"/flags/{the_flag(goods.ginger).id}"
