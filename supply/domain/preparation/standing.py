"""What of the prepared stands, what can be brewed now, what is left over. Reads only; nothing is stored.

A leftover appears by itself: it is what stands of a batch whose hour is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.ledger import reading
from supply.domain.ledger.models import Holding, Lot, LotKind
from supply.domain.people.models import Person
from supply.domain.preparation import recipes
from supply.domain.preparation.models import BrewRecipe, BrewRecipeLine, PreparedBatch
from supply.domain.preparation.scaling import most
from supply.domain.preparation.service import get_batch
from supply.permissions import Actor, Permission, require

Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class HerbAtHand:
    """A recipe's line beside what is available of the herb; base units."""

    line: BrewRecipeLine
    available: int


@dataclass(frozen=True, slots=True)
class Brewable:
    """What can be brewed of an item now: by which recipe, from which herbs, how much at most."""

    recipe: BrewRecipe
    herbs: tuple[HerbAtHand, ...]
    most: int

    @property
    def batches(self) -> int:
        """Whole batches that the herbs allow."""
        return self.most // self.recipe.yield_quantity


def brewable(
    session: Session, branch_id: UUID, today: date, item_ids: Collection[UUID] | None = None
) -> dict[UUID, Brewable]:
    """Per prepared item (of those named, or all) what could be brewed. Three statements, however many."""
    found = [
        recipe for recipe in recipes.list_recipes(session) if item_ids is None or recipe.item_id in item_ids
    ]
    herb_ids = {line.item_id for recipe in found for line in recipe.lines}
    at_hand = reading.available_of(session, branch_id, herb_ids, today)
    return {recipe.item_id: _brewable(recipe, at_hand) for recipe in found}


def _brewable(recipe: BrewRecipe, at_hand: Mapping[UUID, int]) -> Brewable:
    herbs = tuple(HerbAtHand(line, at_hand.get(line.item_id, 0)) for line in recipe.lines)
    return Brewable(
        recipe,
        herbs,
        most(recipe.yield_quantity, [(herb.line.quantity, herb.available) for herb in herbs]),
    )


def usable_batches(session: Session, branch_id: UUID, item_ids: Collection[UUID], at: datetime) -> Rows:
    """What may be used at an instant, first end first: (item_id, lot_id, number, use_by_at, quantity)."""
    query = (
        _standing(branch_id)
        .where(Holding.item_id.in_(sorted(item_ids)), Lot.use_by_at > at, Lot.quarantined_at.is_(None))
        .order_by(Lot.use_by_at, Lot.id)
    )
    return session.execute(query).all()


def leftovers(session: Session, branch_id: UUID, today: date) -> Rows:
    """What is left of batches past their hour, the oldest first: as usable_batches, and (Item, batch_id)."""
    standing = _standing(branch_id).where(reading.past_use(today)).subquery()
    query = (
        select(standing, Item, PreparedBatch.id.label("batch_id"))
        .join(Item, Item.id == standing.c.item_id)
        .outerjoin(PreparedBatch, PreparedBatch.lot_id == standing.c.lot_id)
        .order_by(standing.c.use_by_at, standing.c.lot_id)
    )
    return session.execute(query).all()


def _standing(branch_id: UUID) -> Any:
    return (
        select(
            Holding.item_id,
            Lot.id.label("lot_id"),
            Lot.number,
            Lot.use_by_at,
            cast(func.sum(Holding.quantity), BigInteger).label("quantity"),
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.branch_id == branch_id, Holding.quantity > 0, Lot.kind == LotKind.PREPARED)
        .group_by(Holding.item_id, Lot.id, Lot.number, Lot.use_by_at)
    )


def list_batches(
    session: Session,
    actor: Actor,
    branch_id: UUID,
    *,
    item_id: UUID | None = None,
    limit: int = 50,
    before: UUID | None = None,
) -> Rows:
    """Batches newest first: (PreparedBatch, Item, Lot, Person, standing)."""
    require(actor, Permission.STOCK_SEE, branch_id)
    query = rows_of_batches().where(PreparedBatch.branch_id == branch_id)
    if item_id is not None:
        query = query.where(PreparedBatch.item_id == item_id)
    if before is not None:
        query = query.where(PreparedBatch.id < before)
    return session.execute(query.order_by(PreparedBatch.id.desc()).limit(limit)).all()


def get_row(session: Session, actor: Actor, batch_id: UUID) -> Any:
    """One row of list_batches. Raises NotFound."""
    batch = get_batch(session, actor, batch_id)
    return session.execute(rows_of_batches().where(PreparedBatch.id == batch.id)).one()


def rows_of_batches() -> Select[Any]:
    """(PreparedBatch, Item, Lot, Person, standing)."""
    left = (
        select(func.coalesce(cast(func.sum(Holding.quantity), BigInteger), 0))
        .where(Holding.branch_id == PreparedBatch.branch_id, Holding.lot_id == PreparedBatch.lot_id)
        .scalar_subquery()
    )
    return (
        select(PreparedBatch, Item, Lot, Person, left.label("standing"))
        .join(Item, Item.id == PreparedBatch.item_id)
        .join(Lot, Lot.id == PreparedBatch.lot_id)
        .join(Person, Person.id == PreparedBatch.person_id)
    )
