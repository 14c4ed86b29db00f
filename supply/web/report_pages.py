"""What the pages of reports share: how they are asked, the days and branches to choose from, the frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.reports.figures import Books, fits, open_books
from supply.domain.reports.report_schemas import AskReport, days_of
from supply.fields import Id
from supply.i18n import _
from supply.permissions import Actor, Permission
from supply.presenting import format_day, format_month
from supply.web.pages import query, render
from supply.web.session import current_branch, viewer

SEE = Permission.REPORT_SEE
MONTHS = 6


class AskHere(AskReport):
    branch_id = Id(load_default=None)


def asked_books(session: Session, actor: Actor, chosen: dict[str, Any]) -> Books:
    """What the page is asked for; days that make no sense are the last thirty."""
    branch = current_branch()
    first, last = days_of(chosen)
    end = last or max(clock.today(branch.timezone), first or date.min)
    if not fits(first or end, end):
        first = last = None
    return open_books(session, actor, chosen["branch_id"] or branch.id, first, last)


def kept(books: Books) -> dict[str, Any]:
    """The days and, where it is another, the branch: for the links of the page."""
    elsewhere = {"branch_id": books.branch.id} if books.branch.id != current_branch().id else {}
    return {"from": books.first, "until": books.last, **elsewhere}


def show(template: str, books: Books, endpoint: str, **context: Any) -> str:
    """A report's page with its choice of days and branch, and its files."""
    own = {name: value for name, value in context.pop("own", {}).items() if value is not None}
    here = {**kept(books), **own}
    return render(
        template,
        books=books,
        span=span_words(books),
        months=_months(books, endpoint, {**own, **_elsewhere(books)}),
        branches_here=_branches(books),
        here=url_for(endpoint),
        own=own,
        files=[
            (kind.upper(), url_for("report_files.download", report=context["report"], kind=kind, **here))
            for kind in ("csv", "xlsx")
        ],
        **context,
    )


def span_words(books: Books) -> str:
    if books.first == books.last:
        return format_day(books.first)
    return _("%(first)s to %(last)s", first=format_day(books.first), last=format_day(books.last))


def _elsewhere(books: Books) -> dict[str, Any]:
    return {name: value for name, value in kept(books).items() if name == "branch_id"}


def _months(books: Books, endpoint: str, own: dict[str, Any]) -> list[tuple[str, str, bool, None]]:
    """The last months as tabs, the present one first."""
    told: list[tuple[str, str, bool, None]] = []
    first = books.today.replace(day=1)
    for _month in range(MONTHS):
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        url = url_for(endpoint, month=f"{first:%Y-%m}", **own)
        told.append((format_month(first), url, (books.first, books.last) == (first, last), None))
        first = (first - timedelta(days=1)).replace(day=1)
    return told


def _branches(books: Books) -> Sequence[Any]:
    """The branches to choose from: none where there is only one."""
    person = viewer()
    told = [one for one in person.branches if person.actor.may(SEE, one.id)] if person else []
    return [(one.id, one.name, one.id == books.branch.id) for one in told] if len(told) > 1 else []


def asked() -> dict[str, Any]:
    return query(AskHere)
