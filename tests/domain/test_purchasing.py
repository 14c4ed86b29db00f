"""Flags, requisitions and orders, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from supply import clock
from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.purchasing import deciding, flags, orders, rules, service
from supply.domain.purchasing.models import OrderStatus, PurchaseOrder, Requisition, RequisitionStatus
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.permissions import Actor
from tests import goods as shop
from tests.cast import Cast
from tests.goods import KG, Goods, deliver, level, line, stock_up


@pytest.fixture
def goods(cast: Cast) -> Goods:
    return stock_up(cast)


def ask(item_id: UUID, amount: str | None = None, unit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"item_id": item_id, "amount": None if amount is None else Decimal(amount), "unit": unit, **more}


def raised(cast: Cast, *lines: dict[str, Any], by: Actor | None = None, submit: bool = True) -> UUID:
    """A requisition of the storekeeper (or another), submitted."""

    def work(session: Session) -> UUID:
        actor = by or cast.storekeeper
        made = service.raise_requisition(session, actor, branch_id=cast.branch_id, lines=lines)
        if submit:
            service.submit_requisition(session, actor, made.id)
        return made.id

    return write_transaction(work)


def approve(cast: Cast, requisition_id: UUID, by: Actor | None = None) -> list[UUID]:
    def work(session: Session) -> list[UUID]:
        done = deciding.approve_requisition(session, by or cast.manager, requisition_id)
        return [order.id for order in done.orders]

    return write_transaction(work)


def refused(kind: type[SupplyError], code: str, work: Callable[[Session], object]) -> SupplyError:
    with pytest.raises(kind) as caught:
        write_transaction(work)
    assert caught.value.code == code
    return caught.value


# --- flags -------------------------------------------------------------------------------------------------


def listed(cast: Cast, actor: Actor | None = None) -> list[flags.Flag]:
    return read_snapshot(lambda session: flags.list_flags(session, actor or cast.therapist, cast.branch_id))


def test_a_flag_tells_its_arithmetic(cast: Cast, goods: Goods) -> None:
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    (flag,) = listed(cast)
    assert flag.item.id == goods.ginger
    assert (flag.position.available, flag.position.reorder_point) == (0, 3 * KG)
    # 12 kg are missing: three cartons of 5 kg.
    assert (flag.suggestion.quantity, flag.suggestion.packs, flag.price_minor) == (15 * KG, 3, 750_000)
    assert flag.offer is not None
    assert flag.offer.supplier.code == "FARM"
    assert "12" in str(flags.sentence(flag.position, flag.suggestion, lambda base: f"{base // KG}"))


def test_flags_turn_at_midnight_by_themselves(cast: Cast, goods: Goods) -> None:
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    tomorrow = shop.this_day() + timedelta(days=1)
    deliver(cast, goods.farm, line(goods.ginger, "20", "kg", expires_on=shop.this_day()))
    assert listed(cast) == []
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    with clock.standing_at(midnight - timedelta(seconds=1)):
        assert listed(cast) == []
    with clock.standing_at(midnight):
        (flag,) = listed(cast)
    assert (flag.position.on_hand, flag.position.expired, flag.position.available) == (20 * KG, 20 * KG, 0)


def test_flags_cost_few_statements_and_write_nothing(cast: Cast, goods: Goods, session: Session) -> None:
    for item in (goods.ginger, goods.oil, goods.towel):
        shop.policy(cast, item, 3_000, 12_000)
    seen: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert len(listed(cast)) == 3
    seen = [statement for statement in seen if not statement.startswith("BEGIN")]
    assert len(seen) <= 4, seen
    assert all(statement.startswith(("SELECT", "WITH")) for statement in seen)


def test_what_is_asked_for_already_is_marked(cast: Cast, goods: Goods) -> None:
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    requisition_id = raised(cast, ask(goods.ginger))
    (flag,) = listed(cast)
    assert flag.asked is not None
    assert flag.asked.requisition_id == requisition_id
    again = {"branch_id": cast.branch_id, "from_flags": True}
    refused(Invalid, "nothing_to_request", lambda s: service.raise_requisition(s, cast.storekeeper, **again))


def test_flags_of_another_branch_are_not_found(cast: Cast, goods: Goods) -> None:
    with pytest.raises(NotFound):
        listed(cast, cast.outsider)


# --- raising and editing -----------------------------------------------------------------------------------


def test_a_requisition_from_flags_takes_the_suggestions(cast: Cast, goods: Goods, session: Session) -> None:
    shop.policy(cast, goods.ginger, 3 * KG, 12 * KG)
    made = write_transaction(
        lambda s: service.raise_requisition(s, cast.storekeeper, branch_id=cast.branch_id, from_flags=True).id
    )
    requisition = service.get_requisition(session, cast.manager, made)
    assert (requisition.number, requisition.status) == (1, RequisitionStatus.DRAFT)
    (one,) = requisition.lines
    assert (one.quantity, one.supplier_id) == (15 * KG, goods.farm)
    assert one.arithmetic["suggested"] == 15 * KG
    assert one.arithmetic["available"] == 0


def test_a_line_may_be_told_in_packs(cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.ginger, "3", "carton"), ask(goods.towel, "40", "piece"))
    first, second = service.get_requisition(session, cast.manager, made).lines
    assert (first.quantity, second.quantity, second.supplier_id) == (15 * KG, 40_000, None)


@pytest.mark.parametrize(
    ("code", "field", "change"),
    [
        ("item_not_found", "lines.0.item_id", {"item_id": uuid4()}),
        ("unit_unknown", "lines.0.unit", {"unit": "barrel"}),
        ("amount_missing", "lines.0.amount", {"amount": None}),
        ("supplier_not_found", "lines.0.supplier_id", {"supplier_id": uuid4()}),
        ("quantity_inexact", "lines.0.amount", {"amount": Decimal("0.0000001")}),
    ],
)
def test_bad_input_names_its_field(
    cast: Cast, goods: Goods, code: str, field: str, change: dict[str, Any]
) -> None:
    lines = [ask(goods.ginger, "1", "kg") | change]
    error = refused(
        Invalid,
        code,
        lambda s: service.raise_requisition(s, cast.storekeeper, branch_id=cast.branch_id, lines=lines),
    )
    assert list(error.errors) == [field]


def test_an_item_stands_on_one_line_only(cast: Cast, goods: Goods) -> None:
    lines = [ask(goods.ginger, "1", "kg"), ask(goods.ginger, "2", "kg")]
    error = refused(
        Invalid,
        "item_twice",
        lambda s: service.raise_requisition(s, cast.storekeeper, branch_id=cast.branch_id, lines=lines),
    )
    assert list(error.errors) == ["lines.1.item_id"]


def test_who_may_raise(cast: Cast, goods: Goods) -> None:
    def by(actor: Actor) -> Callable[[Session], object]:
        lines = [ask(goods.ginger, "1", "kg")]
        return lambda s: service.raise_requisition(s, actor, branch_id=cast.branch_id, lines=lines)

    refused(Forbidden, "not_permitted", by(cast.therapist))
    refused(Forbidden, "not_permitted", by(cast.admin))
    refused(NotFound, "branch_not_found", by(cast.outsider))
    write_transaction(by(cast.manager))


def test_editing_replaces_lines_and_needs_the_version_seen(
    cast: Cast, goods: Goods, session: Session
) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"), ask(goods.oil, "1", "l"))
    version = service.get_requisition(session, cast.manager, made).version
    session.rollback()
    lines = [ask(goods.oil, "2", "l"), ask(goods.towel, "5", "piece", supplier_id=goods.farm)]

    def edit(session: Session) -> int:
        return service.edit_requisition(session, cast.storekeeper, made, lines=lines, version=version).version

    assert write_transaction(edit) == version + 1
    refused(Stale, "stale", edit)
    kept = service.get_requisition(session, cast.manager, made)
    assert [(one.item_id, one.quantity) for one in kept.lines] == [
        (goods.oil, 2 * KG),
        (goods.towel, 5_000),
    ]
    assert kept.lines[1].supplier is not None
    assert kept.lines[1].supplier.code == "FARM"


def test_withdrawing_is_for_who_asked(cast: Cast, goods: Goods) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    refused(Forbidden, "not_requester", lambda s: service.withdraw_requisition(s, cast.manager, made))
    write_transaction(lambda s: service.withdraw_requisition(s, cast.storekeeper, made))
    refused(Conflict, "withdrawn", lambda s: deciding.approve_requisition(s, cast.manager, made))


# --- deciding ----------------------------------------------------------------------------------------------


def test_approval_makes_one_order_per_supplier(cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.ginger, "3", "carton"), ask(goods.oil, "2", "bottle"))
    placed = [orders.get_order(session, cast.storekeeper, one) for one in approve(cast, made)]
    assert [(one.number, one.supplier.code, one.status) for one in placed] == [
        (1, "FARM", OrderStatus.DRAFT),
        (2, "OIL", OrderStatus.DRAFT),
    ]
    (ginger,) = placed[0].lines
    assert (ginger.ordered, ginger.price_minor, ginger.pack_quantity) == (15 * KG, 250_000, 5 * KG)
    assert placed[1].expected_at - placed[1].approved_at == timedelta(days=5)
    session.rollback()
    assert level(session, cast, goods.ginger) == (0, 15 * KG)
    entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "requisition.approved"))
    assert entry is not None
    assert entry.changes == {"status": ["submitted", "approved"]}


def test_a_line_without_a_supplier_is_refused(cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.towel, "5", "piece"))
    error = refused(
        Invalid, "supplier_missing", lambda s: deciding.approve_requisition(s, cast.manager, made)
    )
    assert list(error.errors) == ["lines.0.supplier_id"]
    assert level(session, cast, goods.towel) == (0, 0)


def test_nobody_decides_on_their_own(cast: Cast, goods: Goods, session: Session) -> None:
    own = raised(cast, ask(goods.ginger, "1", "kg"), by=cast.manager)
    refused(Forbidden, "own_request", lambda s: deciding.approve_requisition(s, cast.manager, own))
    refused(
        Forbidden, "own_request", lambda s: deciding.reject_requisition(s, cast.manager, own, reason="no")
    )
    edited = raised(cast, ask(goods.ginger, "1", "kg"))
    version = service.get_requisition(session, cast.manager, edited).version
    session.rollback()
    lines = [ask(goods.ginger, "2", "kg")]
    write_transaction(
        lambda s: service.edit_requisition(s, cast.manager, edited, lines=lines, version=version).id
    )
    refused(Forbidden, "own_request", lambda s: deciding.approve_requisition(s, cast.manager, edited))
    assert len(approve(cast, edited, by=cast.second_manager)) == 1


@pytest.mark.parametrize("column", ["requested_by", "editor"])
def test_the_database_refuses_it_too(cast: Cast, goods: Goods, session: Session, column: str) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    decider = cast.storekeeper
    if column == "editor":
        decider = cast.second_manager
        statement = (
            "INSERT INTO requisition_editor (requisition_id, person_id) VALUES (:requisition, :person)"
        )
        values = {"requisition": _raw(session, made), "person": _raw(session, decider.person_id)}
        write_transaction(lambda s: s.execute(text(statement), values) and None)
    update = "UPDATE requisition SET status = 'approved', decided_by = :person WHERE id = :requisition"
    values = {"requisition": _raw(session, made), "person": _raw(session, decider.person_id)}
    with pytest.raises(DBAPIError):
        write_transaction(lambda s: s.execute(text(update), values) and None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE requisition SET requested_by = :other WHERE id = :requisition",
        "UPDATE requisition_editor SET person_id = :other WHERE requisition_id = :requisition",
        "DELETE FROM requisition_editor WHERE requisition_id = :requisition",
    ],
)
def test_who_asked_cannot_be_taken_off_it(cast: Cast, goods: Goods, session: Session, statement: str) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    ids = {"requisition": made, "other": cast.second_manager.person_id}
    values = {name: _raw(session, id_) for name, id_ in ids.items() if f":{name}" in statement}
    with pytest.raises(DBAPIError, match="stays who asked"):
        write_transaction(lambda s: s.execute(text(statement), values) and None)


def test_much_money_takes_two_people(cast: Cast, goods: Goods, session: Session) -> None:
    write_transaction(
        lambda s: rules.set_rules(
            s,
            cast.manager,
            cast.branch_id,
            version=0,
            blocked_step_minor=200_000,
            second_approval_minor=500_000,
        )
    )
    little = raised(cast, ask(goods.ginger, "2", "carton"))
    assert len(approve(cast, little)) == 1
    much = raised(cast, ask(goods.ginger, "3", "carton"))
    assert approve(cast, much) == []
    assert level(session, cast, goods.ginger) == (0, 10 * KG)
    refused(Conflict, "approved_by_you", lambda s: deciding.approve_requisition(s, cast.manager, much))
    seen = service.get_requisition(session, cast.manager, much)
    assert [one.person_id for one in seen.approvals] == [cast.manager.person_id]
    version = seen.version
    session.rollback()
    # Whoever approved it approved these lines; with others it begins anew.
    lines = [ask(goods.ginger, "4", "carton")]
    write_transaction(
        lambda s: service.edit_requisition(s, cast.storekeeper, much, lines=lines, version=version).id
    )
    assert approve(cast, much) == []
    assert len(approve(cast, much, by=cast.second_manager)) == 1
    assert level(session, cast, goods.ginger) == (0, 30 * KG)
    # A price that nobody knows may be much.
    unknown = raised(cast, ask(goods.towel, "1", "piece", supplier_id=goods.farm))
    assert approve(cast, unknown) == []


def test_nobodys_own_approval_is_taken_down(cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    statement = (
        "INSERT INTO requisition_approval (requisition_id, person_id, approved_at) "
        "VALUES (:requisition, :person, '2026-11-22 00:00:00')"
    )
    values = {"requisition": _raw(session, made), "person": _raw(session, cast.storekeeper.person_id)}
    with pytest.raises(DBAPIError):
        write_transaction(lambda s: s.execute(text(statement), values) and None)


def test_several_are_approved_together_or_none(cast: Cast, goods: Goods, session: Session) -> None:
    first, second = (raised(cast, ask(goods.ginger, "1", "carton")) for _ in range(2))
    version = service.get_requisition(session, cast.manager, first).version
    session.rollback()

    def together(actor: Actor, *told: tuple[UUID, int]) -> Callable[[Session], object]:
        return lambda s: [one.id for one in deciding.approve_requisitions(s, actor, told)]

    stale = refused(Stale, "stale", together(cast.manager, (first, version), (second, version + 1)))
    assert str(stale.message).startswith("Requisition 2: ")
    assert list(stale.errors) == ["requisitions.1"]
    refused(Invalid, "named_twice", together(cast.manager, (first, version), (first, version)))
    refused(NotFound, "requisition_not_found", together(cast.outsider, (first, version)))
    refused(Forbidden, "not_permitted", together(cast.storekeeper, (first, version)))
    assert level(session, cast, goods.ginger) == (0, 0)
    write_transaction(together(cast.manager, (first, version), (second, version)))
    assert level(session, cast, goods.ginger) == (0, 10 * KG)


def test_a_decided_requisition_keeps_its_lines(cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    approve(cast, made)
    values = {"requisition": _raw(session, made)}
    with pytest.raises(DBAPIError):
        write_transaction(
            lambda s: (
                s.execute(
                    text("UPDATE requisition_line SET quantity = 9 WHERE requisition_id = :requisition"),
                    values,
                )
                and None
            )
        )
    lines = [ask(goods.ginger, "2", "kg")]
    refused(
        Conflict,
        "already_decided",
        lambda s: service.edit_requisition(s, cast.storekeeper, made, lines=lines, version=3),
    )


def _raw(session: Session, value: UUID) -> object:
    return value.hex if session.get_bind().dialect.name == "sqlite" else value


def test_who_may_decide(cast: Cast, goods: Goods) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"), by=cast.manager)
    for actor in (cast.storekeeper, cast.therapist, cast.admin):
        refused(Forbidden, "not_permitted", lambda s, a=actor: deciding.approve_requisition(s, a, made))
    refused(NotFound, "requisition_not_found", lambda s: deciding.approve_requisition(s, cast.outsider, made))
    refused(
        NotFound, "requisition_not_found", lambda s: deciding.approve_requisition(s, cast.manager, uuid4())
    )


def test_deciding_needs_a_submitted_one_as_it_was_seen(cast: Cast, goods: Goods) -> None:
    draft = raised(cast, ask(goods.ginger, "1", "kg"), submit=False)
    refused(Conflict, "not_submitted", lambda s: deciding.approve_requisition(s, cast.manager, draft))
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    refused(Stale, "stale", lambda s: deciding.approve_requisition(s, cast.manager, made, version=1))


def test_a_rejection_has_its_reason(cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.ginger, "1", "kg"))
    write_transaction(
        lambda s: deciding.reject_requisition(s, cast.manager, made, reason="Enough in the other branch").id
    )
    kept = service.get_requisition(session, cast.storekeeper, made)
    assert (kept.status, kept.reason) == (RequisitionStatus.REJECTED, "Enough in the other branch")
    session.rollback()
    refused(Conflict, "already_decided", lambda s: deciding.approve_requisition(s, cast.second_manager, made))


def test_two_managers_at_once(app: Flask, cast: Cast, goods: Goods, session: Session) -> None:
    made = raised(cast, ask(goods.ginger, "1", "carton"))
    start = threading.Barrier(4)
    answers: list[str] = []

    def decide(actor: Actor) -> None:
        with app.app_context():
            start.wait()
            try:
                write_transaction(lambda s: deciding.approve_requisition(s, actor, made).id)
                answers.append("approved")
            except Conflict as refusal:
                answers.append(refusal.code)

    threads = [
        threading.Thread(target=decide, args=(actor,)) for actor in (cast.manager, cast.second_manager) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["already_decided"] * 3 + ["approved"]
    assert level(session, cast, goods.ginger) == (0, 5 * KG)
    assert len(session.scalars(select(PurchaseOrder)).all()) == 1


def test_numbers_count_per_branch(cast: Cast, goods: Goods, session: Session) -> None:
    for _turn in range(3):
        raised(cast, ask(goods.ginger, "1", "kg"))
    lines = [ask(goods.ginger, "1", "kg")]
    write_transaction(
        lambda s: service.raise_requisition(s, cast.outsider, branch_id=cast.other_branch_id, lines=lines).id
    )
    rows = session.execute(select(Requisition.branch_id, Requisition.number).order_by(Requisition.id)).all()
    assert [number for _branch, number in rows] == [1, 2, 3, 1]
