"""Suppliers and terms: one preferred supplier per item, packs exact, changes on record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from supply.database import new_id
from supply.domain.catalog import service as catalog
from supply.domain.suppliers import service as suppliers
from supply.domain.suppliers.models import Supplier
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
