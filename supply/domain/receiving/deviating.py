"""What came beside what the order still awaits, and why it differs: pure.

Less may come without a word: then more is awaited. More than ordered needs a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from supply.domain.purchasing.models import OVER, SHORT, Deviation, PurchaseOrderLine
from supply.errors import Invalid
from supply.i18n import lazy

Came = Mapping[UUID, int]


def reasons_of(
    ordered: Iterable[PurchaseOrderLine], came: Came, told: Sequence[tuple[str, UUID, Deviation | None]]
) -> dict[UUID, Deviation | None]:
    """Of each ordered item that a delivery names the reason that holds now; None where all of it is here.

    `told` is (field, item, reason) of each line as it was sent. Raises Invalid("reason_missing" |
    "reason_unfit") naming the field.
    """
    said: dict[UUID, list[tuple[str, Deviation | None]]] = defaultdict(list)
    for field, item_id, reason in told:
        said[item_id].append((field, reason))
    found: dict[UUID, Deviation | None] = {}
    for line in ordered:
        if line.item_id not in said:
            continue
        field, reason = next(
            (pair for pair in said[line.item_id] if pair[1] is not None), said[line.item_id][-1]
        )
        found[line.item_id] = _reason(came.get(line.item_id, 0) - line.missing, reason, field)
    return found


def lasting(ordered: PurchaseOrderLine, delta: int) -> Deviation | None:
    """The reason that still holds once so much more (less: negative) is known to have come."""
    beyond = ordered.received + delta - ordered.ordered
    fitting = SHORT if beyond < 0 else OVER if beyond else ()
    return ordered.reason if ordered.reason in fitting else None


def _reason(beyond: int, reason: Deviation | None, field: str) -> Deviation | None:
    if beyond == 0:
        return None
    if beyond < 0:
        return _fitting(reason or Deviation.MORE_TO_COME, SHORT, field)
    if reason is None:
        raise Invalid(
            "reason_missing",
            lazy("More came than was ordered. Say why it is taken in."),
            field=f"{field}.reason",
        )
    return _fitting(reason, OVER, field)


def _fitting(reason: Deviation, fitting: Sequence[Any], field: str) -> Deviation:
    if reason not in fitting:
        words = (
            lazy("Less came than was ordered. Choose why.")
            if fitting is SHORT
            else lazy("More came than was ordered. Choose why it is taken in.")
        )
        raise Invalid("reason_unfit", words, field=f"{field}.reason")
    return reason
