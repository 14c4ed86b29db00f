"""Pages of a stocktake as a whole: how far it is, its differences, their approval, its result; the rules."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.stocktake import opening, posting, progress, reviewing, rules, telling
from supply.domain.stocktake.models import StocktakeStatus
from supply.domain.stocktake.stocktake_schemas import (
    AskRecount,
    CancelStocktake,
    GiveReasons,
    HandIn,
    ReturnStocktake,
    SetCountingRules,
)
from supply.domain.stocktake.telling import LineState
from supply.fields import BaseSchema, Whole
from supply.i18n import _, plural
from supply.permissions import Actor, Permission, require
from supply.presenting import typed_money
from supply.web.frame import named
from supply.web.pages import Pages, Target, query, render, say
from supply.web.session import current_branch
from supply.web.stocktake_rows import (
    difference_row,
    paper_rows,
    reason_choices,
    shelf_row,
    title_of,
    total_facts,
    why_words,
)

bp = Pages("stocktake_ends", __name__)
PAGE = 50
# A result of more lines than this is read on the screen; the paper shows those that differ.
MOST_ON_PAPER = 1_000
_ID = "/stocktakes/<uuid:stocktake_id>"


class DifferencesQuery(BaseSchema):
    after = Whole(minimum=0, maximum=2**31, load_default=0)


@bp.page(_ID, permission=Permission.STOCK_SEE)
def show_stocktake(session: Session, actor: Actor, stocktake_id: UUID) -> str:
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    told = telling.tell_stocktake(session, stocktake)
    about: dict[str, Any] = {"told": told, "stocktake": stocktake, "title": title_of(stocktake)}
    if told.totals is None:
        items = catalog.items_by_id(session, told.reasons)
        return render(
            "stocktakes/counting.html",
            shelves=[shelf_row(stocktake, shelf) for shelf in told.shelves],
            items=[(named(items[item_id]), why_words(why)) for item_id, why in told.reasons.items()],
            **about,
        )
    after = query(DifferencesQuery)["after"]
    found = telling.list_lines(session, stocktake, state=LineState.DIFFERING, after=after, limit=PAGE + 1)
    shown, here = found[:PAGE], url_for("stocktake_ends.show_stocktake", stocktake_id=stocktake.id)
    return render(
        "stocktakes/review.html",
        schema=GiveReasons,
        rows=[difference_row(line, number) for number, line in enumerate(shown)],
        rest_reasons=reason_choices(),
        facts=total_facts(told),
        own=actor.person_id in told.hands,
        next_url=f"{here}?after={shown[-1].line.position}" if len(found) > PAGE else None,
        first_url=here if after else None,
        **about,
    )


def _back(stocktake_id: UUID) -> Target:
    return "stocktake_ends.show_stocktake", {"stocktake_id": stocktake_id}


@bp.action(
    f"{_ID}/review",
    permission=Permission.COUNT_LOG,
    versioned=True,
    back="stocktakes.show_rest",
)
def close_count(session: Session, actor: Actor, stocktake_id: UUID, version: int) -> Target:
    reviewing.close_count(session, actor, stocktake_id, version=version)
    return _back(stocktake_id)


@bp.action(
    f"{_ID}/reasons",
    permission=Permission.COUNT_LOG,
    schema=GiveReasons,
    versioned=True,
    back="stocktake_ends.show_stocktake",
)
def give_reasons(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> Target:
    reviewing.give_reasons(session, actor, stocktake_id, version=version, **data)
    say(_("Saved."))
    return _back(stocktake_id)


@bp.action(
    f"{_ID}/recount",
    permission=Permission.COUNT_LOG,
    schema=AskRecount,
    versioned=True,
    back="stocktake_ends.show_stocktake",
)
def ask_recount(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> Target:
    reviewing.ask_recount(session, actor, stocktake_id, version=version, **data)
    number = len(set(data["line_ids"]))
    say(plural("%(num)s line is to be counted again.", "%(num)s lines are to be counted again.", number))
    return _back(stocktake_id)


@bp.action(
    f"{_ID}/submission",
    permission=Permission.COUNT_LOG,
    schema=HandIn,
    versioned=True,
    back="stocktake_ends.show_stocktake",
)
def hand_in(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int) -> Target:
    stocktake = posting.hand_in(session, actor, stocktake_id, version=version, **data)
    if stocktake.status is StocktakeStatus.POSTED:
        say(_("Posted. The book now says what was found."))
    else:
        say(_("Handed in. A manager who did not count approves it."), "info")
    return _back(stocktake_id)


@bp.action(
    f"{_ID}/approval",
    permission=Permission.COUNT_APPROVE,
    schema=HandIn,
    versioned=True,
    back="stocktake_ends.show_stocktake",
)
def approve(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int) -> Target:
    posting.approve_stocktake(session, actor, stocktake_id, version=version, **data)
    say(_("Posted. The book now says what was found."))
    return _back(stocktake_id)


@bp.page(f"{_ID}/return", permission=Permission.COUNT_APPROVE)
def new_return(session: Session, actor: Actor, stocktake_id: UUID) -> str:
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    require(actor, Permission.COUNT_APPROVE, stocktake.branch_id)
    return render("stocktakes/return.html", stocktake=stocktake, schema=ReturnStocktake)


@bp.action(
    f"{_ID}/return",
    permission=Permission.COUNT_APPROVE,
    schema=ReturnStocktake,
    versioned=True,
    back="stocktake_ends.new_return",
)
def give_back(
    session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int
) -> Target:
    posting.give_back(session, actor, stocktake_id, version=version, **data)
    say(_("Given back."))
    return _back(stocktake_id)


@bp.page(f"{_ID}/cancel", permission=Permission.COUNT_LOG)
def new_cancellation(session: Session, actor: Actor, stocktake_id: UUID) -> str:
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    require(actor, Permission.COUNT_LOG, stocktake.branch_id)
    return render("stocktakes/cancel.html", stocktake=stocktake, schema=CancelStocktake)


@bp.action(
    f"{_ID}/cancel",
    permission=Permission.COUNT_LOG,
    schema=CancelStocktake,
    versioned=True,
    back="stocktake_ends.new_cancellation",
)
def cancel(session: Session, actor: Actor, data: dict[str, Any], stocktake_id: UUID, version: int) -> Target:
    opening.cancel_stocktake(session, actor, stocktake_id, version=version, **data)
    say(_("Cancelled. Nothing was posted."))
    return "stocktakes.list_stocktakes", {}


@bp.page(f"{_ID}/paper", permission=Permission.STOCK_SEE)
def show_paper(session: Session, actor: Actor, stocktake_id: UUID) -> str:
    """The result for the printer; before it is posted it shows what is known."""
    stocktake = progress.get_stocktake(session, actor, stocktake_id)
    progress.require_status(stocktake, *telling.TOLD_STATUSES)
    told = telling.tell_stocktake(session, stocktake)
    whole = told.lines <= MOST_ON_PAPER
    state = None if whole else LineState.DIFFERING
    lines = telling.list_lines(session, stocktake, state=state, limit=MOST_ON_PAPER)
    return render(
        "stocktakes/paper.html",
        stocktake=stocktake,
        title=title_of(stocktake),
        told=told,
        whole=whole,
        facts=total_facts(told),
        lines=paper_rows(lines),
    )


@bp.page("/counting-rules", permission=Permission.CATALOG_MANAGE)
def show_rules(session: Session, actor: Actor) -> str:
    branch = current_branch()
    require(actor, Permission.CATALOG_MANAGE, branch.id)
    standing = rules.get_rules(session, branch.id)
    return render(
        "stocktakes/rules.html",
        schema=SetCountingRules,
        rules=standing,
        limit=typed_money(standing.approval_minor, branch.currency),
    )


@bp.action(
    "/counting-rules",
    permission=Permission.CATALOG_MANAGE,
    schema=SetCountingRules,
    versioned=True,
    back="stocktake_ends.show_rules",
)
def set_rules(session: Session, actor: Actor, data: dict[str, Any], version: int) -> str:
    rules.set_rules(session, actor, data.pop("branch_id"), version=version, **data)
    say(_("Saved."))
    return url_for("stocktakes.list_stocktakes")
