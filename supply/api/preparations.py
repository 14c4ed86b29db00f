"""Preparations over the API: brew recipes, batches, what is left over, what is to be brewed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply import clock
from supply.api.cursors import identified, sliced
from supply.api.endpoint import ApiBlueprint
from supply.domain.branches import service as branches
from supply.domain.catalog import service as catalog
from supply.domain.ledger.schemas import BranchQuery
from supply.domain.preparation import leftovers, recipes, service, standing
from supply.domain.preparation.schemas import (
    BatchDetailOut,
    BatchOut,
    Brew,
    BrewRecipeOut,
    CancelBatch,
    ChangeBrewRecipe,
    CreateBrewRecipe,
    LeftoverOut,
    ListBatches,
    ListBrewRecipes,
    batch_detail,
    batch_view,
    leftover_view,
    recipe_view,
)
from supply.domain.reports.brewing import brewing_board
from supply.domain.reports.schemas import PreparingOut, preparing_view
from supply.domain.waste.schemas import WasteEntryOut, waste_view
from supply.permissions import Actor, Permission, require

blp = ApiBlueprint(
    "preparations", description="Preparations: what is brewed from herbs, by which recipe, and the batches."
)
_SEE, _MANAGE, _BREW = Permission.STOCK_SEE, Permission.CATALOG_MANAGE, Permission.CONTAINER_HANDLE
_BRANCH, _ITEM = "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8a01", "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c11"
_RECIPE: dict[str, Any] = {
    "yield_amount": "10",
    "yield_unit": "l",
    "use_by_hours": 12,
    "storage_place": "Storeroom",
    "lines": [{"item_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c12", "amount": "200", "unit": "g"}],
}


@blp.get(
    "/brew-recipes",
    permission=_SEE,
    query=ListBrewRecipes,
    page_of=BrewRecipeOut,
    summary="List brew recipes",
    description="How prepared items are brewed, by the item's name.",
)
def list_brew_recipes(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    rows = recipes.list_recipes(session, active=query["active"])
    found, more = sliced(rows, query, lambda recipe: (recipe.item.sort_key, recipe.item_id))
    return [recipe_view(recipe) for recipe in found], more


@blp.post(
    "/brew-recipes",
    permission=_MANAGE,
    body=CreateBrewRecipe,
    out=BrewRecipeOut,
    status=201,
    etag=True,
    summary="Add a brew recipe",
    description="What comes of a batch, for how many hours it may be used, and the herbs for it. An item has "
    "at most one recipe; nothing can be brewed from itself (422 `brew_circle`).",
    example={"item_id": _ITEM, **_RECIPE},
    conflicts=("brew_recipe_taken",),
)
def create_brew_recipe(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return recipe_view(recipes.create_recipe(session, actor, **data))


@blp.get(
    "/brew-recipes/<uuid:recipe_id>",
    permission=_SEE,
    out=BrewRecipeOut,
    etag=True,
    summary="Get a brew recipe",
    description="`assumed` is true until a manager has confirmed what the starter catalogue guessed.",
)
def get_brew_recipe(session: Session, actor: Actor, recipe_id: UUID) -> dict[str, Any]:
    return recipe_view(recipes.get_recipe(session, recipe_id))


@blp.put(
    "/brew-recipes/<uuid:recipe_id>",
    permission=_MANAGE,
    body=ChangeBrewRecipe,
    out=BrewRecipeOut,
    versioned=True,
    etag=True,
    summary="Change a brew recipe",
    description="The whole recipe anew. Batches keep what the recipe said when they were brewed.",
    example=_RECIPE,
)
def update_brew_recipe(
    session: Session, actor: Actor, data: dict[str, Any], recipe_id: UUID, version: int
) -> dict[str, Any]:
    return recipe_view(recipes.update_recipe(session, actor, recipe_id, version=version, **data))


@blp.post(
    "/brew-recipes/<uuid:recipe_id>/confirmation",
    permission=_MANAGE,
    out=BrewRecipeOut,
    versioned=True,
    etag=True,
    status=201,
    summary="Confirm a brew recipe",
    description="A manager stands by its yield, its hours and every quantity that the starter assumed.",
)
def confirm_brew_recipe(session: Session, actor: Actor, recipe_id: UUID, version: int) -> dict[str, Any]:
    return recipe_view(recipes.confirm_recipe(session, actor, recipe_id, version=version))


@blp.get(
    "/preparations",
    permission=_SEE,
    query=BranchQuery,
    page_of=PreparingOut,
    summary="List what is to be brewed",
    description="Per prepared item: what the planned visits of today and tomorrow need and lack, what stands "
    "until when, and what the herbs at hand allow. A visit counts at the time for which it is planned.",
)
def list_preparations(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    board = brewing_board(session, actor, query["branch_id"])
    found, more = sliced(
        list(board.items),
        query,
        lambda one: (one.brewable.recipe.item.sort_key, one.brewable.recipe.item_id),
    )
    return [preparing_view(one) for one in found], more


@blp.get(
    "/prepared-batches",
    permission=_SEE,
    query=ListBatches,
    page_of=BatchOut,
    summary="List prepared batches",
    description="Newest first, with what is left of each; of one item, if it is named.",
)
def list_prepared_batches(
    session: Session, actor: Actor, query: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[UUID] | None]:
    limit, before = query["limit"], identified(query["cursor"])
    rows = standing.list_batches(
        session, actor, query["branch_id"], item_id=query.get("item_id"), limit=limit + 1, before=before
    )
    more = (rows[limit - 1].PreparedBatch.id,) if len(rows) > limit else None
    return [batch_view(row) for row in rows[:limit]], more


@blp.post(
    "/prepared-batches",
    permission=_BREW,
    body=Brew,
    out=BatchDetailOut,
    status=201,
    summary="Brew a batch",
    description="So many `batches` of the recipe (a half is 0.5), or an `amount`. The herbs leave, first "
    "expired first out, and the batch comes in as a lot of its own, at the cost of its herbs and with the "
    "hour until which it may be used. `lines` say what was really taken where that differed, "
    "`made_amount` what really came of it. What would not come out exactly is refused (422 `batch_inexact`).",
    example={
        "branch_id": _BRANCH,
        "recipe_id": "018f2c3e-5a70-7c1e-9d55-0c6b1f2f8c21",
        "batches": "2",
        "made_amount": "19.5",
        "made_unit": "l",
    },
    conflicts=("stock_short", "brew_recipe_retired"),
)
def brew_batch(session: Session, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    return _detail(session, actor, service.brew(session, actor, **data).id)


@blp.get(
    "/prepared-batches/<uuid:batch_id>",
    permission=_SEE,
    out=BatchDetailOut,
    summary="Get a prepared batch",
    description="What came of it, until when it may be used, what is left, and the herbs that it took.",
)
def get_prepared_batch(session: Session, actor: Actor, batch_id: UUID) -> dict[str, Any]:
    return _detail(session, actor, batch_id)


def _detail(session: Session, actor: Actor, batch_id: UUID) -> dict[str, Any]:
    row = standing.get_row(session, actor, batch_id)
    items = catalog.items_by_id(session, [line.item_id for line in row.PreparedBatch.lines])
    return batch_detail(row, items)


@blp.post(
    "/prepared-batches/<uuid:batch_id>/cancellation",
    permission=_BREW,
    body=CancelBatch,
    out=BatchDetailOut,
    status=201,
    summary="Cancel a batch",
    description="It was not brewed after all: the herbs return to their lots. Where some of it was used the "
    "answer lists the uses (409 `already_used`).",
    example={},
    conflicts=("already_cancelled", "already_used"),
)
def cancel_prepared_batch(
    session: Session, actor: Actor, data: dict[str, Any], batch_id: UUID
) -> dict[str, Any]:
    service.cancel_batch(session, actor, batch_id, **data)
    session.flush()
    return _detail(session, actor, batch_id)


@blp.get(
    "/leftovers",
    permission=_SEE,
    query=BranchQuery,
    page_of=LeftoverOut,
    summary="List leftovers",
    description="What stands of batches whose hour is over, the oldest first. They appear by themselves and "
    "stay until somebody writes them off.",
)
def list_leftovers(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    branch_id: UUID = query["branch_id"]
    require(actor, _SEE, branch_id)
    today = clock.today(branches.get_branch(session, actor, branch_id).timezone)
    rows = standing.leftovers(session, branch_id, today)
    found, more = sliced(list(rows), query, lambda row: (row.use_by_at.isoformat(), row.lot_id))
    return [leftover_view(row) for row in found], more


@blp.post(
    "/prepared-batches/<uuid:batch_id>/write-off",
    permission=Permission.WASTE_LOG,
    out=WasteEntryOut,
    status=201,
    summary="Write off a leftover",
    description="All that is left of a batch past its hour becomes waste, with the reason expired.",
    conflicts=("still_usable", "nothing_left"),
)
def write_off_leftover(session: Session, actor: Actor, batch_id: UUID) -> dict[str, Any]:
    entry = leftovers.write_off(session, actor, batch_id)
    row = standing.get_row(session, actor, batch_id)
    return waste_view(entry, row.Item, row.Lot)
