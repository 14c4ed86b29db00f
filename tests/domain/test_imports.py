"""Imports through their services: planned row by row, applied as a whole, taken back as far as it goes."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from supply import clock, references
from supply.database import read_snapshot, write_transaction
from supply.domain.audit.models import AuditEntry
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.imports import applying, service
from supply.domain.imports.exporting import export_rows, with_numbers
from supply.domain.imports.models import ImportKind, ImportRow
from supply.domain.imports.schemas import given_file
from supply.domain.ledger.models import DemandDay, Lot, Movement
from supply.domain.reports.checking import check_books
from supply.domain.suppliers import service as suppliers
from supply.domain.treatments import service as treatments
from supply.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from supply.i18n import speaking
from supply.tabular import csv_text, xlsx_bytes
from tests import goods as shop
from tests import shelves
from tests.cast import Cast
from tests.importing import apply, csv_file, give, outcomes, rows_of, undo
from tests.treatments import open_spa

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


def test_a_list_that_nobody_imports_is_forgotten_after_thirty_days(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.now() - timedelta(days=31)):
        applied = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file(ROWS[0]))
        applied_id = apply(cast.manager, applied).id
        give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file())
    young_id = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items_file()).id
    assert write_transaction(service.forget_old) == 1
    session.rollback()
    left = read_snapshot(lambda s: service.list_imports(s, cast.manager, cast.branch_id))
    assert [file.id for file in left] == [young_id, applied_id]
    assert read_snapshot(lambda s: set(s.scalars(select(ImportRow.import_id)))) == {young_id, applied_id}


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
    assert [(fault["column"], fault["found"]) for fault in rows_of(file)[3].faults] == [
        ("own_units", "bottle 5")
    ]
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


def test_taking_back_goes_as_far_as_nobody_went_on(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two rows are many: SQLite makes indexes for the deleting, and none of them stays.
    monkeypatch.setattr(references, "MANY", 2)
    indexes = {one["name"] for one in inspect(session.connection()).get_indexes("movement")}
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
    assert {one["name"] for one in inspect(session.connection()).get_indexes("movement")} == indexes


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


def books_agree() -> bool:
    return read_snapshot(lambda session: list(check_books(session))) == []


def test_opening_stock_comes_in_lot_by_lot_and_goes_back(session: Session, cast: Cast) -> None:
    goods = shop.stock_up(cast)
    content = csv_file(
        ["Mặt hàng", "Số lô", "HSD", "Vị trí", "Số lượng", "Đơn vị", "Giá trị"],
        ["GINGER", "G-1", "31/03/2099", "storeroom", "2,5", "kg", "150.000"],
        ["ginger", "G-2", "2099-01-31", "", "500", "gam", ""],
    )
    file = give(cast.storekeeper, cast.branch_id, ImportKind.OPENING_STOCK, content)
    assert outcomes(file) == ["create", "create"], rows_of(file)[0].faults + rows_of(file)[1].faults
    done = apply(cast.storekeeper, file)
    assert shelves.on_hand(cast, goods.ginger) == 3_000_000
    lot = read_snapshot(lambda s: s.scalar(select(Lot).where(Lot.number == "G-1")))
    assert lot is not None
    assert (lot.expires_on, lot.cost_minor, lot.cost_quantity) == (date(2099, 3, 31), 3, 50)
    assert outcomes(give(cast.storekeeper, cast.branch_id, ImportKind.OPENING_STOCK, content)) == [
        "skip",
        "skip",
    ]
    more = content.replace(b"2,5", b"3").replace(b"G-2", b"").replace(b"gam", b"cup")
    other = give(cast.storekeeper, cast.branch_id, ImportKind.OPENING_STOCK, more)
    assert [[fault["column"] for fault in row.faults] for row in rows_of(other)] == [["amount"], ["unit"]]
    shop.use(cast, goods.ginger, 100_000)
    with pytest.raises(Conflict, match="already_used"):
        undo(cast.storekeeper, done)
    assert books_agree()


def test_opening_stock_that_nobody_used_is_reversed_in_the_ledger(session: Session, cast: Cast) -> None:
    goods = shop.stock_up(cast)
    content = csv_file(
        ["item", "lot", "expiry", "amount", "unit"], ["ginger", "G-1", "2099-03-31", "1", "kg"]
    )
    done = apply(cast.storekeeper, give(cast.storekeeper, cast.branch_id, ImportKind.OPENING_STOCK, content))
    assert undo(cast.storekeeper, done).undone == {"reversed": 1}
    assert shelves.on_hand(cast, goods.ginger) == 0
    assert books_agree()


def test_past_usage_is_demand_and_moves_no_stock(session: Session, cast: Cast) -> None:
    goods = shop.stock_up(cast)
    shop.deliver(cast, goods.farm, shop.line(goods.ginger, "1", "kg", "G-1"))
    content = csv_file(
        ["Mặt hàng", "Ngày", "Số lượng", "Đơn vị"],
        ["ginger", "01/06/2025", "350", "g"],
        ["ginger", "2025-06-02", "0,5", "kg"],
    )
    file = give(cast.manager, cast.branch_id, ImportKind.PAST_USAGE, content)
    assert outcomes(file) == ["create", "create"]
    done = apply(cast.manager, file)
    days = select(DemandDay.day_on, DemandDay.used).where(
        DemandDay.item_id == goods.ginger, DemandDay.used > 0
    )
    told = read_snapshot(lambda s: dict(s.execute(days).all()))
    assert told == {date(2025, 6, 1): 350_000, date(2025, 6, 2): 500_000}
    assert shelves.on_hand(cast, goods.ginger) == 1_000_000
    assert books_agree()
    assert outcomes(give(cast.manager, cast.branch_id, ImportKind.PAST_USAGE, content)) == ["skip", "skip"]
    shop.use(cast, goods.ginger, 100_000)
    late = content.replace(b"350", b"351").replace(b"2025-06-02", b"2099-01-01")
    file = give(cast.manager, cast.branch_id, ImportKind.PAST_USAGE, late)
    assert [[fault["column"] for fault in row.faults] for row in rows_of(file)] == [["amount"], ["day"]]
    assert undo(cast.manager, done).undone == {"reversed": 2}
    moved = select(Movement.quantity).join(Lot, Lot.id == Movement.lot_id).where(Lot.number == "before")
    sums = list(accumulate(read_snapshot(lambda s: s.scalars(moved.order_by(Movement.seq)).all())))
    assert min(sums) == 0 == sums[-1]
    assert read_snapshot(lambda s: len(s.execute(days).all())) == 1
    assert shelves.on_hand(cast, goods.ginger) == 900_000
    assert books_agree()


RECIPE = [
    ["procedure", "tên liệu trình", "step", "step name", "item", "amount", "unit", "for"],
    ["bath", "Tắm thảo dược", "1", "Shower", "", "", "", ""],
    ["bath", "", "2", "Soak", "ginger", "50", "g", "bồn"],
    ["bath", "", "2", "", "towel", "1", "cái", "khách"],
]


def test_recipes_come_in_as_drafts(session: Session, cast: Cast) -> None:
    shop.stock_up(cast)
    gap = csv_file(*RECIPE[:2], ["bath", "", "3", "Rest", "stone", "x", "g", "sky"])
    file = give(cast.manager, cast.branch_id, ImportKind.RECIPES, gap)
    assert [[fault["column"] for fault in row.faults] for row in rows_of(file)] == [[], ["item"]]
    file = give(cast.manager, cast.branch_id, ImportKind.RECIPES, csv_file(*RECIPE))
    assert outcomes(file) == ["create"] * 3, [row.faults for row in rows_of(file)]
    done = apply(cast.manager, file)
    bath = read_snapshot(lambda s: treatments.find_procedure_by_code(s, "bath"))
    assert bath is not None
    draft = read_snapshot(lambda s: treatments.get_draft(s, bath.id))
    assert [(step.name_vi, len(step.lines)) for step in draft.steps] == [("Shower", 0), ("Soak", 2)]
    assert draft.steps[1].lines[0].quantity == 50_000
    again = csv_file(*RECIPE)
    assert outcomes(give(cast.manager, cast.branch_id, ImportKind.RECIPES, again)) == ["skip"] * 3
    change = csv_file(
        RECIPE[0], ["bath", "Ngâm", *RECIPE[1][2:]], ["bath", "", "2", "", "ginger", "60", "g", "bồn"]
    )
    file = give(cast.manager, cast.branch_id, ImportKind.RECIPES, change)
    assert outcomes(file) == ["change", "change"]
    told = rows_of(file)[1].changes
    assert told["amount"] == ["0.05", "0.06"]
    assert rows_of(file)[0].changes["left_out"] == ["2 towel 1 piece", ""]
    second = apply(cast.manager, file)
    assert undo(cast.manager, second).undone == {"restored": 1}
    again = csv_file(*RECIPE)
    assert outcomes(give(cast.manager, cast.branch_id, ImportKind.RECIPES, again)) == ["skip"] * 3
    assert undo(cast.manager, done).undone == {"removed": 1}
    assert read_snapshot(lambda s: treatments.find_procedure_by_code(s, "bath")) is None


@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_export_that_is_imported_again_changes_nothing(
    session: Session, cast: Cast, language: str
) -> None:
    open_spa(cast, quantity=1_000_000)
    write_transaction(
        lambda s: suppliers.create_supplier(s, cast.manager, code="dao", name='=Dao; "Herbs"', phone="+84 24")
    )
    before = date(2025, 6, 1)
    usage = csv_file(["item", "day", "amount", "unit"], ["dao-wood", before.isoformat(), "1,5", "kg"])
    apply(cast.manager, give(cast.manager, cast.branch_id, ImportKind.PAST_USAGE, usage))
    for kind in ImportKind:
        with speaking(language):
            rows = read_snapshot(
                lambda s, kind=kind: export_rows(s, cast.manager, cast.branch_id, kind, first_on=before)  # type: ignore[misc]
            )
        assert len(rows) > 1, kind
        told = with_numbers(kind, rows)
        for content in (csv_text(told, language).encode("utf-8-sig"), xlsx_bytes("x", told)):
            # Whoever reads it may speak the other language.
            with speaking("vi" if language == "en" else "en"):
                file = give(cast.manager, cast.branch_id, kind, content)
            assert set(outcomes(file)) == {"skip"}, (
                kind,
                [(row.faults, row.changes) for row in rows_of(file)][:5],
            )


def examples(program: str) -> list[bytes]:
    """The files that the documentation shows of a program, in their order."""
    text = (Path(__file__).parents[2] / "docs/importing.md").read_text(encoding="utf-8")
    part = text.partition(f"## From {program}\n")[2].partition("\n## ")[0]
    return [block.encode() for block in re.findall(r"```csv\n(.*?)```", part, re.DOTALL)]


@pytest.mark.parametrize(("program", "hidden"), [("Grocy", "4"), ("InvenTree", "REM-SALT")])
def test_what_other_programs_export_comes_in(session: Session, cast: Cast, program: str, hidden: str) -> None:
    items, stock = examples(program)
    file = give(cast.manager, cast.branch_id, ImportKind.ITEMS, items)
    assert outcomes(file) == ["create"] * 4, [row.faults for row in rows_of(file)]
    apply(cast.manager, file)
    gone = item(hidden)
    assert gone is not None
    assert not gone.active
    file = give(cast.storekeeper, cast.branch_id, ImportKind.OPENING_STOCK, stock)
    assert set(outcomes(file)) == {"create"}, [row.faults for row in rows_of(file)]
    apply(cast.storekeeper, file)
    assert books_agree()
