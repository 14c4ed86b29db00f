"""Pages of brewing: what is to be brewed, brewing, a batch with the visits it served, what is left over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from supply import clock
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.preparation import leftovers, recipes, service, standing
from supply.domain.preparation.schemas import Brew, CancelBatch
from supply.domain.reports.brewing import brewing_board
from supply.domain.reports.tracing import uses_of_lot
from supply.fields import BaseSchema, Id
from supply.i18n import _, lazy
from supply.permissions import Actor, Permission
from supply.presenting import format_quantity
from supply.web import brew_rows
from supply.web.frame import named
from supply.web.pages import NavGroup, Pages, current_form, query, render, say
from supply.web.session import current_branch
from supply.web.units import unit_options
from supply.web.visit_rows import short_rows

bp = Pages("preparations", __name__)
bp.nav(
    label=lazy("Brewing"),
    icon="brew",
    endpoint="preparations.show_board",
    permission=Permission.CONTAINER_HANDLE,
    order=25,
    group=NavGroup.STOCK,
    also=("brew_recipes",),
)
Target = tuple[str, dict[str, Any]]
_SEE, _BREW = Permission.STOCK_SEE, Permission.CONTAINER_HANDLE
PAGE = 30


class BatchFilter(BaseSchema):
    before = Id(load_default=None)


@bp.page("/brewing", permission=_SEE)
def show_board(session: Session, actor: Actor) -> str:
    board = brewing_board(session, actor, current_branch().id)
    return render(
        "preparations/board.html",
        items=[brew_rows.preparing(one) for one in board.items],
        leftovers=[brew_rows.leftover(row) for row in board.leftovers],
        batches=[brew_rows.batch(row, board.served) for row in board.batches],
    )


@bp.page("/brewing/batches", permission=_SEE)
def list_batches(session: Session, actor: Actor) -> str:
    before = query(BatchFilter)["before"]
    found = standing.list_batches(session, actor, current_branch().id, limit=PAGE + 1, before=before)
    following = found[PAGE - 1].PreparedBatch.id if len(found) > PAGE else None
    return render(
        "preparations/batches.html",
        batches=[brew_rows.batch(row) for row in found[:PAGE]],
        next_url=following and url_for("preparations.list_batches", before=following),
        first_url=url_for("preparations.list_batches") if before else None,
    )


@bp.page("/brewing/recipes/<uuid:recipe_id>/brew", permission=_BREW)
def new_batch(session: Session, actor: Actor, recipe_id: UUID) -> str:
    branch, form = current_branch(), current_form()
    recipe = recipes.get_recipe(session, recipe_id)
    today = clock.today(branch.timezone)
    one = standing.brewable(session, branch.id, today, [recipe.item_id]).get(recipe.item_id)
    return render(
        "preparations/new.html",
        schema=Brew,
        recipe=recipe,
        herbs=brew_rows.herbs(recipe, one),
        most=format_quantity(one.most, recipe.item) if one else "",
        units=unit_options(recipe.item),
        places=[(place.id, place.name) for place in branches.list_locations(session, branch.id)],
        short=short_rows(form.details["short"]) if form.code == "stock_short" else [],
    )


@bp.action(
    "/brewing/recipes/<uuid:recipe_id>/brew", permission=_BREW, schema=Brew, back="preparations.new_batch"
)
def brew(session: Session, actor: Actor, data: dict[str, Any], recipe_id: UUID) -> Target:
    batch = service.brew(session, actor, **{**data, "recipe_id": recipe_id})
    row = standing.get_row(session, actor, batch.id)
    say(
        _(
            "Brewed: %(amount)s of %(item)s, good until %(until)s.",
            amount=format_quantity(batch.quantity, row.Item),
            item=named(row.Item),
            until=brew_rows.hour(row.Lot.use_by_at),
        )
    )
    if any(line.shortfall for line in batch.lines):
        say(_("The book had too little of a herb: its shelf is to be counted."), "warning")
    return "preparations.show_batch", {"batch_id": batch.id}


@bp.page("/brewing/batches/<uuid:batch_id>", permission=_SEE)
def show_batch(session: Session, actor: Actor, batch_id: UUID) -> str:
    row = standing.get_row(session, actor, batch_id)
    batch = row.PreparedBatch
    items = catalog.items_by_id(session, [line.item_id for line in batch.lines])
    uses = uses_of_lot(session, actor, batch.branch_id, batch.lot_id)
    return render(
        "preparations/batch.html",
        batch=brew_rows.batch(row),
        facts=brew_rows.facts(row),
        lines=[brew_rows.line(line, items[line.item_id]) for line in batch.lines],
        steps=brew_rows.steps(uses),
        more_steps=brew_rows.more_steps(uses),
        brewed=brew_rows.brewed(uses),
    )


@bp.page("/brewing/batches/<uuid:batch_id>/cancellation", permission=_BREW)
def ask_cancel(session: Session, actor: Actor, batch_id: UUID) -> str:
    row = standing.get_row(session, actor, batch_id)
    return render("preparations/cancel.html", batch=brew_rows.batch(row))


@bp.action(
    "/brewing/batches/<uuid:batch_id>/cancellation",
    permission=_BREW,
    schema=CancelBatch,
    back="preparations.ask_cancel",
)
def cancel_batch(session: Session, actor: Actor, data: dict[str, Any], batch_id: UUID) -> Target:
    service.cancel_batch(session, actor, batch_id, **data)
    say(_("Cancelled: the herbs stand on the shelf again."))
    return "preparations.show_batch", {"batch_id": batch_id}


@bp.action(
    "/brewing/batches/<uuid:batch_id>/write-off",
    permission=Permission.WASTE_LOG,
    back="preparations.show_batch",
)
def write_off(session: Session, actor: Actor, batch_id: UUID) -> Target:
    entry = leftovers.write_off(session, actor, batch_id)
    item = catalog.get_item(session, entry.item_id)
    say(
        _(
            "Written off: %(amount)s of %(item)s.",
            amount=format_quantity(entry.quantity, item),
            item=named(item),
        )
    )
    return "preparations.show_board", {}
