"""The reorder policy in the simulated spa of bench/reorder: its short form; `make bench` has all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.reorder.clairvoyant import Clairvoyant
from bench.reorder.scenarios import SUPPLIERS
from bench.reorder.spa import Spa
from bench.reorder.storeroom import simulate
from bench.sections import REORDER, write_page, write_section
from supply.domain.purchasing.policy import recommend


@pytest.mark.parametrize(
    ("scenario", "ratio", "fill", "waste"),
    [("steady", 2.2, 0.999, 0.015), ("late_logging", 2.3, 0.998, 0.015)],
)
def test_the_policy_in_a_simulated_spa(scenario: str, ratio: float, fill: float, waste: float) -> None:
    spa = Spa(scenario, 1)
    ours, bound = simulate(spa, recommend), simulate(spa, Clairvoyant(spa))
    assert ours.total / bound.total <= ratio
    assert ours.fill >= fill
    assert ours.waste_share <= waste
    assert ours.violations == 0


def test_the_simulated_days_do_not_depend_on_the_policy() -> None:
    one, other = Spa("tet_spike", 2), Spa("tet_spike", 2)
    simulate(one, lambda obs: {})
    assert (one.visits, one.lead, one.life) == (other.visits, other.lead, other.life)
    assert set(one.lead) == set(SUPPLIERS)


def test_a_section_outlives_the_page_around_it(tmp_path: Path) -> None:
    page = tmp_path / "benchmark.md"
    page.write_text("# Page\n\n## One\n\nold\n", encoding="utf-8")
    write_section(REORDER, "first", page)
    write_section(REORDER, "second", page)
    write_page("# Page\n\n## One\n\nnew\n", page)
    assert page.read_text(encoding="utf-8") == f"# Page\n\n## One\n\nnew\n\n{REORDER}\n\nsecond\n"
