"""Pages behind the numbers of reports: the completed steps of a cost, the movements of an item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.reports import behind
from supply.domain.reports.kinds import PARTS
from supply.domain.reports.report_schemas import AskStepCosts
from supply.errors import NotFound
from supply.fields import Id, Moment, Whole
from supply.i18n import _, lazy
from supply.permissions import Actor
from supply.web import report_rows as rows
from supply.web.frame import named
from supply.web.history import movement_rows
from supply.web.pages import Pages, query, render
from supply.web.report_pages import SEE, AskHere, asked_books, kept, span_words
from supply.web.report_words import part_words

bp = Pages("behind", __name__)
PAGE = 50


class StepsHere(AskStepCosts):
    branch_id = Id(load_default=None)
    before = Moment(load_default=None)
    before_id = Id(load_default=None)


class MovedHere(AskHere):
    item_id = Id(load_default=None)
    part = fields.String(load_default=None, validate=validate.OneOf(list(PARTS)))
    before = Whole(minimum=1, maximum=2**53, load_default=None)


@bp.page("/reports/costs/steps", permission=SEE)
def show_steps(session: Session, actor: Actor) -> str:
    chosen = query(StepsHere)
    books = asked_books(session, actor, chosen)
    names = ("procedure_id", "package_id", "position")
    narrowed = behind.Narrowed(**{name: chosen[name] for name in names})
    before = (chosen["before"], chosen["before_id"]) if chosen["before"] and chosen["before_id"] else None
    found = behind.list_steps(session, books, narrowed, limit=PAGE + 1, before=before)
    here = kept(books) | {name: chosen[name] for name in names if chosen[name] is not None}
    return render(
        "reports/steps.html",
        span=span_words(books),
        rows=[rows.step_row(books, row, minor) for row, minor in found[:PAGE]],
        next_url=_following(found[PAGE - 1][0].Completion, here) if len(found) > PAGE else None,
        first_url=url_for("behind.show_steps", **here) if before else None,
        back=url_for("reports.show_costs", **kept(books)),
    )


def _following(last: Any, here: dict[str, Any]) -> str:
    at: datetime = last.happened_at.astimezone(UTC)
    return url_for("behind.show_steps", **here, before=at.isoformat(), before_id=last.id)


@bp.page("/reports/movements", permission=SEE)
def show_movements(session: Session, actor: Actor) -> str:
    chosen = query(MovedHere)
    item_id: UUID | None = chosen["item_id"]
    if item_id is None:
        raise NotFound("item_not_found", lazy("There is no such item."))
    books, item = asked_books(session, actor, chosen), catalog.get_item(session, item_id)
    part = chosen["part"]
    found = behind.list_movements(
        session, books, item_id, PARTS.get(part or "", ()), limit=PAGE + 1, before_seq=chosen["before"]
    )
    shown = list(found[:PAGE])
    here = {**kept(books), "item_id": item_id, **({"part": part} if part else {})}
    following = shown[-1].Movement.seq if len(found) > PAGE else None
    return render(
        "reports/movements.html",
        item=item,
        title=_("Movements of %(item)s", item=named(item)),
        lead=f"{part_words(part)} · {span_words(books)}" if part else span_words(books),
        movements=movement_rows(session, shown, item),
        next_url=following and url_for("behind.show_movements", **here, before=following),
        first_url=url_for("behind.show_movements", **here) if chosen["before"] else None,
    )
