"""The long lists of stock: every lot of the branch, and every movement, of one item or of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields
from sqlalchemy import Select
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.finding import lots
from supply.domain.finding.items import ids_named
from supply.domain.ledger import browsing, reading
from supply.domain.ledger.models import MovementType
from supply.fields import BaseSchema, Day, Id, Text, Whole
from supply.i18n import _
from supply.ordering import Order
from supply.permissions import Actor, Permission, require
from supply.web import sheet_lines
from supply.web.history import movement_rows
from supply.web.pages import Pages, query, render
from supply.web.session import current_branch
from supply.web.sheets import MOST_IN_A_FILE, Sheet
from supply.web.stock_rows import lot_row
from supply.web.words import word

bp = Pages("stock_lists", __name__)
PAGE = 50


class LotFilter(BaseSchema):
    q = Text(max_length=100, load_default="")
    before = Id(load_default=None)


class HistoryFilter(BaseSchema):
    """The days are those on which it was recorded, unless they say that it happened then."""

    type = fields.Enum(MovementType, by_value=True, load_default=None)
    from_day = Day(data_key="from", load_default=None)
    until_day = Day(data_key="until", load_default=None)
    happened_from = Day(load_default=None)
    happened_until = Day(load_default=None)
    past = Whole(minimum=1, maximum=2**53, load_default=None)


class AllFilter(HistoryFilter):
    q = Text(max_length=100, load_default="")


LOTS = Sheet("stock_lists.list_lots", LotFilter, ("number", "item", "expires", "came"), "-came", PAGE)
ALL = Sheet("stock_lists.list_all_movements", AllFilter, ("seq", "when"), "-seq", PAGE)
OF_ITEM = Sheet("stock_lists.list_movements", HistoryFilter, ("seq", "when"), "-seq", PAGE)


@bp.page("/stock/lots", permission=Permission.STOCK_SEE)
def list_lots(session: Session, actor: Actor) -> str | Response:
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    chosen, view = query(LotFilter), LOTS.view(session, actor)
    found = reading.list_lots(
        session,
        branch.id,
        *([lots.named(chosen["q"])] if chosen["q"] else []),
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
    """Of one item or of all; the newest first, and by happening where its days are asked for."""
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    chosen, view = query(AllFilter), sheet.view(session, actor)
    item = None if item_id is None else catalog.get_item(session, item_id)
    narrowed = _narrowed(session, chosen, item_id)
    view.own = "-when" if narrowed.by_happening else ""
    order = view.order or (Order("when", descending=True) if narrowed.by_happening else None)
    found = browsing.list_movements(
        session,
        branch.id,
        narrowed,
        past=chosen["past"],
        limit=MOST_IN_A_FILE if view.kind else PAGE,
        oldest_first=order is not None and not order.descending,
        by_happening=order is not None and order.column == "when",
    )
    items = catalog.items_by_id(session, (row.Movement.item_id for row in found.rows))
    if view.kind:
        return view.file("movements", _("Movements"), sheet_lines.movement_lines(found.rows, items))
    view.follow(len(found.rows), **({} if found.following is None else {"past": found.following}))
    return render(
        "stock/movements.html",
        item=item,
        movements=movement_rows(session, found.rows, items),
        chosen=chosen,
        types=[(one.value, word(one)) for one in MovementType],
        narrowed=bool(view.kept),
        view=view,
    )


def _narrowed(session: Session, chosen: dict[str, Any], item_id: UUID | None) -> browsing.Narrowed:
    """What was chosen; words find the items that bear them."""
    items: Sequence[UUID] | Select[UUID] | None = None if item_id is None else [item_id]
    if item_id is None and chosen["q"]:
        several = ids_named(chosen["q"])
        few = session.scalars(several.limit(2)).all()
        items = several if len(few) > 1 else few
    zone = current_branch().timezone
    return browsing.Narrowed(
        item_ids=items,
        type=chosen["type"],
        recorded_from=clock.begin_of(chosen["from_day"], zone),
        recorded_before=clock.end_of(chosen["until_day"], zone),
        happened_from=clock.begin_of(chosen["happened_from"], zone),
        happened_before=clock.end_of(chosen["happened_until"], zone),
    )
