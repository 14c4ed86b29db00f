"""What a loss is: use above the recipe, use that nobody recorded, waste, or unknown. Pure.

- over-use: what done steps took above their standard, line by line; less in one makes up for no other;
- waste: what was thrown away, and what a count was said to lack because nobody wrote its waste down;
- unrecorded use: what a count was said to lack because of it, and, of what it lacked without a reason, as
  much as the steps needed whose time has come and that nobody recorded;
- unknown: the rest of all differences of counts and weighings; below zero where more was found than missed.

What is told late of a time before a count was in the count: it first takes back what was said to be
unrecorded use, then what nobody explained. Corrections of the book are no loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Loss:
    """Base units of an item and what they are worth; below zero for a gain."""

    quantity: int = 0
    worth: Fraction = Fraction(0)

    def __add__(self, other: Loss) -> Loss:
        return Loss(self.quantity + other.quantity, self.worth + other.worth)

    def __sub__(self, other: Loss) -> Loss:
        return Loss(self.quantity - other.quantity, self.worth - other.worth)

    def part(self, quantity: int) -> Loss:
        """So much of it, at its mean worth."""
        if not self.quantity:
            return Loss()
        return Loss(quantity, self.worth * Fraction(quantity, self.quantity))


@dataclass(frozen=True, slots=True)
class Found:
    """What the books say of an item over some days; `needed`: by steps that nobody recorded."""

    over_use: Loss = Loss()
    wasted: Loss = Loss()
    said_used: Loss = Loss()
    said_wasted: Loss = Loss()
    unexplained: Loss = Loss()
    missing: Loss = Loss()
    told_late: Loss = Loss()
    needed: int = 0


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """The four classes; together they are over-use, waste and every difference of a count."""

    over_use: Loss
    unrecorded: Loss
    waste: Loss
    unknown: Loss

    @property
    def whole(self) -> Loss:
        return self.over_use + self.unrecorded + self.waste + self.unknown


def split(found: Found) -> Shrinkage:
    """Each loss in its class."""
    said, late = found.said_used, found.told_late
    taken_back = min(max(said.quantity, 0), max(-late.quantity, 0))
    said_left = said - said.part(taken_back)
    unexplained = found.unexplained
    left = min(unexplained.quantity, unexplained.quantity + late.quantity + taken_back)
    unrecorded = said_left + unexplained.part(max(min(left, found.needed), 0))
    waste = found.wasted + found.said_wasted
    counted = found.said_used + found.said_wasted + found.unexplained + found.missing + found.told_late
    return Shrinkage(found.over_use, unrecorded, waste, counted - found.said_wasted - unrecorded)
