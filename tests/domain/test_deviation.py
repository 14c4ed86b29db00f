"""The statistics of variance, against values reckoned by hand and the tables of Student's t."""

from __future__ import annotations

import pytest

from supply.domain.reports.deviation import (
    LEAST_CASES,
    Sample,
    Verdict,
    estimates,
    half_width,
    sample_of,
    t_quantile,
)


@pytest.mark.parametrize(
    ("share", "degrees", "value"),
    # Tables of the t distribution.
    [(0.975, 19, 2.093), (0.995, 19, 2.861), (0.975, 29, 2.045), (0.995, 60, 2.660), (0.975, 100, 1.984)],
)
def test_quantiles_are_those_of_the_tables(share: float, degrees: int, value: float) -> None:
    assert t_quantile(share, degrees) == pytest.approx(value, abs=0.001)


# Twenty cases, ten of +20 % and ten of exactly the recipe: mean 0.1, s² = 20 · 0.01 / 19,
# half width 2.093 · √(0.010526 / 20) = 2.093 · 0.022942 = 0.04802.
HALF_AND_HALF = [0.2, 0.0] * 10


@pytest.mark.parametrize(
    ("values", "verdict", "mean", "half"),
    [
        ([], Verdict.TOO_FEW, None, None),
        ([0.5] * (LEAST_CASES - 1), Verdict.TOO_FEW, 0.5, None),
        (HALF_AND_HALF, Verdict.MORE, 0.1, 0.04802),
        ([-value for value in HALF_AND_HALF], Verdict.LESS, -0.1, 0.04802),
        # One of twenty at +40 %: mean 0.02, half width 2.093 · 0.02 = 0.04186, and zero lies within.
        ([0.4] + [0.0] * 19, Verdict.NOISE, 0.02, 0.04186),
        # +10 % and −10 % in turn: nothing on average.
        ([0.1, -0.1] * 15, Verdict.NOISE, 0.0, 0.03797),
        ([0.0] * 40, Verdict.NOISE, 0.0, 0.0),
        # Always the same is certain, however little it is.
        ([0.1] * 30, Verdict.MORE, 0.1, 0.0),
    ],
)
def test_a_group_is_judged(
    values: list[float], verdict: Verdict, mean: float | None, half: float | None
) -> None:
    (told,) = estimates([sample_of(values)])
    assert (told.cases, told.verdict) == (len(values), verdict)
    assert told.mean == (mean if mean is None else pytest.approx(mean))
    if half is None or mean is None:
        assert (told.low, told.high) == (None, None)
    else:
        assert (told.low, told.high) == (
            pytest.approx(mean - half, abs=1e-4),
            pytest.approx(mean + half, abs=1e-4),
        )


def test_among_many_groups_each_must_be_clearer() -> None:
    """Mean 0.06, half width 2.093 · 0.02384 = 0.0499: told from chance alone, not among twenty."""
    sample = sample_of([0.24] * 5 + [0.0] * 15)
    assert half_width(sample) == pytest.approx(0.04994, abs=1e-4)
    assert estimates([sample])[0].verdict is Verdict.MORE
    among = estimates([sample] * 20)
    assert {one.verdict for one in among} == {Verdict.NOISE}
    # Groups with too few cases are not tested and cost the others nothing.
    few = Sample(3, 0.1, 0.01)
    assert estimates([sample, *[few] * 19])[0].verdict is Verdict.MORE
