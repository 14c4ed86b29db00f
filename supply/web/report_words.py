"""The words of reports: kinds of movements, classes of loss, what costs are gathered by."""

from __future__ import annotations

from collections.abc import Mapping

from supply.domain.reports.costs import CostsBy
from supply.domain.reports.kinds import Kind
from supply.i18n import Text, lazy

_KINDS: Mapping[str, Text] = {
    "receipt": lazy("Delivered"),
    "opening": lazy("Opening stock"),
    "transfer": lazy("Transferred"),
    "brewed": lazy("Brewed"),
    "use": lazy("Used by steps"),
    "brewing": lazy("Used for brewing"),
    "waste-expired": lazy("Expired"),
    "waste-damaged": lazy("Damaged"),
    "waste-spilled": lazy("Spilled"),
    "waste-contaminated": lazy("Contaminated"),
    "waste-tester": lazy("Tester"),
    "waste-other": lazy("Other waste"),
    "unexplained": lazy("Difference without a reason"),
    "said-used": lazy("Use that nobody recorded"),
    "said-wasted": lazy("Waste that only a count told"),
    "missing": lazy("Lost or found"),
    "told-late": lazy("Told late, seen by the count"),
    "correction": lazy("Correction of the book"),
}
_BY: Mapping[str, Text] = {
    "procedure": lazy("Treatment"),
    "step": lazy("Step"),
    "package": lazy("Package"),
    "month": lazy("Month"),
}
CLASS_WORDS: Mapping[str, Text] = {
    "over_use": lazy("Over the recipe"),
    "unrecorded": lazy("Unrecorded use"),
    "waste": lazy("Waste"),
    "unknown": lazy("Unknown"),
}
# What a list of movements is narrowed to, where that is more than a kind.
_PARTS: Mapping[str, Text] = {
    "waste": lazy("Waste"),
    "counted": lazy("What counts and weighings found"),
}


def kind_word(kind: Kind) -> str:
    return str(_KINDS[kind])


def by_word(by: CostsBy) -> str:
    return str(_BY[by])


def part_words(part: str) -> str:
    """A kind, or what belongs together."""
    return str(_PARTS[part] if part in _PARTS else _KINDS[part])
