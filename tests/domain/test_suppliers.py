"""Suppliers and terms: one preferred supplier per item, packs exact, changes on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.suppliers import ordering, prices
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.models import Supplier, SupplierTerms
from supply.domain.suppliers.places import choose_suppliers
from supply.domain.suppliers.schemas import WriteSupplier, weekdays
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from tests.cast import Cast
from tests.domain.test_catalog import ginger

FACTS: dict[str, Any] = {"code": "dao-herbs", "name": "Thảo dược Dao", "order_days": 1, "lead_time_days": 3}
TERMS: dict[str, Any] = {"pack_name": "crate", "amount": Decimal("5"), "unit": "kg", "price_minor": 125_000}


def supplier(session: Session, cast: Cast, code: str = "dao-herbs") -> Supplier:
    return suppliers.create_supplier(session, cast.manager, **{**FACTS, "code": code})


@pytest.fixture
def item_id(session: Session, cast: Cast) -> UUID:
    return catalog.create_item(session, cast.manager, **ginger()).id


def test_suppliers_are_found_without_marks(session: Session, cast: Cast) -> None:
    made = supplier(session, cast)
    assert suppliers.list_suppliers(session, search="thao duoc") == [made]
    assert suppliers.list_suppliers(session, search="nobody") == []
    assert suppliers.get_supplier(session, made.id) is made
    with pytest.raises(NotFound):
        suppliers.get_supplier(session, new_id())


def test_only_a_manager_changes_suppliers(session: Session, cast: Cast) -> None:
    for actor in (cast.storekeeper, cast.therapist, cast.admin):
        with pytest.raises(Forbidden):
            suppliers.create_supplier(session, actor, **FACTS)


def test_a_code_is_given_once_and_a_version_counts(session: Session, cast: Cast) -> None:
    made = supplier(session, cast)
    with pytest.raises(Conflict):
        supplier(session, cast)
    suppliers.update_supplier(session, cast.manager, made.id, version=1, **{**FACTS, "active": False})
    assert suppliers.list_suppliers(session) == []
    assert suppliers.list_suppliers(session, active=None) == [made]
    with pytest.raises(Stale):
        suppliers.update_supplier(session, cast.manager, made.id, version=1, **FACTS)


def test_the_first_to_sell_an_item_is_preferred_until_another_is(
    session: Session, cast: Cast, item_id: UUID
) -> None:
    first, second = supplier(session, cast, "a"), supplier(session, cast, "b")
    for one in (first, second):
        suppliers.set_terms(session, cast.manager, one.id, item_id, **TERMS)
    assert suppliers.preferred_terms(session, [item_id])[item_id].supplier_id == first.id
    suppliers.set_terms(session, cast.manager, second.id, item_id, **TERMS, preferred=True)
    session.expire_all()
    assert [terms.preferred for terms in suppliers.terms_of_item(session, item_id)] == [True, False]
    assert suppliers.preferred_terms(session, [item_id])[item_id].supplier_id == second.id


def test_a_retired_supplier_is_not_preferred(session: Session, cast: Cast, item_id: UUID) -> None:
    first, second = supplier(session, cast, "a"), supplier(session, cast, "b")
    for one in (first, second):
        suppliers.set_terms(session, cast.manager, one.id, item_id, **TERMS)
    suppliers.update_supplier(
        session, cast.manager, first.id, version=1, **{**FACTS, "code": "a", "active": False}
    )
    assert suppliers.preferred_terms(session, [item_id])[item_id].supplier_id == second.id


def test_terms_are_written_and_removed(session: Session, cast: Cast, item_id: UUID) -> None:
    made = supplier(session, cast)
    told = {**TERMS, "amount": Decimal("2"), "unit": "crate"}
    terms = suppliers.set_terms(session, cast.manager, made.id, item_id, **told)
    assert (terms.pack_quantity, terms.currency, terms.minimum_packs) == (10_000_000, "VND", 1)
    assert [row.item.code for row in suppliers.list_terms(session, made.id)] == ["ginger"]
    suppliers.remove_terms(session, cast.manager, made.id, item_id)
    assert suppliers.list_terms(session, made.id) == []
    with pytest.raises(NotFound):
        suppliers.remove_terms(session, cast.manager, made.id, item_id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": "ml"}, "unit"),
        ({"amount": Decimal("0.0000001")}, "amount"),
        ({"currency": "XYZ"}, "currency"),
    ],
)
def test_terms_must_fit_the_item(
    session: Session, cast: Cast, item_id: UUID, change: dict[str, Any], field: str
) -> None:
    made = supplier(session, cast)
    with pytest.raises(Invalid) as caught:
        suppliers.set_terms(session, cast.manager, made.id, item_id, **{**TERMS, **change})
    assert list(caught.value.errors) == [field]


def test_order_days_are_weekdays_outside_and_bits_inside() -> None:
    loaded = WriteSupplier().load({"code": "a", "name": "A", "order_days": ["friday", "monday"]})
    assert loaded["order_days"] == 0b10001
    assert weekdays(0b10001) == ["monday", "friday"]


HANOI = "Asia/Ho_Chi_Minh"


@pytest.mark.parametrize(
    ("days", "cutoff", "clock_time", "wait"),
    [
        (127, None, "23:59", 0),
        (127, 870, "14:29", 0),
        (127, 870, "14:30", 1),
        (0b0000001, None, "09:00", 1),
        (0b1000000, None, "09:00", 0),
        (0b1000000, 870, "15:00", 7),
        (0b0000100, 870, "15:00", 3),
    ],
)
def test_an_order_counts_from_its_order_day(
    days: int, cutoff: int | None, clock_time: str, wait: int
) -> None:
    """The 22nd of November 2026 is a Sunday; the clock is the branch's."""
    now = datetime.fromisoformat(f"2026-11-22T{clock_time}+07:00")
    sold_by = Supplier(order_days=days, cutoff_minute=cutoff, lead_time_days=2)
    assert ordering.days_to_order(sold_by, now, HANOI) == wait
    slow = ordering.lead_days(sold_by, SupplierTerms(lead_time_days=5))
    assert (slow, ordering.lead_days(sold_by, SupplierTerms())) == (5, 2)
    assert ordering.due(sold_by, slow, now, HANOI) == now + timedelta(days=wait + 5)


