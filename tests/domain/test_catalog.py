"""Items: units are exact, names are found without marks and sorted as Vietnamese, changes are on record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from supply.alphabet import person_key, sort_key
from supply.database import new_id
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category, Item
from supply.domain.catalog.search import search_key, search_words
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale, SupplyError
from supply.quantity import Dimension
from tests.cast import Cast

GINGER: dict[str, Any] = {
    "code": "ginger",
    "name_en": "Ginger",
    "name_vi": "Gừng",
    "category": Category.ROOT,
    "dimension": Dimension.MASS,
    "stock_unit": "kg",
    "usage_unit": "g",
    "natural_step": Decimal("20"),
    "units": [
        {"code": "crate", "name_en": "crate", "name_vi": "thùng", "amount": Decimal("5"), "unit": "kg"}
    ],
}


def ginger(**changes: Any) -> dict[str, Any]:
    return {**GINGER, **changes}


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in ginger(**changes).items() if name != "dimension"}


# --- keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Gừng", "gung"),
        ("Đương  quy", "duong quy"),
        ("Vỏ cam quýt (trần bì)", "vo cam quyt (tran bi)"),
        ("Tinh dầu ƯU", "tinh dau uu"),
    ],
)
def test_search_key_drops_marks_and_case(text: str, key: str) -> None:
    assert search_key(text) == key


def test_search_words_are_taken_literally() -> None:
    assert search_words("50%_a\\b") == ["%50\\%\\_a\\\\b%"]


def test_sort_key_follows_the_vietnamese_alphabet() -> None:
    names = [
        "an",
        "án",
        "ăn",
        "ân",
        "bơ",
        "cam",
        "da",
        "đa",
        "em",
        "êm",
        "lá",
        "lá bưởi",
        "lan",
        "ma",
        "mà",
        "mả",
        "mã",
        "má",
        "mạ",
        "on",
        "ôn",
        "ơn",
        "un",
        "ưn",
        "vỏ",
        "2 lá",
    ]
    expected = ["2 lá", *names[:-1]]
    assert sorted(names, key=sort_key) == expected
    people = ["Trần Đức Anh", "Lê Văn Đức", "Nguyễn Thị Ánh", "Phạm Lan", "Đặng Thị Lan"]
    in_order = ["Trần Đức Anh", "Nguyễn Thị Ánh", "Lê Văn Đức", "Phạm Lan", "Đặng Thị Lan"]
    assert sorted(people, key=person_key) == [*in_order[:3], *sorted(in_order[3:], key=sort_key)]


@given(st.text(max_size=120))
def test_sort_key_is_hex_and_fits_its_column(text: str) -> None:
    key = sort_key(text)
    assert set(key) <= set("0123456789abcdef")
    assert len(key) <= 400


# --- items -----------------------------------------------------------------------------------------------


def test_create_item_keeps_its_facts_and_is_audited(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    assert (item.natural_step, item.version, item.active) == (20_000, 1, True)
    assert [(unit.code, unit.factor) for unit in item.units] == [("crate", 5_000_000)]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == item.id)).one()
    assert entry.action == "item.create"
    assert entry.changes["units"] == [None, {"crate": 5_000_000}]


def test_only_a_manager_changes_the_catalogue(session: Session, cast: Cast) -> None:
    for actor in (cast.storekeeper, cast.therapist, cast.admin):
        with pytest.raises(Forbidden):
            catalog.create_item(session, actor, **GINGER)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"stock_unit": "ml"}, "unit_unfit", "stock_unit"),
        ({"stock_unit": "crate"}, "unit_unfit", "stock_unit"),
        ({"usage_unit": "ml"}, "unit_unknown", "usage_unit"),
        ({"natural_step": Decimal("0.0001")}, "quantity_inexact", "natural_step"),
        ({"units": [{**GINGER["units"][0], "code": "g"}]}, "unit_code_common", "units.0.code"),
        ({"units": [{**GINGER["units"][0], "unit": "ml"}]}, "unit_unfit", "units.0.unit"),
        ({"units": GINGER["units"] * 2}, "unit_twice", "units.1.code"),
    ],
)
def test_units_must_fit(session: Session, cast: Cast, change: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        catalog.create_item(session, cast.manager, **ginger(**change))
    assert caught.value.code == code
    assert list(caught.value.errors) == [field]


def test_a_code_is_given_once(session: Session, cast: Cast) -> None:
    catalog.create_item(session, cast.manager, **GINGER)
    with pytest.raises(Conflict) as caught:
        catalog.create_item(session, cast.manager, **GINGER)
    assert caught.value.code == "code_taken"


def test_update_replaces_facts_and_units(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    bag = {"code": "bag", "name_en": "bag", "name_vi": "túi", "amount": Decimal("0.5"), "unit": "kg"}
    catalog.update_item(
        session, cast.manager, item.id, version=1, **changed(name_vi="Gừng tươi", units=[bag])
    )
    session.expire_all()
    item = catalog.get_item(session, item.id)
    assert (item.name_vi, item.version) == ("Gừng tươi", 2)
    assert [(unit.code, unit.factor) for unit in item.units] == [("bag", 500_000)]
    assert catalog.list_items(session, search="gung tuoi") == [item]


def test_a_change_of_units_alone_is_a_new_version(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    catalog.update_item(session, cast.manager, item.id, version=1, **changed(units=[]))
    assert item.version == 2


def test_a_stale_change_is_refused(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    catalog.update_item(session, cast.manager, item.id, version=1, **changed(name_en="Root ginger"))
    with pytest.raises(Stale):
        catalog.update_item(session, cast.manager, item.id, version=1, **changed(name_en="Else"))


def test_the_dimension_stays(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    with pytest.raises(Invalid) as caught:
        catalog.update_item(session, cast.manager, item.id, version=1, **ginger(dimension=Dimension.VOLUME))
    assert caught.value.code == "dimension_fixed"


def test_a_deactivated_item_is_hidden_and_comes_back(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    catalog.set_item_active(session, cast.manager, item.id, version=1, active=False)
    assert catalog.list_items(session) == []
    assert catalog.list_items(session, active=None) == [item]
    assert catalog.get_item(session, item.id) is item
    catalog.set_item_active(session, cast.manager, item.id, version=2, active=True)
    assert catalog.list_items(session) == [item]


def test_confirming_takes_the_assumption_mark_away(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER, assumed=True)
    assert not catalog.confirm_item(session, cast.manager, item.id, version=1).assumed


def test_an_unknown_item_is_not_found(session: Session, cast: Cast) -> None:
    with pytest.raises(NotFound):
        catalog.get_item(session, new_id())
    with pytest.raises(NotFound):
        catalog.confirm_item(session, cast.manager, new_id(), version=1)


# --- units -----------------------------------------------------------------------------------------------


def test_amounts_become_exact_base_units(session: Session, cast: Cast) -> None:
    item = catalog.create_item(session, cast.manager, **GINGER)
    assert catalog.base_quantity(item, Decimal("1.25"), "kg") == 1_250_000
    assert catalog.base_quantity(item, Decimal("0.5"), "crate") == 2_500_000
    for unit, amount, code in (("ml", "1", "unit_unknown"), ("g", "0.0001", "quantity_inexact")):
        with pytest.raises(Invalid) as caught:
            catalog.base_quantity(item, Decimal(amount), unit, field="lines.0.amount")
        assert caught.value.code == code
        assert list(caught.value.errors) == ["lines.0.unit" if unit == "ml" else "lines.0.amount"]


def test_an_amount_is_told_in_a_unit_that_holds_it_exactly(session: Session, cast: Cast) -> None:
    third = {"code": "third", "name_en": "third", "name_vi": "ba", "amount": Decimal("0.003"), "unit": "g"}
    item = catalog.create_item(session, cast.manager, **ginger(usage_unit="third", units=[third]))
    assert catalog.told_amount(item, 6) == (Decimal("2"), "third")
    assert catalog.told_amount(item, 1000) == (Decimal("0.001"), "kg")


# --- lists -----------------------------------------------------------------------------------------------


def _many(session: Session, cast: Cast, names: list[str]) -> None:
    for index, name in enumerate(names):
        catalog.create_item(session, cast.manager, **ginger(code=f"item-{index}", name_vi=name))


def test_items_are_listed_alphabetically_page_by_page(session: Session, cast: Cast) -> None:
    names = ["Đương quy", "Dầu nền", "Gừng", "Gỗ Dao đỏ", "Ngải cứu"]
    _many(session, cast, names)
    seen: list[str] = []
    after = None
    while page := catalog.list_items(session, limit=2, after=after):
        seen += [item.name_vi for item in page]
        after = (page[-1].sort_key, page[-1].id)
    assert seen == ["Dầu nền", "Đương quy", "Gỗ Dao đỏ", "Gừng", "Ngải cứu"]


def test_every_word_of_a_search_must_occur(session: Session, cast: Cast) -> None:
    _many(session, cast, ["Tinh dầu sả chanh", "Sả cây", "Trà gừng"])
    assert [item.name_vi for item in catalog.list_items(session, search="sả dau")] == ["Tinh dầu sả chanh"]
    assert [item.name_vi for item in catalog.list_items(session, search="gung")] == ["Trà gừng"]
    assert catalog.list_items(session, search="%") == []


def test_items_by_id_takes_two_statements_however_many(session: Session, cast: Cast) -> None:
    _many(session, cast, [f"Vị {number}" for number in range(30)])
    ids = list(session.scalars(select(Item.id)))
    session.expunge_all()
    found = catalog.items_by_id(session, [*ids, new_id()])
    assert set(found) == set(ids)
    assert all(len(item.units) == 1 for item in found.values())


def test_refusals_name_a_stable_code(session: Session, cast: Cast) -> None:
    with pytest.raises(SupplyError) as caught:
        catalog.get_item(session, new_id())
    assert caught.value.code == "item_not_found"
