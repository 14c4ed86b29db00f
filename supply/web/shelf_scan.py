"""Counting a shelf by scanning: the line of the list that a code means, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.labels.resolving import resolve
from supply.domain.stocktake import walking
from supply.domain.stocktake.models import Stocktake
from supply.errors import Invalid, NotFound
from supply.i18n import _
from supply.permissions import Actor
from supply.web.frame import named


@dataclass(frozen=True, slots=True)
class ShelfScan:
    """What a scan led to: a line, or why to none and where what was found is added."""

    kind: str
    title: str
    body: str = ""
    line_id: UUID | None = None
    add_url: str = ""


def find_on_shelf(
    session: Session, actor: Actor, stocktake: Stocktake, location_id: UUID, text: str
) -> ShelfScan:
    """Nothing is counted by it: the line is shown, and the person says how much is there."""
    try:
        found = resolve(session, actor, stocktake.branch_id, text)
    except (Invalid, NotFound) as refusal:
        return ShelfScan("danger", str(refusal.message))
    if found.item is None and not found.lots:
        return ShelfScan(
            "warning", _("Nobody has said yet what %(code)s means.", code=found.code or found.text)
        )
    line_id = walking.line_of(
        session,
        stocktake.id,
        location_id,
        lot_ids=[lot.id for lot in found.lots],
        item_id=found.item.id if found.item else None,
        container_id=found.container.id if found.container else None,
    )
    title = named(found.item) if found.item else found.text
    body = _("Lot %(number)s", number=found.lot_number) if found.lot_number else ""
    if line_id is not None:
        return ShelfScan("ok", title, body, line_id)
    add_url = url_for(
        "stocktakes.choose_found",
        stocktake_id=stocktake.id,
        location_id=location_id,
        item_id=found.item.id if found.item else None,
    )
    return ShelfScan("warning", title, _("It is not on the list of this place."), add_url=add_url)
