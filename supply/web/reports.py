"""Pages of reports: what treatments cost, what the stock is worth, what was used, what was lost."""

from __future__ import annotations

from datetime import date

from flask import url_for
from marshmallow import fields
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.reports.costs import CostsBy, costs_of
from supply.domain.reports.figures import Books, open_books, whole_months
from supply.domain.reports.headline import headline_of
from supply.domain.reports.losses import losses_of
from supply.domain.reports.using import uses_of
from supply.domain.reports.worth import items_at, worth_by_day
from supply.fields import BaseSchema, Day, Id
from supply.i18n import _, lazy
from supply.permissions import Actor
from supply.presenting import format_day, format_money, format_month, format_number
from supply.web import report_rows as rows
from supply.web.pages import NavGroup, Pages, query, render
from supply.web.report_pages import SEE, AskHere, asked, asked_books, kept, show
from supply.web.report_words import CLASS_WORDS, by_word
from supply.web.session import current_branch
from supply.web.variance_rows import above_words

bp = Pages("reports", __name__)
bp.nav(
    label=lazy("Reports"),
    icon="chart",
    endpoint="reports.list_reports",
    permission=SEE,
    order=63,
    group=NavGroup.REPORTS,
    also=("behind",),
)


class AskCostsHere(AskHere):
    by = fields.Enum(CostsBy, by_value=True, load_default=CostsBy.PROCEDURE)


class AskItemsHere(BaseSchema):
    day = Day(load_default=None)
    branch_id = Id(load_default=None)


@bp.page("/reports", permission=SEE)
def list_reports(session: Session, actor: Actor) -> str:
    """The start page shows these figures too (js/figures.js)."""
    told_here = headline_of(session, actor, current_branch().id)
    cost, worth, lost = (
        format_money(minor, told_here.currency)
        for minor in (told_here.cost_minor, told_here.worth_minor, told_here.lost_minor)
    )
    in_month = _("%(money)s in %(month)s", money=cost, month=format_month(told_here.month))
    told = (
        ("reports.show_costs", _("Costs"), in_month, "book"),
        ("reports.show_stock_value", _("Value of the stock"), _("%(money)s today", money=worth), "shelf"),
        ("reports.show_use", _("Use by item"), _("What steps and brewing took, and what it cost"), "drop"),
        ("reports.show_shrinkage", _("Shrinkage"), _("%(money)s in thirty days", money=lost), "trash"),
        ("variance.show_variance", _("Recipe and use"), above_words(told_here), "scale"),
    )
    tiles = [(title, url_for(endpoint), symbol, note) for endpoint, title, note, symbol in told]
    return render("reports/list.html", tiles=tiles)


@bp.page("/reports/costs", permission=SEE)
def show_costs(session: Session, actor: Actor) -> str:
    chosen = query(AskCostsHere)
    by: CostsBy = chosen["by"]
    if not (chosen["month"] or chosen["from_day"] or chosen["until_day"]):
        chosen["month"] = f"{clock.today(current_branch().timezone):%Y-%m}"
    books = whole_months(asked_books(session, actor, chosen))
    told, here = costs_of(session, books, by), kept(books)
    return show(
        "reports/costs.html",
        books,
        "reports.show_costs",
        report="costs",
        own={"by": by.value},
        by=by.value,
        tabs=[
            (by_word(one), url_for("reports.show_costs", **here, by=one.value), one is by, None)
            for one in CostsBy
        ],
        rows=[rows.cost_row(books, line, by, here) for line in told.lines],
        points=rows.cost_points(books, told.lines, by),
        total=rows.money(books, told.minor),
        visits=format_number(told.visits),
        guests=format_number(told.guests),
        unpriced=told.unpriced,
        first=by_word(by),
    )


@bp.page("/reports/stock-value", permission=SEE)
def show_stock_value(session: Session, actor: Actor) -> str:
    books = asked_books(session, actor, asked())
    days, here = worth_by_day(session, books), kept(books)
    return show(
        "reports/value.html",
        books,
        "reports.show_stock_value",
        report="stock-value",
        rows=[rows.day_row(books, day, here) for day in reversed(days)],
        line=rows.value_line(books, days),
        now=rows.money(books, days[-1].minor) if days else "",
    )


@bp.page("/reports/stock-value/items", permission=SEE)
def show_items_at(session: Session, actor: Actor) -> str:
    chosen = query(AskItemsHere)
    branch_id, day = chosen["branch_id"] or current_branch().id, chosen["day"]
    books = open_books(session, actor, branch_id, day, day) if day else asked_books(session, actor, asked())
    return _items_page(session, books, day or books.today)


def _items_page(session: Session, books: Books, day: date) -> str:
    told, here = items_at(session, books, day), kept(books)
    return render(
        "reports/items.html",
        day=format_day(day),
        rows=[rows.item_at_row(books, one, here) for one in told],
        total=rows.money(books, sum(one.minor for one in told)),
        back=url_for("reports.show_stock_value"),
        files=[
            (kind.upper(), url_for("report_files.download", report="items", kind=kind, day=day, **here))
            for kind in ("csv", "xlsx")
        ],
    )


@bp.page("/reports/use", permission=SEE)
def show_use(session: Session, actor: Actor) -> str:
    books = asked_books(session, actor, asked())
    told, here = uses_of(session, books), kept(books)
    return show(
        "reports/use.html",
        books,
        "reports.show_use",
        report="use",
        rows=[rows.use_row(books, one, here) for one in told.lines],
        points=rows.use_points(books, told.lines),
        total=rows.money(books, told.minor),
        brewed=rows.money(books, told.brewed_minor),
    )


@bp.page("/reports/shrinkage", permission=SEE)
def show_shrinkage(session: Session, actor: Actor) -> str:
    books = asked_books(session, actor, asked())
    told, here = losses_of(session, books), kept(books)
    return show(
        "reports/shrinkage.html",
        books,
        "reports.show_shrinkage",
        report="shrinkage",
        rows=[rows.loss_row(books, line, here) for line in told.lines],
        parts=rows.loss_parts(books, told),
        reasons=rows.reason_rows(books, told),
        total=rows.money(books, told.minor),
        classes=CLASS_WORDS,
    )
