"""Deliveries: taking in, reversing, correcting, and what they do to orders. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.ledger.checking import check_ledger
from supply.domain.ledger.models import Lot, Movement
from supply.domain.purchasing import deciding, ending, orders
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import Deviation, OrderStatus
from supply.domain.receiving import correcting, learning, service
from supply.domain.receiving.dating import Dating, dating
from supply.domain.reports.checking import check_books
from supply.domain.suppliers import prices
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor
from tests import goods as shop
from tests.cast import Cast
from tests.goods import KG, LATER, Goods, level, line, open_of, stock_up, this_day


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def deliver(
    cast: Cast, supplier_id: UUID, *lines: dict[str, Any], by: Actor | None = None, **more: Any
) -> UUID:
    return write_transaction(
        lambda s: (
            service.log_delivery(
                s,
                by or cast.storekeeper,
                branch_id=cast.branch_id,
                supplier_id=supplier_id,
                lines=lines,
                **more,
            ).id
        )
    )


def reverse(cast: Cast, delivery_id: UUID, *positions: int, **more: Any) -> None:
    write_transaction(
        lambda s: (
            correcting.reverse_delivery(
                s, more.pop("by", cast.storekeeper), delivery_id, reason="Wrong", lines=positions, **more
            ).id
        )
    )


def correct(cast: Cast, delivery_id: UUID, position: int, amount: str, unit: str = "kg", **more: Any) -> None:
    write_transaction(
        lambda s: (
            correcting.correct_delivery_line(
                s,
                more.pop("by", cast.storekeeper),
                delivery_id,
                position,
                amount=Decimal(amount),
                unit=unit,
                reason="Counted again",
                **more,
            ).id
        )
    )


def ordered(cast: Cast, item_id: UUID, amount: str, unit: str) -> UUID:
    """An order of one line, approved."""

    def work(session: Session) -> UUID:
        lines = [{"item_id": item_id, "amount": Decimal(amount), "unit": unit}]
        made = purchasing.raise_requisition(session, cast.storekeeper, branch_id=cast.branch_id, lines=lines)
        purchasing.submit_requisition(session, cast.storekeeper, made.id)
        return deciding.approve_requisition(session, cast.manager, made.id).orders[0].id

    return write_transaction(work)


def status_of(session: Session, cast: Cast, order_id: UUID) -> OrderStatus:
    status = orders.get_order(session, cast.manager, order_id).status
    session.rollback()
    return status


def refused(kind: type[SupplyError], code: str, work: Callable[[], object]) -> SupplyError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


# --- taking in ---------------------------------------------------------------------------------------------


def test_a_delivery_is_in_stock_at_once(cast: Cast, goods: Goods, session: Session) -> None:
    delivery_id = deliver(
        cast,
        goods.farm,
        line(goods.ginger, "2", "carton", "G-1"),
        line(goods.ginger, "500", "g", "G-2"),
        line(goods.towel, "40", "piece", None, None),
        reference="LS-77",
    )
    assert level(session, cast, goods.ginger) == (10 * KG + 500_000, 0)
    delivery = service.get_delivery(session, cast.therapist, delivery_id)
    assert [(one.position, one.entered_amount, one.entered_unit, one.quantity) for one in delivery.lines] == [
        (1, "2", "carton", 10 * KG),
        (2, "500", "g", 500_000),
        (3, "40", "piece", 40_000),
    ]
    assert delivery.lines[0].lot.number == "G-1"
    # 250,000 for 5 kg, reduced; the farm sells no towels, so these have no price.
    assert (delivery.lines[0].lot.cost_minor, delivery.lines[0].lot.cost_quantity) == (1, 20)
    assert delivery.lines[2].lot.cost_minor is None
    assert delivery.lines[2].lot.number == f"{this_day():%Y%m%d}"
    assert list(check_ledger(session)) == []


def test_the_same_lot_stays_one_lot(cast: Cast, goods: Goods, session: Session) -> None:
    one = line(goods.ginger, "1", "kg", "G-1")
    deliver(cast, goods.farm, one, one)
    deliver(cast, goods.farm, one)
    assert len(session.scalars(select(Lot)).all()) == 1
    session.rollback()
    assert level(session, cast, goods.ginger) == (3 * KG, 0)


def test_a_told_cost_is_kept_exactly(cast: Cast, goods: Goods, session: Session) -> None:
    deliver(cast, goods.farm, line(goods.ginger, "3", "kg") | {"cost_minor": 100_000})
    lot = session.scalar(select(Lot))
    assert lot is not None
    assert (lot.cost_minor, lot.cost_quantity, lot.currency) == (1, 30, "VND")


@pytest.mark.parametrize(
    ("code", "field", "change"),
    [
        ("item_not_found", "lines.1.item_id", {"item_id": uuid4()}),
        ("unit_unknown", "lines.1.unit", {"unit": "bottle"}),
        ("lot_number_missing", "lines.1.lot_number", {"lot_number": None}),
        ("expires_on_missing", "lines.1.expires_on", {"expires_on": None}),
        ("lot_expired", "lines.1.expires_on", {"expires_on": this_day() - timedelta(days=1)}),
        ("location_unknown", "lines.1.location_id", {"location_id": uuid4()}),
        ("quantity_inexact", "lines.1.amount", {"amount": Decimal("0.0000001")}),
    ],
)
def test_bad_input_names_its_field_and_leaves_stock(
    cast: Cast, goods: Goods, session: Session, code: str, field: str, change: dict[str, Any]
) -> None:
    good = line(goods.ginger, "1", "kg")
    error = refused(Invalid, code, lambda: deliver(cast, goods.farm, good, good | change))
    assert list(error.errors) == [field]
    assert level(session, cast, goods.ginger) == (0, 0)
    assert session.scalars(select(Movement)).all() == []


def test_supplier_order_and_time_are_checked(cast: Cast, goods: Goods) -> None:
    good = line(goods.ginger, "1", "kg")
    refused(Invalid, "supplier_not_found", lambda: deliver(cast, uuid4(), good))
    refused(Invalid, "order_not_found", lambda: deliver(cast, goods.farm, good, purchase_order_id=uuid4()))
    order_id = ordered(cast, goods.oil, "1", "bottle")
    refused(
        Invalid,
        "order_of_other_supplier",
        lambda: deliver(cast, goods.farm, good, purchase_order_id=order_id),
    )
    tomorrow = clock.now() + timedelta(days=1)
    refused(Invalid, "happened_in_future", lambda: deliver(cast, goods.farm, good, happened_at=tomorrow))


def test_an_expired_lot_is_taken_in_only_knowingly(cast: Cast, goods: Goods, session: Session) -> None:
    old = line(goods.ginger, "1", "kg", expires_on=this_day() - timedelta(days=1))
    deliver(cast, goods.farm, old, accept_expired=True)
    assert level(session, cast, goods.ginger) == (KG, 0)
    # What had not expired on the day it came is judged by that day.
    deliver(cast, goods.farm, old, happened_at=clock.now() - timedelta(days=2))


@pytest.mark.parametrize(
    ("left", "shelf_life", "verdict"),
    [
        (-1, 90, Dating.EXPIRED),
        (0, 90, Dating.SHORT),
        (29, 90, Dating.SHORT),
        (30, 90, Dating.GOOD),
        (0, None, Dating.GOOD),
    ],
)
def test_dating(left: int, shelf_life: int | None, verdict: Dating) -> None:
    arrived = date(2026, 11, 22)
    assert dating(arrived + timedelta(days=left), arrived, shelf_life) is verdict
    assert dating(None, arrived, shelf_life) is Dating.GOOD


def test_who_may_log(cast: Cast, goods: Goods) -> None:
    good = line(goods.ginger, "1", "kg")
    for actor in (cast.therapist, cast.admin):
        refused(Forbidden, "not_permitted", lambda a=actor: deliver(cast, goods.farm, good, by=a))
    refused(NotFound, "branch_not_found", lambda: deliver(cast, goods.farm, good, by=cast.outsider))
    deliver(cast, goods.farm, good, by=cast.manager)


@pytest.mark.parametrize("with_order", [False, True])
def test_twenty_lines_cost_ten_statements(
    cast: Cast, goods: Goods, session: Session, with_order: bool
) -> None:
    order_id = ordered(cast, goods.ginger, "30", "carton") if with_order else None
    lines = [line(goods.ginger, "1", "carton", f"G-{number}") for number in range(20)]
    counts = [
        statements_of(session, lambda n=n: deliver(cast, goods.farm, *lines[:n], purchase_order_id=order_id))
        for n in (2, 20)
    ]
    assert counts[0] >= counts[1]
    # An order costs a few more: itself, its lines, their items, and the writing of both.
    assert counts[1] <= (14 if with_order else 10)


def statements_of(session: Session, work: Callable[[], object]) -> int:
    """How many statements some work sends; beginning and ending a transaction are not counted."""
    seen: list[str] = []
    engine = session.get_bind()

    def note(*args: Any) -> None:
        if not args[2].startswith("BEGIN"):
            seen.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


# --- against an order --------------------------------------------------------------------------------------


def test_partial_over_and_unordered_lines(cast: Cast, goods: Goods, session: Session) -> None:
    order_id = ordered(cast, goods.ginger, "3", "carton")
    assert level(session, cast, goods.ginger) == (0, 15 * KG)
    deliver(
        cast,
        goods.farm,
        line(goods.ginger, "1", "carton"),
        line(goods.towel, "9", "piece", None, None),
        purchase_order_id=order_id,
    )
    assert level(session, cast, goods.ginger) == (5 * KG, 10 * KG)
    assert status_of(session, cast, order_id) is OrderStatus.PARTLY_RECEIVED
    more = line(goods.ginger, "3", "carton")
    error = refused(
        Invalid, "reason_missing", lambda: deliver(cast, goods.farm, more, purchase_order_id=order_id)
    )
    assert list(error.errors) == ["lines.0.reason"]
    unfit = more | {"reason": Deviation.SOLD_OUT}
    refused(Invalid, "reason_unfit", lambda: deliver(cast, goods.farm, unfit, purchase_order_id=order_id))
    deliver(cast, goods.farm, more | {"reason": Deviation.GIFT}, purchase_order_id=order_id)
    assert level(session, cast, goods.ginger) == (20 * KG, 0)
    assert status_of(session, cast, order_id) is OrderStatus.RECEIVED


def test_what_will_never_come_is_not_awaited(cast: Cast, goods: Goods, session: Session) -> None:
    """Until it comes after all, or what was said of it is taken back."""
    order_id = ordered(cast, goods.ginger, "3", "carton")
    short = line(goods.ginger, "1", "carton") | {"reason": Deviation.SOLD_OUT}
    nothing = {"item_id": goods.ginger, "amount": None, "unit": None, "reason": Deviation.SOLD_OUT}
    refused(Invalid, "amount_missing", lambda: deliver(cast, goods.farm, nothing, purchase_order_id=order_id))
    delivery_id = deliver(cast, goods.farm, short, purchase_order_id=order_id)
    assert level(session, cast, goods.ginger) == (5 * KG, 0)
    (kept,) = orders.get_order(session, cast.manager, order_id).lines
    assert (kept.reason, kept.missing, kept.open) == (Deviation.SOLD_OUT, 10 * KG, 0)
    assert service.get_delivery(session, cast.manager, delivery_id).lines[0].reason is Deviation.SOLD_OUT
    assert status_of(session, cast, order_id) is OrderStatus.RECEIVED
    correct(cast, delivery_id, 1, "4")  # a slip of the amount says nothing of the rest
    assert level(session, cast, goods.ginger) == (4 * KG, 0)
    assert status_of(session, cast, order_id) is OrderStatus.RECEIVED
    assert list(check_books(session)) == []
    session.rollback()
    reverse(cast, delivery_id)
    assert level(session, cast, goods.ginger) == (0, 15 * KG)
    some = line(goods.ginger, "2", "carton")
    towel = line(goods.towel, "9", "piece", None, None)
    deliver(cast, goods.farm, some, purchase_order_id=order_id)
    gone = deliver(cast, goods.farm, towel, nothing, purchase_order_id=order_id)
    assert level(session, cast, goods.ginger) == (10 * KG, 0)
    reverse(cast, gone)
    assert level(session, cast, goods.ginger) == (10 * KG, 5 * KG)
    deliver(cast, goods.farm, towel, nothing, purchase_order_id=order_id)
    assert level(session, cast, goods.ginger) == (10 * KG, 0)
    deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), purchase_order_id=order_id)
    (kept,) = orders.get_order(session, cast.manager, order_id).lines
    assert (kept.reason, kept.missing) == (None, 0)


def test_prices_that_moved_become_the_suppliers(cast: Cast, goods: Goods, session: Session) -> None:
    order_id = ordered(cast, goods.ginger, "3", "carton")
    dearer = line(goods.ginger, "2", "carton") | {"cost_minor": 520_000}
    delivery_id = deliver(cast, goods.farm, dearer, purchase_order_id=order_id)
    price = service.get_delivery(session, cast.manager, delivery_id).lines[0].price
    assert price is not None
    assert (price.now_minor, price.agreed_minor, price.difference_percent) == (
        260_000,
        250_000,
        Decimal("4.0"),
    )
    session.rollback()

    def confirm(by: Actor) -> object:
        return write_transaction(lambda s: learning.confirm_prices(s, by, delivery_id).id)

    refused(Forbidden, "not_permitted", lambda: confirm(cast.therapist))
    refused(NotFound, "delivery_not_found", lambda: confirm(cast.outsider))
    confirm(cast.storekeeper)
    refused(Conflict, "no_price_moved", lambda: confirm(cast.storekeeper))
    history = prices.list_prices(session, goods.farm, goods.ginger)
    assert [(one.price_minor, one.delivery_id) for one in history] == [
        (260_000, delivery_id),
        (250_000, None),
    ]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "supplier.price")).one()
    assert entry.changes["price_minor"] == [250_000, 260_000]


def test_reversing_opens_the_order_again(cast: Cast, goods: Goods, session: Session) -> None:
    order_id = ordered(cast, goods.ginger, "2", "carton")
    three = line(goods.ginger, "3", "carton") | {"reason": Deviation.SENT_TOO_MUCH}
    delivery_id = deliver(cast, goods.farm, three, purchase_order_id=order_id)
    assert level(session, cast, goods.ginger) == (15 * KG, 0)
    correct(cast, delivery_id, 1, "1", "carton")
    assert level(session, cast, goods.ginger) == (5 * KG, 5 * KG)
    reverse(cast, delivery_id)
    assert level(session, cast, goods.ginger) == (0, 10 * KG)
    assert status_of(session, cast, order_id) is OrderStatus.ORDERED
    assert list(check_ledger(session)) == []


def test_a_closed_order_stays_closed(cast: Cast, goods: Goods, session: Session) -> None:
    order_id = ordered(cast, goods.ginger, "2", "carton")
    delivery_id = deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), purchase_order_id=order_id)
    write_transaction(lambda s: ending.close_order(s, cast.manager, order_id, reason="Off season").id)
    reverse(cast, delivery_id)
    assert level(session, cast, goods.ginger) == (0, 0)
    assert status_of(session, cast, order_id) is OrderStatus.CLOSED


DEED = st.tuples(
    st.sampled_from(["deliver", "reverse", "correct"]),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from([None, Deviation.MORE_TO_COME, Deviation.SOLD_OUT, Deviation.AGREED]),
)
UNHEARD = ("already_reversed", "nothing_changes", "reason_missing", "reason_unfit")


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds=st.lists(DEED, max_size=8))
def test_on_order_is_always_the_sum_of_what_is_open(
    cast: Cast, goods: Goods, session: Session, deeds: list[tuple[str, int, int, Deviation | None]]
) -> None:
    order_id = ordered(cast, goods.ginger, "5", "carton")
    made: list[UUID] = []
    for deed, which, cartons, reason in deeds:
        try:
            if deed == "deliver" or not made:
                came = line(goods.ginger, str(cartons), "carton", f"G-{which}") | {"reason": reason}
                made.append(deliver(cast, goods.farm, came, purchase_order_id=order_id))
            elif deed == "reverse":
                reverse(cast, made[which % len(made)])
            else:
                correct(cast, made[which % len(made)], 1, str(cartons), "carton")
        except (Conflict, Invalid) as refusal:
            if refusal.code not in UNHEARD:
                raise
        on_order = level(session, cast, goods.ginger)[1]
        assert on_order == open_of(session, cast, goods.ginger)
    (line_,) = orders.get_order(session, cast.manager, order_id).lines
    standing = [service.get_delivery(session, cast.manager, one).lines[0].quantity for one in made]
    assert line_.received == sum(standing)
    assert list(check_books(session)) == []
    session.rollback()


# --- putting right -----------------------------------------------------------------------------------------


def test_reversing_takes_everything_back_once(cast: Cast, goods: Goods, session: Session) -> None:
    delivery_id = deliver(
        cast, goods.farm, line(goods.ginger, "1", "kg"), line(goods.ginger, "2", "kg", "L2")
    )
    reverse(cast, delivery_id, 2)
    assert level(session, cast, goods.ginger) == (KG, 0)
    assert service.get_delivery(session, cast.manager, delivery_id).reversed_at is None
    session.rollback()
    refused(Conflict, "already_reversed", lambda: reverse(cast, delivery_id, 2))
    reverse(cast, delivery_id)
    assert level(session, cast, goods.ginger) == (0, 0)
    assert service.get_delivery(session, cast.manager, delivery_id).reversed_at is not None
    reversals = select(AuditEntry.changes).where(AuditEntry.action == "delivery.reverse")
    assert session.scalars(reversals.order_by(AuditEntry.id)).all() == [
        {"2. ginger": [{"amount": "2", "unit": "kg"}, {"amount": "0", "unit": "kg"}]},
        {"1. ginger": [{"amount": "1", "unit": "kg"}, {"amount": "0", "unit": "kg"}]},
    ]
    session.rollback()
    refused(Conflict, "already_reversed", lambda: reverse(cast, delivery_id))
    refused(Conflict, "already_reversed", lambda: correct(cast, delivery_id, 1, "3"))
    refused(NotFound, "line_not_found", lambda: reverse(cast, delivery_id, 9))


def test_what_was_used_is_not_taken_back(cast: Cast, goods: Goods, session: Session) -> None:
    delivery_id = deliver(cast, goods.farm, line(goods.ginger, "5", "kg"))
    shop.use(cast, goods.ginger, 2 * KG)
    error = refused(Conflict, "already_used", lambda: reverse(cast, delivery_id))
    (use,) = error.details["uses"]
    assert (use["source_type"], use["quantity"]) == ("completion", {"amount": "2", "unit": "kg"})
    (possible,) = error.details["correctable"]
    assert possible["least"] == {"amount": "2", "unit": "kg"}
    refused(Conflict, "already_used", lambda: correct(cast, delivery_id, 1, "1.9"))
    assert level(session, cast, goods.ginger) == (3 * KG, 0)
    correct(cast, delivery_id, 1, "2")
    assert level(session, cast, goods.ginger) == (0, 0)


def test_corrections_go_up_and_down(cast: Cast, goods: Goods, session: Session) -> None:
    delivery_id = deliver(cast, goods.farm, line(goods.ginger, "5", "kg"))
    correct(cast, delivery_id, 1, "2", "carton")
    assert level(session, cast, goods.ginger) == (10 * KG, 0)
    kept = service.get_delivery(session, cast.manager, delivery_id).lines[0]
    assert (kept.received, kept.quantity, kept.entered_amount, kept.entered_unit) == (
        5 * KG,
        10 * KG,
        "2",
        "carton",
    )
    session.rollback()
    refused(Invalid, "nothing_changes", lambda: correct(cast, delivery_id, 1, "10", "kg"))
    error = refused(Invalid, "unit_unknown", lambda: correct(cast, delivery_id, 1, "10", "barrel"))
    assert list(error.errors) == ["unit"]
    refused(Stale, "stale", lambda: correct(cast, delivery_id, 1, "1", version=1))
    reverse(cast, delivery_id)
    assert level(session, cast, goods.ginger) == (0, 0)
    assert list(check_ledger(session)) == []


def test_who_may_put_right(cast: Cast, goods: Goods) -> None:
    delivery_id = deliver(cast, goods.farm, line(goods.ginger, "5", "kg", expires_on=LATER))
    refused(Forbidden, "not_permitted", lambda: reverse(cast, delivery_id, by=cast.therapist))
    refused(NotFound, "delivery_not_found", lambda: reverse(cast, delivery_id, by=cast.outsider))
    refused(NotFound, "delivery_not_found", lambda: correct(cast, delivery_id, 1, "2", by=cast.outsider))
    with pytest.raises(NotFound):
        write_transaction(lambda s: service.get_delivery(s, cast.outsider, delivery_id))
