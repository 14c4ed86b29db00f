"""A stocktake of many items while people work: every line at its own instant, nothing lost, four eyes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.ledger import service as ledger
from supply.domain.stocktake import adding, counting, opening, posting, reviewing, rules, tallying, telling
from supply.domain.stocktake.doubt import Sight, Why, suggest
from supply.domain.stocktake.models import (
    DifferenceReason,
    Stocktake,
    StocktakeHand,
    StocktakeItem,
    StocktakeKind,
    StocktakeStatus,
)
from supply.domain.stocktake.service import log_opening_stock
from supply.domain.stocktake.tallying import Holds, Rest
from supply.domain.stocktake.telling import LineTold, StocktakeTold
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor
from tests import shelves
from tests.cast import Cast
from tests.test_growth import asked

EXPIRY = date(2030, 1, 31)
GRAM = 1_000


class Room:
    """A stocktake, and the people who work in it and beside it."""

    def __init__(self, cast: Cast, stocktake_id: UUID) -> None:
        self.cast, self.id = cast, stocktake_id

    def told(self) -> StocktakeTold:
        return read_snapshot(lambda s: telling.tell_stocktake(s, s.get_one(Stocktake, self.id)))

    def lines(self, **which: Any) -> list[LineTold]:
        return read_snapshot(lambda s: telling.list_lines(s, s.get_one(Stocktake, self.id), **which))

    def line_of(self, lot_id: UUID) -> LineTold:
        return next(line for line in self.lines() if line.lot.id == lot_id)

    def count(self, lot_id: UUID, grams: int, actor: Actor | None = None, **how: Any) -> None:
        line = self.line_of(lot_id).line
        told = {"amount": Decimal(grams), "unit": "g", "version": line.version} | how
        who = actor or self.cast.storekeeper
        write_transaction(lambda s: tallying.count_line(s, who, self.id, line.id, **told))

    def change(self, verb: Callable[..., Any], actor: Actor | None = None, **how: Any) -> Any:
        """A step of the stocktake by somebody who looked at it just now."""
        version = self.told().version
        who = actor or self.cast.storekeeper
        return write_transaction(lambda s: verb(s, who, self.id, **({"version": version} | how)))

    def close(self) -> None:
        self.change(reviewing.close_count)

    def hand_in(self, actor: Actor | None = None) -> StocktakeStatus:
        totals = self.told().totals
        assert totals is not None
        self.change(reviewing.give_reasons, actor, rest=DifferenceReason.UNKNOWN)
        self.change(posting.hand_in, actor, digest=totals.digest)
        return self.told().stocktake.status


@pytest.fixture
def item_id(session: Session, cast: Cast) -> UUID:
    item_id = shelves.add_item(session, "ginger")
    session.commit()
    return item_id


def put(cast: Cast, item_id: UUID, grams: int, number: str = "L1", cost: int | None = 200) -> UUID:
    """A lot that has stood there for two days, at so many đồng a gram."""
    line = {"item_id": item_id, "number": number, "expires_on": EXPIRY, "amount": Decimal(grams), "unit": "g"}
    line["cost_minor"] = cost and cost * grams

    def work(session: Session) -> UUID:
        made = log_opening_stock(session, cast.storekeeper, branch_id=cast.branch_id, lines=[line])
        return made[0].lot_id

    with clock.standing_at(clock.now() - timedelta(days=2)):
        return write_transaction(work)


def begin(cast: Cast, *item_ids: UUID, actor: Actor | None = None) -> Room:
    kind = StocktakeKind.CYCLE if item_ids else StocktakeKind.FULL
    told = {"branch_id": cast.branch_id, "kind": kind, "item_ids": list(item_ids)}
    who = actor or cast.storekeeper
    return Room(cast, write_transaction(lambda s: opening.open_stocktake(s, who, **told).id))


def refused(kind: type[SupplyError], code: str, work: Callable[[], object]) -> SupplyError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def test_it_is_counted_blind_looked_at_and_posted(cast: Cast, item_id: UUID) -> None:
    first, second = put(cast, item_id, 500), put(cast, item_id, 300, "L2")
    room = begin(cast)
    assert [(line.lot.number, line.weighed) for line in room.lines()] == [("L1", None), ("L2", None)]
    assert room.told().totals is None
    refused(Conflict, "still_counting", lambda: room.lines(state=telling.LineState.DIFFERING))
    room.count(first, 490)
    error = refused(Conflict, "lines_uncounted", room.close)
    assert error.details == {"waiting": 1}
    assert (
        write_transaction(lambda s: tallying.settle_rest(s, cast.storekeeper, room.id, rest=Rest.SKIP)) == 1
    )
    room.close()
    told = room.told()
    assert told.totals is not None
    assert (told.totals.counted, told.totals.differing, told.totals.value_minor) == (1, 1, -2_000)
    assert not told.needs_approval
    digest = told.totals.digest
    refused(Conflict, "reasons_missing", lambda: room.change(posting.hand_in, digest=digest))
    reason = {"line_id": room.line_of(first).line.id, "reason": DifferenceReason.FOUND}
    error = refused(
        Invalid, "reason_direction", lambda: room.change(reviewing.give_reasons, reasons=[reason])
    )
    assert list(error.errors) == ["reasons.0.reason"]
    assert room.hand_in() is StocktakeStatus.POSTED
    assert shelves.on_hand(cast, item_id) == 790 * GRAM
    line = room.line_of(first)
    assert (line.line.expected, line.line.difference, line.line.reason) == (500_000, -10_000, "unknown")
    assert room.line_of(second).line.expected is None
    refused(Conflict, "already_posted", lambda: room.count(first, 1))
    assert not shelves.differences()


def test_a_list_with_an_expired_lot_is_written_down_with_its_reasons(cast: Cast, item_id: UUID) -> None:
    put(cast, item_id, 500)
    later = datetime(2030, 2, 1, 5, tzinfo=UTC)
    with clock.standing_at(later):
        room = begin(cast)
    query = select(StocktakeItem.reasons).where(StocktakeItem.stocktake_id == room.id)
    reasons = dict(read_snapshot(lambda s: s.scalars(query).one()))
    assert reasons["expired"] == 1


def test_work_before_during_and_after_is_reconciled(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 500)
    now = clock.now()
    shelves.use(cast, [(item_id, 20 * GRAM)])
    room = begin(cast, item_id)
    # Counted on paper an hour ago, of 500 by the book; typed in now.
    room.count(lot_id, 470, counted_at=now - timedelta(hours=1))
    shelves.use(cast, [(item_id, 30 * GRAM)], happened_at=now - timedelta(hours=2))
    room.close()
    assert room.told().totals.differing == 0  # type: ignore[union-attr]
    shelves.use(cast, [(item_id, 40 * GRAM)])
    late, _deducted = shelves.use(cast, [(item_id, 5 * GRAM)], happened_at=now - timedelta(hours=3))
    # The use that was told late makes the shelf hold more than the book did.
    assert room.line_of(lot_id).weighed.difference == 5 * GRAM  # type: ignore[union-attr]
    assert room.hand_in() is StocktakeStatus.POSTED
    assert shelves.on_hand(cast, item_id) == (470 - 20 - 40) * GRAM
    shelves.use(cast, [(item_id, 8 * GRAM)], happened_at=now - timedelta(hours=5))
    shelves.undo(cast, "completion", late)
    assert shelves.on_hand(cast, item_id) == (470 - 20 - 40) * GRAM
    assert not shelves.differences()


def test_what_a_late_entry_turns_round_is_looked_at_and_explained_anew(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 500, cost=None)
    before = clock.now()
    room = begin(cast, item_id)
    room.count(lot_id, 490)
    room.close()
    line_id, totals = room.line_of(lot_id).line.id, room.told().totals
    assert totals is not None
    room.change(
        reviewing.give_reasons, reasons=[{"line_id": line_id, "reason": DifferenceReason.LOST, "note": None}]
    )
    # Ten grams missing become ten too many, of which nobody said why; without a cost both are worth nothing.
    shelves.use(cast, [(item_id, 20 * GRAM)], happened_at=before)
    refused(Stale, "differences_changed", lambda: room.change(posting.hand_in, digest=totals.digest))
    turned = room.told().totals
    assert turned is not None
    assert (turned.unreasoned, room.line_of(lot_id).weighed.reason) == (1, None)  # type: ignore[union-attr]
    refused(Conflict, "reasons_missing", lambda: room.change(posting.hand_in, digest=turned.digest))


def test_what_moves_between_looking_and_saving_is_asked_about(cast: Cast, item_id: UUID) -> None:
    lot_id, other = put(cast, item_id, 500), put(cast, item_id, 300, "L2")
    room = begin(cast, item_id)
    looked_at = clock.now()
    # What is told late of a time before does not matter; neither does another lot.
    shelves.use(cast, [(item_id, 5 * GRAM)], happened_at=looked_at - timedelta(hours=1), lot_id=lot_id)
    shelves.use(cast, [(item_id, 7 * GRAM)], lot_id=other)
    room.count(other, 293, looked_at=clock.now())
    shelves.use(cast, [(item_id, 20 * GRAM)], lot_id=lot_id)
    error = refused(Conflict, "moved_meanwhile", lambda: room.count(lot_id, 495, looked_at=looked_at))
    (move,) = error.details["moves"]
    assert (move["amount"], move["unit"]) == ("-20", "g")
    before = datetime.fromisoformat(move["happened_at"]) - timedelta(microseconds=1)
    # What a device kept: only what moved until it was written down is asked about.
    late = {"looked_at": looked_at, "noted_at": clock.now()}
    error = refused(Conflict, "moved_meanwhile", lambda: room.count(lot_id, 495, **late))
    assert error.details["noted_at"] == late["noted_at"].isoformat()
    room.count(lot_id, 495, looked_at=looked_at, noted_at=before)
    assert room.line_of(lot_id).line.counted_at == before
    room.count(lot_id, 495, looked_at=looked_at, counted_at=before, holds=tallying.Holds.THIS)
    room.close()
    assert room.told().totals.differing == 0  # type: ignore[union-attr]
    lines = [{"lot_id": one, "amount": amount, "unit": "g"} for one, amount in ((lot_id, 494), (other, 300))]
    told = {"branch_id": cast.branch_id, "item_id": item_id, "lines": lines, "looked_at": looked_at}
    refused(
        Conflict,
        "moved_meanwhile",
        lambda: write_transaction(lambda s: counting.log_count(s, cast.storekeeper, **told)),
    )
    counted = write_transaction(lambda s: counting.log_count(s, cast.storekeeper, **told, noted_at=looked_at))
    assert counted.happened_at == looked_at


def test_more_left_since_than_was_found_is_counted_again(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 500)
    room = begin(cast, item_id)
    room.count(lot_id, 100)
    shelves.use(cast, [(item_id, 200 * GRAM)])
    room.close()
    assert room.line_of(lot_id).weighed.contradicted  # type: ignore[union-attr]
    refused(Conflict, "recount_needed", room.hand_in)
    room.change(reviewing.ask_recount, line_ids=[room.line_of(lot_id).line.id])
    assert room.told().stocktake.status is StocktakeStatus.COUNTING
    assert room.line_of(lot_id).line.counted is None
    room.count(lot_id, 300, cast.manager)
    room.close()
    assert room.hand_in() is StocktakeStatus.POSTED
    assert shelves.on_hand(cast, item_id) == 300 * GRAM


def test_of_two_counters_the_later_one_says_which_count_holds(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 500)
    room = begin(cast, item_id)
    version = room.line_of(lot_id).version
    room.count(lot_id, 480)
    error = refused(Stale, "stale", lambda: room.count(lot_id, 450, cast.manager, version=version))
    assert error.details["counted"] == {"amount": "480", "unit": "g"}
    assert error.details["counted_by"] == "storekeeper"
    refused(Conflict, "holds_unsaid", lambda: room.count(lot_id, 450, cast.manager))
    room.count(lot_id, 450, cast.manager, holds=Holds.EARLIER)
    assert room.line_of(lot_id).line.counted == 480 * GRAM
    room.count(lot_id, 460, cast.manager, holds=Holds.THIS)
    assert (room.line_of(lot_id).line.counted, room.line_of(lot_id).counted_by) == (460 * GRAM, "manager")
    assert set(room.told().hands.values()) == {"storekeeper", "manager"}


def test_above_the_limit_a_manager_who_did_not_count_approves(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 5_000)
    write_transaction(
        lambda s: rules.set_rules(s, cast.manager, cast.branch_id, version=0, approval_minor=100_000)
    )
    room = begin(cast, item_id)
    room.count(lot_id, 4_000, cast.manager)
    room.close()
    assert room.told().needs_approval
    assert room.hand_in(cast.storekeeper) is StocktakeStatus.SUBMITTED
    assert shelves.on_hand(cast, item_id) == 5_000 * GRAM

    def approve(actor: Actor, digest: str | None = None) -> None:
        looked_at = room.told().totals
        assert looked_at is not None
        room.change(posting.approve_stocktake, actor, digest=digest or looked_at.digest)

    refused(Forbidden, "own_count", lambda: approve(cast.manager))
    refused(Forbidden, "not_permitted", lambda: approve(cast.storekeeper))
    refused(NotFound, "stocktake_not_found", lambda: approve(cast.outsider))
    refused(Stale, "differences_changed", lambda: approve(cast.second_manager, "another"))
    room.change(posting.give_back, cast.second_manager, reason="Look behind the door")
    assert room.hand_in(cast.storekeeper) is StocktakeStatus.SUBMITTED
    approve(cast.second_manager)
    assert room.told().approved_by == "second-manager"
    assert shelves.on_hand(cast, item_id) == 4_000 * GRAM


def test_a_count_of_one_item_does_not_go_round_the_limit(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 5_000)

    def count(grams: int, actor: Actor) -> None:
        lines = [{"lot_id": lot_id, "amount": Decimal(grams), "unit": "g"}]
        told = {"branch_id": cast.branch_id, "item_id": item_id, "lines": lines}
        write_transaction(lambda s: counting.log_count(s, actor, **told).id)

    for actor in (cast.storekeeper, cast.manager):
        error = refused(Conflict, "approval_needed", lambda: count(2_000, actor))  # noqa: B023
        assert error.details == {"gross_minor": 600_000}
    count(4_000, cast.storekeeper)
    assert shelves.on_hand(cast, item_id) == 4_000 * GRAM


@pytest.mark.usefixtures("session")
def test_the_database_refuses_the_approval_of_ones_own_count(cast: Cast, item_id: UUID) -> None:
    put(cast, item_id, 100)
    room = begin(cast, item_id)

    def sneak(session: Session) -> None:
        session.add(StocktakeHand(stocktake_id=room.id, person_id=cast.manager.person_id))
        session.flush()
        session.get_one(Stocktake, room.id).approved_by = cast.manager.person_id

    with pytest.raises(DBAPIError, match="nobody approves what they counted"):
        write_transaction(sneak)


def test_a_manager_who_did_not_count_posts_at_once_and_what_has_no_cost_takes_one(
    cast: Cast, item_id: UUID
) -> None:
    lot_id = put(cast, item_id, 500, cost=None)
    room = begin(cast, item_id)
    room.count(lot_id, 499)
    room.close()
    assert room.told().needs_approval
    assert room.hand_in(cast.manager) is StocktakeStatus.POSTED
    assert room.told().approved_by == "manager"


def test_a_lot_that_the_book_does_not_know_is_added_and_tasks_are_closed(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 100)
    shelves.use(cast, [(item_id, 130 * GRAM)], consent=True)

    def ask(session: Session) -> None:
        about = {"source_type": "completion", "source_id": lot_id, "reason": "shortfall"}
        told = {"kind": TaskKind.COUNT, "item_id": item_id, "quantity": 1, **about}
        tasks.open_task(session, cast.therapist, branch_id=cast.branch_id, **told)  # type: ignore[arg-type]

    write_transaction(ask)
    room = begin(cast)
    # Nothing stands of it by the book: the list leads to where it stood last.
    assert [line.lot.id for line in room.lines()] == [lot_id]
    assert room.told().reasons == {item_id: [["shortfall", 1]]}

    def add(number: str, **more: Any) -> UUID:
        told = {
            "item_id": item_id,
            "number": number,
            "expires_on": EXPIRY,
            "amount": Decimal(70),
            "unit": "g",
        }
        return write_transaction(
            lambda s: adding.add_found(s, cast.storekeeper, room.id, **(told | more)).lot_id
        )

    refused(Conflict, "line_exists", lambda: add("L1"))
    refused(Invalid, "lot_number_missing", lambda: add(None))  # type: ignore[arg-type]
    found = add("NEW")
    assert (
        write_transaction(lambda s: tallying.settle_rest(s, cast.storekeeper, room.id, rest=Rest.ZERO)) == 1
    )
    assert room.line_of(lot_id).line.counted == 0
    room.close()
    assert room.line_of(found).weighed.difference == 70 * GRAM  # type: ignore[union-attr]
    assert room.hand_in(cast.manager) is StocktakeStatus.POSTED
    assert shelves.on_hand(cast, item_id) == 70 * GRAM
    assert read_snapshot(lambda s: tasks.list_open(s, cast.storekeeper, cast.branch_id)) == []
    assert not shelves.differences()


def test_an_item_is_in_one_stocktake_at_a_time_and_giving_up_frees_it(cast: Cast, item_id: UUID) -> None:
    lot_id = put(cast, item_id, 100)
    room = begin(cast, item_id)
    error = refused(Conflict, "already_counting", lambda: begin(cast))
    assert [one["code"] for one in error.details["items"]] == ["ginger"]
    room.count(lot_id, 1)
    refused(NotFound, "branch_not_found", lambda: begin(cast, item_id, actor=cast.outsider))
    refused(Forbidden, "not_permitted", lambda: begin(cast, item_id, actor=cast.therapist))
    room.change(opening.cancel_stocktake, reason="Moved")
    refused(Conflict, "cancelled", lambda: room.count(lot_id, 2))
    assert shelves.on_hand(cast, item_id) == 100 * GRAM
    begin(cast)


def put_many(cast: Cast, item_id: UUID, lots: int) -> None:
    def work(session: Session) -> None:
        writer = ledger.lock(session, cast.storekeeper, cast.branch_id)
        made = ledger.obtain_lots(writer, [ledger.LotFacts(item_id, f"M{one}", None) for one in range(lots)])
        receipts = [
            ledger.Receipt(item_id, lot.id, cast.location_id, GRAM, "delivery", new_id(), 1, clock.now())
            for lot in made
        ]
        ledger.receive(writer, receipts, made)

    write_transaction(work)


def test_a_line_is_saved_by_the_same_statements_however_long_the_list(
    session: Session, cast: Cast, item_id: UUID
) -> None:
    other_id = shelves.add_item(session, "mint")
    session.commit()

    def statements(counted: UUID, lots: int) -> int:
        put_many(cast, counted, lots)
        room = begin(cast, counted)
        line_id = room.lines(limit=1)[0].line.id
        told = {"amount": Decimal(1), "unit": "g", "version": 1, "looked_at": clock.now()}
        with asked() as seen:
            write_transaction(
                lambda s: tallying.count_line(s, cast.storekeeper, room.id, line_id, **told)  # type: ignore[arg-type]
            )
        return len(seen)

    assert statements(item_id, 1) == statements(other_id, 80) <= 10


_IDS = [UUID(int=number) for number in range(1, 5)]


@pytest.mark.parametrize(
    ("sight", "why"),
    [
        (Sight(_IDS[0], unseen_days=179), []),
        (Sight(_IDS[0], unseen_days=180), [(Why.OVERDUE, 180)]),
        (Sight(_IDS[0], value=90, unseen_days=29), []),
        (Sight(_IDS[0], value=90, unseen_days=30), [(Why.OVERDUE, 30), (Why.VALUE, 47)]),
        (Sight(_IDS[0], differed=1, expected=100), []),
        (Sight(_IDS[0], differed=5, expected=100, opened=2), [(Why.OPENED, 2), (Why.VARIANCE, 5)]),
        (Sight(_IDS[0], differed=5, expected=0), [(Why.VARIANCE, 100)]),
        (Sight(_IDS[0], shortfalls=2, expired=1), [(Why.SHORTFALL, 2), (Why.EXPIRED, 1)]),
    ],
)
def test_what_gives_rise_to_doubt(sight: Sight, why: list[tuple[Why, int]]) -> None:
    others = [Sight(_IDS[1], value=95), Sight(_IDS[2], value=5)]
    assert [list(one.reasons) for one in suggest([sight, *others])] == ([why] if why else [])


def test_the_dearer_of_two_doubtful_items_is_counted_first() -> None:
    found = suggest([Sight(_IDS[0], value=1, expired=1), Sight(_IDS[1], value=99, expired=1)])
    assert [one.item_id for one in found] == [_IDS[1], _IDS[0]]
