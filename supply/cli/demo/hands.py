"""What hands do beside the recipe in the demo: a handful more or less, and a therapist who likes oil."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.visits.models import VisitLine, VisitStep
from supply.quantity import UNITS, Dimension, from_base
from supply.statements import Prepared
from supply.writing import ask

# How often steps are done by the recipe, how often else a line is not, and the oil of who pours generously.
BY_THE_BOOK, OTHERWISE, GENEROUS = 0.6, 0.15, 0.4
_LINES = Prepared(
    select(
        VisitStep.position,
        VisitLine.guest_position,
        VisitLine.quantity,
        Item.id,
        Item.code,
        Item.dimension,
        Item.natural_step,
        Item.stock_unit,
    )
    .join(VisitLine, VisitLine.visit_step_id == VisitStep.id)
    .join(Item, Item.id == VisitLine.item_id)
    .where(
        VisitStep.visit_id == bindparam("visit"),
        VisitStep.position.in_(bindparam("positions", expanding=True)),
    )
    .order_by(VisitStep.position, VisitLine.position)
)


def what_was_used(
    session: Session, visit_id: UUID, positions: Sequence[int], rng: Random, *, generous: bool
) -> dict[int, list[dict[str, Any]]]:
    """Lines to tell with a completion, by step: only those that differ from the recipe."""
    if not generous and rng.random() < BY_THE_BOOK:
        return {}
    told: dict[int, list[dict[str, Any]]] = {}
    for row in ask(session, _LINES, {"visit": visit_id, "positions": list(positions)}):
        change = _change(row, rng, generous=generous)
        if change and row.quantity + change > 0:
            told.setdefault(row.position, []).append(
                {
                    "item_id": row.id,
                    "guest_position": row.guest_position,
                    "amount": from_base(row.quantity + change, UNITS[row.stock_unit].factor),
                    "unit": row.stock_unit,
                }
            )
    return told


def _change(item: Any, rng: Random, *, generous: bool) -> int:
    if item.dimension is Dimension.COUNT:
        return 0
    if generous and item.code == "oil-massage" and rng.random() < GENEROUS:
        return int(item.natural_step)
    return int(item.natural_step) * rng.choice((-1, 1)) if rng.random() < OTHERWISE else 0
