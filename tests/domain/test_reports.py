"""The day of a branch and the page of an item, as the reports tell them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply import clock
from supply.database import new_id, read_snapshot, write_transaction
from supply.domain.purchasing import service as purchasing
from supply.domain.reports import service as reports
from supply.domain.reports.service import Today
from supply.domain.reports.stock import ItemReport, item_report, lot_report, visits_behind
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.errors import Conflict, Forbidden, NotFound
from supply.permissions import Actor
from tests.cast import Cast
from tests.goods import KG, LATER, Goods, policy, stock_up, this_day
from tests.shelves import stock, use
from tests.treatments import complete, open_spa, plan


@pytest.fixture
def goods(session: Session, cast: Cast) -> Goods:
    return stock_up(cast)


def today_of(cast: Cast, actor: Actor | None = None, branch_id: UUID | None = None) -> Today:
    return read_snapshot(
        lambda session: reports.today_of(session, actor or cast.manager, branch_id or cast.branch_id)
    )


def report_of(cast: Cast, item_id: UUID) -> ItemReport:
    return read_snapshot(lambda session: item_report(session, cast.therapist, cast.branch_id, item_id))


def test_an_empty_branch_has_nothing_to_do(cast: Cast) -> None:
    today = today_of(cast)
    assert today.day == this_day()
    assert not any((today.to_order, today.expiring, today.expired, today.orders_expected, today.visits))
    assert (today.count_tasks, today.incidents, today.requisitions_waiting) == (0, 0, 0)


def test_the_day_is_for_its_branch(cast: Cast) -> None:
    with pytest.raises(NotFound):
        today_of(cast, cast.outsider)
    nobody = replace(cast.admin, scopes=frozenset())
    with pytest.raises(Forbidden):
        today_of(cast, nobody)


def test_the_day_gathers_flags_and_expiries(cast: Cast, goods: Goods) -> None:
    stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)
    stock(cast, goods.ginger, KG, number="OLD", expires_on=this_day() - timedelta(days=1))
    stock(cast, goods.ginger, KG, number="LAST", expires_on=this_day())
    stock(cast, goods.ginger, KG, number="WEEK", expires_on=this_day() + timedelta(days=7))
    stock(cast, goods.ginger, KG, number="NEXT", expires_on=this_day() + timedelta(days=8))
    policy(cast, goods.ginger, 8 * KG, 20 * KG)
    today = today_of(cast)
    assert [item.code for item in today.to_order] == ["ginger"]
    assert [row.Lot.number for row in today.expired] == ["OLD"]
    assert [row.Lot.number for row in today.expiring] == ["LAST", "WEEK"]
    assert today_of(cast, cast.outsider, cast.other_branch_id).expired == []
    told = today_of(cast, cast.therapist)  # who neither requests nor takes in
    assert (told.to_order, told.orders_expected) == ([], [])


def test_the_day_counts_what_waits(cast: Cast, goods: Goods) -> None:
    found = [
        tasks.Finding(kind, "completion", new_id(), "shortfall", goods.ginger, 5)
        for kind in (TaskKind.COUNT, TaskKind.COUNT, TaskKind.INCIDENT)
    ]
    ids = write_transaction(lambda s: tasks.open_tasks(s, cast.therapist, cast.branch_id, found))
    today = today_of(cast)
    assert (today.count_tasks, today.incidents) == (2, 1)
    write_transaction(lambda s: tasks.close_task(s, cast.manager, ids[2]))
    assert today_of(cast).incidents == 0
    with pytest.raises(Conflict):
        write_transaction(lambda s: tasks.close_task(s, cast.manager, ids[2]))
    with pytest.raises(Forbidden):
        write_transaction(lambda s: tasks.close_task(s, cast.therapist, ids[0]))


def test_a_visit_of_the_day_tells_its_next_step(cast: Cast) -> None:
    open_spa(cast)
    noon = clock.now().astimezone(UTC)
    visit = plan(cast, planned_at=noon, guests=2, therapist_id=cast.therapist.person_id).visit
    plan(cast, planned_at=noon - timedelta(days=2))
    complete(cast, visit.id, 1)
    today = today_of(cast, cast.therapist)
    assert [entry.visit.id for entry in today.visits] == [visit.id]
    assert [entry.visit.id for entry in today.my_visits] == [visit.id]
    entry = today.visits[0]
    assert (entry.steps, entry.done, entry.next_position, entry.started) == (6, 1, 2, False)
    assert entry.therapist_name == "therapist"
    assert today_of(cast).my_visits == []


def test_a_day_begins_at_midnight_of_the_branch() -> None:
    begins, ends = clock.span_of(date(2026, 11, 22), "Asia/Ho_Chi_Minh")
    assert begins == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert ends - begins == timedelta(days=1)
    begins, ends = clock.span_of(date(2026, 3, 29), "Europe/Berlin")
    assert ends - begins == timedelta(hours=23)


def test_an_item_tells_its_use_and_its_stock_day_by_day(cast: Cast, goods: Goods) -> None:
    stock(cast, goods.ginger, 5 * KG, number="G-1", expires_on=LATER)
    use(cast, [(goods.ginger, KG)])
    use(cast, [(goods.ginger, 5 * KG)], consent=True)
    report = report_of(cast, goods.ginger)
    assert report.level is not None
    assert report.level.on_hand == 0
    assert len(report.use) == 30
    assert report.use[-1] == (this_day(), 5 * KG, KG)
    assert sum(used for _day, used, _short in report.use[:-1]) == 0
    assert [(day.day, day.on_hand, day.delivery) for day in report.line] == [(this_day(), 0, True)]
    assert [row.Movement.quantity for row in report.movements] == [-4 * KG, -KG, 5 * KG]


def test_an_item_that_never_came_has_no_level(cast: Cast, goods: Goods) -> None:
    report = report_of(cast, goods.oil)
    assert report.level is None
    assert (list(report.holdings), list(report.movements)) == ([], [])
    with pytest.raises(NotFound):
        report_of(cast, new_id())


def test_a_lot_tells_its_own_places_and_movements(cast: Cast, goods: Goods) -> None:
    lot_id = stock(cast, goods.ginger, KG, number="G-1", expires_on=LATER)[1]
    stock(cast, goods.ginger, KG, number="G-2", expires_on=LATER)
    report = read_snapshot(lambda s: lot_report(s, cast.storekeeper, cast.branch_id, lot_id))
    assert [row.Holding.quantity for row in report.holdings] == [KG]
    assert len(report.movements) == 1
    with pytest.raises(NotFound):
        read_snapshot(lambda s: lot_report(s, cast.outsider, cast.other_branch_id, lot_id))


def test_the_visit_behind_a_completion_is_found(session: Session, cast: Cast) -> None:
    open_spa(cast)
    visit = plan(cast).visit
    done = complete(cast, visit.id, 2)
    found = read_snapshot(lambda s: visits_behind(s, [done.id, new_id()]))
    assert found == {done.id: visit.id}
    assert read_snapshot(lambda s: visits_behind(s, [])) == {}


def test_a_requisition_that_waits_is_counted(cast: Cast, goods: Goods) -> None:
    policy(cast, goods.ginger, 8 * KG, 20 * KG)

    def ask(session: Session) -> None:
        made = purchasing.raise_requisition(
            session, cast.storekeeper, branch_id=cast.branch_id, from_flags=True
        )
        purchasing.submit_requisition(session, cast.storekeeper, made.id)

    write_transaction(ask)
    assert today_of(cast).requisitions_waiting == 1
