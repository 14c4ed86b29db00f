"""What was really taken for a batch, laid over what its recipe says. Reads items, moves no stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.preparation.models import BrewRecipe
from supply.errors import Invalid
from supply.i18n import lazy


@dataclass(frozen=True, slots=True)
class Herb:
    """One line of a batch before stock moves, base units; `lot_id` says which lot was really taken."""

    item_id: UUID
    standard: int
    actual: int
    lot_id: UUID | None = None


def actual_herbs(
    session: Session, recipe: BrewRecipe, standard: Sequence[int], told: Sequence[Mapping[str, Any]]
) -> list[Herb]:
    """The scaled lines with what was told laid over them.

    A told line {item_id, amount, unit, lot_id?} takes the place of the recipe's line of its item; the first
    of several bears the standard, and a herb that the recipe lacks has a standard of nothing. Raises Invalid.
    """
    waiting: dict[UUID, int] = {}
    for line, quantity in zip(recipe.lines, standard, strict=True):
        waiting[line.item_id] = waiting.get(line.item_id, 0) + quantity
    given = _given(session, told)
    herbs = []
    for item_id in dict.fromkeys((*waiting, *given)):
        quantity = waiting.get(item_id, 0)
        for number, (actual, lot_id) in enumerate(given.get(item_id, [(quantity, None)])):
            herbs.append(Herb(item_id, 0 if number else quantity, actual, lot_id))
    if not any(herb.actual for herb in herbs):
        raise Invalid("batch_of_nothing", lazy("A batch is brewed from something."), field="lines")
    return herbs


def _given(session: Session, told: Sequence[Mapping[str, Any]]) -> dict[UUID, list[tuple[int, UUID | None]]]:
    items = catalog.items_by_id(session, [line["item_id"] for line in told])
    given: dict[UUID, list[tuple[int, UUID | None]]] = {}
    for index, line in enumerate(told):
        path = f"lines.{index}"
        item = items.get(line["item_id"])
        if item is None:
            raise Invalid("item_unknown", lazy("Choose an item of the catalogue."), field=f"{path}.item_id")
        actual = catalog.base_quantity(item, line["amount"], line["unit"], field=f"{path}.amount")
        given.setdefault(item.id, []).append((actual, line.get("lot_id")))
    return given
