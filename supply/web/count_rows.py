"""The rows of a count as its form draws them: each place of the item, then room for lots the book lacks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from supply.web.forms import FormState
from supply.web.stock_rows import until

_PLACE = ("lot_id", "location_id", "container_id")


def count_rows(holdings: Iterable[Any], form: FormState) -> tuple[list[dict[str, Any]], list[int]]:
    """The places with their row numbers, and the numbers of rows for lots that are not on the list.

    Lots may have come or gone since a refused form was drawn: what was typed stays with its own lot.
    """
    waiting = {_place_of(row): row for row in holdings}
    places, others = [], []
    number = -1
    for number in form.rows("lines", 0):
        told = tuple(form.value(f"lines-{number}-{part}") for part in _PLACE)
        if told in waiting:
            places.append(_drawn(number, waiting.pop(told)))
        elif not told[0] and f"lines-{number}-unit" in form.values:
            others.append(number)
    for row in waiting.values():
        number += 1
        places.append(_drawn(number, row))
    return places, others or [number + 1]


def _place_of(row: Any) -> tuple[str, ...]:
    return str(row.Lot.id), str(row.Location.id), str(row.Holding.container_id or "")


def _drawn(number: int, row: Any) -> dict[str, Any]:
    return {
        "row": f"lines-{number}",
        "path": f"lines.{number}",
        **dict(zip(_PLACE, _place_of(row), strict=True)),
        "number": row.Lot.number,
        "expires": until(row.Holding.expires_on, row.Lot.use_by_at),
        "place": row.Location.name,
        "opened": row.Container is not None,
    }
