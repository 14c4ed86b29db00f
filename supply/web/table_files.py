"""A table as a file that a browser saves: CSV with the marks of the reader's language, or XLSX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Response

from supply.errors import NotFound
from supply.i18n import lazy, locale_now
from supply.tabular import csv_text, xlsx_bytes

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(name: str, title: str, lines: Iterable[Sequence[object]], kind: str) -> Response:
    """`kind`: csv or xlsx. Raises NotFound for any other."""
    if kind == "csv":
        response = Response(csv_text(lines, locale_now()).encode("utf-8-sig"), mimetype="text/csv")
    elif kind == "xlsx":
        response = Response(xlsx_bytes(title, lines), mimetype=_XLSX)
    else:
        raise NotFound("file_kind_unknown", lazy("There is no such kind of file."))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
