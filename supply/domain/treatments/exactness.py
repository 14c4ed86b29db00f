"""Finds the percentage that would not leave whole base units, before a recipe is saved. Pure.

Every quantity that a line can have is asked with every guest that the rules can tell apart, so what was
saved never needs rounding, whatever the tubs and the water: those only multiply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from supply.domain.treatments.factors import possible_guests
from supply.domain.treatments.recipe import ForFactor, ForPackage, Line, Scale, concerning, share_of


@dataclass(frozen=True, slots=True)
class Inexact:
    """A rule (by its place among the factor rules) that would leave no whole number of base units."""

    rule: int
    step_position: int
    item_id: UUID
    quantity: int
    percent: int


def find_inexact(
    steps: Iterable[tuple[int, Sequence[Line]]],
    package_rules: Sequence[ForPackage],
    factor_rules: Sequence[ForFactor],
) -> Inexact | None:
    """The first factor rule under which some guest's share would not be a whole number of base units."""
    places = {id(rule): place for place, rule in enumerate(factor_rules)}
    for position, lines in steps:
        for item_id, quantity, scale in _wordings(position, lines, package_rules):
            rules = concerning(factor_rules, position, item_id)
            if scale is not Scale.CLIENT:
                rules = [rule for rule in rules if rule.shared]
            for guest in possible_guests({rule.factor for rule in rules}):
                percent = share_of(guest, rules).percent
                if quantity * percent % 100:
                    last = [rule for rule in rules if rule.factor in guest][-1]
                    return Inexact(places[id(last)], position, item_id, quantity, percent)
    return None


def _wordings(
    position: int, lines: Sequence[Line], package_rules: Iterable[ForPackage]
) -> Iterator[tuple[UUID, int, Scale]]:
    """Every quantity that a line of the step can have, whatever package was bought."""
    for line in lines:
        yield line.item_id, line.quantity, Scale(line.scale)
    for rule in package_rules:
        if rule.step_position != position or rule.quantity is None:
            continue
        if rule.scale is not None:
            yield rule.item_id, rule.quantity, Scale(rule.scale)
            continue
        for line in lines:
            if line.item_id == rule.item_id:
                yield rule.item_id, rule.quantity, Scale(line.scale)
