"""How quantities, money and times are written in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from supply.presenting import (
    format_clock,
    format_day,
    format_instant,
    format_long_day,
    format_money,
    format_percent,
    format_quantity,
    initials,
)
from supply.quantity import Dimension

MOMENT = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("base", "dimension", "vi", "en"),
    [
        (12_500, Dimension.VOLUME, "12,5 ml", "12.5 ml"),
        (1_250_000, Dimension.MASS, "1,25 kg", "1.25 kg"),
        (1_234_567_000_000, Dimension.MASS, "1.234.567 kg", "1,234,567 kg"),
        (3_000, Dimension.COUNT, "3 cái", "3 pc"),
        (0, Dimension.MASS, "0 g", "0 g"),
        (0, Dimension.VOLUME, "0 ml", "0 ml"),
        (-500, Dimension.VOLUME, "-0,5 ml", "-0.5 ml"),
        (1, Dimension.VOLUME, "0,001 ml", "0.001 ml"),
        (500, Dimension.MASS, "500 mg", "500 mg"),
        (1_000_001, Dimension.VOLUME, "1,000001 l", "1.000001 l"),
        (-2_000, Dimension.VOLUME, "-2 ml", "-2 ml"),
    ],
)
def test_quantities_are_exact(base: int, dimension: Dimension, vi: str, en: str) -> None:
    assert format_quantity(base, dimension, "vi").replace("\u00a0", " ") == vi
    assert format_quantity(base, dimension, "en").replace("\u00a0", " ") == en


def test_a_quantity_can_be_told_in_a_unit_and_with_its_sign() -> None:
    assert format_quantity(1_250_000, Dimension.MASS, "vi", unit="g", signed=True) == "+1.250\u00a0g"
    assert format_quantity(None, Dimension.MASS, "vi") == "–"


def test_money() -> None:
    assert format_money(125_000, "VND", "vi") == "125.000\u00a0₫"
    assert format_money(125_000, "VND", "en") == "₫125,000"
    assert format_money(1_250, "USD", "en") == "$12.50"


def test_days_and_hours_are_the_branchs() -> None:
    assert format_day(date(2026, 11, 22), "vi") == "22/11/2026"
    assert format_day(date(2026, 11, 22), "en") == "22 Nov 2026"
    assert format_long_day(date(2026, 11, 22), "vi") == "Chủ Nhật, 22/11/2026"
    assert format_instant(MOMENT, "Asia/Ho_Chi_Minh", "vi") == "23/11/2026 00:30"
    assert format_clock(MOMENT, "Asia/Ho_Chi_Minh", "en") == "00:30"


def test_shares_and_initials() -> None:
    assert format_percent(Decimal("0.125"), "en") in ("12%", "13%")
    assert initials("Nguyễn Thị Lan") == "NL"
