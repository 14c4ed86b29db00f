"""What prepared items contain: by their recipes, and by the batches that stand. Reads only.

Safety asks here: what a guest must not have is no better for having been brewed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import or_, select, union
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Holding
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine, PreparedBatch, PreparedLine
from supply.domain.preparation.recipes import all_behind
from supply.domain.treatments.models import Procedure, RecipeLine, RecipeVersion, Step

Contents = Mapping[UUID, frozenset[UUID]]


def read_contents(session: Session, branch_ids: Collection[UUID]) -> Contents:
    """{prepared item: every item in it, however deep}. One statement.

    A batch keeps what it was brewed from though its recipe says otherwise today: while some of it stands in
    the branches, both count.
    """
    by_recipe = select(BrewRecipe.item_id, BrewRecipeLine.item_id.label("herb_id")).join(
        BrewRecipeLine, BrewRecipeLine.recipe_id == BrewRecipe.id
    )
    by_batch = (
        select(PreparedBatch.item_id, PreparedLine.item_id.label("herb_id"))
        .join(PreparedLine, PreparedLine.batch_id == PreparedBatch.id)
        .join(Holding, Holding.lot_id == PreparedBatch.lot_id)
        .where(
            Holding.branch_id.in_(sorted(branch_ids)),
            Holding.quantity > 0,
            PreparedLine.actual > 0,
        )
    )
    made_of: dict[UUID, set[UUID]] = {}
    for item_id, herb_id in session.execute(union(by_recipe, by_batch)):
        made_of.setdefault(item_id, set()).add(herb_id)
    return {item_id: frozenset(all_behind(made_of, item_id)) for item_id in made_of}


def list_allergens(session: Session) -> list[Item]:
    """What guests are asked about, by name: what published recipes use, and what is brewed from."""
    in_treatments = (
        select(RecipeLine.item_id)
        .join(Step, Step.id == RecipeLine.step_id)
        .join(RecipeVersion, RecipeVersion.id == Step.recipe_version_id)
        .join(Procedure, Procedure.id == RecipeVersion.procedure_id)
        .where(RecipeVersion.published_at.is_not(None), Procedure.active.is_(True))
    )
    brewed = select(BrewRecipeLine.item_id)
    query = select(Item).where(or_(Item.id.in_(in_treatments), Item.id.in_(brewed)))
    return list(session.scalars(query.order_by(Item.sort_key, Item.id)))
