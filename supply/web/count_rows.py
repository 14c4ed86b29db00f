"""The rows of a count as its form draws them: each place of the item, then room for lots the book lacks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from supply import clock
from supply.i18n import _
from supply.presenting import format_instant
from supply.web.forms import FormState
from supply.web.session import current_branch
from supply.web.stock_rows import until
from supply.web.units import told_quantity

_PLACE = ("lot_id", "location_id", "container_id")
# Of so many moves one can say where between them the count was; of more, before or after.
MOST_MOVES = 5


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


def when_counted(form: FormState) -> list[tuple[str, str]]:
    """Where something moved while somebody counted: the instants that can be meant, before it or after."""
    if form.code != "moved_meanwhile":
        return []
    moves = form.details["moves"]
    ways = [_just_before(move) for move in (moves if len(moves) <= MOST_MOVES else moves[:1])]
    after = form.details.get("noted_at") or clock.now().isoformat()
    return [*ways, (after, _("After that"))]


def _just_before(move: dict[str, str]) -> tuple[str, str]:
    instant = datetime.fromisoformat(move["happened_at"])
    when, moved = format_instant(instant, current_branch().timezone), told_quantity(move)
    # At the very same instant a count comes later.
    before = instant - timedelta(microseconds=1)
    return before.isoformat(), _("Before %(when)s: %(amount)s", when=when, amount=moved)


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
