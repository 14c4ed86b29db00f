"""Files of every make become the same table, or say why they cannot; nothing of a file is trusted."""

from __future__ import annotations

import codecs
import io
import unicodedata
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from supply.domain.imports.columns import guessed, told_rows
from supply.domain.imports.items import COLUMNS
from supply.domain.imports.parsing import read_table
from supply.domain.imports.tables import MOST_BYTES, MOST_ROWS
from supply.domain.imports.words import day_meant, tick_meant, unit_meant
from supply.domain.imports.writing_units import units_cell, units_told
from supply.errors import Invalid
from supply.tabular import csv_text

LINES = [["Mã", "Tên", "Ghi chú"], ["gừng-1", "Gừng tươi", '12,5 kg; loại "một"'], ["que-2", "Quế", ""]]
ENCODINGS = [
    ("utf-8", b""),
    ("utf-8", codecs.BOM_UTF8),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
    ("utf-16-le", b""),
    ("cp1258", b""),
]


def quoted(separator: str, end: str = "\r\n") -> str:
    cells = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line] for line in LINES]
    return end.join(separator.join(line) for line in cells)


def in_cp1258(text: str) -> bytes:
    """As Windows writes Vietnamese: letters with their own mark, tones apart."""
    kept = "ăâđêôơư"
    parts = []
    for char in text:
        taken = unicodedata.normalize("NFD", char)
        base = unicodedata.normalize(
            "NFC", "".join(part for part in taken if part not in "\u0300\u0301\u0303\u0309\u0323")
        )
        tones = "".join(part for part in taken if part in "\u0300\u0301\u0303\u0309\u0323")
        parts.append(base + tones if base.lower() in kept or tones else char)
    return "".join(parts).encode("cp1258")


@pytest.mark.parametrize(("encoding", "mark"), ENCODINGS)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_every_make_of_csv_is_the_same_table(encoding: str, mark: bytes, separator: str, end: str) -> None:
    text = quoted(separator, end)
    content = in_cp1258(text) if encoding == "cp1258" else mark + text.encode(encoding)
    table = read_table(content)
    assert table.header == tuple(LINES[0])
    assert [cells for _number, cells in table.rows] == [tuple(line) for line in LINES[1:]]
    assert [number for number, _cells in table.rows] == [2, 3]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        # A decimal comma does not make the comma the separator, nor the other way round.
        ("code;amount\na;1,5\nb;2,25", ("a", "1,5")),
        ("code,amount\na,1.5", ("a", "1.5")),
        ("sep=;\ncode;amount\na;1,5", ("a", "1,5")),
        ("code\na", ("a",)),
        ("\n\ncode;amount;\n;;\na;1", ("a", "1")),
    ],
)
def test_separators_are_told(text: str, cells: tuple[str, ...]) -> None:
    assert read_table(text.encode()).rows[0][1] == cells


