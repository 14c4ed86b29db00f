"""A purchase order from draft to its end: sent, received, closed or cancelled, and the paper that it is."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.branches.models import Branch
from supply.domain.outbox import service as outbox
from supply.domain.purchasing import ending, orders, sending
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, SentBy
from supply.domain.purchasing.paper import csv_of, letter_of, pack_words, paper_of
from supply.domain.suppliers import service as suppliers
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor
from supply.quantity import Dimension
from tests.cast import Cast
from tests.goods import KG, Goods, deliver, level, line, ordered, stock_up


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def send(cast: Cast, order_id: UUID, by: SentBy = SentBy.PHONE, **more: object) -> OrderStatus:
    return write_transaction(
        lambda s: sending.send_order(s, cast.manager, order_id, by=by, **more).status  # type: ignore[arg-type]
    )


def refused(kind: type[SupplyError], code: str, work: Callable[[Session], object]) -> SupplyError:
    with pytest.raises(kind) as caught:
        write_transaction(work)
    assert caught.value.code == code
    return caught.value


def addressed(cast: Cast, supplier_id: UUID, **facts: object) -> None:
    """Give a supplier an address or a language."""

    def work(session: Session) -> None:
        row = suppliers.get_supplier(session, supplier_id)
        told = {name: getattr(row, name) for name in suppliers._FACTS} | facts
        suppliers.update_supplier(session, cast.manager, supplier_id, version=row.version, **told)

    write_transaction(work)


def test_a_draft_counts_as_on_order_and_is_sent_once(cast: Cast, goods: Goods, session: Session) -> None:
    (order_id,) = ordered(cast, (goods.ginger, "2", "carton"))
    assert level(session, cast, goods.ginger) == (0, 10 * KG)
    assert send(cast, order_id, SentBy.PRINT) is OrderStatus.ORDERED
    order = orders.get_order(session, cast.storekeeper, order_id)
    assert (order.sent_by, order.ordered_by) == (SentBy.PRINT, cast.manager.person_id)
    assert order.ordered_at is not None
    assert (order.expected_at - order.ordered_at).days == 2
    entry = session.query(AuditEntry).filter_by(action="purchase-order.send").one()
    assert entry.changes["sent_by"] == [None, "print"]
    session.rollback()
    refused(
        Conflict,
        "already_ordered",
        lambda s: sending.send_order(s, cast.manager, order_id, by=SentBy.PHONE),
    )
    assert level(session, cast, goods.ginger) == (0, 10 * KG)


def test_mail_needs_an_address_and_a_server(cast: Cast, goods: Goods, session: Session) -> None:
    (order_id,) = ordered(cast, (goods.ginger, "1", "carton"))

    def mailed(server: bool) -> Callable[[Session], object]:
        return lambda s: sending.send_order(s, cast.manager, order_id, by=SentBy.MAIL, mail_server=server)

    assert "by" in refused(Invalid, "no_mail_address", mailed(True)).errors
    addressed(cast, goods.farm, email="farm@example.com")
    assert "by" in refused(Invalid, "no_mail_server", mailed(False)).errors
    assert outbox.list_mail(session, [order_id]) == []
    session.rollback()
    write_transaction(mailed(True))
    (mail,) = outbox.list_mail(session, [order_id])
    assert (mail.recipient, mail.attempts, mail.sent_at) == ("farm@example.com", 0, None)
    assert mail.attachment_name is not None
    assert mail.attachment_name.endswith(".csv")


def test_who_may_send_cancel_and_close(cast: Cast, goods: Goods) -> None:
    (order_id,) = ordered(cast, (goods.ginger, "1", "carton"))
    deeds: list[Callable[[Session, Actor], object]] = [
        lambda s, a: sending.send_order(s, a, order_id, by=SentBy.PHONE),
        lambda s, a: ending.cancel_order(s, a, order_id, reason="x"),
        lambda s, a: ending.close_order(s, a, order_id, reason="x"),
    ]
    for deed in deeds:
        for actor, kind in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
            with pytest.raises(kind):
                write_transaction(lambda s, d=deed, a=actor: d(s, a))
    stale = 99
    refused(
        Stale, "stale", lambda s: ending.cancel_order(s, cast.manager, order_id, reason="x", version=stale)
    )


def test_cancelling_is_for_what_nothing_came_of(cast: Cast, goods: Goods, session: Session) -> None:
    first, second = ordered(cast, (goods.ginger, "3", "carton")) + ordered(
        cast, (goods.ginger, "1", "carton")
    )
    deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), order=first)
    refused(
        Conflict, "order_partly_received", lambda s: ending.cancel_order(s, cast.manager, first, reason="x")
    )
    write_transaction(lambda s: ending.cancel_order(s, cast.manager, second, reason="Off season").id)
    assert level(session, cast, goods.ginger) == (5 * KG, 10 * KG)
    for deed in (
        lambda s: ending.cancel_order(s, cast.manager, second, reason="again"),
        lambda s: ending.close_order(s, cast.manager, second, reason="again"),
        lambda s: sending.send_order(s, cast.manager, second, by=SentBy.PHONE),
    ):
        refused(Conflict, "order_cancelled", deed)
    with pytest.raises(Conflict) as caught:
        deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), order=second)
    assert caught.value.code == "order_cancelled"
    assert level(session, cast, goods.ginger) == (5 * KG, 10 * KG)


def test_closing_is_an_end(cast: Cast, goods: Goods, session: Session) -> None:
    (order_id,) = ordered(cast, (goods.ginger, "3", "carton"))
    refused(Conflict, "nothing_received", lambda s: ending.close_order(s, cast.manager, order_id, reason="x"))
    deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), order=order_id)
    missing = refused(Invalid, "reason_missing", lambda s: ending.close_order(s, cast.manager, order_id))
    assert "reason" in missing.errors
    write_transaction(lambda s: ending.close_order(s, cast.manager, order_id, reason="No more").id)
    assert level(session, cast, goods.ginger) == (5 * KG, 0)
    refused(Conflict, "order_closed", lambda s: ending.close_order(s, cast.manager, order_id, reason="x"))
    with pytest.raises(Conflict) as caught:
        deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), order=order_id)
    assert caught.value.code == "order_closed"


def test_what_came_whole_is_closed_without_a_reason(cast: Cast, goods: Goods, session: Session) -> None:
    (order_id,) = ordered(cast, (goods.ginger, "1", "carton"))
    deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), order=order_id)
    status = write_transaction(lambda s: ending.close_order(s, cast.manager, order_id).status)
    assert status is OrderStatus.CLOSED
    # It came, so it was ordered, though nobody had noted it.
    order = session.get_one(PurchaseOrder, order_id)
    assert order.ordered_at == order.approved_at


def test_the_database_refuses_an_order_that_was_never_sent(
    cast: Cast, goods: Goods, session: Session
) -> None:
    ordered(cast, (goods.ginger, "1", "carton"))
    for change in ("status = 'ordered'", "status = 'closed'"):
        with pytest.raises(DBAPIError):
            write_transaction(lambda s, c=change: s.execute(text(f"UPDATE purchase_order SET {c}")))


@pytest.mark.parametrize(
    ("language", "title", "item", "total"),
    [("vi", "Đơn đặt hàng", "ginger", "500.000"), ("en", "Purchase order", "Ginger", "500,000")],
)
def test_the_paper_speaks_the_suppliers_language(
    cast: Cast, goods: Goods, language: str, title: str, item: str, total: str
) -> None:
    addressed(cast, goods.farm, language=language)
    (order_id,) = ordered(cast, (goods.ginger, "2", "carton"))

    def look(session: Session) -> None:
        order = orders.get_order(session, cast.manager, order_id)
        paper = paper_of(order, session.get_one(Branch, order.branch_id))
        assert paper.title.startswith(title)
        (one,) = paper.lines
        assert (one.item, one.amount) == (item, "2")
        assert one.pack.startswith("carton (5")
        assert total in paper.total
        subject, body = letter_of(paper)
        assert paper.number in subject
        assert f"1. {item}: 2 carton (5" in body
        # As a spreadsheet in that language takes them: 2 of so much each, at a price that is a number.
        mark = {"vi": ";", "en": ","}[language]
        heading, row = csv_of(paper).splitlines()
        assert heading.count(mark) == 6
        assert row.split(mark)[3:] == ["2", "carton (5\xa0kg)", "250000", "VND"]

    read_snapshot(look)


def test_a_pack_says_once_how_much_it_holds() -> None:
    told = [pack_words(name, 500_000, Dimension.MASS) for name in ("500 g bag", "1500 g bag", "bag", "")]
    assert [one.replace("\xa0", " ") for one in told] == [
        "500 g bag",
        "1500 g bag (500 g)",
        "bag (500 g)",
        "(500 g)",
    ]


def test_no_cell_of_the_csv_is_a_formula(cast: Cast, goods: Goods) -> None:
    def terms(session: Session) -> None:
        suppliers.set_terms(
            session,
            cast.manager,
            goods.farm,
            goods.ginger,
            pack_name="carton",
            amount=5,  # type: ignore[arg-type]
            unit="kg",
            price_minor=250_000,
            supplier_code='=HYPERLINK("x")',
        )

    write_transaction(terms)
    (order_id,) = ordered(cast, (goods.ginger, "2", "carton"))

    def look(session: Session) -> str:
        order = orders.get_order(session, cast.manager, order_id)
        return csv_of(paper_of(order, session.get_one(Branch, order.branch_id)))

    assert "'=HYPERLINK" in read_snapshot(look)
