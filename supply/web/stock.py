"""Pages of stock: the list with its flags, an item, a lot, what expires, policy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Category
from supply.domain.containers.schemas import OpenContainer
from supply.domain.ledger import reading, shelf, telling
from supply.domain.ledger.schemas import (
    QUARANTINE_REASONS,
    QuarantineLot,
    ReleaseLot,
    SetStockPolicy,
)
from supply.domain.recalls import service as recalls
from supply.domain.reports.stock import HISTORY, item_report, lot_report
from supply.domain.reports.tracing import uses_of
from supply.fields import BaseSchema, Text, Tick
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.web import brew_rows, sheet_lines, stock_rows
from supply.web.history import movement_rows
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.session import current_branch
from supply.web.sheets import Sheet, View
from supply.web.units import unit_options
from supply.web.words import word

bp = Pages("stock", __name__)
bp.nav(
    label=lazy("Stock"),
    icon="shelf",
    endpoint="stock.list_stock",
    permission=Permission.STOCK_SEE,
    order=20,
    also=("recalls", "stock_lists"),
    group=NavGroup.STOCK,
)
PAGE = 50
EXPIRING_DAYS = 30


class StockFilter(BaseSchema):
    q = Text(max_length=100, load_default="")
    category = fields.Enum(Category, by_value=True, load_default=None)
    flagged = Tick(load_default=False, metadata={"label": lazy("To reorder")})
    after = Text(max_length=500, load_default="")


STOCK = Sheet("stock.list_stock", StockFilter, ("name", *reading.SORTED_BY), "name", PAGE)


@bp.page("/stock", permission=Permission.STOCK_SEE)
def list_stock(session: Session, actor: Actor) -> str | Response:
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    chosen = query(StockFilter)
    today = clock.today(branch.timezone)
    view = STOCK.view(session, actor, sortable=not chosen["flagged"])
    if chosen["flagged"]:
        rows: list[Any] = list(reading.list_low(session, branch.id, today))
    else:
        rows = _page(session, branch.id, today, chosen, view)
    if view.kind:
        return view.file("stock", _("Stock"), sheet_lines.level_lines(rows))
    return render(
        "stock/list.html",
        rows=[stock_rows.level_row(row) for row in rows],
        chosen=chosen,
        categories=[(category.value, word(category)) for category in Category],
        view=view,
    )


def _page(session: Session, branch_id: UUID, today: date, chosen: dict[str, Any], view: View) -> list[Any]:
    sort_key, _dot, item_id = chosen["after"].partition(".")
    after = (sort_key, item_id) if _is_id(item_id) else None
    found = reading.list_levels(
        session,
        branch_id,
        today=today,
        limit=view.limit,
        after=after,
        search=chosen["q"] or None,
        category=chosen["category"],
        order=view.order,
    )
    if view.kind:
        return list(found)
    rows = list(found[:PAGE])
    view.turn(len(found), after=f"{rows[-1].Item.sort_key}.{rows[-1].Item.id}" if rows else None)
    return rows


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


@bp.page("/stock/expiring", permission=Permission.STOCK_SEE)
def list_expiring(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    today = clock.today(branch.timezone)
    rows = reading.list_expiring(session, branch.id, today + timedelta(days=EXPIRING_DAYS))
    gone = [row for row in rows if reading.is_expired(row.Holding, row.Lot, today)]
    return render(
        "stock/expiring.html",
        expired=[stock_rows.expiring_row(row, today) for row in rows if row in gone],
        expiring=[stock_rows.expiring_row(row, today) for row in rows if row not in gone],
        days=EXPIRING_DAYS,
    )


@bp.page("/stock/items/<uuid:item_id>", permission=Permission.STOCK_SEE)
def show_item(session: Session, actor: Actor, item_id: UUID) -> str:
    report = item_report(session, actor, current_branch().id, item_id)
    return render(
        "stock/item.html",
        report=report,
        item=report.item,
        numbers=stock_rows.level_facts(report),
        marks=stock_rows.level_marks(report.level) if report.level else [],
        holdings=[stock_rows.holding_row(row, report.item, report.today) for row in report.holdings],
        movements=movement_rows(session, report.movements[:HISTORY], report.item),
        more_url=url_for("stock_lists.list_movements", item_id=item_id)
        if len(report.movements) > HISTORY
        else None,
        use=stock_rows.use_points(report),
        line=stock_rows.line_days(report),
        opens=stock_rows.opening_words(report),
        total_used=sum(used for _day, used, _short in report.use),
    )


@bp.page("/stock/items/<uuid:item_id>/policy", permission=Permission.CATALOG_MANAGE)
def edit_policy(session: Session, actor: Actor, item_id: UUID) -> str:
    branch = current_branch()
    require(actor, Permission.CATALOG_MANAGE, branch.id)
    item = catalog.get_item(session, item_id)
    level = reading.get_level(session, branch.id, item_id, clock.today(branch.timezone))
    return render(
        "stock/policy.html",
        item=item,
        schema=SetStockPolicy,
        units=unit_options(item),
        reorder_point=stock_rows.typed(level.reorder_point if level else None, item),
        par_level=stock_rows.typed(level.par_level if level else None, item),
        version=level.policy_version if level else 1,
    )


@bp.action(
    "/stock/items/<uuid:item_id>/policy",
    permission=Permission.CATALOG_MANAGE,
    schema=SetStockPolicy,
    back="stock.edit_policy",
    versioned=True,
)
def set_policy(
    session: Session, actor: Actor, data: dict[str, Any], item_id: UUID, version: int
) -> tuple[str, dict[str, Any]]:
    telling.set_policy(session, actor, item_id=item_id, version=version, **data)
    say(_("Saved. The item is flagged by the new reorder point from now on."))
    return "stock.show_item", {"item_id": item_id}


@bp.page("/stock/lots/<uuid:lot_id>", permission=Permission.STOCK_SEE)
def show_lot(session: Session, actor: Actor, lot_id: UUID) -> str:
    report = lot_report(session, actor, current_branch().id, lot_id)
    uses = uses_of(session, actor, report.lot)
    recall = recalls.find_open_recall(session, report.lot) if report.lot.quarantined_at else None
    return render(
        "stock/lot.html",
        report=report,
        lot=report.lot,
        recall=recall,
        stranded=stock_rows.stranded(report) if recall is None else "",
        item=report.item,
        facts=stock_rows.lot_facts(report),
        marks=stock_rows.lot_marks(report.lot, report.lot.expires_on, report.today),
        holdings=[stock_rows.holding_row(row, report.item, report.today) for row in report.holdings],
        closed=[row for row in report.holdings if row.Holding.container_id is None],
        movements=movement_rows(session, report.movements[:HISTORY], report.item),
        steps=brew_rows.steps(uses),
        more_steps=brew_rows.more_steps(uses),
        brewed=brew_rows.brewed(uses),
        travels=brew_rows.travels(uses),
        reasons=[(code, stock_rows.quarantine_word(code)) for code in QUARANTINE_REASONS],
        units=unit_options(report.item),
        schemas={"quarantine": QuarantineLot, "release": ReleaseLot, "open": OpenContainer},
    )


@bp.action(
    "/stock/lots/<uuid:lot_id>/quarantine",
    permission=Permission.WASTE_LOG,
    schema=QuarantineLot,
    back="stock.show_lot",
)
def quarantine_lot(
    session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID
) -> tuple[str, dict[str, Any]]:
    shelf.quarantine_lot(session, actor, lot_id=lot_id, **data)
    say(_("Quarantined: no step will choose this lot."))
    return "stock.show_lot", {"lot_id": lot_id}


@bp.action(
    "/stock/lots/<uuid:lot_id>/release",
    permission=Permission.COUNT_APPROVE,
    schema=ReleaseLot,
    back="stock.show_lot",
)
def release_lot(
    session: Session, actor: Actor, data: dict[str, Any], lot_id: UUID
) -> tuple[str, dict[str, Any]]:
    recalls.release_lot(session, actor, lot_id=lot_id, **data)
    say(_("Released: the lot may be used again."))
    return "stock.show_lot", {"lot_id": lot_id}
