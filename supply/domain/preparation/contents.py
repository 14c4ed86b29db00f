"""What prepared items contain: by their recipes and the batches that stand, or lot by lot. Reads only.

Safety asks here: what a guest must not have is no better for having been brewed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, union
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger.models import Holding, Lot, LotKind, Movement, MovementType
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine, PreparedBatch, PreparedLine
from supply.domain.preparation.recipes import all_behind
from supply.domain.preparation.service import SOURCE
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


def contents_of_lots(session: Session, branch_id: UUID, lot_ids: Collection[UUID]) -> Contents:
    """{lot: every item that really went into it, however deep}. A statement for each depth of brewing.

    Lots that no batch of the branch made are left out.
    """
    made_of: dict[UUID, set[UUID]] = {}
    poured: dict[UUID, set[UUID]] = {}
    front = set(lot_ids)
    while front:
        followed, front = front, set()
        for lot_id, herb_id, herb_lot_id, kind in session.execute(_went_into(branch_id, followed)):
            made_of.setdefault(lot_id, set()).add(herb_id)
            if kind is LotKind.PREPARED:
                poured.setdefault(lot_id, set()).add(herb_lot_id)
                front.add(herb_lot_id)
        front -= made_of.keys()
    return {
        lot_id: frozenset(
            herb for one in {lot_id, *all_behind(poured, lot_id)} for herb in made_of.get(one, ())
        )
        for lot_id in set(lot_ids) & made_of.keys()
    }


def _went_into(branch_id: UUID, lot_ids: Collection[UUID]) -> Any:
    """(lot, item, lot of the item, its kind) for what batches took; no lot where the book had too little."""
    out = and_(
        Movement.branch_id == branch_id,
        Movement.source_id == PreparedBatch.id,
        Movement.source_line == PreparedLine.position,
        Movement.source_type == SOURCE,
        Movement.type == MovementType.PREPARATION_OUT,
    )
    return (
        select(PreparedBatch.lot_id, PreparedLine.item_id, Movement.lot_id, Lot.kind)
        .join(PreparedLine, PreparedLine.batch_id == PreparedBatch.id)
        .outerjoin(Movement, out)
        .outerjoin(Lot, Lot.id == Movement.lot_id)
        .where(PreparedBatch.lot_id.in_(sorted(lot_ids)), PreparedLine.actual > 0)
    )


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