def test_first_and_second_are_chosen(session: Session, cast: Cast, item_id: UUID) -> None:
    first, second, third = (supplier(session, cast, code) for code in "abc")
    for one in (first, second, third):
        suppliers.set_terms(session, cast.manager, one.id, item_id, **TERMS, second=one is second)

    def places() -> list[tuple[str, bool, bool]]:
        session.expire_all()
        found = suppliers.terms_of_item(session, item_id)
        return [(one.supplier.code, one.preferred, one.second) for one in found]

    assert places() == [("a", True, False), ("b", False, True), ("c", False, False)]
    choose_suppliers(session, cast.manager, item_id, preferred_id=second.id, second_id=third.id)
    assert places() == [("b", True, False), ("c", False, True), ("a", False, False)]
    suppliers.update_supplier(
        session, cast.manager, second.id, version=1, **{**FACTS, "code": "b", "active": False}
    )
    assert suppliers.preferred_terms(session, [item_id])[item_id].supplier_id == third.id
    suppliers.set_terms(session, cast.manager, first.id, item_id, **TERMS, second=True)
    assert [(code, place) for code, _first, place in places()] == [("b", False), ("a", True), ("c", False)]
    with pytest.raises(Forbidden):
        choose_suppliers(session, cast.storekeeper, item_id, preferred_id=first.id)
    for chosen, field in (
        ({"preferred_id": new_id()}, "preferred_id"),
        ({"preferred_id": first.id, "second_id": first.id}, "second_id"),
    ):
        with pytest.raises(Invalid) as caught:
            choose_suppliers(session, cast.manager, item_id, **chosen)
        assert list(caught.value.errors) == [field]


def test_prices_have_a_history(session: Session, cast: Cast, item_id: UUID) -> None:
    made = supplier(session, cast)
    for price in (125_000, 125_000, 130_000):
        suppliers.set_terms(session, cast.manager, made.id, item_id, **{**TERMS, "price_minor": price})
    history = prices.list_prices(session, made.id, item_id)
    assert [(one.price_minor, one.person_id) for one in history] == [
        (130_000, cast.manager.person_id),
        (125_000, cast.manager.person_id),
    ]
