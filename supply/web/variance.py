"""Pages of variance: standard against actual with what can be told from chance, and the cases behind it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.catalog import service as catalog
from supply.domain.reports.cases import Asked, list_cases
from supply.domain.reports.variance import By, default_period, variance_of
from supply.domain.reports.variance_schemas import AskVariance, ListVarianceCases, asked_of
from supply.domain.reports.weighed import weighed_of
from supply.fields import Id
from supply.i18n import lazy
from supply.permissions import Actor, Permission, require
from supply.web import variance_rows
from supply.web.pages import NavGroup, Pages, query, render
from supply.web.session import current_branch
from supply.web.table_files import table_file
from supply.web.words import word

bp = Pages("variance", __name__)
bp.nav(
    label=lazy("Recipe and use"),
    icon="chart",
    endpoint="variance.show_variance",
    permission=Permission.VARIANCE_SEE,
    order=64,
    group=NavGroup.REPORTS,
)
PAGE = 50
_SEE = Permission.VARIANCE_SEE


class AskedHere(AskVariance):
    branch_id = Id(load_default=None)


class CasesHere(ListVarianceCases):
    branch_id = Id(load_default=None)
    before = Id(load_default=None)


def _asked(actor: Actor, chosen: dict[str, Any]) -> Asked:
    """What the page is asked for; a period that makes no sense is the last thirty days."""
    branch = current_branch()
    require(actor, _SEE, branch.id)
    today = clock.today(branch.timezone)
    first, last = chosen["from_day"] or default_period(today)[0], chosen["until_day"] or today
    if last < first or (last - first).days > 365:
        chosen = {**chosen, "from_day": None, "until_day": None}
    # A link of the comparison of branches names its branch; the others stay where the person works.
    return asked_of({**chosen, "branch_id": chosen["branch_id"] or branch.id}, today)


@bp.page("/variance", permission=_SEE)
def show_variance(session: Session, actor: Actor) -> str:
    chosen = query(AskedHere)
    asked, by = _asked(actor, chosen), chosen["by"]
    told = variance_of(session, actor, asked, by)
    kept = variance_rows.kept(asked)
    item = catalog.get_item(session, asked.item_id) if asked.item_id else None
    return render(
        "variance/show.html",
        by=by.value,
        asked=asked,
        item=item,
        tabs=[
            (word(one), url_for("variance.show_variance", by=one.value, **kept), one is by, None)
            for one in By
            if item is None or one is not By.ITEM
        ],
        rows=[variance_rows.group_row(group, kept) for group in told.groups],
        points=variance_rows.points(told.groups),
        apart=variance_rows.apart_rows(told.apart, kept),
        weighed=[variance_rows.weighed_row(row) for row in weighed_of(session, actor, asked)],
        least=variance_rows.LEAST_CASES,
        files=[
            (form.upper(), url_for("variance.download", kind=form, by=by.value, **kept))
            for form in ("csv", "xlsx")
        ],
    )


@bp.page("/variance/files/<kind>", permission=_SEE)
def download(session: Session, actor: Actor, kind: str) -> Response:
    """The table for spreadsheets; `kind`: csv or xlsx."""
    chosen = query(AskedHere)
    asked, by = _asked(actor, chosen), chosen["by"]
    lines = variance_rows.file_lines(variance_of(session, actor, asked, by).groups)
    return table_file(f"recipe-and-use-{asked.from_day}-{asked.until_day}", "recipe-and-use", lines, kind)


@bp.page("/variance/cases", permission=_SEE)
def show_cases(session: Session, actor: Actor) -> str:
    chosen = query(CasesHere)
    asked, apart = _asked(actor, chosen), chosen["apart"]
    found = list_cases(session, actor, asked, apart=apart, limit=PAGE + 1, before=chosen["before"])
    item = catalog.get_item(session, asked.item_id) if asked.item_id else None
    here = {**variance_rows.kept(asked), "apart": apart.value if apart else None}
    following = found[PAGE - 1].completion.id if len(found) > PAGE else None
    return render(
        "variance/cases.html",
        apart=apart,
        asked=asked,
        item=item,
        rows=[variance_rows.case_row(row, item) for row in found[:PAGE]],
        next_url=following and url_for("variance.show_cases", **here, before=following),
        first_url=url_for("variance.show_cases", **here) if chosen["before"] else None,
        back=url_for("variance.show_variance", **{**variance_rows.kept(asked), "item_id": None}),
    )
