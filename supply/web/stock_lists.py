"""The long lists of stock: every lot of the branch, and every movement, of one item or of all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading
from supply.fields import BaseSchema, Id, Text, Whole
from supply.i18n import _
from supply.permissions import Actor, Permission, require
from supply.web import sheet_lines
from supply.web.history import movement_rows
from supply.web.pages import Pages, query, render
from supply.web.session import current_branch
from supply.web.sheets import Sheet
from supply.web.stock_rows import lot_row

bp = Pages("stock_lists", __name__)
PAGE = 50


class LotFilter(BaseSchema):
    q = Text(max_length=100, load_default="")
    before = Id(load_default=None)


class HistoryFilter(BaseSchema):
    before = Whole(minimum=1, maximum=2**53, load_default=None)


LOTS = Sheet("stock_lists.list_lots", LotFilter, ("number", "item", "expires", "came"), "-came", PAGE)
ALL = Sheet("stock_lists.list_all_movements", HistoryFilter, ("seq",), "-seq", PAGE)
OF_ITEM = Sheet("stock_lists.list_movements", HistoryFilter, ("seq",), "-seq", PAGE)


@bp.page("/stock/lots", permission=Permission.STOCK_SEE)
def list_lots(session: Session, actor: Actor) -> str | Response:
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    chosen, view = query(LotFilter), LOTS.view(session, actor)
    found = reading.list_lots(
        session,
        branch.id,
        search=chosen["q"],
        limit=view.limit,
        before=chosen["before"],
        order=view.order,
    )
    if view.kind:
        return view.file("lots", _("Lots"), sheet_lines.lot_lines(found))
    view.turn(len(found), before=found[:PAGE][-1].Lot.id if found else None)
    today = clock.today(branch.timezone)
    rows = [lot_row(row, today) for row in found[:PAGE]]
    return render("stock/lots.html", rows=rows, chosen=chosen, view=view)


@bp.page("/stock/movements", permission=Permission.STOCK_SEE)
def list_all_movements(session: Session, actor: Actor) -> str | Response:
    return _movements(session, actor, ALL, None)


@bp.page("/stock/items/<uuid:item_id>/movements", permission=Permission.STOCK_SEE)
def list_movements(session: Session, actor: Actor, item_id: UUID) -> str | Response:
    return _movements(session, actor, OF_ITEM, item_id)


def _movements(session: Session, actor: Actor, sheet: Sheet, item_id: UUID | None) -> str | Response:
    """Of one item or of all; without an order the newest first."""
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    before, view = query(HistoryFilter)["before"], sheet.view(session, actor)
    item = None if item_id is None else catalog.get_item(session, item_id)
    found = reading.list_movements(
        session, branch.id, item_id=item_id, before_seq=before, limit=view.limit, order=view.order
    )
    items = catalog.items_by_id(session, (row.Movement.item_id for row in found))
    if view.kind:
        return view.file("movements", _("Movements"), sheet_lines.movement_lines(found, items))
    rows: list[Any] = list(found[:PAGE])
    view.turn(len(found), before=rows[-1].Movement.seq if rows else None)
    return render("stock/movements.html", item=item, movements=movement_rows(session, rows, items), view=view)
