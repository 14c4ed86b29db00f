"""What a step used as inputs: amount and unit, the natural step of − and +, the lots that stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.units import told_amount, unit_factor
from supply.domain.visits import service as visits
from supply.domain.visits.views import Recorded, RecordedLine, StepView
from supply.i18n import _
from supply.presenting import format_quantity
from supply.quantity import from_base
from supply.web.frame import named
from supply.web.session import choose_locale
from supply.web.stock_rows import until
from supply.web.units import unit_options
from supply.web.visit_rows import guest_words


def lots_at_hand(session: Session, branch_id: UUID, lines: Iterable[Any]) -> Mapping[Any, Sequence[Any]]:
    """The lots that stand of each line's item."""
    item_ids = {line.item.id for line in lines}
    # Loads the items' own units in one go; the lines hold the same items.
    catalog.items_by_id(session, item_ids)
    return visits.list_lots_at_hand(session, branch_id, item_ids)


def adjust_rows(step: StepView, party_size: int, lots: Mapping[Any, Sequence[Any]]) -> list[dict[str, Any]]:
    """The standard lines, to be recorded."""
    return [
        _row(line, line.quantity, line.quantity, party_size, lots.get(line.item.id, ()))
        for line in step.lines
    ]


def correction_rows(
    done: Recorded, party_size: int, lots: Mapping[Any, Sequence[Any]]
) -> list[dict[str, Any]]:
    """What was recorded, to be recorded anew: a row for each lot that gave, so that it stays so."""
    rows = []
    for line in done.lines:
        at_hand = lots.get(line.item.id, ())
        for number, (lot_id, quantity) in enumerate(_gave(line)):
            row = _row(line, quantity, 0 if number else line.standard, party_size, at_hand)
            rows.append(row | _kept_lot(line, lot_id, row["lots"]))
    return rows


def _gave(line: RecordedLine) -> list[tuple[UUID | None, int]]:
    """The lots that a recorded line took from; None where any may give, as for what was short."""
    gave: dict[UUID | None, int] = {}
    for part in line.taken:
        gave[part.lot_id] = gave.get(part.lot_id, 0) + part.quantity
    return [(None, line.actual)] if line.shortfall or not gave else list(gave.items())


def _kept_lot(line: RecordedLine, lot_id: UUID | None, choices: list[tuple[str, str]]) -> dict[str, Any]:
    """The lot that is chosen already: also one that stands again only when this is taken back."""
    number = next((part.number for part in line.taken if part.lot_id == lot_id), "")
    if lot_id and all(code != str(lot_id) for code, _words in choices):
        choices = [(str(lot_id), number), *choices]
    return {"lot": str(lot_id or ""), "lot_number": number, "lots": choices}


def _row(line: Any, shown: int, standard: int, party_size: int, lots: Sequence[Any]) -> dict[str, Any]:
    amount, unit = told_amount(line.item, shown)
    units = sorted(unit_options(line.item), key=lambda option: option[0] != unit)
    return {
        "item_id": line.item.id,
        "guest_position": line.guest_position,
        "category": line.item.category.value,
        "name": named(line.item),
        "guest": guest_words(line.guest_position) if party_size > 1 else "",
        "standard": format_quantity(standard, line.item),
        "amount": _typed(amount),
        "unit": unit,
        "units": units,
        "step": _typed(from_base(line.item.natural_step, unit_factor(line.item, unit))),
        "lot": "",
        "lots": [(str(lot.lot_id), _lot_words(lot, line.item)) for lot in lots],
    }


def _typed(amount: Any) -> str:
    """An amount as a hand would type it: no grouping, the language's mark."""
    text = format(amount, "f")
    return text.replace(".", ",") if choose_locale() == "vi" else text


def _lot_words(lot: Any, item: Any) -> str:
    return _(
        "%(number)s · until %(day)s · %(amount)s",
        number=lot.number,
        day=until(lot.expires_on, lot.use_by_at),
        amount=format_quantity(int(lot.quantity), item),
    )
