"""Transfers: each branch posts its own leg; what left arrived, was lost, or is on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from supply import clock
from supply.announcing import announce
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.branches.models import Branch, Location
from supply.domain.ledger import service as ledger
from supply.domain.ledger import shelf
from supply.domain.ledger.allocate import At
from supply.domain.ledger.incoming_models import TransferIncoming
from supply.domain.ledger.models import Holding, LedgerHead, Lot, LotKind, Movement, StockLevel
from supply.domain.planning import books
from supply.domain.purchasing.flags import flags_on, positions_of
from supply.domain.readiness.covering import Coming
from supply.domain.readiness.gathering import list_coming
from supply.domain.reports import service as reports
from supply.domain.reports.checking import check_books
from supply.domain.stocktake import counting
from supply.domain.transfers import arriving, dispatching, moving, service
from supply.domain.transfers.models import (
    BrokenReason,
    MissingReason,
    TransferArrival,
    TransferParcel,
)
from supply.domain.transfers.picking import Closed, propose
from supply.domain.waste.expired import list_expired
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.permissions import Actor
from tests import carriers, shelves
from tests.carriers import KG, ask, disagreements, found, levels, send, take_in
from tests.cast import Cast

SOON, LATER = date(2098, 1, 1), date(2099, 1, 1)


@dataclass(frozen=True)
class Shelf:
    """The main branch: ginger, one kilo until SOON at 30,000 and two until LATER without a price."""

    ginger: UUID
    early: UUID
    late: UUID


@pytest.fixture
def goods(session: Session, cast: Cast) -> Shelf:
    ginger = shelves.add_item(session, "ginger")
    session.commit()

    def work(session: Session) -> list[UUID]:
        writer = ledger.lock(session, cast.storekeeper, cast.branch_id)
        facts = [
            ledger.LotFacts(ginger, "E", SOON, cost_minor=30_000, cost_quantity=KG, currency="VND"),
            ledger.LotFacts(ginger, "L", LATER),
        ]
        lots = ledger.obtain_lots(writer, facts)
        receipts = [
            ledger.Receipt(ginger, lot.id, cast.location_id, size * KG, "delivery", new_id(), 1, clock.now())
            for size, lot in zip((1, 2), lots, strict=True)
        ]
        ledger.receive(writer, receipts, lots)
        return [lot.id for lot in lots]

    return Shelf(ginger, *write_transaction(work))


def heads(session: Session) -> dict[UUID, int]:
    session.rollback()
    return {head.branch_id: head.seq for head in session.scalars(select(LedgerHead))}


def test_it_is_asked_for_sent_and_received(session: Session, cast: Cast, goods: Shelf) -> None:
    here, there = cast.branch_id, cast.other_branch_id
    transfer_id = ask(cast, (goods.ginger, "1.5"))
    assert levels(here, goods.ginger) == (3 * KG, 0)
    sent = send(cast, transfer_id, note=False)
    assert [(parcel.lot.number, parcel.quantity) for parcel in sent.parcels] == [("E", KG), ("L", KG // 2)]
    # On nobody's shelf; the other branch's books have yet to follow, as after a crash between the legs.
    assert (levels(here, goods.ginger), levels(there, goods.ginger)) == ((1_500_000, 0), (0, 0))
    assert heads(session)[there] == 0
    assert disagreements() == []
    assert [announce(), announce()] == [1, 0]
    assert levels(there, goods.ginger) == (0, 1_500_000)
    assert disagreements() == []
    before = heads(session)[here]
    done = take_in(cast, transfer_id)
    assert heads(session)[here] == before
    assert (levels(here, goods.ginger), levels(there, goods.ginger)) == ((1_500_000, 0), (1_500_000, 0))
    session.rollback()
    own = carriers.lots_of(session, there, goods.ginger)
    assert [(lot.number, lot.expires_on, lot.cost_minor, lot.origin_lot_id) for lot in own] == [
        ("E", SOON, 30_000, goods.early),
        ("L", LATER, None, goods.late),
    ]
    assert [parcel.arrival and parcel.arrival.lot_id for parcel in done.parcels] == [lot.id for lot in own]
    assert disagreements() == []
    # The same lot a second time is the same lot there.
    take_in(cast, send(cast, ask(cast, (goods.ginger, "0.2")), (goods.late, "0.2")).id)
    session.rollback()
    assert len(carriers.lots_of(session, there, goods.ginger)) == 2


def test_it_is_received_before_the_books_could_follow(cast: Cast, goods: Shelf) -> None:
    transfer_id = ask(cast, (goods.ginger, "1"))
    send(cast, transfer_id, note=False)
    take_in(cast, transfer_id)
    assert announce() == 0
    assert levels(cast.other_branch_id, goods.ginger) == (KG, 0)
    assert disagreements() == []


def test_whoever_looks_ahead_sees_what_is_on_the_way(session: Session, cast: Cast, goods: Shelf) -> None:
    """Readiness, the plan and the start page, whether or not the sum of what is on order has followed."""
    sent = send(cast, ask(cast, (goods.ginger, "1")), note=False)
    ask(cast, (goods.ginger, "1"))
    session.rollback()
    there = session.get_one(Branch, cast.other_branch_id)
    today = clock.today(there.timezone)
    coming = list_coming(session, there, {goods.ginger}, today, today)
    assert coming == {goods.ginger: [Coming(sent.id, KG, today, transferred=True)]}
    late = list_coming(session, there, {goods.ginger}, today + timedelta(days=1), today + timedelta(days=1))
    assert late[goods.ginger][0].unsure
    assert [tuple(row) for row in books.on_the_way(session, there.id, today, None)] == [
        (goods.ginger, today, KG)
    ]
    for actor, branch_id, waiting in (
        (cast.manager, cast.branch_id, (1, 0)),
        (cast.outsider, there.id, (0, 1)),
    ):
        day = reports.today_of(session, actor, branch_id)
        assert (day.transfers_to_send, day.transfers_to_receive) == waiting


def test_what_expires_on_the_way_counts_for_nothing_and_arrives_expired(
    session: Session, cast: Cast, goods: Shelf
) -> None:
    sent = send(cast, ask(cast, (goods.ginger, "1")))
    session.rollback()
    there, day_after = session.get_one(Branch, cast.other_branch_id), SOON + timedelta(days=1)
    announce()
    at_hand = {"reorder_point": KG // 2, "par_level": 3 * KG}
    session.execute(update(StockLevel).where(StockLevel.branch_id == there.id).values(**at_hand))
    session.commit()
    for today, seen in ((SOON, 1), (day_after, 0)):
        # A level set by hand is right at midnight, too: what comes is no use any more.
        flags = flags_on(session, there.id, today)
        assert [flag.position.on_order for flag in flags] == ([0] if today == day_after else [])
        assert positions_of(session, there.id, [goods.ginger], today)[goods.ginger].on_order == seen * KG
        assert len(list_coming(session, there, {goods.ginger}, today, today).get(goods.ginger, [])) == seen
        assert len(books.on_the_way(session, there.id, today, None)) == seen
    session.rollback()
    with clock.standing_at(clock.span_of(day_after, there.timezone)[0]):
        take_in(cast, sent.id)
        (expired,) = read_snapshot(lambda s: list_expired(s, cast.outsider, there.id))
        assert (expired.lot.number, expired.quantity) == ("E", KG)
    assert levels(there.id, goods.ginger) == (KG, 0)
    assert disagreements() == []


def test_short_and_broken_are_posted_and_cost_something(session: Session, cast: Cast, goods: Shelf) -> None:
    transfer_id = ask(cast, (goods.ginger, "1"))
    send(cast, transfer_id)
    line = found(
        1,
        "0.5",
        broken=Decimal("0.3"),
        broken_reason=BrokenReason.DAMAGED,
        missing_reason=MissingReason.NOT_PACKED,
    )
    arrival = take_in(cast, transfer_id, [line]).parcels[0].arrival
    assert arrival is not None
    assert (arrival.arrived, arrival.broken, arrival.missing) == (500_000, 300_000, 200_000)
    assert arrival.loss_minor == 15_000
    session.rollback()
    posted = session.execute(
        select(Movement.type, Movement.quantity, Movement.reason)
        .where(Movement.branch_id == cast.other_branch_id)
        .order_by(Movement.seq)
    ).all()
    assert [tuple(row) for row in posted] == [
        ("transfer-in", KG, None),
        ("waste", -300_000, "damaged"),
        ("adjustment", -200_000, "not-packed"),
    ]
    assert levels(cast.other_branch_id, goods.ginger) == (500_000, 0)
    assert disagreements() == []
    carriers.take_back(cast, transfer_id)
    assert levels(cast.other_branch_id, goods.ginger) == (0, KG)
    assert disagreements() == []
    take_in(cast, transfer_id)
    assert levels(cast.other_branch_id, goods.ginger) == (KG, 0)
    assert disagreements() == []


def test_what_arrived_and_was_used_cannot_be_taken_back(session: Session, cast: Cast, goods: Shelf) -> None:
    transfer_id = ask(cast, (goods.ginger, "1"))
    send(cast, transfer_id)
    take_in(cast, transfer_id)

    def use(session: Session) -> None:
        writer = ledger.lock(session, cast.outsider, cast.other_branch_id)
        ledger.deduct(writer, [ledger.Use(goods.ginger, 1, "completion", new_id(), 1, clock.now())])

    write_transaction(use)
    with pytest.raises(Conflict, match="already_used"):
        carriers.take_back(cast, transfer_id)
    assert levels(cast.other_branch_id, goods.ginger) == (KG - 1, 0)


def test_a_recall_puts_it_back_and_the_request_waits_again(cast: Cast, goods: Shelf) -> None:
    transfer_id = ask(cast, (goods.ginger, "1.5"))
    send(cast, transfer_id)
    form = carriers.version_of(transfer_id)
    carriers.recall(cast, transfer_id)
    assert levels(cast.branch_id, goods.ginger) == (3 * KG, 0)
    assert levels(cast.other_branch_id, goods.ginger) == (0, 0)
    send(cast, transfer_id)
    carriers.recall(cast, transfer_id, never_left=True)
    assert levels(cast.branch_id, goods.ginger) == (3 * KG, 0)
    assert levels(cast.other_branch_id, goods.ginger) == (0, 0)
    assert disagreements() == []
    # Sent again, of another lot and not yet noted: a form about what was called back is stale.
    send(cast, transfer_id, (goods.late, "1"), note=False)
    with pytest.raises(Stale):
        write_transaction(
            partial(arriving.receive_transfer, actor=cast.outsider, transfer_id=transfer_id, version=form)
        )
    announce()
    assert levels(cast.other_branch_id, goods.ginger) == (0, KG)
    take_in(cast, transfer_id)
    assert disagreements() == []


@pytest.mark.parametrize(("never_left", "seen"), [(False, 2), (True, 3)])
def test_a_count_before_the_recall_holds(cast: Cast, goods: Shelf, never_left: bool, seen: int) -> None:
    """What came back was not there to be counted; what never left was."""
    transfer_id = ask(cast, (goods.ginger, "1"))
    send(cast, transfer_id, (goods.late, "1"))
    rows = [(goods.early, 1), (goods.late, seen - 1)]
    lines = [{"lot_id": lot_id, "amount": Decimal(amount), "unit": "kg"} for lot_id, amount in rows]
    write_transaction(
        partial(
            counting.log_count,
            actor=cast.storekeeper,
            branch_id=cast.branch_id,
            item_id=goods.ginger,
            lines=lines,
        )
    )
    carriers.recall(cast, transfer_id, never_left=never_left)
    assert levels(cast.branch_id, goods.ginger) == (3 * KG, 0)
    assert disagreements() == []


@pytest.mark.parametrize("leg", ["send", "take_in", "recall", "take_back", "cancel"])
def test_a_leg_is_done_once(cast: Cast, goods: Shelf, leg: str) -> None:
    transfer_id = ask(cast, (goods.ginger, "1"))
    legs: dict[str, Callable[[], Any]] = {
        "send": lambda: send(cast, transfer_id),
        "take_in": lambda: take_in(cast, transfer_id),
        "recall": lambda: carriers.recall(cast, transfer_id),
        "take_back": lambda: carriers.take_back(cast, transfer_id),
        "cancel": lambda: cancel(cast, transfer_id, cast.outsider),
    }
    before = {"take_in": ["send"], "recall": ["send"], "take_back": ["send", "take_in"]}.get(leg, [])
    for one in (*before, leg):
        legs[one]()
    with pytest.raises(Conflict, match="transfer_"):
        legs[leg]()
    assert disagreements() == []


def cancel(cast: Cast, transfer_id: UUID, actor: Actor) -> None:
    version = carriers.version_of(transfer_id)
    write_transaction(
        partial(service.cancel_transfer, actor=actor, transfer_id=transfer_id, version=version, reason="No")
    )


def test_only_what_may_travel_is_sent(session: Session, cast: Cast, goods: Shelf) -> None:
    _delivery, gone = shelves.stock(cast, goods.ginger, KG, number="GONE", expires_on=date(2020, 1, 1))
    write_transaction(
        partial(
            shelf.quarantine_lot,
            actor=cast.manager,
            branch_id=cast.branch_id,
            lot_id=goods.early,
            reason="recall",
        )
    )
    transfer_id = ask(cast, (goods.ginger, "2"))
    for lot_id in (gone, goods.early):
        with pytest.raises(Conflict, match="lot_stays"):
            send(cast, transfer_id, (lot_id, "1"))
    with pytest.raises(Invalid, match="lot_unknown"):
        send(cast, transfer_id, (new_id(), "1"))
    with pytest.raises(Conflict, match="stock_short"):
        send(cast, transfer_id, (goods.late, "2.1"))
    with pytest.raises(Conflict, match="stock_short"):
        send(cast, ask(cast, (goods.ginger, "2.1")))
    assert send(cast, transfer_id).parcels[0].lot_id == goods.late
    assert disagreements() == []


def test_what_is_blocked_on_the_way_arrives_blocked(session: Session, cast: Cast, goods: Shelf) -> None:
    first, second = ask(cast, (goods.ginger, "1")), ask(cast, (goods.ginger, "1"))
    send(cast, first, (goods.late, "1"))
    send(cast, second, (goods.late, "0.5"))
    take_in(cast, first)
    write_transaction(
        partial(
            shelf.quarantine_lot,
            actor=cast.manager,
            branch_id=cast.branch_id,
            lot_id=goods.late,
            reason="recall",
        )
    )
    take_in(cast, second)
    session.rollback()
    (lot,) = carriers.lots_of(session, cast.other_branch_id, goods.ginger)
    assert lot.quarantine_reason == "recall"
    session.rollback()
    assert disagreements() == []


REFUSED = [
    ({"amount": Decimal("1.1")}, "more_than_sent", "lines.0.amount"),
    ({"amount": Decimal("0.9")}, "loss_reason_missing", "lines.0.missing_reason"),
    ({"broken": Decimal("0.1"), "amount": Decimal("0.9")}, "loss_reason_missing", "lines.0.broken_reason"),
    ({"position": 2}, "parcel_unknown", "lines.0.position"),
    ({"location_id": UUID(int=1)}, "location_unknown", "lines.0.location_id"),
    ({"unit": "ml"}, "unit_unknown", "lines.0.unit"),
]


def test_a_receipt_that_cannot_be_names_its_field(cast: Cast, goods: Shelf) -> None:
    transfer_id = ask(cast, (goods.ginger, "1"))
    send(cast, transfer_id)
    for change, code, field in REFUSED:
        with pytest.raises(Invalid) as caught:
            take_in(cast, transfer_id, [found(1, "1") | change])
        assert (caught.value.code, list(caught.value.errors)) == (code, [field])
    with pytest.raises(Invalid, match="received_before_sent"):
        write_transaction(
            partial(
                arriving.receive_transfer,
                actor=cast.outsider,
                transfer_id=transfer_id,
                version=2,
                happened_at=clock.now() - timedelta(hours=1),
            )
        )
    assert levels(cast.other_branch_id, goods.ginger) == (0, KG)


def test_ladder(session: Session, cast: Cast, goods: Shelf) -> None:
    """The one that needs asks, the one that has sends, the one that gets receives; others see nothing."""
    lines = [{"item_id": goods.ginger, "amount": Decimal(1), "unit": "kg"}]
    both = {"from_branch_id": cast.branch_id, "to_branch_id": cast.other_branch_id}
    request = partial(service.request_transfer, lines=lines, **both)
    for actor, refusal in ((cast.therapist, Forbidden), (cast.admin, Forbidden)):
        with pytest.raises(refusal):
            write_transaction(partial(request, actor=actor))
    offered = write_transaction(lambda session: request(session, cast.manager).offered)
    assert offered
    transfer_id = ask(cast, (goods.ginger, "1"))
    legs: list[tuple[Any, Actor]] = [
        (dispatching.dispatch_transfer, cast.outsider),
        (dispatching.recall_transfer, cast.outsider),
        (arriving.receive_transfer, cast.storekeeper),
        (arriving.reverse_receipt, cast.manager),
    ]
    stranger = Actor(cast.outsider.person_id, "stranger", frozenset())
    for leg, wrong_party in legs:
        for actor, refusal in ((wrong_party, NotFound), (stranger, NotFound)):
            with pytest.raises(refusal):
                write_transaction(partial(leg, actor=actor, transfer_id=transfer_id, version=1))
    for leg in (dispatching.dispatch_transfer, dispatching.recall_transfer, service.cancel_transfer):
        with pytest.raises(Forbidden):
            write_transaction(partial(leg, actor=cast.therapist, transfer_id=transfer_id, version=1))
    with pytest.raises(NotFound):
        read_snapshot(partial(service.get_transfer, actor=stranger, transfer_id=transfer_id))
    assert read_snapshot(lambda store: service.get_transfer(store, cast.therapist, transfer_id).version) == 1
    cancel(cast, transfer_id, cast.storekeeper)
    assert levels(cast.branch_id, goods.ginger) == (3 * KG, 0)


def test_a_request_that_cannot_be_names_its_field(cast: Cast, goods: Shelf) -> None:
    line = {"item_id": goods.ginger, "amount": Decimal(1), "unit": "kg"}
    both = {"from_branch_id": cast.branch_id, "to_branch_id": cast.other_branch_id}
    for change, field in (
        ({"from_branch_id": new_id()}, "from_branch_id"),
        ({"lines": [line | {"item_id": new_id()}]}, "lines.0.item_id"),
        ({"lines": [line, line]}, "lines.1.item_id"),
        ({"lines": [line | {"unit": "ml"}]}, "lines.0.unit"),
    ):
        with pytest.raises(Invalid) as caught:
            write_transaction(
                partial(service.request_transfer, actor=cast.outsider, **({"lines": [line]} | both | change))
            )
        assert list(caught.value.errors) == [field]


def test_it_is_moved_within_a_branch(session: Session, cast: Cast, goods: Shelf) -> None:
    trolley = Location(branch_id=cast.branch_id, name="Trolley", position=1)
    session.add(trolley)
    session.commit()
    to = trolley.id
    move = partial(moving.move_stock, actor=cast.storekeeper, branch_id=cast.branch_id, lot_id=goods.late)

    def stands() -> dict[UUID, int]:
        session.rollback()
        rows = session.execute(
            select(Holding.location_id, Holding.quantity).where(Holding.lot_id == goods.late)
        )
        return dict(map(tuple, rows))

    made = write_transaction(partial(move, to_location_id=to, amount=Decimal("0.5"), unit="kg"))
    assert stands() == {cast.location_id: 1_500_000, to: 500_000}
    assert disagreements() == []
    for told, field in (
        ({"to_location_id": to}, "from_location_id"),
        ({"from_location_id": to, "to_location_id": to}, "to_location_id"),
        ({"from_location_id": to, "to_location_id": cast.other_location_id}, "to_location_id"),
    ):
        with pytest.raises(Invalid) as caught:
            write_transaction(partial(move, **told))
        assert list(caught.value.errors) == [field]
    with pytest.raises(Conflict, match="stock_short"):
        write_transaction(
            partial(move, from_location_id=to, to_location_id=cast.location_id, amount=Decimal(1), unit="kg")
        )
    write_transaction(partial(moving.reverse_move, actor=cast.manager, move_id=made.id))
    assert stands() == {cast.location_id: 2 * KG, to: 0}
    with pytest.raises(Conflict, match="already_reversed"):
        write_transaction(partial(moving.reverse_move, actor=cast.manager, move_id=made.id))
    with pytest.raises(Forbidden):
        write_transaction(partial(move, actor=cast.therapist, to_location_id=to))
    with pytest.raises(NotFound):
        read_snapshot(partial(moving.get_move, actor=cast.outsider, move_id=made.id))
    assert disagreements() == []


def test_the_proof_sees_what_does_not_add_up(session: Session, cast: Cast, goods: Shelf) -> None:
    on_the_way, here = ask(cast, (goods.ginger, "1")), ask(cast, (goods.ginger, "1"))
    send(cast, on_the_way, (goods.late, "1"))
    send(cast, here, (goods.early, "1"))
    take_in(cast, here)
    faults = [
        (update(TransferParcel).where(TransferParcel.transfer_id == on_the_way).values(quantity=KG + 1), 2),
        (update(TransferArrival).values(arrived=KG - 1), 1),
        (update(TransferIncoming).values(quantity=KG + 1), 2),
    ]
    for fault, least in faults:
        session.execute(fault)
        session.flush()
        assert len(list(check_books(session))) >= least, str(fault)
        session.rollback()
    assert disagreements() == []


AT = At(clock.now(), date(2026, 6, 1))
ITEM, OTHER = UUID(int=1), UUID(int=2)


def closed(number: int, quantity: int, expires_on: date | None, **more: Any) -> Closed:
    lot = Lot(id=UUID(int=number), item_id=more.pop("item_id", ITEM), expires_on=expires_on, **more)
    return Closed(lot, Location(id=UUID(int=9)), UUID(int=number + 100), quantity)


@pytest.mark.parametrize(
    ("stock", "wanted", "picked", "short"),
    [
        ([closed(1, 5, LATER), closed(2, 5, SOON)], {ITEM: 7}, [(2, 5), (1, 2)], {}),
        ([closed(1, 5, None), closed(2, 5, SOON)], {ITEM: 5}, [(2, 5)], {}),
        ([closed(1, 5, date(2026, 5, 31)), closed(2, 5, date(2026, 6, 1))], {ITEM: 6}, [(2, 5)], {ITEM: 1}),
        ([closed(1, 5, SOON, quarantined_at=clock.now())], {ITEM: 1}, [], {ITEM: 1}),
        ([closed(1, 5, SOON, kind=LotKind.PREPARED)], {ITEM: 1}, [], {ITEM: 1}),
        (
            [closed(1, 5, SOON), closed(2, 5, SOON, item_id=OTHER)],
            {ITEM: 1, OTHER: 6},
            [(1, 1), (2, 5)],
            {OTHER: 1},
        ),
        ([], {}, [], {}),
    ],
)
def test_the_first_to_expire_is_proposed(
    stock: list[Closed], wanted: dict[UUID, int], picked: list[tuple[int, int]], short: dict[UUID, int]
) -> None:
    picks, lacking = propose(stock, wanted, AT)
    assert [(pick.closed.lot.id.int, pick.quantity) for pick in picks] == picked
    assert lacking == short
