"""Pages of counting one item at once, blind; what waits to be counted, what was. Many are a stocktake."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.stocktake import counting, progress
from supply.domain.stocktake.models import OPEN_STATUSES, StockCount
from supply.domain.stocktake.schemas import LogCount
from supply.domain.tasks import service as tasks
from supply.domain.tasks.models import TaskKind
from supply.fields import BaseSchema, Id, Text
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission, require
from supply.presenting import format_instant, format_money, format_quantity
from supply.web.count_rows import count_rows, when_counted
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, current_form, query, render, say
from supply.web.session import choose_locale, current_branch
from supply.web.stocktake_rows import stocktake_row
from supply.web.units import echo_unit, unit_options

bp = Pages("counts", __name__)
bp.nav(
    label=lazy("Count"),
    icon="count",
    endpoint="counts.list_counts",
    permission=Permission.COUNT_LOG,
    order=50,
    also=("stocktakes", "stocktake_ends", "adjustments"),
    group=NavGroup.STOCK,
)
PAGE = 20


class CountFilter(BaseSchema):
    before = Id(load_default=None)
    q = Text(max_length=100, load_default="")


@bp.page("/counts", permission=Permission.STOCK_SEE)
def list_counts(session: Session, actor: Actor) -> str:
    branch = current_branch()
    before = query(CountFilter)["before"]
    found = counting.list_counts(session, actor, branch.id, limit=PAGE + 1, before=before)
    following = found[PAGE - 1].StockCount.id if len(found) > PAGE else None
    waiting = tasks.list_open(session, actor, branch.id, kind=TaskKind.COUNT)
    open_now = progress.list_stocktakes(session, actor, branch.id, statuses=OPEN_STATUSES, limit=PAGE)
    return render(
        "counts/list.html",
        stocktakes=[stocktake_row(row) for row in open_now],
        tasks=[_task_row(task) for task in waiting if task.item_id is not None],
        counts=[_count_row(row) for row in found[:PAGE]],
        next_url=following and url_for("counts.list_counts", before=following),
        first_url=url_for("counts.list_counts") if before else None,
    )


def _task_row(task: Any) -> dict[str, Any]:
    name = task.item_name_vi if choose_locale() == "vi" else task.item_name_en
    opened = format_instant(task.opened_at, current_branch().timezone)
    short = format_quantity(task.quantity, task.dimension) if task.quantity else ""
    return {
        "title": name,
        "detail": _("%(amount)s missing since %(when)s", amount=short, when=opened) if short else opened,
        "url": url_for("counts.new_count", item_id=task.item_id),
        "symbol": "count",
    }


def _count_row(row: Any) -> dict[str, Any]:
    count: StockCount = row.StockCount
    return {
        "name": named(row.Item),
        "url": url_for("counts.show_count", count_id=count.id),
        "when": format_instant(count.happened_at, current_branch().timezone),
        "who": row.Person.name,
        "difference": format_quantity(count.discrepancy, row.Item, signed=True),
        "value": format_money(count.value_minor, current_branch().currency),
        "exact": count.discrepancy == 0,
    }


@bp.page("/counts/choose", permission=Permission.COUNT_LOG)
def choose_item(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.COUNT_LOG, branch.id)
    text = query(CountFilter)["q"]
    levels = reading.list_levels(
        session, branch.id, today=clock.today(branch.timezone), limit=60, search=text or None
    )
    # The amounts are left out: who counts must not know what is expected.
    items = [
        {
            "title": named(row.Item),
            "category": row.Item.category.value,
            "url": url_for("counts.new_count", item_id=row.Item.id),
        }
        for row in levels
    ]
    return render("counts/choose.html", items=items, text=text)


@bp.page("/counts/items/<uuid:item_id>/new", permission=Permission.COUNT_LOG)
def new_count(session: Session, actor: Actor, item_id: UUID) -> str:
    branch = current_branch()
    require(actor, Permission.COUNT_LOG, branch.id)
    item = catalog.get_item(session, item_id)
    places, found = count_rows(reading.list_holdings(session, branch.id, item_id), current_form())
    return render(
        "counts/count.html",
        item=item,
        schema=LogCount,
        places=places,
        found=found,
        looked_at=clock.now().isoformat(),
        when=when_counted(current_form()),
        units=unit_options(item),
        echo=echo_unit(item),
        offline={
            "place": url_for("counts.new_count", item_id=item.id),
            "label": _("Count %(item)s", item=named(item)),
        },
    )


@bp.action(
    "/counts/items/<uuid:item_id>/new",
    permission=Permission.COUNT_LOG,
    schema=LogCount,
    back="counts.new_count",
)
def log_count(
    session: Session, actor: Actor, data: dict[str, Any], item_id: UUID
) -> tuple[str, dict[str, Any]]:
    count = counting.log_count(session, actor, **{**data, "item_id": item_id})
    say(_("Counted. The book now says what you found."))
    return "counts.show_count", {"count_id": count.id}


@bp.page("/counts/<uuid:count_id>", permission=Permission.STOCK_SEE)
def show_count(session: Session, actor: Actor, count_id: UUID) -> str:
    count = counting.get_count(session, actor, count_id)
    item = catalog.get_item(session, count.item_id)
    return render(
        "counts/result.html",
        count=count,
        item=item,
        lines=[_line_row(row, item) for row in counting.lines_of(session, count)],
        value=format_money(count.value_minor, current_branch().currency),
    )


def _line_row(row: Any, item: Item) -> dict[str, Any]:
    line = row.StockCountLine
    return {
        "number": row.Lot.number,
        "url": url_for("stock.show_lot", lot_id=row.Lot.id),
        "place": row.Location.name,
        "expected": format_quantity(line.expected, item),
        "counted": format_quantity(line.counted, item),
        "difference": format_quantity(line.counted - line.expected, item, signed=True),
    }
