"""Reports over the API: costs, the value of the stock, use, shrinkage, and the lists behind their numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.api.cursors import numbered
from supply.api.endpoint import ApiBlueprint
from supply.domain.catalog import service as catalog
from supply.domain.ledger.schemas import MovementOut, movement_view
from supply.domain.reports import behind
from supply.domain.reports.costs import costs_of
from supply.domain.reports.figures import Books, open_books, whole_months
from supply.domain.reports.kinds import PARTS
from supply.domain.reports.losses import losses_of
from supply.domain.reports.report_schemas import (
    AskCosts,
    AskItemsAt,
    AskMoved,
    AskReport,
    AskStepCosts,
    CostsOut,
    StepCostOut,
    costs_view,
    days_of,
    step_view,
)
from supply.domain.reports.stock_report_schemas import (
    ItemsAtOut,
    ShrinkageOut,
    StockValueOut,
    UseOut,
    items_at_view,
    shrinkage_view,
    stock_value_view,
    use_view,
)
from supply.domain.reports.using import uses_of
from supply.domain.reports.worth import items_at, worth_by_day
from supply.errors import Invalid
from supply.i18n import lazy
from supply.permissions import Actor, Permission

blp = ApiBlueprint(
    "reports", description="What treatments cost, what the stock is worth, what was used, what was lost."
)
_SEE = Permission.REPORT_SEE
_EXACT = (
    " Costs are those of the lots, exact until they are shown; the lines add up to the whole. What was told "
    "late or undone counts on the day it belongs to."
)


def _books(session: Session, actor: Actor, query: dict[str, Any]) -> Books:
    return open_books(session, actor, query["branch_id"], *days_of(query))


@blp.get(
    "/reports/costs",
    permission=_SEE,
    query=AskCosts,
    out=CostsOut,
    summary="Report what treatments cost",
    description="What completed steps used, by procedure, step, package or month; of the months, whole, in "
    "which the days lie. Visits count on the day they were planned for, if they took place." + _EXACT,
)
def report_costs(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    books = whole_months(_books(session, actor, query))
    return costs_view(books, query["by"], costs_of(session, books, query["by"]))


@blp.get(
    "/reports/costs/steps",
    permission=_SEE,
    query=AskStepCosts,
    page_of=StepCostOut,
    summary="List the completed steps behind a cost",
    description="The last done first, with what each used at lot cost.",
)
def list_step_costs(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[str, UUID] | None]:
    limit, before = query["limit"], _placed(query["cursor"])
    narrowed = behind.Narrowed(query["procedure_id"], query["package_id"], query["position"])
    found = behind.list_steps(
        session, _books(session, actor, query), narrowed, limit=limit + 1, before=before
    )
    shown = found[:limit]
    last = shown[-1][0].Completion if len(found) > limit else None
    return [step_view(one) for one in shown], last and (last.happened_at.isoformat(), last.id)


def _placed(cursor: Any) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        instant, told = cursor
        return datetime.fromisoformat(instant), UUID(told)
    except (ValueError, TypeError, AttributeError) as error:
        words = lazy("This cursor is not one of ours. Begin at the first page.")
        raise Invalid("invalid", words, field="cursor") from error


@blp.get(
    "/reports/stock-value",
    permission=_SEE,
    query=AskReport,
    out=StockValueOut,
    summary="Report the value of the stock by day",
    description="At the end of each day up to today, and what changed it." + _EXACT,
)
def report_stock_value(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    books = _books(session, actor, query)
    return stock_value_view(books, worth_by_day(session, books))


@blp.get(
    "/reports/stock-value/items",
    permission=_SEE,
    query=AskItemsAt,
    out=ItemsAtOut,
    summary="Report the value of the stock by item, at the end of a day",
    description="What stood of each item, the most precious first." + _EXACT,
)
def report_items_at(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    day = query["day"]
    books = open_books(session, actor, query["branch_id"], day, day)
    return items_at_view(books, day, items_at(session, books, day))


@blp.get(
    "/reports/use",
    permission=_SEE,
    query=AskReport,
    out=UseOut,
    summary="Report use by item",
    description="What steps used and what went into batches, the dearest first." + _EXACT,
)
def report_use(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    books = _books(session, actor, query)
    return use_view(books, uses_of(session, books))


@blp.get(
    "/reports/shrinkage",
    permission=_SEE,
    query=AskReport,
    out=ShrinkageOut,
    summary="Report shrinkage",
    description="Over-use is what done steps took above their recipe, line by line. Waste is what was thrown "
    "away, also where only a count told it. Unrecorded use is what counts missed because of it, and, of what "
    "they missed without a reason, as much as steps needed that nobody recorded. Unknown is the rest of all "
    "differences; below zero more was found than missed." + _EXACT,
)
def report_shrinkage(session: Session, actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    books = _books(session, actor, query)
    return shrinkage_view(books, losses_of(session, books))


@blp.get(
    "/reports/movements",
    permission=_SEE,
    query=AskMoved,
    page_of=MovementOut,
    summary="List the movements behind a number",
    description="Of an item, by the day they happened, the last recorded first. An undoing stands on the day "
    "of what it undoes.",
)
def list_moved(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[int] | None]:
    limit, before = query["limit"], numbered(query["cursor"])
    books = _books(session, actor, query)
    item, kinds = catalog.get_item(session, query["item_id"]), PARTS.get(query["part"] or "", ())
    rows = behind.list_movements(session, books, item.id, kinds, limit=limit + 1, before_seq=before)
    more = (rows[limit - 1].Movement.seq,) if len(rows) > limit else None
    return [movement_view(row, item) for row in rows[:limit]], more
