"""`python -m bench.reorder [--seeds 20] [--only steady,tet_spike]`: score the policy, write its section."""

from __future__ import annotations

import argparse

from bench.reorder.scenarios import SCENARIOS
from bench.reorder.score import Row, line, page, score, time_plan
from bench.sections import REORDER, write_section

SEEDS = 20
QUICK_SEEDS = 2
RIVAL_SEEDS = 3


def run(seeds: int, only: list[str] | None = None) -> str:
    """Score all scenarios or some, telling each as it comes; the section of the page."""
    table: dict[str, dict[str, Row]] = {}
    rival_seeds = min(seeds, RIVAL_SEEDS)
    for scenario in only or SCENARIOS:
        rivals = score(scenario, range(rival_seeds), rivals=True)
        table[scenario] = rivals | score(scenario, range(seeds), rivals=False)
        print(line(scenario, table[scenario]), flush=True)
    return page(table, seeds, rival_seeds, time_plan())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reorder", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", help="scenarios, separated by commas; prints, and leaves the page alone")
    told = parser.parse_args()
    only = told.only.split(",") if told.only else None
    section = run(told.seeds, only)
    print(section)
    if only is None:
        write_section(REORDER, section)


if __name__ == "__main__":
    main()
