"""Bytes of a CSV or XLSX file → a table of text. Pure: what the text means is for the kinds.

Tells encodings (UTF-8, UTF-16, cp1258) and separators (";", tab, ",") by itself, and refuses what it would
have to guess: a file that is nearly UTF-8 is a damaged one, not one of another encoding.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence

from supply.domain.imports.tables import MOST_BYTES, MOST_ROWS, Table, table_of
from supply.domain.imports.workbook import read_workbook
from supply.errors import Invalid
from supply.i18n import lazy

SEPARATORS = (";", "\t", ",")
_LOOKED_AT = 50
_ZIP = b"PK\x03\x04"
# Old Excel, PDF, pictures, gzip: what people choose by mistake.
_FOREIGN = (b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"PK\x05\x06")


def read_table(content: bytes) -> Table:
    """The table in a file. Raises Invalid naming "file", with the row where it can be told."""
    if not content:
        raise Invalid("file_empty", lazy("The file is empty."), field="file")
    if len(content) > MOST_BYTES:
        raise Invalid(
            "file_too_large",
            lazy("A file may have at most %(most)s MB. Split it into parts.", most=MOST_BYTES // 2**20),
            field="file",
        )
    if content.startswith(_ZIP):
        return table_of(read_workbook(content))
    if content.startswith(_FOREIGN):
        raise _no_table()
    return table_of(_lines(decoded(content)))


def decoded(content: bytes) -> str:
    """The text of the bytes, without a byte order mark. Raises Invalid."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding)
    silent = _utf16_without_mark(content)
    if silent:
        return _strictly(content, silent)
    try:
        return content.decode()
    except UnicodeDecodeError as fault:
        if _nearly_utf8(content):
            raise _broken(content, fault.start, "UTF-8") from fault
    return _strictly(content, "cp1258")


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as fault:
        raise _broken(content, fault.start, encoding) from fault


def _broken(content: bytes, place: int, encoding: str) -> Invalid:
    words = lazy(
        "Row %(row)s holds bytes that are no text (%(encoding)s). Save the file as CSV UTF-8 or XLSX.",
        row=content.count(b"\n", 0, place) + 1,
        encoding=encoding.upper(),
    )
    return Invalid("bytes_malformed", words, field="file")


def _utf16_without_mark(content: bytes) -> str | None:
    """Text of Latin letters in UTF-16 has a zero beside nearly every letter, always on the same side."""
    head = content[:2_000]
    zeros = head[0::2].count(0), head[1::2].count(0)
    if len(head) < 4 or max(zeros) * 4 < len(head) or min(zeros) * 8 > max(zeros):
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _nearly_utf8(content: bytes) -> bool:
    """Whether most of what is not ASCII reads as UTF-8: then the rest is damage."""
    text = content.decode(errors="replace")
    bad = text.count("\ufffd")
    good = sum(char > "\x7f" for char in text) - bad
    return good > 2 * bad


def _lines(text: str) -> list[tuple[int, Sequence[str]]]:
    first, _end, rest = text.partition("\n")
    told = first.strip().strip('"')
    # Excel's own way of naming the separator.
    named = told[4:] if told.startswith("sep=") and told[4:] in SEPARATORS else ""
    separator = named or separator_of(text)
    lines = _parsed(rest if named else text, separator)
    return [(number, line) for number, line in enumerate(lines, 2 if named else 1)]


def separator_of(text: str) -> str:
    """The separator with which the first lines have the most regular columns, and of those the most."""
    told = [(*_regularity(text, mark), -place, mark) for place, mark in enumerate(SEPARATORS)]
    return max(told)[-1]


def _regularity(text: str, separator: str) -> tuple[bool, float, int]:
    try:
        lines = [line for line in _parsed(text, separator, _LOOKED_AT) if line]
    except Invalid:
        # A quote that is never closed: what the headings say must do.
        width = len(text.strip().partition("\n")[0].split(separator))
        return width > 1, 0.0, width
    if not lines:
        return False, 0.0, 0
    width = len(lines[0])
    same = sum(len(line) == width for line in lines) / len(lines)
    return width > 1, same, width


def _parsed(text: str, separator: str, most: int = MOST_ROWS + 1_000) -> list[list[str]]:
    lines: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for line in reader:
            lines.append(line)
            if len(lines) >= most:
                break
    except csv.Error as fault:
        words = lazy("Row %(row)s cannot be read: a quote is opened and not closed.", row=len(lines) + 1)
        raise Invalid("csv_malformed", words, field="file") from fault
    return lines


def _no_table() -> Invalid:
    return Invalid(
        "not_a_table", lazy("This is neither CSV nor XLSX. Save the table as one of them."), field="file"
    )
