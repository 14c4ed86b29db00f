"""What a movement is to a report: bought, used, thrown away, found missing. One table of rules. Pure.

The first rule that fits says the kind; a reversal is of the kind of what it undoes. `kind_of` reads a
movement with the table; behind.py writes the same table as SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from supply.domain.ledger.models import MovementType
from supply.domain.ledger.posting import SEEN


class Kind(StrEnum):
    """The kinds add up to all that changed the stock."""

    RECEIPT = "receipt"
    OPENING = "opening"
    TRANSFER = "transfer"
    BREWED = "brewed"
    USE = "use"
    BREWING = "brewing"
    WASTE_EXPIRED = "waste-expired"
    WASTE_DAMAGED = "waste-damaged"
    WASTE_SPILLED = "waste-spilled"
    WASTE_CONTAMINATED = "waste-contaminated"
    WASTE_TESTER = "waste-tester"
    WASTE_OTHER = "waste-other"
    # Differences of counts and weighings: nobody knows why, or somebody said why.
    UNEXPLAINED = "unexplained"
    SAID_USED = "said-used"
    SAID_WASTED = "said-wasted"
    MISSING = "missing"
    # What is told late of a time before a count, the other way: the count saw it already.
    TOLD_LATE = "told-late"
    # The book was wrong, not the shelf.
    CORRECTION = "correction"


# Not a kind of movement: the part of the use above the recipe.
OVER_USE = "over-use"
WASTE = (
    Kind.WASTE_EXPIRED,
    Kind.WASTE_DAMAGED,
    Kind.WASTE_SPILLED,
    Kind.WASTE_CONTAMINATED,
    Kind.WASTE_TESTER,
    Kind.WASTE_OTHER,
)
COUNTED = (Kind.UNEXPLAINED, Kind.SAID_USED, Kind.SAID_WASTED, Kind.MISSING, Kind.TOLD_LATE)
USED = (Kind.USE, Kind.BREWING)
# What a list of movements may be narrowed to: a kind, or what belongs together in a report.
PARTS: Mapping[str, Sequence[Kind]] = {
    **{kind.value: (kind,) for kind in Kind},
    "waste": (*WASTE, Kind.SAID_WASTED),
    "counted": COUNTED,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Movements of a type (and, where named, of these reasons) are of this kind."""

    kind: Kind
    types: tuple[MovementType, ...]
    reasons: tuple[str, ...] = ()


_ADJUSTED = (MovementType.ADJUSTMENT,)
_WASTED = (MovementType.WASTE,)
RULES: Sequence[Rule] = (
    Rule(Kind.USE, (MovementType.USAGE,)),
    Rule(Kind.RECEIPT, (MovementType.RECEIPT,)),
    Rule(Kind.TRANSFER, (MovementType.TRANSFER_OUT, MovementType.TRANSFER_IN)),
    Rule(Kind.BREWED, (MovementType.PREPARATION_IN,)),
    Rule(Kind.BREWING, (MovementType.PREPARATION_OUT,)),
    *(
        Rule(kind, _WASTED, (kind.value.removeprefix("waste-"),))
        for kind in WASTE
        if kind is not Kind.WASTE_OTHER
    ),
    Rule(Kind.WASTE_OTHER, _WASTED),
    Rule(Kind.OPENING, _ADJUSTED, ("opening",)),
    Rule(Kind.TOLD_LATE, _ADJUSTED, (SEEN,)),
    Rule(Kind.SAID_USED, _ADJUSTED, ("unrecorded-use",)),
    Rule(Kind.SAID_WASTED, _ADJUSTED, ("unrecorded-waste",)),
    Rule(Kind.MISSING, _ADJUSTED, ("lost", "found", "measuring")),
    Rule(Kind.CORRECTION, _ADJUSTED, ("entry-error", "delivery-correction", "not-packed")),
    Rule(Kind.UNEXPLAINED, _ADJUSTED),
)


def kind_of(type: MovementType, reason: str | None) -> Kind:
    """The kind of a movement, or of what it undoes. Raises LookupError for the type of an undoing."""
    for rule in RULES:
        if type in rule.types and (not rule.reasons or reason in rule.reasons):
            return rule.kind
    raise LookupError(f"{type} has no kind of its own")
