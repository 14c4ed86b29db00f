"""Scores the reorder policy beside the rules of others and the clairvoyant plan, and times it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from bench.reorder.baselines import AverageLevel, StaticLevels, textbook, velocity
from bench.reorder.clairvoyant import Clairvoyant
from bench.reorder.scenarios import ITEMS, SCENARIOS
from bench.reorder.spa import Spa
from bench.reorder.storeroom import Policy, Score, Storeroom, simulate
from supply.domain.purchasing.policy import plan, recommend

OURS = "**Supply**"
BOUND = "clairvoyant"
STATIC = "static levels, best of six in hindsight"
STATICS = [(buffer, cover) for buffer in (4.0, 8.0, 14.0) for cover in (14.0, 30.0)]
# Rules that remember are made anew for every run.
RIVALS: dict[str, Callable[[], Policy]] = {
    "static levels, usual setting": StaticLevels,
    "level from average use": AverageLevel,
    "velocity and bookings": lambda: velocity,
    "textbook (s,S)": lambda: textbook,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A policy in one scenario, over its seeds. `ratio` is its cost over the clairvoyant's."""

    ratio: float
    fill: float
    days_out: float
    waste_share: float
    orders_a_month: float
    fees: float
    holding: float
    blocked: float
    waste: float
    violations: float

    @classmethod
    def of(cls, scores: Sequence[Score], bounds: Sequence[Score]) -> Row:
        ratio = sum(score.total for score in scores) / sum(bound.total for bound in bounds)
        return cls(ratio, *(fmean(getattr(score, name) for score in scores) for name in cls.__slots__[1:]))

    @classmethod
    def mean(cls, rows: Sequence[Row]) -> Row:
        return cls(*(fmean(getattr(row, name) for row in rows) for name in cls.__slots__))


def score(scenario: str, seeds: Iterable[int], *, rivals: bool) -> dict[str, Row]:
    """Every policy's row in one scenario; all of them meet the same days."""
    runs: dict[str, list[Score]] = {}
    for seed in seeds:
        spa = Spa(scenario, seed)
        runs.setdefault(OURS, []).append(simulate(spa, recommend))
        runs.setdefault(BOUND, []).append(simulate(spa, Clairvoyant(spa)))
        if rivals:
            for name, make in RIVALS.items():
                runs.setdefault(name, []).append(simulate(spa, make()))
            for setting in STATICS:
                runs.setdefault(f"{STATIC} {setting}", []).append(simulate(spa, StaticLevels(*setting)))
    rows = {name: Row.of(scores, runs[BOUND]) for name, scores in runs.items()}
    statics = [rows.pop(name) for name in list(rows) if name.startswith(STATIC)]
    if statics:
        rows[STATIC] = min(statics, key=lambda row: row.ratio)
    return rows


def time_plan(branches: int = 5) -> tuple[float, float]:
    """(milliseconds of processor time per item in a whole plan, per item planned alone), medians."""
    whole, alone = [], []
    for obs in _evenings(branches):
        whole.append(_milliseconds(lambda told=obs: plan(told, all_suppliers=True)) / len(ITEMS))
        for code, supply in obs["supplies"].items():
            one = {**obs, "supplies": {code: supply}}
            alone.append(_milliseconds(lambda told=one: plan(told, all_suppliers=True)))
    return median(whole), median(alone)


def _evenings(count: int) -> Iterator[dict[str, Any]]:
    """Observations of a spa that has half a year behind it."""
    storeroom = Storeroom(Spa("steady", 0))
    for day in range(100):
        storeroom.live(day)
        observation = storeroom.observe(day)
        storeroom.order(day, recommend(observation))
        if day >= 100 - count:
            yield observation


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000


def page(table: dict[str, dict[str, Row]], seeds: int, rival_seeds: int, timing: tuple[float, float]) -> str:
    """The section of docs/benchmark.md."""
    whole, alone = timing
    minutes = whole * 10_000 * 100 / 60_000
    rivals = f" (the rules of others: {rival_seeds})" if rival_seeds else ""
    head = "fill|days out|waste|orders a month|fees|holding|blocked|waste cost|cost over clairvoyant"
    policies = list(dict.fromkeys(name for rows in table.values() for name in rows))
    means = {name: Row.mean([rows[name] for rows in table.values()]) for name in policies}
    ordered = sorted(means, key=lambda name: -means[name].ratio)
    return "\n".join(
        [
            f"A simulated spa, day by day (`python -m bench.reorder`): {len(table)} of {len(SCENARIOS)} "
            f"scenarios, {seeds} seeds each{rivals}. The clairvoyant knows demand, lead times and the life "
            "of every lot. Cost is a blocked step of a guest at 10, what spoils, 25 % of the stock's value a "
            "year, and each delivery's fee.\n",
            *_table(f"mean of the scenarios|{head}", [_cells(name, means[name]) for name in ordered]),
            "",
            *_table(
                f"{OURS} in|{head}",
                [_cells(f"`{scenario}`", rows[OURS]) for scenario, rows in table.items()],
            ),
            f"\nProcessor time of the policy alone: {whole:.2f} ms an item in a branch's plan, so 10,000 "
            f"items in 100 branches take {minutes:.1f} minutes without reading and writing; "
            f"{alone:.2f} ms for one item planned alone.",
        ]
    )


def line(scenario: str, rows: dict[str, Row]) -> str:
    """One scenario for somebody who watches."""
    ours = rows[OURS]
    return (
        f"{scenario:15s} x{ours.ratio:.3f}  fill {ours.fill:.4f}  waste {ours.waste_share:.2%}  "
        f"orders {ours.orders_a_month:.1f}  fees {ours.fees:.0f}  holding {ours.holding:.0f}  "
        f"blocked {ours.blocked:.0f}  waste {ours.waste:.0f}"
    )


def _cells(name: str, row: Row) -> str:
    return (
        f"{name}|{row.fill:.4f}|{row.days_out:.1f}|{row.waste_share:.1%}|{row.orders_a_month:.1f}|"
        f"{row.fees:,.0f}|{row.holding:,.0f}|{row.blocked:,.0f}|{row.waste:,.0f}|×{row.ratio:.2f}"
    )


def _table(head: str, rows: Sequence[str]) -> Iterator[str]:
    yield f"| {head.replace('|', ' | ')} |"
    yield "|" + " --- |" * (head.count("|") + 1)
    for row in rows:
        yield f"| {row.replace('|', ' | ')} |"
