"""How far use is from the recipe, and whether that can be told from chance. Pure.

A case is a share of its standard: (actual − standard) / standard. The mean of a group's cases is told with a
Student t interval. It holds with 95 % for all groups of a table together (Bonferroni), so that among twenty
therapists nobody stands out by luck. Below LEAST_CASES nothing is concluded: docs/decisions says why 20.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

LEAST_CASES = 20
CONFIDENCE = 0.95


class Verdict(StrEnum):
    """What can be said of a group, the most urgent first: the order of a table."""

    MORE = "more"
    LESS = "less"
    NOISE = "noise"
    TOO_FEW = "too-few"


@dataclass(frozen=True, slots=True)
class Sample:
    """The cases of a group: how many, their sum and the sum of their squares."""

    cases: int
    total: float
    squares: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean share of the standard with its interval; no interval where there are too few cases."""

    cases: int
    mean: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def sample_of(values: Iterable[float]) -> Sample:
    """Cases one by one as a sample."""
    told = list(values)
    return Sample(len(told), sum(told), sum(value * value for value in told))


def estimates(samples: Iterable[Sample]) -> list[Estimate]:
    """Each group judged so that all of the table hold together with CONFIDENCE."""
    told = list(samples)
    tested = sum(sample.cases >= LEAST_CASES for sample in told)
    return [_estimate(sample, max(tested, 1)) for sample in told]


def _estimate(sample: Sample, tested: int) -> Estimate:
    if not sample.cases:
        return Estimate(0, None, None, None, Verdict.TOO_FEW)
    mean = sample.total / sample.cases
    if sample.cases < LEAST_CASES:
        return Estimate(sample.cases, mean, None, None, Verdict.TOO_FEW)
    half = half_width(sample, tested)
    low, high = mean - half, mean + half
    verdict = Verdict.MORE if low > 0 else Verdict.LESS if high < 0 else Verdict.NOISE
    return Estimate(sample.cases, mean, low, high, verdict)


def half_width(sample: Sample, tested: int = 1) -> float:
    """Half the interval of a mean: t · s / √n."""
    degrees = sample.cases - 1
    # Sums of floats: what should be nothing may come out a hair below it.
    spread = max(sample.squares - sample.total**2 / sample.cases, 0.0)
    if spread < 1e-12 * sample.squares:
        spread = 0.0
    return t_quantile(1 - (1 - CONFIDENCE) / tested / 2, degrees) * sqrt(spread / degrees / sample.cases)


def t_quantile(share: float, degrees: int) -> float:
    """The quantile of Student's t, by the series of Cornish and Fisher (Abramowitz and Stegun 26.7.5).

    Right to 0.001 from 19 degrees of freedom on, where it is used.
    """
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / degrees**power for power, term in enumerate(terms, 1)))
