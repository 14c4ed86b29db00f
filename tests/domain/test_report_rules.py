"""The pure rules of reports: the kind of a movement, what lies above a recipe, what a loss is, shares."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supply.domain.ledger.cost import rounded, shared_out
from supply.domain.ledger.models import MovementType as M
from supply.domain.reports.kinds import Kind, kind_of
from supply.domain.reports.shrinking import Found, Loss, split
from supply.domain.reports.tallying import above_standard
from supply.domain.stocktake.models import AdjustmentReason, DifferenceReason
from supply.domain.transfers.models import BrokenReason, MissingReason
from supply.domain.waste.models import WasteReason


def test_every_movement_has_its_kind() -> None:
    plain = {
        M.RECEIPT: Kind.RECEIPT,
        M.USAGE: Kind.USE,
        M.TRANSFER_OUT: Kind.TRANSFER,
        M.TRANSFER_IN: Kind.TRANSFER,
        M.PREPARATION_IN: Kind.BREWED,
        M.PREPARATION_OUT: Kind.BREWING,
    }
    assert {type_: kind_of(type_, None) for type_ in plain} == plain
    for reason in (*WasteReason, *BrokenReason):
        assert kind_of(M.WASTE, reason.value).value == f"waste-{reason}"
    said = {
        "opening": Kind.OPENING,
        "count-saw-it": Kind.TOLD_LATE,
        "unrecorded-use": Kind.SAID_USED,
        "unrecorded-waste": Kind.SAID_WASTED,
        "lost": Kind.MISSING,
        "found": Kind.MISSING,
        "measuring": Kind.MISSING,
        "entry-error": Kind.CORRECTION,
        "delivery-correction": Kind.CORRECTION,
        "not-packed": Kind.CORRECTION,
        "count": Kind.UNEXPLAINED,
        "unknown": Kind.UNEXPLAINED,
        "weigh-in": Kind.UNEXPLAINED,
    }
    assert {reason: kind_of(M.ADJUSTMENT, reason) for reason in said} == said
    known = {one.value for kinds in (AdjustmentReason, DifferenceReason, MissingReason) for one in kinds}
    assert known <= said.keys()
    with pytest.raises(LookupError):
        kind_of(M.REVERSAL, None)


@pytest.mark.parametrize(
    ("before", "taken", "standard", "above"),
    [(0, 100, 100, 0), (0, 90, 100, 0), (0, 120, 100, 20), (80, 40, 100, 20), (100, 5, 100, 5), (0, 7, 0, 7)],
)
def test_the_recipe_is_served_first(before: int, taken: int, standard: int, above: int) -> None:
    assert above_standard(before, taken, standard) == above


def loss(quantity: int, price: int = 2) -> Loss:
    return Loss(quantity, Fraction(quantity * price))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # (over-use, unrecorded, waste, unknown) in base units
        ({"over_use": 4}, (4, 0, 0, 0)),
        ({"wasted": 3, "said_wasted": 2}, (0, 0, 5, 0)),
        ({"said_used": 6}, (0, 6, 0, 0)),
        ({"unexplained": 10}, (0, 0, 0, 10)),
        ({"unexplained": 10, "needed": 7}, (0, 7, 0, 3)),
        ({"unexplained": 10, "needed": 12}, (0, 10, 0, 0)),
        ({"unexplained": -10, "needed": 7}, (0, 0, 0, -10)),
        ({"missing": 5, "needed": 7}, (0, 0, 0, 5)),
        # Seven of the ten were told late: three are left to be explained.
        ({"unexplained": 10, "told_late": -7, "needed": 7}, (0, 3, 0, 0)),
        ({"unexplained": 10, "told_late": -7}, (0, 0, 0, 3)),
        # What was said to be unrecorded has been recorded since.
        ({"said_used": 6, "told_late": -6}, (0, 0, 0, 0)),
        ({"said_used": 6, "unexplained": 5, "told_late": -8, "needed": 9}, (0, 3, 0, 0)),
        # A delivery told late: the count had found it already.
        ({"unexplained": -4, "told_late": 4, "needed": 9}, (0, 0, 0, 0)),
        ({"over_use": 1, "wasted": 2, "said_used": 3, "unexplained": 4, "missing": -5}, (1, 3, 2, -1)),
    ],
)
def test_a_loss_is_in_one_class(found: dict[str, Any], expected: tuple[int, ...]) -> None:
    needed = found.pop("needed", 0)
    told = split(Found(**{name: loss(quantity) for name, quantity in found.items()}, needed=needed))
    parts = (told.over_use, told.unrecorded, told.waste, told.unknown)
    assert tuple(part.quantity for part in parts) == expected
    assert [part.worth for part in parts] == [2 * part.quantity for part in parts]
    assert told.whole == loss(sum(found.values()))


@given(st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=40), max_size=9))
def test_shares_add_up_to_the_whole(parts: list[Fraction]) -> None:
    whole = rounded(sum(parts, Fraction(0)))
    shares = shared_out(parts)
    assert sum(shares) == whole
    assert all(abs(share - part) < 1 for share, part in zip(shares, parts, strict=True))
