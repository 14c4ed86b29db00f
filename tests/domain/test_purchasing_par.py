"""The arithmetic of a reorder point and a par level."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supply.domain.purchasing.par import Position, Terms, decide

amounts = st.integers(0, 10**9)


def position(
    available: int = 0, on_order: int = 0, reorder_point: int | None = 10, par: int | None = 50
) -> Position:
    return Position(available, 0, 0, 0, on_order, reorder_point, par)


@pytest.mark.parametrize(
    ("available", "on_order", "flagged"),
    [(10, 0, True), (11, 0, False), (4, 6, True), (4, 7, False), (0, 0, True)],
)
def test_flagged_at_or_below_the_reorder_point(available: int, on_order: int, flagged: bool) -> None:
    assert decide(position(available, on_order)).flagged is flagged


def test_expired_quarantined_and_reserved_are_not_available() -> None:
    where = Position(100, 10, 20, 30, 5, 50, 90)
    assert (where.available, where.projected) == (40, 45)
    assert decide(where).quantity == 45


def test_without_a_policy_nothing_is_flagged() -> None:
    assert decide(position(0, 0, None, None)).flagged is False


def test_packs_and_minimum() -> None:
    assert decide(position(10), Terms(12)).quantity == 48
    assert decide(position(10), Terms(12)).packs == 4
    assert decide(position(45), Terms(12, 3)).quantity == 36
    assert decide(position(10)).quantity == 40


def test_nothing_missing_suggests_nothing() -> None:
    assert decide(position(50, reorder_point=50, par=50), Terms(12, 3)).quantity == 0


@given(
    amounts, amounts, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 50)
)
def test_a_suggestion_fills_up_to_par_in_whole_packs(
    available: int, on_order: int, point: int, more: int, pack: int, minimum: int
) -> None:
    where = position(available, on_order, point, point + more)
    suggestion = decide(where, Terms(pack, minimum))
    assert suggestion.quantity % pack == 0
    assert where.projected + suggestion.quantity >= point + more
    if suggestion.quantity > minimum * pack:
        assert where.projected + suggestion.quantity - pack < point + more
