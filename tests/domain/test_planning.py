"""The plan on real books: what it is told, the flags and requisitions it keeps, what people say to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from supply import clock
from supply.database import db, new_id, read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.branches.models import Branch
from supply.domain.catalog import service as catalog
from supply.domain.people.machine import planner
from supply.domain.planning import attendance, books, calendar, condensed, deciding, drafting, service
from supply.domain.planning.herbs import Brew, with_herbs
from supply.domain.planning.inputs import Seen, number_of, observe
from supply.domain.planning.models import EntryKind, NoticeKind, PlanNotice, ReorderFlag
from supply.domain.purchasing import deciding as requisitions
from supply.domain.purchasing import orders
from supply.domain.purchasing import service as purchasing
from supply.domain.purchasing.models import Requisition, RequisitionStatus
from supply.domain.suppliers import service as suppliers
from supply.domain.visits.models import VisitStatus
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor
from tests import goods as shop
from tests.cast import Cast
from tests.goods import KG, Goods, deliver, line, ordered, stock_up
from tests.treatments import complete, do, open_spa, plan, visits

# A Thursday noon at the spa.
NOW = datetime(2026, 11, 19, 5, tzinfo=UTC)
TODAY = date(2026, 11, 19)
DAYS = 60


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def seen(cast: Cast, only: list[UUID] | None = None) -> Seen:
    return read_snapshot(lambda s: observe(s, s.get_one(Branch, cast.branch_id), only=only))


def used_daily(cast: Cast, goods: Goods, *, left: str = "6") -> None:
    """2 kg of ginger a day for sixty days, and so many kilograms on the shelf now."""
    with clock.standing_at(NOW - timedelta(days=DAYS)):
        amount = str(Decimal(2 * DAYS) + Decimal(left))
        deliver(cast, goods.farm, line(goods.ginger, amount, "kg", expires_on=TODAY + timedelta(days=9)))
    for back in range(DAYS, 0, -1):
        with clock.standing_at(NOW - timedelta(days=back - 1)):
            shop.use(cast, goods.ginger, 2 * KG)


def planned(cast: Cast) -> list[ReorderFlag]:
    """Run the plan; the flags that are open afterwards."""
    write_transaction(lambda s: service.plan_branch(s, s.get_one(Branch, cast.branch_id)).flagged)
    query = select(ReorderFlag).where(ReorderFlag.closed_at.is_(None))
    flags = list(db.session.scalars(query.execution_options(populate_existing=True)))
    for flag in flags:
        db.session.expunge(flag)
    db.session.rollback()
    return flags


def drafted(cast: Cast) -> list[Requisition]:
    def work(session: Session) -> list[UUID]:
        branch = session.get_one(Branch, cast.branch_id)
        return drafting.draft_requisitions(session, planner(session, branch.id), branch)

    ids = write_transaction(work)
    return [read_snapshot(lambda s, i=one: purchasing.get_requisition(s, cast.manager, i)) for one in ids]


def refused(kind: type[SupplyError], code: str, work: Callable[[Session], object]) -> SupplyError:
    with pytest.raises(kind) as caught:
        write_transaction(work)
    assert caught.value.code == code
    return caught.value


def test_the_books_are_told_in_stock_units_and_day_numbers(cast: Cast, goods: Goods) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW - timedelta(days=5)):
        (arrived,) = ordered(cast, (goods.ginger, "2", "carton"))
    with clock.standing_at(NOW - timedelta(days=2)):
        deliver(cast, goods.farm, line(goods.ginger, "2", "carton", "G-2"), order=arrived)
    with clock.standing_at(NOW):
        ordered(cast, (goods.ginger, "3", "carton"))
        told, others = seen(cast).observation, seen(cast, [goods.towel]).observation
    ginger = told["supplies"][str(goods.ginger)]
    assert (told["today"] % 7, told["weekday"]) == (3, 3)
    assert ginger["history"] == [2.0] * DAYS
    assert len(told["open_history"]) == DAYS
    assert (ginger["unit"], ginger["pack"], ginger["moq"], ginger["unit_cost"]) == ("kg", 5.0, 10.0, 50_000.0)
    # Usable on its last day, gone the morning after.
    assert ginger["lots"][0] == [number_of(TODAY) + 10.0, 6.0]
    assert ginger["on_order"] == [[float(number_of(TODAY)), float(number_of(TODAY) + 2), 15.0]]
    farm = told["suppliers"][str(goods.farm)]
    assert farm["lead_history"] == [[number_of(TODAY) - 5, number_of(TODAY) - 2]]
    assert farm["can_order"] is True
    # Deliveries are told of all suppliers, whoever's items are asked about.
    assert told["deliveries"] == others["deliveries"] == {str(goods.farm): farm["lead_history"]}
    assert str(goods.farm) not in others["suppliers"]


def test_a_cut_off_and_an_items_own_lead_time(cast: Cast, goods: Goods) -> None:
    """12:00 where the branch is: too late for Farm today; ginger takes longer than what else Farm sells."""

    def work(session: Session) -> None:
        facts = {"code": "FARM", "name": "Farm", "lead_time_days": 2, "cutoff_minute": 12 * 60}
        suppliers.update_supplier(session, cast.manager, goods.farm, version=1, **facts)
        sold = {"pack_name": "carton", "amount": Decimal(5), "unit": "kg", "price_minor": 250_000}
        suppliers.set_terms(session, cast.manager, goods.farm, goods.ginger, **sold, lead_time_days=9)
        sold = {"pack_name": "bale", "amount": Decimal(50), "unit": "piece", "price_minor": 90_000}
        suppliers.set_terms(session, cast.manager, goods.farm, goods.towel, **sold)

    write_transaction(work)
    with clock.standing_at(NOW - timedelta(days=7)):
        (arrived,) = ordered(cast, (goods.ginger, "1", "carton"))
    with clock.standing_at(NOW):
        deliver(cast, goods.farm, line(goods.ginger, "1", "carton"), order=arrived)
        (waiting,) = ordered(cast, (goods.ginger, "1", "carton"))
        told = seen(cast).observation
    slow, farm = told["suppliers"][f"{goods.farm}+9"], told["suppliers"][str(goods.farm)]
    assert (slow["lead_stated"], farm["lead_stated"]) == (9.0, 2.0)
    assert slow["lead_history"] == [[number_of(TODAY) - 7, number_of(TODAY)]]
    assert (slow["can_order"], farm["can_order"]) == (False, False)
    assert told["supplies"][str(goods.ginger)]["supplier"] == f"{goods.farm}+9"
    order = read_snapshot(lambda s: orders.get_order(s, cast.manager, waiting))
    assert order.expected_at == NOW + timedelta(days=10)


def test_a_late_entry_and_an_undoing_repair_history(cast: Cast, session: Session) -> None:
    items = open_spa(cast)
    visit = plan(cast, planned_at=NOW - timedelta(days=3))
    with clock.standing_at(NOW):
        complete(cast, visit.visit.id, 4, happened_at=NOW - timedelta(days=3))
        history = _history(cast, items["ginger"])
        assert history[-4:] == [0.1, 0.0, 0.0, 0.0]
        do(visits.reverse_completion, cast, visit.visit.id, 4)
        assert sum(_history(cast, items["ginger"])) == 0


def _history(cast: Cast, item_id: UUID) -> list[float]:
    def read(session: Session) -> list[float]:
        since = books.since_day(TODAY)
        told = condensed.demand(session, cast.branch_id, since, books.HISTORY_DAYS, [item_id])
        return [used / KG for used in told.get(item_id, [0])]

    return read_snapshot(read)


def test_bookings_and_what_nobody_logged(cast: Cast, session: Session) -> None:
    items = open_spa(cast, quantity=0)

    def sell(session: Session) -> None:
        farm = suppliers.create_supplier(session, cast.manager, code="FARM", name="Farm").id
        for code in ("angelica", "herb-lemongrass"):
            shop._terms(session, cast, farm, items[code], "bag", "1", "kg", 90_000, 1)

    write_transaction(sell)
    with clock.standing_at(NOW):
        plan(cast, guests=2, planned_at=NOW + timedelta(days=3))
        plan(cast, planned_at=NOW - timedelta(days=1))
        told = seen(cast).observation
    angelica = told["supplies"][str(items["angelica"])]
    assert [round(need, 6) for need in angelica["bookings"][:4]] == [0, 0, 0.05, 0]
    assert angelica["pending_usage"] == pytest.approx(0.05)
    # Two litres of medicinal water for each guest, 20 g of lemongrass in a litre.
    for only in (None, [items["herb-lemongrass"]]):
        with clock.standing_at(NOW):
            herb = seen(cast, only).observation["supplies"][str(items["herb-lemongrass"])]
        assert [round(need, 6) for need in herb["bookings"][:4]] == [0, 0, 0.08, 0]
        assert herb["pending_usage"] == pytest.approx(0.04)
    with clock.standing_at(NOW):
        write_transaction(lambda s: _retire(s, cast, items["angelica"]))
        planned(cast)
    query = select(PlanNotice).where(PlanNotice.kind == NoticeKind.BOOKED_INACTIVE)
    (notice,) = session.scalars(query).all()
    assert notice.item_id == items["angelica"]
    assert notice.numbers == {"unit": "kg", "needed": pytest.approx(0.05), "visits": 1, "on_hand": 0.0}


def _retire(session: Session, cast: Cast, item_id: UUID) -> None:
    version = catalog.get_item(session, item_id).version
    catalog.set_item_active(session, cast.manager, item_id, version=version, active=False)


def test_what_stands_of_a_brew_needs_no_herbs_and_brews_go_deep() -> None:
    water, tonic, leaf = (new_id() for _ in range(3))
    soon, later = NOW, NOW + timedelta(days=1)
    brews = {tonic: Brew(10, 0, ((water, 5), (leaf, 1))), water: Brew(4, 6, ((leaf, 2),))}
    needs = with_herbs([(water, later, 4), (tonic, soon, 8)], brews)
    # The tonic takes four of the six that stand, so two of the later four are brewed anew.
    assert needs == [
        (tonic, soon, 8.0), (water, soon, 4.0), (leaf, soon, 0.0), (leaf, soon, 0.8),
        (water, later, 4.0), (leaf, later, 1.0),
    ]  # fmt: skip


def test_looking_costs_the_same_whatever_there_is(cast: Cast, goods: Goods, session: Session) -> None:
    def count(work: Callable[[], object]) -> int:
        told: list[str] = []

        def note(*arguments: Any) -> None:
            told.append(arguments[2].lstrip().upper())

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            with clock.standing_at(NOW):
                work()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return sum(not one.startswith("BEGIN") for one in told)

    def plan_one() -> None:
        write_transaction(
            lambda s: service.plan_item(s, cast.storekeeper, cast.branch_id, goods.ginger) and None
        )

    few = count(lambda: seen(cast))
    open_spa(cast)
    used_daily(cast, goods)
    assert count(lambda: seen(cast)) == few
    assert few <= 17
    assert count(plan_one) <= 22


def test_one_open_flag_that_is_refreshed_and_closed(cast: Cast, goods: Goods, session: Session) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        (flag,) = planned(cast)
        assert (flag.item_id, flag.supplier_id) == (goods.ginger, goods.farm)
        assert flag.quantity > 0
        assert flag.quantity % (5 * KG) == 0
        assert flag.numbers["stock"]["on_hand"] == 6.0
        assert flag.days[0]["stock"] == 6.0
        assert flag.days[1]["expected"] == pytest.approx(2.0, abs=0.2)
        (again,) = planned(cast)
        assert (again.id, again.version) == (flag.id, flag.version + 1)
        deliver(cast, goods.farm, line(goods.ginger, "40", "kg", "G-9", expires_on=TODAY + timedelta(90)))
        assert planned(cast) == []
    closed = session.get_one(ReorderFlag, flag.id, populate_existing=True)
    assert closed.closed_at is not None


def test_levels_set_by_hand_are_not_the_plans(cast: Cast, goods: Goods) -> None:
    used_daily(cast, goods)
    shop.policy(cast, goods.ginger, 1 * KG, 2 * KG)
    with clock.standing_at(NOW):
        assert planned(cast) == []


def test_one_item_is_planned_on_demand(cast: Cast, goods: Goods) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        flag = write_transaction(
            lambda s: service.plan_item(s, cast.storekeeper, cast.branch_id, goods.ginger)
        )
        assert flag is not None
        assert (
            write_transaction(lambda s: service.plan_item(s, cast.storekeeper, cast.branch_id, goods.towel))
            is None
        )
    for actor, kind in ((cast.therapist, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(kind):
            write_transaction(lambda s, a=actor: service.plan_item(s, a, cast.branch_id, goods.ginger))


def test_the_plan_asks_once_and_keeps_it_up_to_date(cast: Cast, goods: Goods, session: Session) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        planned(cast)
        (made,) = drafted(cast)
        assert made.status is RequisitionStatus.SUBMITTED
        asked = made.lines[0].quantity
        (same,) = drafted(cast)
        assert (same.id, same.version) == (made.id, made.version)
        shop.use(cast, goods.ginger, 3 * KG)
        (flag,) = planned(cast)
        (kept,) = drafted(cast)
        assert kept.id == made.id
        assert kept.lines[0].quantity == flag.wanted
        assert kept.lines[0].quantity >= asked
        plan_actor = write_transaction(lambda s: planner(s, cast.branch_id))
        refused(
            Forbidden, "not_permitted", lambda s: requisitions.approve_requisition(s, plan_actor, made.id)
        )
        approved = write_transaction(
            lambda s: requisitions.approve_requisition(s, cast.manager, made.id).status
        )
        assert approved is RequisitionStatus.APPROVED
        # What is on order now is no longer asked for.
        planned(cast)
        assert drafted(cast) == []


def test_what_a_person_edited_is_theirs(cast: Cast, goods: Goods) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        planned(cast)
        (made,) = drafted(cast)
        lines = [{"item_id": goods.ginger, "amount": Decimal(4), "unit": "carton"}]
        write_transaction(
            lambda s: (
                purchasing.edit_requisition(
                    s, cast.storekeeper, made.id, lines=lines, version=made.version
                ).id
            )
        )
        planned(cast)
        assert drafted(cast) == []
        kept = read_snapshot(lambda s: purchasing.get_requisition(s, cast.manager, made.id))
        assert (kept.status, kept.lines[0].quantity) == (RequisitionStatus.SUBMITTED, 20 * KG)


def test_what_is_not_needed_any_more_is_withdrawn(cast: Cast, goods: Goods) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        planned(cast)
        (made,) = drafted(cast)
        deliver(cast, goods.farm, line(goods.ginger, "40", "kg", "G-9", expires_on=TODAY + timedelta(90)))
        planned(cast)
        assert drafted(cast) == []
        gone = read_snapshot(lambda s: purchasing.get_requisition(s, cast.manager, made.id))
        assert gone.status is RequisitionStatus.WITHDRAWN


def test_snoozing_and_overriding_have_reasons_and_last(cast: Cast, goods: Goods, session: Session) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        (flag,) = planned(cast)

        def snooze(actor: Actor, until: date, version: int = flag.version) -> Callable[[Session], object]:
            return lambda s: deciding.snooze_flag(
                s, actor, flag.id, until=until, reason="Enough", version=version
            )

        soon = TODAY + timedelta(days=3)
        for actor, kind in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
            with pytest.raises(kind):
                write_transaction(snooze(actor, soon))
        for day in (TODAY, TODAY + timedelta(days=91)):
            assert "until" in refused(Invalid, "snooze_days", snooze(cast.manager, day)).errors
        refused(Stale, "stale", snooze(cast.manager, soon, flag.version + 1))
        write_transaction(snooze(cast.manager, soon))
        (snoozed,) = planned(cast)
        assert (snoozed.snoozed_until, snoozed.snooze_reason) == (soon, "Enough")
        assert drafted(cast) == []
    with clock.standing_at(NOW + timedelta(days=3)):
        (due,) = planned(cast)
        assert len(drafted(cast)) == 1
        write_transaction(
            lambda s: (
                deciding.override_flag(
                    s,
                    cast.manager,
                    flag.id,
                    amount=Decimal(4),
                    unit="kg",
                    reason="Guests of a wedding",
                    version=due.version,
                ).id
            )
        )
        (kept,) = planned(cast)
        assert (kept.wanted, kept.override_reason) == (4 * KG, "Guests of a wedding")
        write_transaction(
            lambda s: deciding.follow_plan(s, cast.manager, flag.id, version=kept.version).wanted
        )
        (free,) = planned(cast)
        assert (free.wanted, free.snoozed_until) == (free.quantity, None)
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.entity_id == goods.ginger)).all()
    assert {"flag.snooze", "flag.override", "flag.follow"} <= set(actions)


def test_a_closed_flag_is_not_decided_on(cast: Cast, goods: Goods) -> None:
    used_daily(cast, goods)
    with clock.standing_at(NOW):
        (flag,) = planned(cast)
        deliver(cast, goods.farm, line(goods.ginger, "40", "kg", "G-9", expires_on=TODAY + timedelta(90)))
        planned(cast)
        refused(
            Conflict,
            "flag_closed",
            lambda s: deciding.follow_plan(s, cast.manager, flag.id, version=flag.version + 1),
        )


def test_an_estimate_serves_until_there_is_a_history(cast: Cast, goods: Goods) -> None:
    def estimate(actor: Actor) -> Callable[[Session], object]:
        return lambda s: deciding.set_estimate(
            s, actor, branch_id=cast.branch_id, item_id=goods.ginger, amount=Decimal(2), unit="kg"
        )

    with clock.standing_at(NOW):
        assert planned(cast) == []
        kinds = read_snapshot(lambda s: set(s.scalars(select(PlanNotice.kind))))
        assert kinds == {NoticeKind.NO_ESTIMATE}
        for actor, kind in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
            with pytest.raises(kind):
                write_transaction(estimate(actor))
        write_transaction(estimate(cast.manager))
        (flag,) = planned(cast)
        assert flag.quantity > 0


def test_the_calendar_of_the_manager(cast: Cast, goods: Goods) -> None:
    facts: dict[str, Any] = {
        "kind": EntryKind.EVENT,
        "name": "Tết",
        "first_on": TODAY + timedelta(days=5),
        "last_on": TODAY + timedelta(days=9),
        "factor_percent": 180,
    }

    def add(actor: Actor, **changes: Any) -> Callable[[Session], UUID]:
        return lambda s: calendar.add_entry(s, actor, branch_id=cast.branch_id, **{**facts, **changes}).id

    for actor, kind in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(kind):
            write_transaction(add(actor))
    assert "last_on" in refused(Invalid, "days_turned", add(cast.manager, last_on=TODAY)).errors
    assert (
        "factor_percent" in refused(Invalid, "factor_missing", add(cast.manager, factor_percent=None)).errors
    )
    with clock.standing_at(NOW):
        entry_id = write_transaction(add(cast.manager))
        write_transaction(add(cast.manager, kind=EntryKind.CLOSED, first_on=TODAY, last_on=TODAY))
        told = seen(cast).observation
        day = number_of(TODAY)
        assert told["events"] == [{"start": day + 5, "end": day + 9, "factor": 1.8}]
        assert told["open_history"][-1] == 0
        refused(
            Stale, "stale", lambda s: calendar.change_entry(s, cast.manager, entry_id, version=9, **facts)
        )
        write_transaction(lambda s: calendar.remove_entry(s, cast.manager, entry_id, version=1))
        assert seen(cast).observation["events"] == []
        assert {one["can_order"] for one in seen(cast).observation["suppliers"].values()} == {True}
        resting = EntryKind.SUPPLIERS_CLOSED
        write_transaction(add(cast.manager, kind=resting, factor_percent=None, first_on=TODAY))
        assert {one["can_order"] for one in seen(cast).observation["suppliers"].values()} == {False}


def visits_of(*told: tuple[int, int, VisitStatus]) -> list[tuple[datetime, datetime, int, VisitStatus]]:
    """(days back, booked so many days ahead, status), ten guests each."""
    return [
        (NOW - timedelta(days=back), NOW - timedelta(days=back + ahead), 10, status)
        for back, ahead, status in told
    ]


def test_how_people_book_is_learned_from_who_came() -> None:
    done, gone = VisitStatus.FINISHED, VisitStatus.CANCELLED
    few = attendance.habits(visits_of((1, 0, done), (2, 0, done)), "UTC", TODAY)
    assert few == attendance.Habits(1.0, None)
    known = attendance.habits(
        visits_of((1, 0, done), (2, 2, done), (3, 5, done), (4, 5, done), (5, 5, gone)), "UTC", TODAY
    )
    assert known.show_rate == 0.8
    assert known.booked_share is not None
    assert known.booked_share[:7] == [1.0, 0.75, 0.75, 0.5, 0.5, 0.5, 0.0]


def test_days_that_nobody_logged_are_told_from_days_without_visits() -> None:
    told = visits_of(
        (4, 1, VisitStatus.FINISHED),
        (3, 1, VisitStatus.PLANNED),
        (2, 1, VisitStatus.PLANNED),
        (2, 1, VisitStatus.FINISHED),
        (1, 1, VisitStatus.CANCELLED),
    )
    assert attendance.unlogged(told, "UTC", TODAY - timedelta(days=5), 6) == [0, 0, 1, 0, 0, 0]