def workbook(*lines: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(content: bytes, part: str, text: bytes) -> bytes:
    """The same workbook with one of its parts replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
BOOK = workbook(["code", "amount"], ["a", 1])
HEAD = b'<?xml version="1.0"?>'
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def test_a_workbook_is_read_as_it_is_seen() -> None:
    table = read_table(
        workbook(
            ["code", "n", "day", "at", "yes", "sum", "noise"],
            ["a", 1.50, date(2027, 3, 31), time(14, 30), True, "=1+1", 0.1 + 0.2],
            [None],
            ["b", 1e15, datetime(2027, 3, 31, 8), None, False, None, 1e-7],
        )
    )
    # A formula counts as the value that was saved with it: here none was.
    assert table.rows[0] == (2, ("a", "1.5", "2027-03-31", "14:30", "yes", "", "0.3"))
    assert table.rows[1][0] == 4
    assert table.rows[1][1][1:] == ("1000000000000000", "2027-03-31 08:00:00", "", "no", "", "0.0000001")


BAD = [
    (b"", "file_empty"),
    (b"code;amount\n", "file_empty"),
    (b";;\n\n", "file_empty"),
    (b"x" * (MOST_BYTES + 1), "file_too_large"),
    (b"%PDF-1.7 ...", "not_a_table"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_a_table"),
    (b"code;name\na;\0b", "not_a_table"),
    (b'code;name\na;"b', "csv_malformed"),
    (b"code;name\na;b;c", "row_too_wide"),
    # One damaged letter in a file of UTF-8 is damage, no other encoding.
    ("code;name\na;Gừng tươi\nb;Quế".encode()[:-1], "bytes_malformed"),
    (b"code;name\na;\x8d\x8f", "bytes_malformed"),
    ("code\n" + "a\n" * (MOST_ROWS + 1)).encode()
    and (("code\n" + "a\n" * (MOST_ROWS + 1)).encode(), "too_many_rows"),
    ((";".join(f"c{n}" for n in range(101)) + "\n" + "a").encode(), "too_many_columns"),
    (b"code\n" + b"a" * 2_001, "cell_too_long"),
    (b"PK\x03\x04 and no more", "workbook_malformed"),
    (repacked(BOOK, SHEET, b"<worksheet"), "workbook_malformed"),
    # Entities of its own: the billion laughs, and somebody else's file.
    (
        repacked(
            BOOK,
            SHEET,
            HEAD
            + b'<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet '
            + SPACE
            + b">&b;</worksheet>",
        ),
        "workbook_malformed",
    ),
    (
        repacked(
            BOOK,
            SHEET,
            HEAD
            + b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet '
            + SPACE
            + b">&a;</worksheet>",
        ),
        "workbook_malformed",
    ),
    (repacked(BOOK, SHEET, b" " * 50_000_000), "file_too_large"),
    # Small in bytes, not in what a parser makes of it.
    (repacked(BOOK, SHEET, b"<c/>" * 2_100_000), "file_too_large"),
]


@pytest.mark.parametrize(
    ("content", "code"), BAD, ids=[f"{number}-{code}" for number, (_, code) in enumerate(BAD)]
)
def test_what_is_no_table_says_why(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_table(content)
    assert refused.value.code == code
    assert "file" in refused.value.errors


def test_a_far_cell_costs_no_more_than_the_limit() -> None:
    rows = b'<row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is></c></row>'
    rows += b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    far = repacked(
        BOOK, SHEET, HEAD + b"<worksheet " + SPACE + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    )
    with pytest.raises(Invalid, match="file_empty"):
        read_table(far)


@pytest.mark.parametrize(
    ("read", "text", "meant"),
    [
        (day_meant, "22/11/2026", "2026-11-22"),
        (day_meant, "1-2-2027", "2027-02-01"),
        (day_meant, "2026-11-22 00:00:00", "2026-11-22"),
        (day_meant, "31/02/2027", "31/02/2027"),
        (tick_meant, "Có", "true"),
        (tick_meant, "KHÔNG", "false"),
        (tick_meant, "maybe", "maybe"),
        (unit_meant, "Lít", "l"),
        (unit_meant, "Gam", "g"),
        (unit_meant, "cái", "piece"),
        (unit_meant, "bottle-500", "bottle-500"),
    ],
)
def test_what_people_write_is_meant(read: object, text: str, meant: str) -> None:
    assert read(text) == meant  # type: ignore[operator]


def test_own_units_go_into_a_cell_and_back() -> None:
    cell = units_cell(
        [("b-500", "500", "ml", "bottle; big | round", "chai = to \\", "210"), ("x", "1", "l", "x", "y", "")]
    )
    first, second = units_told(cell)
    names = {"name_en": "bottle; big | round", "name_vi": "chai = to \\"}
    assert first == {"code": "b-500", "amount": "500", "unit": "ml", "tare": "210"} | names
    assert (second["code"], second["tare"]) == ("x", None)
    assert units_told("bó = 250 gam")[0] == {
        "code": "bó",
        "amount": "250",
        "unit": "g",
        "name_en": "bó",
        "name_vi": "bó",
        "tare": None,
    }
    with pytest.raises(ValueError, match="bottle 500 ml"):
        units_told("bottle 500 ml")


def test_columns_are_guessed_in_both_languages_and_may_hold_for_all() -> None:
    table = read_table("Mã;Tên;STOCK UNIT;Nhóm\na;Gừng;kg;\nb;Quế;;gỗ".encode())
    sources = guessed(COLUMNS, table.header)
    assert {name: source.place for name, source in sources.items() if source.place is not None} == {
        "code": 0, "name_vi": 1, "stock_unit": 2, "category": 3,
    }  # fmt: skip
    sources["category"] = type(sources["category"])(3, "root")
    told = told_rows(table, sources)
    assert told[0] == (2, {"code": "a", "name_vi": "Gừng", "stock_unit": "kg", "category": "root"})
    assert told[1] == (3, {"code": "b", "name_vi": "Quế", "category": "gỗ"})


MARKS = " '=+-@;,\"\uff1d"
CELLS = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=MARKS), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    told = [["a", "b", "c"], *([unicodedata.normalize("NFC", cell).strip() for cell in row] for row in rows)]
    assume(all(any(row) for row in told))
    for content in (csv_text(told).encode("utf-8-sig"), csv_text(told, "vi").encode("utf-16")):
        assert [list(cells) for _number, cells in read_table(content).rows] == told[1:]
