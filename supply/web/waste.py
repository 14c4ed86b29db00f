"""Pages of waste: what was thrown away, and throwing away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.ledger import reading
from supply.domain.waste import expired
from supply.domain.waste import service as waste
from supply.domain.waste.models import WasteEntry, WasteReason
from supply.domain.waste.schemas import LogWaste, Reversal
from supply.fields import BaseSchema, Id, Text
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.presenting import format_instant, format_money, format_quantity
from supply.web import sheet_lines
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, query, render, say
from supply.web.session import current_branch
from supply.web.sheets import Sheet
from supply.web.stock_rows import until
from supply.web.units import echo_unit, unit_options
from supply.web.words import word

bp = Pages("waste", __name__)
bp.nav(
    label=lazy("Waste"),
    icon="trash",
    endpoint="waste.list_waste",
    permission=Permission.WASTE_LOG,
    order=60,
    group=NavGroup.STOCK,
)
PAGE = 30


class WasteFilter(BaseSchema):
    before = Id(load_default=None)


class WasteOf(BaseSchema):
    lot_id = Id(load_default=None)
    q = Text(max_length=100, load_default="")


WASTE = Sheet("waste.list_waste", WasteFilter, ("item", "reason", "cost", "when"), "-when", PAGE)


@bp.page("/waste", permission=Permission.STOCK_SEE)
def list_waste(session: Session, actor: Actor) -> str | Response:
    before, view = query(WasteFilter)["before"], WASTE.view(session, actor)
    here = current_branch().id
    found = waste.list_waste(session, actor, here, limit=view.limit, before=before, order=view.order)
    if view.kind:
        return view.file("waste", _("Waste"), sheet_lines.waste_lines(found))
    view.turn(len(found), before=found[:PAGE][-1].WasteEntry.id if found else None)
    return render("waste/list.html", rows=[_row(row) for row in found[:PAGE]], view=view)


def _row(row: Any) -> dict[str, Any]:
    entry = row.WasteEntry
    return {
        "id": entry.id,
        "name": named(row.Item),
        "url": url_for("stock.show_lot", lot_id=entry.lot_id),
        "number": row.Lot.number,
        "when": format_instant(entry.happened_at, current_branch().timezone),
        "amount": format_quantity(entry.quantity, row.Item),
        "reason": word(entry.reason),
        "note": entry.note or "",
        "cost": format_money(entry.cost_minor, row.Lot.currency or current_branch().currency),
        "who": row.Person.name,
        "undone": entry.reversed_at is not None,
    }


@bp.page("/waste/choose", permission=Permission.WASTE_LOG)
def choose_item(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.WASTE_LOG, branch.id)
    text = query(WasteOf)["q"]
    levels = reading.list_levels(
        session, branch.id, today=clock.today(branch.timezone), limit=60, search=text or None
    )
    items = [
        {
            "title": named(row.Item),
            "category": row.Item.category.value,
            "url": url_for("waste.new_waste", item_id=row.Item.id),
            "side": format_quantity(row.on_hand, row.Item),
        }
        for row in levels
        if row.on_hand
    ]
    return render("waste/choose.html", items=items, text=text)


@bp.page("/waste/items/<uuid:item_id>/new", permission=Permission.WASTE_LOG)
def new_waste(session: Session, actor: Actor, item_id: UUID) -> str:
    branch = current_branch()
    require(actor, Permission.WASTE_LOG, branch.id)
    item = catalog.get_item(session, item_id)
    today = clock.today(branch.timezone)
    rows = waste.expected_waste(session, branch.id, item_id, today)
    lots = {row.Lot.id: row for row in reversed(rows)}
    over = bool(rows) and reading.is_expired(rows[0].Holding, rows[0].Lot, today)
    return render(
        "waste/new.html",
        item=item,
        schema=LogWaste,
        lots=[(str(row.Lot.id), _lot_words(row, rows, item)) for row in reversed(lots.values())],
        lot_id=str(query(WasteOf)["lot_id"] or (rows[0].Lot.id if rows else "")),
        reason=WasteReason.EXPIRED.value if over else "",
        units=unit_options(item),
        echo=echo_unit(item),
    )


def _lot_words(first: Any, rows: list[Any], item: Any) -> str:
    standing = sum(row.Holding.quantity for row in rows if row.Lot.id == first.Lot.id)
    return _(
        "%(number)s · until %(day)s · %(amount)s",
        number=first.Lot.number,
        day=until(first.Holding.expires_on, first.Lot.use_by_at),
        amount=format_quantity(standing, item),
    )


@bp.action(
    "/waste/items/<uuid:item_id>/new",
    permission=Permission.WASTE_LOG,
    schema=LogWaste,
    back="waste.new_waste",
)
def log_waste(
    session: Session, actor: Actor, data: dict[str, Any], item_id: UUID
) -> tuple[str, dict[str, Any]]:
    _say_gone(session, waste.log_waste(session, actor, **data))
    return "waste.list_waste", {}


@bp.action("/waste/lots/<uuid:lot_id>/expired", permission=Permission.WASTE_LOG, back="tasks.list_tasks")
def write_off_expired(session: Session, actor: Actor, lot_id: UUID) -> str:
    _say_gone(session, expired.write_off(session, actor, lot_id))
    return url_for("tasks.list_tasks", kind="expired")


def _say_gone(session: Session, entry: WasteEntry) -> None:
    item = catalog.get_item(session, entry.item_id)
    amount = format_quantity(entry.quantity, item)
    say(_("Written off: %(amount)s of %(item)s.", amount=amount, item=named(item)))


@bp.action(
    "/waste/<uuid:entry_id>/reversal",
    permission=Permission.WASTE_LOG,
    schema=Reversal,
    back="waste.list_waste",
)
def reverse_waste(
    session: Session, actor: Actor, data: dict[str, Any], entry_id: UUID
) -> tuple[str, dict[str, Any]]:
    waste.reverse_waste(session, actor, entry_id, **data)
    say(_("Undone: the amount stands on the shelf again."))
    return "waste.list_waste", {}
