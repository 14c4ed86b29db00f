"""Pages of correcting the book by hand: opening stock, adjustments, taking one back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import service as ledger
from supply.domain.stocktake import service as stocktake
from supply.domain.stocktake.schemas import AdjustStock, LogOpeningStock
from supply.domain.waste.schemas import Reversal
from supply.fields import BaseSchema, Id
from supply.i18n import _, plural
from supply.permissions import Actor, Permission, require
from supply.presenting import format_instant, format_quantity, unit_symbol
from supply.web.frame import named
from supply.web.pages import Pages, current_form, query, render, say
from supply.web.session import current_branch
from supply.web.units import echo_unit, fitting_units, unit_options
from supply.web.words import word

bp = Pages("adjustments", __name__)
PAGE = 20
OPENING_ROWS = 6


class AdjustmentFilter(BaseSchema):
    before = Id(load_default=None)


@bp.page("/opening-stock", permission=Permission.COUNT_LOG)
def new_opening(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.COUNT_LOG, branch.id)
    items = catalog.list_items(session, limit=500)
    return render(
        "adjustments/opening.html",
        schema=LogOpeningStock,
        items=[(str(item.id), f"{named(item)} ({unit_symbol(item.stock_unit)})") for item in items],
        units=_all_units(items),
        fits=fitting_units(items),
        places=[(str(place.id), place.name) for place in branches.list_locations(session, branch.id)],
        rows=current_form().rows("lines", OPENING_ROWS),
    )


def _all_units(items: list[Item]) -> list[tuple[str, str]]:
    """Every unit that some item may be told in; the service refuses what does not fit."""
    return sorted({(code, label) for item in items for code, label, _factor in unit_options(item)})


@bp.action(
    "/opening-stock",
    permission=Permission.COUNT_LOG,
    schema=LogOpeningStock,
    back="adjustments.new_opening",
)
def log_opening(session: Session, actor: Actor, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    adjustments = stocktake.log_opening_stock(session, actor, **data)
    say(
        plural(
            "Written down: %(num)s lot stands in the book.",
            "Written down: %(num)s lots stand in the book.",
            len(adjustments),
        )
    )
    return "stock.list_stock", {}


@bp.page("/adjustments", permission=Permission.STOCK_SEE)
def list_adjustments(session: Session, actor: Actor) -> str:
    before = query(AdjustmentFilter)["before"]
    found = stocktake.list_adjustments(session, actor, current_branch().id, limit=PAGE + 1, before=before)
    following = found[PAGE - 1].Adjustment.id if len(found) > PAGE else None
    return render(
        "adjustments/list.html",
        rows=[_adjustment_row(row) for row in found[:PAGE]],
        next_url=following and url_for("adjustments.list_adjustments", before=following),
        first_url=url_for("adjustments.list_adjustments") if before else None,
    )


def _adjustment_row(row: Any) -> dict[str, Any]:
    adjustment = row.Adjustment
    return {
        "id": adjustment.id,
        "name": named(row.Item),
        "number": row.Lot.number,
        "url": url_for("stock.show_lot", lot_id=adjustment.lot_id),
        "amount": format_quantity(adjustment.quantity, row.Item, signed=True),
        "reason": word(adjustment.reason),
        "note": adjustment.note or "",
        "when": format_instant(adjustment.happened_at, current_branch().timezone),
        "who": row.Person.name,
        "undone": adjustment.reversed_at is not None,
    }


@bp.page("/adjustments/lots/<uuid:lot_id>/new", permission=Permission.COUNT_LOG)
def new_adjustment(session: Session, actor: Actor, lot_id: UUID) -> str:
    branch = current_branch()
    require(actor, Permission.COUNT_LOG, branch.id)
    lot = ledger.get_lot(session, branch.id, lot_id)
    item = catalog.get_item(session, lot.item_id)
    return render(
        "adjustments/adjust.html",
        lot=lot,
        item=item,
        schema=AdjustStock,
        directions=[("out", _("Less is there")), ("in", _("More is there"))],
        reasons=[(reason.value, word(reason)) for reason in stocktake.WAYS],
        places=[(str(place.id), place.name) for place in branches.list_locations(session, branch.id)],
        units=unit_options(item),
        echo=echo_unit(item),
    )


@bp.action(
    "/adjustments/lots/<uuid:lot_id>/new",
    permission=Permission.COUNT_LOG,
    schema=AdjustStock,
    back="adjustments.new_adjustment",
)
def adjust_stock(
    session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID
) -> tuple[str, dict[str, Any]]:
    stocktake.adjust_stock(session, actor, **{**data, "lot_id": lot_id})
    say(_("Adjusted."))
    return "stock.show_lot", {"lot_id": lot_id}


@bp.action(
    "/adjustments/<uuid:adjustment_id>/reversal",
    permission=Permission.COUNT_LOG,
    schema=Reversal,
    back="adjustments.list_adjustments",
)
def reverse_adjustment(
    session: Session, actor: Actor, data: dict[str, Any], adjustment_id: UUID
) -> tuple[str, dict[str, Any]]:
    stocktake.reverse_adjustment(session, actor, adjustment_id, **data)
    say(_("Undone: the book says what it said before."))
    return "adjustments.list_adjustments", {}
