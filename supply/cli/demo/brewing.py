"""What is brewed on a day of the demo: as much as the visits ahead still lack, in half batches."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from supply import clock
from supply.cli.demo.day import Day
from supply.domain.preparation import leftovers, recipes, service, standing
from supply.domain.preparation.models import BrewRecipe
from supply.domain.preparation.scaling import batches_for
from supply.domain.visits.models import StepStatus, Visit, VisitLine, VisitStep


def brew_for(session: Session, today: Day, *, until: datetime) -> None:
    """Brew for the visits that begin before an instant; the herbs may run short in the book."""
    house = today.house
    lacking = _needed(session, today, until)
    if not lacking:
        return
    for row in standing.usable_batches(session, house.branch_id, lacking, clock.now()):
        lacking[row.item_id] -= row.quantity
    for recipe in recipes.list_recipes(session):
        halves = batches_for(lacking[recipe.item_id], recipe.yield_quantity // 2)
        if halves:
            service.brew(
                session,
                house.storekeeper,
                branch_id=house.branch_id,
                recipe_id=recipe.id,
                batches=Decimal(halves) / 2,
                consent_to_shortage=True,
            )


def _needed(session: Session, today: Day, until: datetime) -> Counter[UUID]:
    """Of each item that is brewed, what the visits ahead want."""
    query = (
        select(VisitLine.item_id, func.sum(VisitLine.quantity))
        .join(VisitStep, VisitStep.id == VisitLine.visit_step_id)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(
            Visit.branch_id == today.house.branch_id,
            Visit.planned_at >= today.at(0),
            Visit.planned_at < until,
            VisitStep.status == StepStatus.PLANNED,
            VisitLine.item_id.in_(select(BrewRecipe.item_id).where(BrewRecipe.active)),
        )
        .group_by(VisitLine.item_id)
    )
    return Counter({item_id: int(needed) for item_id, needed in session.execute(query)})


def pour_away(session: Session, today: Day) -> None:
    """What nobody used in time. On the last days it still stands, for whoever looks around."""
    house = today.house
    if today.left > 0:
        for row in standing.leftovers(session, house.branch_id, clock.today(house.timezone)):
            leftovers.write_off(session, house.storekeeper, row.batch_id)
