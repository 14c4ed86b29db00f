"""Imports through their services: planned row by row, applied as a whole, taken back as far as it goes."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.imports import applying, service
from supply.domain.imports.models import ImportKind
from supply.domain.suppliers import service as suppliers
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from tests import shelves
from tests.cast import Cast
from tests.importing import apply, csv_file, give, outcomes, rows_of, undo

HEADER = ["Mã", "Tên", "English name", "Nhóm", "Đơn vị", "Hạn dùng (ngày)", "Đơn vị riêng"]
ROWS = [
    ["gung", "Gừng tươi", "Fresh ginger", "củ", "kg", "30", "bo = 250 g | bundle | bó"],
    ["tram", "Tinh dầu tràm", "Tea tree oil", "tinh dầu", "lít", "", ""],
    ["khan", "Khăn", "", "vật tư", "cái", "", ""],
]


def items_file(*rows: list[str]) -> bytes:
    return csv_file(HEADER, *(rows or ROWS))


def item(code: str) -> Item | None:
    return read_snapshot(lambda session: catalog.find_item_by_code(session, code))


def test_items_come_in_as_a_manager_would_write_them(session: Session, cast: Cast) -> None:
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file())
    assert outcomes(file) == ["create"] * 3
    assert item("gung") is None
    done = apply(cast.manager, file)
    assert (done.state.value, done.applied_by) == ("applied", cast.manager.person_id)
    ginger, towel = item("gung"), item("khan")
    assert ginger is not None
    assert towel is not None
    assert (ginger.category.value, ginger.dimension.value, ginger.stock_unit) == ("root", "mass", "kg")
    assert (ginger.shelf_life_days, ginger.natural_step) == (30, 1_000_000)
    assert [(unit.code, unit.factor, unit.name_vi) for unit in ginger.units] == [("bo", 250_000, "bó")]
    # A name in one language stands for both, until somebody writes the other.
    assert (towel.name_en, towel.dimension.value) == ("Khăn", "count")
    session.expire_all()
    told = session.execute(select(AuditEntry.action, func.count()).group_by(AuditEntry.action)).all()
    assert dict(told) == {"item.create": 3, "import.apply": 1}
    assert rows_of(done)[0].entity_id == ginger.id
    again = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file())
    assert outcomes(again) == ["skip"] * 3
    with pytest.raises(Conflict, match="import_empty"):
        apply(cast.manager, again)


def test_a_preview_says_field_by_field_what_changes(session: Session, cast: Cast) -> None:
    apply(cast.manager, give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file()))
    changed = items_file(["gung", "Gừng", "Fresh ginger", "root", "Kilogam", "60", ""], ROWS[1])
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, changed)
    assert outcomes(file) == ["change", "skip"]
    # What a cell leaves empty stays as it is.
    assert rows_of(file)[0].changes == {"name_vi": ["Gừng tươi", "Gừng"], "shelf_life_days": ["30", "60"]}
    apply(cast.manager, file)
    ginger = item("gung")
    assert ginger is not None
    assert (ginger.name_vi, len(ginger.units), ginger.version) == ("Gừng", 1, 2)


def test_a_fault_in_the_last_row_keeps_the_whole_file_out(session: Session, cast: Cast) -> None:
    bad = ["gung", "Nghệ", "Turmeric", "đá quý", "kg", "soon", "bottle 5"]
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file(*ROWS, bad))
    assert outcomes(file) == ["create", "create", "create", "error"]
    (row,) = [row for row in rows_of(file) if row.outcome == "error"]
    assert row.number == 5
    assert [(fault["column"], fault["found"]) for fault in row.faults] == [("code", "gung")]
    bad[0] = "nghe"
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file(*ROWS, bad))
    assert [(fault["column"], fault["found"]) for fault in rows_of(file)[3].faults] == [("units", "bottle 5")]
    bad[6] = ""
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file(*ROWS, bad))
    found = {fault["column"]: fault["found"] for fault in rows_of(file)[3].faults}
    assert found == {"category": "đá quý", "shelf_life_days": "soon"}
    with pytest.raises(Conflict, match="import_faulty"):
        apply(cast.manager, file)
    assert item("gung") is None


def test_what_fails_while_it_is_applied_leaves_nothing_behind(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file())

    def fail(*_told: object, **_more: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(applying, "record", fail)
    with pytest.raises(RuntimeError):
        apply(cast.manager, file)
    assert item("gung") is None
    monkeypatch.undo()
    assert apply(cast.manager, file).state.value == "applied"


def test_what_changed_since_the_preview_is_looked_at_again(session: Session, cast: Cast) -> None:
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file())
    apply(cast.manager, give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file(ROWS[0])))
    with pytest.raises(Conflict, match="import_outdated"):
        apply(cast.manager, file)
    with pytest.raises(Stale):
        write_transaction(
            lambda s: service.preview(s, cast.manager, file.id, version=file.version + 1, columns={})
        )
    with pytest.raises(Invalid) as refused:
        write_transaction(
            lambda s: service.preview(s, cast.manager, file.id, version=file.version, columns={})
        )
    assert list(refused.value.errors) == ["columns.code"]


def test_columns_are_remembered_by_their_headings(session: Session, cast: Cast) -> None:
    odd = csv_file(["A", "B", "C"], ["gung", "Gừng", "kg"])
    given = give  # the first one is named by hand
    with pytest.raises(Invalid):
        given(cast.manager, cast.branch_id, ImportKind.ITEMS, odd)
    from supply.domain.imports.schemas import given_file

    told = given_file(odd)

    def named(s: Session) -> None:
        file = service.open_import(
            s,
            cast.manager,
            branch_id=cast.branch_id,
            kind=ImportKind.ITEMS,
            file_name="x",
            digest=told.digest,
            table=told.table,
        )
        columns = {
            "code": {"place": 0},
            "name_vi": {"place": 1},
            "stock_unit": {"place": 2},
            "category": {"otherwise": "root"},
        }
        service.preview(s, cast.manager, file.id, version=file.version, columns=columns)

    write_transaction(named)
    file = give(
        cast.second_manager, cast.branch_id, ImportKind.ITEMS, csv_file(["A", "B", "C"], ["que", "Quế", "kg"])
    )
    assert outcomes(file) == ["create"]
    assert file.sources["category"] == [None, "root"]


def test_taking_back_goes_as_far_as_nobody_went_on(session: Session, cast: Cast) -> None:
    first = apply(cast.manager, give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file()))
    ginger, oil = item("gung"), item("tram")
    assert ginger is not None
    assert oil is not None
    shelves.stock(cast, ginger.id, 1_000_000, number="L1")
    change = items_file(
        ["tram", "Tràm", "Tea tree", "", "", "365", ""], ["khan", "Khăn tắm", "", "", "", "", ""]
    )
    second = apply(cast.manager, give(cast.manager, cast.branch_id, ImportKind.ITEMS, change))
    third = items_file(["tram", "Tràm gió", "", "", "", "", ""])
    apply(cast.manager, give(cast.manager, cast.branch_id, ImportKind.ITEMS, third))
    back = undo(cast.manager, second)
    # The Vietnamese name was changed since and stays; the rest is as it was, also what was empty.
    assert back.undone == {"restored": 2, "kept": 1}
    oil, towel = item("tram"), item("khan")
    assert oil is not None
    assert towel is not None
    assert (oil.name_vi, oil.name_en, oil.shelf_life_days) == ("Tràm gió", "Tea tree oil", None)
    assert towel.name_vi == "Khăn"
    for again in (second, back):
        with pytest.raises((Conflict, Stale)):
            undo(cast.manager, again)
    assert undo(cast.manager, first).undone == {"removed": 2, "hidden": 1}
    ginger = item("gung")
    assert item("tram") is None
    assert ginger is not None
    assert not ginger.active


def test_suppliers_come_in_and_go(session: Session, cast: Cast) -> None:
    content = csv_file(
        ["code", "name", "email", "Điện thoại", "order days", "Orders until", "lead time", "phí giao hàng"],
        ["dao", "Dao Herbs", "a@example.com", "'+84 24", "T2, thứ năm", "14:30", "3", "30.000"],
        ["x", "X", "nobody", "", "someday", "25:00", "many", ""],
    )
    file = give(cast.manager, cast.branch_id, ImportKind.SUPPLIERS, content)
    assert outcomes(file) == ["create", "error"]
    found = {fault["column"]: fault["found"] for fault in rows_of(file)[1].faults}
    assert found == {
        "email": "nobody",
        "order_days": "someday",
        "order_cutoff": "25:00",
        "lead_time_days": "many",
    }
    file = give(cast.manager, cast.branch_id, ImportKind.SUPPLIERS, content.rpartition(b"\r\n")[0])
    done = apply(cast.manager, file)
    dao = read_snapshot(lambda s: suppliers.find_supplier_by_code(s, "dao"))
    assert dao is not None
    assert (dao.phone, dao.order_days, dao.cutoff_minute, dao.order_fee_minor) == (
        "+84 24",
        0b1001,
        870,
        30_000,
    )
    assert undo(cast.manager, done).undone == {"removed": 1}
    assert read_snapshot(lambda s: suppliers.find_supplier_by_code(s, "dao")) is None


def test_only_who_may_do_it_by_hand_may_import_it(session: Session, cast: Cast) -> None:
    for actor, branch_id, refusal in (
        (cast.storekeeper, cast.branch_id, Forbidden),
        (cast.therapist, cast.branch_id, Forbidden),
        (cast.admin, cast.branch_id, Forbidden),
        (cast.outsider, cast.branch_id, NotFound),
    ):
        with pytest.raises(refusal):
            give(actor, branch_id, ImportKind.ITEMS, items_file())
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file())
    for actor, refusal in ((cast.storekeeper, Forbidden), (cast.outsider, NotFound)):
        with pytest.raises(refusal):
            apply(actor, file)
    assert read_snapshot(lambda s: service.list_imports(s, cast.storekeeper, cast.branch_id)) == []
    assert date.today  # nothing was done
