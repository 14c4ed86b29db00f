"""Recording what was done: standard beside actual, shortage, incidents, undo, bulk; and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import db, read_snapshot, write_transaction
from supply.domain.ledger.models import StockLevel
from supply.domain.tasks import service as tasks
from supply.domain.visits import service as visits
from supply.domain.visits.models import SkipReason, StepStatus, Visit, VisitStatus
from supply.errors import Conflict, Invalid, NotFound, SupplyError
from tests.cast import Cast
from tests.shelves import stock
from tests.treatments import MUCH, complete, differences, do, level, look, open_spa, plan

GRAM = ML = 1_000


def refused(kind: type[SupplyError], code: str, work: Callable[[], Any]) -> SupplyError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def open_tasks(cast: Cast) -> list[tuple[str, str, int | None]]:
    rows = read_snapshot(lambda session: tasks.list_open(session, cast.manager, cast.branch_id))
    return [(row.kind.value, row.reason, row.quantity) for row in rows]


def used(item_id: UUID, amount: str, unit: str, **more: Any) -> dict[str, Any]:
    return {"item_id": item_id, "amount": Decimal(amount), "unit": unit, **more}


def bulk(cast: Cast, completions: list[dict[str, Any]], **facts: Any) -> list[Any]:
    def work(session: Session) -> list[Any]:
        return visits.complete_steps(
            session,
            facts.get("actor", cast.therapist),
            branch_id=cast.branch_id,
            completions=completions,
            consent_to_shortage=facts.get("consent", False),
        )

    return write_transaction(work)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent meanwhile; BEGIN and COMMIT are no statements."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    sent[:] = [statement for statement in sent if not statement.startswith(("BEGIN", "PRAGMA"))]


def test_a_step_done_as_planned(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=2)
    done = complete(cast, visit.visit.id, 4)
    assert [(line.item.code, line.guest_position, line.actual, line.variance) for line in done.lines] == [
        ("ginger", 1, 100 * GRAM, 0),
        ("ginger", 2, 100 * GRAM, 0),
        ("oil-sauna", None, 10 * ML, 0),
    ]
    assert all(sum(part.quantity for part in line.taken) == line.actual for line in done.lines)
    assert (done.visit_status, done.visit_version) == (VisitStatus.RUNNING, 2)
    assert level(cast, items["ginger"]) == (MUCH - 200 * GRAM, 0)
    seen = look(cast, visit.visit.id)
    assert (seen.visit.status, seen.version) == (VisitStatus.RUNNING, 2)
    live = seen.step(4).completion
    assert live is not None
    assert [lot.number for line in live.lines for lot in line.taken] == ["L1"] * 3
    assert differences() == []


def test_the_last_step_finishes_the_visit_in_any_order(session: Session, cast: Cast) -> None:
    open_spa(cast)
    visit = plan(cast, package="short-ritual")
    assert complete(cast, visit.visit.id, 6).visit_status is VisitStatus.RUNNING
    do(visits.skip_step, cast, visit.visit.id, 1, reason=SkipReason.CLIENT_WISH)
    assert complete(cast, visit.visit.id, 4).visit_status is VisitStatus.FINISHED
    assert look(cast, visit.visit.id).visit.status is VisitStatus.FINISHED


def test_actuals_stand_beside_the_standard(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=2)
    lines = [
        used(items["ginger"], "0.15", "kg", guest_position=1),
        used(items["oil-sauna"], "0", "ml"),
        used(items["oil-lavender"], "1", "ml"),
    ]
    done = complete(cast, visit.visit.id, 4, lines=lines)
    told = {(line.item.code, line.guest_position): (line.standard, line.actual) for line in done.lines}
    assert told == {
        ("ginger", 1): (100 * GRAM, 150 * GRAM),
        ("ginger", 2): (100 * GRAM, 100 * GRAM),
        ("oil-sauna", None): (10 * ML, 0),
        ("oil-lavender", None): (0, 1 * ML),
    }
    assert level(cast, items["oil-sauna"]) == (MUCH, 0)
    assert differences() == []


def test_one_amount_for_the_party_takes_the_place_of_the_guests(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast, guests=3)
    done = complete(cast, visit.visit.id, 4, lines=[used(items["ginger"], "250", "g")])
    ginger = [line for line in done.lines if line.item.code == "ginger"]
    assert [(line.standard, line.actual) for line in ginger] == [(300 * GRAM, 250 * GRAM)]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"guest_position": 2}, "lines.0.guest_position"),
        ({"unit": "ml"}, "lines.0.unit"),
        ({"amount": Decimal("0.0001")}, "lines.0.amount"),
        ({"item_id": UUID(int=1)}, "lines.0.item_id"),
    ],
)
def test_a_wrong_line_names_its_field(session: Session, cast: Cast, line: dict[str, Any], field: str) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    told = used(items["ginger"], "1", "g") | line
    with pytest.raises(Invalid) as caught:
        complete(cast, visit.visit.id, 4, lines=[told])
    assert list(caught.value.errors) == [field]
    assert level(cast, items["ginger"]) == (MUCH, 100 * GRAM)


def test_a_shortage_is_told_first_and_recorded_with_consent(session: Session, cast: Cast) -> None:
    items = open_spa(cast, quantity=0)
    stock(cast, items["ginger"], 30 * GRAM)
    visit = plan(cast)
    error = refused(Conflict, "stock_short", lambda: complete(cast, visit.visit.id, 4))
    names = ("needed", "available", "short")
    short = {row["code"]: [" ".join(row[name].values()) for name in names] for row in error.details["short"]}
    assert short == {
        "ginger": ["0.1 kg", "0.03 kg", "0.07 kg"],
        "oil-sauna": ["10 ml", "0 ml", "10 ml"],
    }
    assert level(cast, items["ginger"]) == (30 * GRAM, 100 * GRAM)
    done = complete(cast, visit.visit.id, 4, consent_to_shortage=True)
    assert [line.shortfall for line in done.lines] == [70 * GRAM, 10 * ML]
    assert level(cast, items["ginger"]) == (0, 0)
    assert sorted(open_tasks(cast)) == [("count", "shortfall", 10 * ML), ("count", "shortfall", 70 * GRAM)]
    assert differences() == []
    do(visits.reverse_completion, cast, visit.visit.id, 4)
    assert open_tasks(cast) == []
    assert level(cast, items["ginger"]) == (30 * GRAM, 100 * GRAM)
    assert differences() == []


def test_a_lot_that_had_expired_is_an_incident_and_is_recorded(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    _source, old = stock(cast, items["ginger"], 500 * GRAM, number="OLD", expires_on=date(2020, 1, 1))
    visit = plan(cast)
    more = used(items["ginger"], "700", "g", guest_position=1, lot_id=old)
    error = refused(Conflict, "stock_short", lambda: complete(cast, visit.visit.id, 4, lines=[more]))
    (short,) = error.details["short"]  # of the lot that was named, however much of others stands there
    assert [" ".join(short[name].values()) for name in ("available", "short")] == ["0.5 kg", "0.2 kg"]
    done = complete(
        cast, visit.visit.id, 4, lines=[used(items["ginger"], "100", "g", guest_position=1, lot_id=old)]
    )
    assert [line.incident for line in done.lines if line.item.code == "ginger"] == ["expired-lot"]
    assert ("incident", "expired-lot", 100 * GRAM) in open_tasks(cast)


def test_a_late_entry_is_judged_by_its_own_time(session: Session, cast: Cast) -> None:
    items = open_spa(cast, quantity=0)
    yesterday = clock.today("Asia/Ho_Chi_Minh") - timedelta(days=1)
    for code in ("ginger", "oil-sauna"):
        stock(cast, items[code], MUCH, expires_on=yesterday)
    visit = plan(cast)
    refused(Conflict, "stock_short", lambda: complete(cast, visit.visit.id, 4))
    done = complete(cast, visit.visit.id, 4, happened_at=clock.now() - timedelta(days=2))
    assert {line.incident for line in done.lines} == {None}
    refused(
        Invalid,
        "happened_in_future",
        lambda: complete(cast, visit.visit.id, 1, happened_at=clock.now() + timedelta(hours=1)),
    )


def test_what_was_done_can_always_be_recorded(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    broken, cancelled, skipped = plan(cast), plan(cast), plan(cast)
    write_transaction(lambda session: visits.break_off_visit(session, cast.therapist, broken.visit.id))
    write_transaction(lambda session: visits.cancel_visit(session, cast.therapist, cancelled.visit.id))
    do(visits.skip_step, cast, skipped.visit.id, 4, reason=SkipReason.TIME)
    assert complete(cast, broken.visit.id, 4).visit_status is VisitStatus.BROKEN_OFF
    assert complete(cast, cancelled.visit.id, 4).visit_status is VisitStatus.BROKEN_OFF
    assert complete(cast, skipped.visit.id, 4).visit_status is VisitStatus.RUNNING
    assert level(cast, items["ginger"]) == (MUCH - 300 * GRAM, 0)
    do(visits.reverse_completion, cast, broken.visit.id, 4)
    assert look(cast, broken.visit.id).step(4).status is StepStatus.SKIPPED
    assert level(cast, items["ginger"]) == (MUCH - 200 * GRAM, 0)
    assert differences() == []


def test_one_live_completion_and_what_undoing_does(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    first = complete(cast, visit.visit.id, 4)
    again = refused(Conflict, "already_completed", lambda: complete(cast, visit.visit.id, 4))
    assert again.details["completion"]["id"] == str(first.id)
    assert again.details["completion"]["person"] == "therapist"
    do(visits.reverse_completion, cast, visit.visit.id, 4, completion_id=first.id)
    assert level(cast, items["ginger"]) == (MUCH, 100 * GRAM)
    assert look(cast, visit.visit.id).visit.status is VisitStatus.PLANNED
    refused(Conflict, "already_reversed", lambda: do(visits.reverse_completion, cast, visit.visit.id, 4))
    second = complete(cast, visit.visit.id, 4)
    assert second.id != first.id
    refused(
        Conflict,
        "already_reversed",
        lambda: do(visits.reverse_completion, cast, visit.visit.id, 4, completion_id=first.id),
    )
    history = look(cast, visit.visit.id).step(4).history
    assert [done.reversed_at is None for done in history] == [True, False]
    assert differences() == []


def test_a_step_without_supplies_can_be_done_and_undone(session: Session, cast: Cast) -> None:
    open_spa(cast, quantity=0)
    visit = plan(cast)
    assert complete(cast, visit.visit.id, 1).lines == []
    do(visits.reverse_completion, cast, visit.visit.id, 1)
    assert look(cast, visit.visit.id).step(1).status is StepStatus.PLANNED


def test_the_booking_system_posts_many_at_once(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    planned = plan(cast)
    booking = {"booking_reference": "BK-7", "procedure": "back-massage", "package": "short-ritual"}
    done = bulk(
        cast,
        [
            {"visit_id": planned.visit.id, "position": 4},
            {"booking": booking, "position": 4, "happened_at": clock.now() - timedelta(hours=1)},
            {"booking": booking, "position": 6, "lines": [used(items["oil-massage"], "25", "ml")]},
        ],
    )
    assert [one.position for one in done] == [4, 4, 6]
    assert done[1].visit_id == done[2].visit_id != planned.visit.id
    later = bulk(cast, [{"booking": booking, "position": 1}])
    assert (later[0].visit_id, later[0].visit_status) == (done[1].visit_id, VisitStatus.FINISHED)
    assert level(cast, items["ginger"]) == (MUCH - 160 * GRAM, 0)
    assert differences() == []


def test_a_bulk_call_is_all_or_nothing_and_names_what_is_wrong(session: Session, cast: Cast) -> None:
    items = open_spa(cast)
    visit = plan(cast)
    booking = {"booking_reference": "BK-8", "procedure": "back-massage", "package": "short-ritual"}
    rows: list[dict[str, Any]] = [
        {"visit_id": visit.visit.id, "position": 4},
        {"booking": booking, "position": 2},
        {"visit_id": UUID(int=1), "position": 1},
        {"visit_id": visit.visit.id, "position": 4},
    ]
    error = refused(Invalid, "steps_unknown", lambda: bulk(cast, rows))
    assert set(error.errors) == {f"completions.{index}.position" for index in (1, 2, 3)}
    other = [{"booking": booking | {"procedure": "x"}, "position": 1}, {"booking": booking, "position": 1}]
    error = refused(Invalid, "booking_differs", lambda: bulk(cast, other))
    assert list(error.errors) == ["completions.1.booking.procedure"]
    refused(NotFound, "branch_not_found", lambda: bulk(cast, rows[:1], actor=cast.outsider))
    complete(cast, visit.visit.id, 6)
    twice = [{"visit_id": visit.visit.id, "position": 4}, {"visit_id": visit.visit.id, "position": 6}]
    error = refused(Conflict, "already_completed", lambda: bulk(cast, twice))
    assert list(error.errors) == ["completions.1.position"]
    assert level(cast, items["ginger"]) == (MUCH, 100 * GRAM)
    assert read_snapshot(lambda s: s.scalar(select(func.count()).select_from(Visit))) == 1
    _nothing_told_of_a_booking_is_passed_over(cast)


def _nothing_told_of_a_booking_is_passed_over(cast: Cast) -> None:
    """Neither of one that is made in this call, nor of a visit that was planned."""
    plan(cast, guests=[["pregnancy"], []], booking_reference="BK-9")
    for booking, others in (
        ({"booking_reference": "BK-8", "package": "short-ritual"}, [{"conditions": ["pregnancy"]}]),
        ({"booking_reference": "BK-9"}, [{"conditions": []}, {"conditions": ["pregnancy"]}]),
    ):
        named = {"booking": booking | {"procedure": "back-massage"}, "position": 1}
        other = {"package": "massage-only", "guests": others}
        rows = [named, {"booking": named["booking"] | other, "position": 6}]
        error = refused(Invalid, "booking_differs", lambda told=rows: bulk(cast, told))
        assert list(error.errors) == ["completions.1.booking.package", "completions.1.booking.guests"]


def test_what_a_completion_costs(session: Session, cast: Cast, backend: str) -> None:
    """Statements of a whole transaction: few for one step, no more for a hundred."""
    open_spa(cast, quantity=10 * MUCH)
    one = plan(cast).visit.id
    many = [plan(cast) for _ in range(20)]
    complete(cast, one, 1)
    with counted() as single:
        complete(cast, one, 6)
    steps = [{"visit_id": visit.visit.id, "position": number} for visit in many for number in range(2, 7)]
    with counted() as hundred:
        assert len(bulk(cast, steps)) == 100
    booking = {"procedure": "back-massage", "package": "massage-only"}
    made = [{"booking": booking | {"booking_reference": f"B{n}"}, "position": 6} for n in range(100)]
    with counted() as bookings:
        bulk(cast, made)
    limits = {"sqlite": (13, 12, 30), "postgresql": (5, 4, 15)}[backend]
    sent = (len(single), len(hundred), len(bookings))
    assert all(count <= limit for count, limit in zip(sent, limits, strict=True)), (sent, single)
    assert differences() == []


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_keeps_the_sums(session: Session, cast: Cast, data: st.DataObject) -> None:
    """Short shelves, consent, skips, undoing: every sum holds, and undoing all restores all."""
    if not shelf(cast):
        fill(cast)
    before = shelf(cast)
    visit = plan(cast, guests=data.draw(st.integers(1, 3), label="guests"))
    for _ in range(data.draw(st.integers(1, 12), label="taps")):
        position = data.draw(st.integers(1, 6), label="position")
        action = data.draw(st.sampled_from(["complete", "complete", "undo", "skip"]), label="action")
        try:
            if action == "complete":
                complete(cast, visit.visit.id, position, consent_to_shortage=data.draw(st.booleans()))
            elif action == "undo":
                do(visits.reverse_completion, cast, visit.visit.id, position)
            else:
                do(visits.skip_step, cast, visit.visit.id, position, reason=SkipReason.TIME)
        except Conflict:
            pass
    assert differences() == []
    for step in look(cast, visit.visit.id).steps:
        if step.completion:
            do(visits.reverse_completion, cast, visit.visit.id, step.position)
    write_transaction(lambda session: visits.cancel_visit(session, cast.therapist, visit.visit.id))
    assert shelf(cast) == before
    assert open_tasks(cast) == []
    assert differences() == []


def fill(cast: Cast) -> None:
    """Two lots of everything, together not always enough for three guests."""
    for item_id in open_spa(cast, quantity=0).values():
        stock(cast, item_id, 120 * GRAM, number="A", expires_on=date(2098, 1, 1))
        stock(cast, item_id, 120 * GRAM, number="B", expires_on=date(2099, 1, 1))


def shelf(cast: Cast) -> dict[UUID, tuple[int, int]]:
    query = select(StockLevel.item_id, StockLevel.on_hand, StockLevel.reserved)
    rows = read_snapshot(
        lambda session: session.execute(query.where(StockLevel.branch_id == cast.branch_id)).all()
    )
    return {item_id: (on_hand, reserved) for item_id, on_hand, reserved in rows}


def test_a_group_is_recorded_together_and_one_guest_corrected(cast: Cast) -> None:
    """Both stay on record, the amounts of the last one count, at the time of the first."""
    ginger = open_spa(cast)["ginger"]
    visit_id = plan(cast, guests=3).visit.id
    then = clock.now() - timedelta(hours=1)
    first = complete(cast, visit_id, 4, happened_at=then)
    assert level(cast, ginger) == (MUCH - 300 * GRAM, 0)
    amounts = [
        {"item_id": line.item.id, "amount": Decimal(line.actual) / GRAM, "unit": "g"}
        | ({"guest_position": line.guest_position} if line.guest_position else {})
        for line in first.lines
        if line.item.id == ginger
    ]
    amounts[1]["amount"] = Decimal(20)
    again = do(visits.correct_step, cast, visit_id, 4, completion_id=first.id, lines=amounts)
    assert level(cast, ginger) == (MUCH - 220 * GRAM, 0)
    step = look(cast, visit_id).step(4)
    assert step.completion is not None
    assert (step.completion.id, step.completion.happened_at) == (again.id, then)
    assert [done.reversed_at is not None for done in step.history].count(True) == 1
    refused(
        Conflict,
        "already_reversed",
        lambda: do(visits.correct_step, cast, visit_id, 4, completion_id=first.id, lines=amounts),
    )
    amounts[1]["amount"] = Decimal(90_000)
    refused(
        Conflict,
        "stock_short",
        lambda: do(visits.correct_step, cast, visit_id, 4, completion_id=again.id, lines=amounts),
    )
    assert level(cast, ginger) == (MUCH - 220 * GRAM, 0)
    assert differences() == []
