"""How pages are judged by `python -m bench.felt`: by the median of some looks, each limit by itself."""

from __future__ import annotations

from bench.felt import PAINT_MS, SERVER_MS, SHIFT, TRANSFER_BYTES, felt_as


def test_one_slow_look_among_three_is_no_fault_and_the_median_is() -> None:
    quick, slow = (40_000, PAINT_MS / 2, 0.0), (40_000, PAINT_MS * 2.0, 0.0)
    assert felt_as("ngoc", "/stock", SERVER_MS, [quick, slow, quick]).faults == []
    (fault,) = felt_as("ngoc", "/stock", SERVER_MS, [quick, slow, slow]).faults
    assert fault == "ngoc /stock: largest paint ms 2000"


def test_each_limit_is_told_with_its_page() -> None:
    heavy = (TRANSFER_BYTES + 1, PAINT_MS + 1.0, SHIFT * 2)
    faults = felt_as("lan", "/", SERVER_MS + 1, [heavy]).faults
    assert [fault.split(": ")[0] for fault in faults] == ["lan /"] * 4
