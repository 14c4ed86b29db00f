"""What was really used, laid over what the recipe says. Reads items, decides lines, moves no stock."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from supply.domain.catalog import service as catalog
from supply.domain.catalog.models import Item
from supply.domain.visits.steps import ItemFacts, StepFacts
from supply.errors import Invalid
from supply.i18n import lazy

# An item for a guest, or for the party.
_Of = tuple[uuid.UUID, int | None]


@dataclass(frozen=True, slots=True)
class Actual:
    """One line of a completion before stock moves; base units. The three ids say who was really used.

    `path` leads to the line in the input, where it was told.
    """

    item: ItemFacts
    guest_position: int | None
    standard: int
    actual: int
    lot_id: uuid.UUID | None = None
    container_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    path: str = ""


def find_items(session: Session, told: Iterable[Mapping[str, Any]]) -> dict[uuid.UUID, Item]:
    """The items that were told of, with their units; nothing is read where nothing was told."""
    wanted = {line["item_id"] for line in told}
    return catalog.items_by_id(session, wanted) if wanted else {}


def actual_lines(
    step: StepFacts, told: Sequence[Mapping[str, Any]], items: Mapping[uuid.UUID, Item], *, path: str = ""
) -> list[Actual]:
    """The standard lines with what was told laid over them.

    A told line {item_id, amount, unit, guest_position?, lot_id?, container_id?, location_id?} takes the place
    of the standard line of its item and guest; one for the whole party takes the place of all the guests'
    lines of its item; any other is added with a standard of nothing. Two told lines of the same item and
    guest (two lots) stand side by side, the first bears the standard. Raises Invalid naming the field.
    """
    lines = [Actual(line.item, line.guest_position, line.quantity, line.quantity) for line in step.lines]
    if not told:
        return lines
    waiting: dict[_Of, int] = {}
    for standard in lines:
        of = (standard.item.id, standard.guest_position)
        waiting[of] = waiting.get(of, 0) + standard.standard
    added = []
    for index, line in enumerate(told):
        actual = _told_line(step, line, items, f"{path}lines.{index}.")
        added.append(replace(actual, standard=_take_standard(waiting, actual)))
    kept = [line for line in lines if (line.item.id, line.guest_position) in waiting]
    return kept + added


def _take_standard(waiting: dict[_Of, int], line: Actual) -> int:
    key = (line.item.id, line.guest_position)
    if key in waiting:
        return waiting.pop(key)
    if line.guest_position is None:
        covered = [other for other in waiting if other[0] == line.item.id]
        return sum(waiting.pop(other) for other in covered)
    return 0


def _told_line(
    step: StepFacts, line: Mapping[str, Any], items: Mapping[uuid.UUID, Item], path: str
) -> Actual:
    item = items.get(line["item_id"])
    if item is None:
        raise Invalid("item_unknown", lazy("There is no such item."), field=f"{path}item_id")
    guest_position = line.get("guest_position")
    if guest_position is not None and guest_position > step.party_size:
        raise Invalid(
            "guest_unknown", lazy("The visit has no guest of this number."), field=f"{path}guest_position"
        )
    facts = ItemFacts(
        item.id, item.code, item.name_en, item.name_vi, item.dimension, item.stock_unit, item.usage_unit
    )
    actual = catalog.base_quantity(item, line["amount"], line["unit"], field=f"{path}amount")
    return Actual(
        facts,
        guest_position,
        0,
        actual,
        line.get("lot_id"),
        line.get("container_id"),
        line.get("location_id"),
        path,
    )
