"""The manager's inbox: what waits, many approved at once, and the rules from where it takes two."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.outbox import service as outbox
from supply.domain.purchasing import sending
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import RequisitionStatus, SentBy
from tests.cast import Cast
from tests.client import OneLookClient
from tests.domain.test_purchasing import ask, raised
from tests.goods import KG, Goods, level, ordered, stock_up
from tests.treatments import complete, open_spa, plan
from tests.web.browsing import MOST_STATEMENTS, let_in, send, sign_in, statements


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def pick(cast: Cast, requisition_id: UUID, ahead: int = 0) -> str:
    """What the box of a requisition holds: its id and the version on the page."""
    seen = read_snapshot(lambda s: purchasing.get_requisition(s, cast.manager, requisition_id))
    return f"{requisition_id}.{seen.version + ahead}"


def status(cast: Cast, requisition_id: UUID) -> RequisitionStatus:
    return read_snapshot(lambda s: purchasing.get_requisition(s, cast.manager, requisition_id).status)


def test_it_is_the_managers(app: Flask, cast: Cast, goods: Goods) -> None:
    paths = ["/inbox", "/inbox/rules"]
    assert let_in(app, cast, paths) == {path: {"manager"} for path in paths}


def test_many_are_approved_at_once_and_none_by_halves(
    client: OneLookClient, cast: Cast, goods: Goods, session: Session
) -> None:
    first, second = (raised(cast, ask(goods.ginger, "1", "carton")) for _ in range(2))
    own = raised(cast, ask(goods.ginger, "1", "carton"), by=cast.manager)
    sign_in(client, cast.manager)
    page = client.get("/inbox").text
    assert page.count('name="picked"') == 2
    assert "somebody else decides" in page
    picks = [pick(cast, first), pick(cast, second, 1)]
    stale = send(client, "/inbox", "/inbox/approvals", picked=picks)
    assert stale.status_code == 409
    assert "Requisition 2: Somebody changed this requisition meanwhile." in stale.text
    assert f'value="{picks[0]}" id="pick-1" checked' in stale.text
    assert level(session, cast, goods.ginger) == (0, 0)
    for wrong in ([], ["nonsense"], [pick(cast, own)]):
        assert send(client, "/inbox", "/inbox/approvals", picked=wrong).status_code in (403, 422)
    picks = [pick(cast, first), pick(cast, second)]
    done = send(client, "/inbox", "/inbox/approvals", picked=picks)
    assert done.status_code == 303
    assert level(session, cast, goods.ginger) == (0, 10 * KG)
    assert {status(cast, one) for one in (first, second)} == {RequisitionStatus.APPROVED}
    # The orders that came of it wait to be sent; where only one's own request is left, nothing can be ticked.
    left = client.get("/inbox").text
    assert "Orders to send" in left
    assert "Requisition 3" in left
    assert "Approve what is ticked" not in left


def test_above_the_branchs_amount_it_takes_two(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    sign_in(client, cast.manager)
    facts = {"blocked_step_minor": "150.000", "second_approval_minor": "100.000", "version": "0"}
    assert send(client, "/inbox/rules", "/inbox/rules", **facts).status_code == 303
    assert 'value="150000"' in client.get("/inbox/rules").text
    assert send(client, "/inbox/rules", "/inbox/rules", **facts).status_code == 409
    made = raised(cast, ask(goods.ginger, "1", "carton"))
    assert "takes two people" in client.get("/inbox").text
    send(client, "/inbox", "/inbox/approvals", picked=[pick(cast, made)])
    assert status(cast, made) is RequisitionStatus.SUBMITTED
    page = client.get("/inbox").text
    assert "approved by" in page
    assert 'name="picked"' not in page
    assert "A second person approves" in client.get(f"/requisitions/{made}").text


def test_what_is_late_or_stuck_stands_there(client: OneLookClient, cast: Cast, goods: Goods) -> None:
    with clock.standing_at(clock.now() - timedelta(days=9)):
        (order_id,) = ordered(cast, (goods.ginger, "1", "carton"))
        write_transaction(lambda s: sending.send_order(s, cast.manager, order_id, by=SentBy.PHONE).id)
        write_transaction(
            lambda s: outbox.queue_mail(
                s,
                branch_id=cast.branch_id,
                source=("purchase-order", order_id),
                recipient="farm@example.com",
                subject="Order 1",
                body="x",
            )
        )
        (letter,) = write_transaction(outbox.take_in_hand)
        write_transaction(lambda s: outbox.note_failed(s, letter.id, "no route"))
    raised(cast, ask(goods.oil, "1", "bottle"))
    sign_in(client, cast.manager)
    with statements() as seen:
        page = client.get("/inbox").text
    assert len(seen) <= MOST_STATEMENTS, seen
    for words in ("Late deliveries", "Mail that did not go out", "no route", f"/purchase-orders/{order_id}"):
        assert words in page, words


def test_what_went_against_a_rule_waits_in_it(client: OneLookClient, cast: Cast, session: Session) -> None:
    open_spa(cast)
    visit_id = plan(cast).visit.id
    complete(cast, visit_id, 4)
    sign_in(client, cast.manager)
    page = f"/visits/{visit_id}/disclosures"
    said = send(client, page, page, guest_position=1, conditions="allergy:ginger")
    shown = client.get(said.location).text
    assert "Step 4 was done before this was known. A manager is told." in shown
    assert "Step 4 done before it was known: allergy: Ginger, guest 1" in shown
    with statements() as seen:
        waiting = client.get("/inbox").text
    assert len(seen) <= MOST_STATEMENTS
    assert "before a guest told of a condition" in waiting
    assert f"/visits/{visit_id}" in waiting
    (task_id,) = re.findall(r"/tasks/([-0-9a-f]+)/closure", waiting)
    closing = f"/tasks/{task_id}/closure"
    assert send(client, "/inbox", closing).status_code == 303
    assert "Nothing waits" in client.get("/inbox").text
