"""What a recipe would need for an example visit: the quantities a manager looks at before publishing.

Plans nothing and reserves nothing; visits resolve their own lines with the same rules (recipe).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from supply.domain.catalog.models import Item
from supply.domain.treatments.models import RecipeVersion
from supply.domain.treatments.recipe import expected_lines, tubs_used


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """One resolved line with its item; guest_position is None for what the party shares."""

    step_position: int
    item: Item
    guest_position: int | None
    quantity: int
    rule: str
    assumed: bool

    @property
    def item_id(self) -> UUID:
        return self.item.id


def example_lines(
    recipe: RecipeVersion, *, party_size: int, tubs: int = 1, seats_per_tub: int = 2
) -> list[ExampleLine]:
    """Every line of a recipe for a party in a room of so many tubs. The recipe's items must be loaded."""
    used = tubs_used(party_size, tubs, seats_per_tub)
    return [
        ExampleLine(step.position, line.item, part.guest_position, part.quantity, part.rule, line.assumed)
        for step in recipe.steps
        for line in step.lines
        for part in expected_lines([line], party_size=party_size, tubs=used)
    ]
