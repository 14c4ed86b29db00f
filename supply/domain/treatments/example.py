"""What a recipe would need for an example visit: the quantities a manager looks at before publishing.

Plans nothing and reserves nothing; visits resolve their own lines with the same rules (recipe).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from supply.domain.catalog.models import Item
from supply.domain.treatments import service
from supply.domain.treatments.factors import require_possible
from supply.domain.treatments.models import FactorRule, PackageRule, RecipeVersion, Step
from supply.domain.treatments.recipe import Setting, resolve_step, tubs_used
from supply.errors import Invalid
from supply.i18n import lazy


class Recipe(Protocol):
    """A recipe version, or what somebody has written and not saved."""

    @property
    def steps(self) -> Sequence[Step]: ...
    @property
    def package_rules(self) -> Sequence[PackageRule]: ...
    @property
    def factor_rules(self) -> Sequence[FactorRule]: ...


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
    recipe: Recipe, setting: Setting, *, positions: Collection[int] | None = None
) -> list[ExampleLine]:
    """Every line of a recipe in such a setting; `positions` are the steps of the package, None: all.

    The recipe's items must be loaded.
    """
    items = {row.item_id: row.item for step in recipe.steps for row in step.lines}
    items |= {rule.item_id: rule.item for rule in recipe.package_rules}
    return [
        ExampleLine(
            step.position, items[part.item_id], part.guest_position, part.quantity, part.rule, part.assumed
        )
        for step in recipe.steps
        if positions is None or step.position in positions
        for part in resolve_step(
            step.position, step.lines, setting, recipe.package_rules, recipe.factor_rules
        )
    ]


def example_of(session: Session, recipe: RecipeVersion, told: Mapping[str, Any]) -> list[ExampleLine]:
    """The lines for an example as programs tell it: party_size, tubs, seats_per_tub, tub_water_kg, package
    (a code) and factors ("1:child,2:senior"). Raises Invalid naming the field.
    """
    guests: list[set[str]] = [set() for _ in range(told["party_size"])]
    for pair in filter(None, told["factors"].split(",")):
        number, _, factor = pair.partition(":")
        if int(number) > len(guests):
            words = lazy("There is no guest %(number)s.", number=number)
            raise Invalid("guest_unknown", words, field="factors")
        guests[int(number) - 1].add(factor)
    for factors in guests:
        require_possible(factors, field="factors")
    package = service.find_package_by_code(session, told["package"]) if told["package"] else None
    if told["package"] and (package is None or package.procedure_id != recipe.procedure_id):
        raise Invalid("package_unknown", lazy("The procedure has no such package."), field="package")
    setting = Setting(
        guests,
        tubs_used(len(guests), told["tubs"], told["seats_per_tub"]),
        told["tub_water_kg"],
        package.id if package else None,
    )
    positions = {step.position for step in package.steps} if package else None
    return example_lines(recipe, setting, positions=positions)
