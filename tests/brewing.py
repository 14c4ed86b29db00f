"""Brewing for tests, through the services: a recipe of two herbs, batches, their cancelling."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.database import write_transaction
from supply.domain.preparation import recipes, service
from supply.domain.preparation.models import PreparedBatch
from supply.permissions import Actor
from tests.cast import Cast
from tests.shelves import add_item

KG = 1_000_000


@dataclass(frozen=True, slots=True)
class Brewery:
    """Ids: 1 kg of water (the brew) from 30 g of perilla and 7 g of bark, good for twelve hours."""

    water: UUID
    perilla: UUID
    bark: UUID
    recipe: UUID


def open_brewery(cast: Cast, *, perilla: UUID | None = None) -> Brewery:
    """Items (of which one may be there already) and the recipe, committed; nothing stands."""
    known = perilla

    def work(session: Session) -> Brewery:
        water, bark = (add_item(session, code) for code in ("water", "bark"))
        perilla = known or add_item(session, "perilla")
        recipe = recipes.create_recipe(
            session,
            cast.manager,
            item_id=water,
            yield_amount=Decimal(1),
            yield_unit="kg",
            use_by_hours=12,
            lines=[line(perilla, "30"), line(bark, "7")],
        )
        return Brewery(water, perilla, bark, recipe.id)

    return write_transaction(work)


def line(item_id: UUID, grams: str, **more: Any) -> dict[str, Any]:
    return {"item_id": item_id, "amount": Decimal(grams), "unit": "g", **more}


def brew(
    cast: Cast, recipe_id: UUID, batches: str | None = "1", *, actor: Actor | None = None, **told: Any
) -> PreparedBatch:
    """Brew as the therapist and commit."""
    size = None if batches is None else Decimal(batches)

    def work(session: Session) -> PreparedBatch:
        batch = service.brew(
            session,
            actor or cast.therapist,
            branch_id=cast.branch_id,
            recipe_id=recipe_id,
            batches=size,
            **told,
        )
        assert batch.lines
        return batch

    return write_transaction(work)


def cancel(cast: Cast, batch_id: UUID, *, actor: Actor | None = None) -> PreparedBatch:
    return write_transaction(lambda session: service.cancel_batch(session, actor or cast.therapist, batch_id))
