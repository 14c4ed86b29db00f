"""Pages of stock: the list with its flags, an item, a lot, what expires, policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import url_for
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
from supply.fields import BaseSchema, Text, Tick, Whole
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.web import brew_rows, stock_rows
from supply.web.history import movement_rows
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.session import current_branch
from supply.web.units import unit_options
from supply.web.words import word

bp = Pages("stock", __name__)
bp.nav(
    label=lazy("Stock"),
    icon="shelf",
    endpoint="stock.list_stock",
    permission=Permission.STOCK_SEE,
    order=20,
    also=("recalls",),
    group=NavGroup.STOCK,
)
PAGE = 50
EXPIRING_DAYS = 30


class StockFilter(BaseSchema):
    q = Text(max_length=100, load_default="")
    category = fields.Enum(Category, by_value=True, load_default=None)
    flagged = Tick(load_default=False)
    after = Text(max_length=500, load_default="")


class HistoryFilter(BaseSchema):
    before = Whole(minimum=1, maximum=2**53, load_default=None)


@bp.page("/stock", permission=Permission.STOCK_SEE)
def list_stock(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    chosen = query(StockFilter)
    today = clock.today(branch.timezone)
    if chosen["flagged"]:
        rows, following = reading.list_low(session, branch.id, today), None
    else:
        rows, following = _page(session, branch.id, today, chosen)
    return render(
        "stock/list.html",
        rows=[stock_rows.level_row(row) for row in rows],
        chosen=chosen,
        categories=[(category.value, word(category)) for category in Category],
        next_url=following and url_for("stock.list_stock", **_kept(chosen), after=following),
        first_url=url_for("stock.list_stock", **_kept(chosen)) if chosen["after"] else None,
    )


def _page(
    session: Session, branch_id: UUID, today: Any, chosen: dict[str, Any]
) -> tuple[list[Any], str | None]:
    sort_key, _dot, item_id = chosen["after"].partition(".")
    after = (sort_key, item_id) if _is_id(item_id) else None
    found = reading.list_levels(
        session,
        branch_id,
        today=today,
        limit=PAGE + 1,
        after=after,
        search=chosen["q"] or None,
        category=chosen["category"],
    )
    rows = list(found[:PAGE])
    return rows, f"{rows[-1].Item.sort_key}.{rows[-1].Item.id}" if len(found) > PAGE else None


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _kept(chosen: dict[str, Any]) -> dict[str, Any]:
    category = chosen["category"]
    kept = {"q": chosen["q"], "category": category.value if category else ""}
    return {name: value for name, value in kept.items() if value}


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
        more_url=url_for("stock.list_movements", item_id=item_id)
        if len(report.movements) > HISTORY
        else None,
        use=stock_rows.use_points(report),
        line=stock_rows.line_days(report),
        opens=stock_rows.opening_words(report),
        total_used=sum(used for _day, used, _short in report.use),
    )


@bp.page("/stock/items/<uuid:item_id>/movements", permission=Permission.STOCK_SEE)
def list_movements(session: Session, actor: Actor, item_id: UUID) -> str:
    branch = current_branch()
    require(actor, Permission.STOCK_SEE, branch.id)
    before = query(HistoryFilter)["before"]
    item = catalog.get_item(session, item_id)
    found = reading.list_movements(session, branch.id, item_id=item_id, before_seq=before, limit=PAGE + 1)
    rows = list(found[:PAGE])
    following = rows[-1].Movement.seq if len(found) > PAGE else None
    here = "stock.list_movements"
    return render(
        "stock/movements.html",
        item=item,
        movements=movement_rows(session, rows, item),
        next_url=following and url_for(here, item_id=item_id, before=following),
        first_url=url_for(here, item_id=item_id) if before else None,
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
    return render(
        "stock/lot.html",
        report=report,
        lot=report.lot,
        recall=recalls.find_open_recall(session, report.lot) if report.lot.quarantined_at else None,
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
