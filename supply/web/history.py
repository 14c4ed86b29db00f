"""Movements as a page tells them: what, how much, which lot, who, when, and the way to the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import current_app, url_for
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Movement, MovementType
from supply.domain.reports.stock import visits_behind
from supply.domain.stocktake.models import AdjustmentReason, DifferenceReason
from supply.domain.waste.models import WasteReason
from supply.i18n import _, lazy
from supply.presenting import format_instant, format_quantity
from supply.web.frame import named
from supply.web.session import current_branch
from supply.web.words import word

# Recorded so much later than it happened, an entry says so.
LATE = timedelta(minutes=15)
# Where the document behind a movement is shown, and the name of its id in the address.
_PAGES = {
    "delivery": ("receiving.show_delivery", "delivery_id"),
    "count": ("counts.show_count", "count_id"),
    "stocktake": ("stocktake_ends.show_stocktake", "stocktake_id"),
    "batch": ("preparations.show_batch", "batch_id"),
    "transfer": ("transfers.show_transfer", "transfer_id"),
    "move": ("moves.show_move", "move_id"),
    "import": ("imports.show_import", "import_id"),
    "past-stock": ("imports.show_import", "import_id"),
}
_REASONS = {
    "container-empty": lazy("Container empty"),
    "weigh-in": lazy("Weigh-in"),
    "not-packed": lazy("Not packed"),
    "count-saw-it": lazy("Seen by the count already"),
}
_OF_CONTAINERS = frozenset({"container", "weigh-in"})
_VISIT = ("visits.show_visit", "visit_id")
_CONTAINER = ("containers.show_container", "container_id")


def movement_rows(
    session: Session, movements: Sequence[Any], items: Item | Mapping[UUID, Item]
) -> list[dict[str, Any]]:
    """Rows for the table of movements, of one item or of several. One statement, for the visits behind."""
    completions = [row.Movement.source_id for row in movements if row.Movement.source_type == "completion"]
    visits = visits_behind(session, completions)
    return [
        _row(row, items if isinstance(items, Item) else items[row.Movement.item_id], visits)
        for row in movements
    ]


def _row(row: Any, item: Item, visits: dict[UUID, UUID]) -> dict[str, Any]:
    movement: Movement = row.Movement
    zone = current_branch().timezone
    late = movement.recorded_at - movement.happened_at > LATE
    recorded = format_instant(movement.recorded_at, zone)
    return {
        "seq": movement.seq,
        "when": format_instant(movement.happened_at, zone),
        "recorded": _("recorded %(when)s", when=recorded) if late else "",
        "what": word(movement.type),
        "why": _reason(movement),
        "amount": format_quantity(movement.quantity, item, signed=True),
        "item": named(item),
        "item_url": url_for("stock.show_item", item_id=item.id),
        "lot": row.Lot.number,
        "lot_url": url_for("stock.show_lot", lot_id=row.Lot.id),
        "place": row.Location.name,
        "who": row.Person.name,
        "link": source_url(movement, visits),
    }


def _reason(movement: Movement) -> str:
    if movement.reverses_seq is not None:
        return _("undoes no. %(number)s", number=movement.reverses_seq)
    if movement.reason is None:
        return ""
    kinds: tuple[type[StrEnum], ...] = (WasteReason, DifferenceReason, AdjustmentReason)
    if movement.type is not MovementType.WASTE:
        kinds = kinds[::-1]
    for kind in kinds:
        if movement.reason in {member.value for member in kind}:
            return word(kind(movement.reason))
    own = _REASONS.get(movement.reason)
    return str(own) if own is not None else movement.reason.replace("-", " ")


def source_url(movement: Movement, visits: dict[UUID, UUID]) -> str:
    """The page of the document behind a movement; empty where there is none."""
    endpoint, name = _PAGES.get(movement.source_type, ("", ""))
    number = movement.source_id
    if movement.source_type == "completion" and movement.source_id in visits:
        (endpoint, name), number = _VISIT, visits[movement.source_id]
    if movement.source_type in _OF_CONTAINERS and movement.container_id is not None:
        (endpoint, name), number = _CONTAINER, movement.container_id
    values: dict[str, Any] = {name: number}
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""
