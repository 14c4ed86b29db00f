"""What was measured, as the page docs/benchmark.md. Decides nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.looks import Looks, Pages
from bench.steps import Result

INTRODUCTION = """# Benchmark

Written by `make bench`; nobody edits it. Every row is a median over rounds in which the product and the limit
took turns on the same machine, so the shares hold where the absolute figures do not.

- **The product**: a real server process, the real API over loopback with a token, roles, an idempotency key,
  the hash chain and every balance. 20 branches with 500 items, two lots of each stocked item.
- **The limit**: SQL written by hand that writes the same rows (movement, holding, stock level, demand, ledger
  head, completion, its lines, step, visit, key): on PostgreSQL one prepared statement in autocommit, on
  SQLite one process with `sqlite3`. It checks no rights, reads no request and answers nobody.
- PostgreSQL with `fsync` and `synchronous_commit` on; SQLite in WAL mode with `synchronous=FULL`.
"""


@dataclass(slots=True)
class Measured:
    """Everything of one run."""

    steps: list[Result] = field(default_factory=list)
    others: list[Result] = field(default_factory=list)
    looks: list[Looks] = field(default_factory=list)
    pages: dict[str, Pages] = field(default_factory=dict)


def line(result: Result) -> str:
    """One result for somebody who watches."""
    one, eight = result.single[1], result.single[8]
    return (
        f"{result.store}, {result.movements:,} movements, {result.server}: "
        f"1 client {median(one.rate):.0f}/s of {median(one.limit):.0f} ({one.share:.0%}); "
        f"8 clients {median(eight.rate):.0f}/s of {median(eight.limit):.0f} ({eight.share:.0%}), "
        f"p50 {median(eight.p50) * 1000:.1f} ms, p95/p50 {eight.spread:.1f}, "
        f"CPU {median(eight.cpu):.2f} ms; bulk {median(result.bulk_rate):.0f}/s ({result.bulk_share:.1f}x); "
        f"failed {result.failed}; {result.memory:.0f} MiB; {median(result.fsyncs):.0f} fsyncs/s"
    )


def page(measured: Measured, *, quick: bool) -> str:
    parts = [INTRODUCTION, _conditions(measured, quick), *_steps(measured), *_looks(measured)]
    parts += _servers(measured)
    if measured.pages:
        parts += _pages(measured)
    return "\n".join(parts) + "\n"


def _conditions(measured: Measured, quick: bool) -> str:
    fsyncs = [rate for result in measured.steps for rate in result.fsyncs]
    length = "The short form (`--quick`): fewer rounds, no ledger of ten million. " if quick else ""
    return (
        f"{length}Measured on {os.cpu_count()} cores; the disk made {min(fsyncs):,.0f} to {max(fsyncs):,.0f} "
        f"(median {median(fsyncs):,.0f}) writes durable a second meanwhile. The load average at the end was "
        f"{os.getloadavg()[1]:.1f}: what is above the cores was waiting for them.\n"
    )


def _steps(measured: Measured) -> Iterator[str]:
    yield "## One completed step with three items, and a hundred in one request\n"
    yield from _table(
        "database, movements|clients|steps/s|by hand/s|share|p50 ms|p95/p50|CPU ms|CPU over by hand|failed",
        [
            f"{result.store}, {result.movements:,}|{clients}|{median(sides.rate):,.0f}|"
            f"{median(sides.limit):,.0f}|{sides.share:.0%}|{median(sides.p50) * 1000:.1f}|{sides.spread:.1f}|"
            f"{median(sides.cpu):.2f}|{_ratio(sides.cpu, sides.limit_cpu)}|{result.failed}"
            for result in measured.steps
            for clients, sides in result.single.items()
        ],
    )
    yield "\nCPU is the server's and the database's. “By hand” on PostgreSQL is the database's alone.\n"
    yield from _table(
        "database, movements|100 steps a request: steps/s|over by hand (1 client)|largest process MiB",
        [
            f"{result.store}, {result.movements:,}|{median(result.bulk_rate):,.0f}|{result.bulk_share:.1f}×|"
            f"{result.memory:.0f}"
            for result in measured.steps
        ],
    )


def _looks(measured: Measured) -> Iterator[str]:
    yield "\n## Growth with the ledger, and SQL statements\n"
    first = {looks.store: looks for looks in reversed(measured.looks)}
    yield from _table(
        "database, movements|" + "|".join(f"{name}, ms (growth)" for name in measured.looks[0].milliseconds),
        [
            f"{looks.store}, {looks.movements:,}|"
            + "|".join(
                f"{value:.1f} ({value / first[looks.store].milliseconds[name]:.2f}×)"
                for name, value in looks.milliseconds.items()
            )
            for looks in measured.looks
        ],
    )
    yield "\nSQL statements, with the look at the token and the key:\n"
    yield from _table(
        "database|" + "|".join(measured.looks[0].statements),
        [
            f"{looks.store}|" + "|".join(str(count) for count in looks.statements.values())
            for looks in first.values()
        ],
    )


def _pages(measured: Measured) -> Iterator[str]:
    yield "\n## Pages of the demo spa\n"
    names = list(measured.pages)
    heads = "|".join(f"{name}: ms|{name}: statements" for name in names)
    yield from _table(
        f"page|{heads}",
        [
            f"`{path}`|"
            + "|".join(
                f"{measured.pages[name].milliseconds[path]:.0f}|{measured.pages[name].statements[path]}"
                for name in names
            )
            for path in measured.pages[names[0]].milliseconds
        ],
    )


def _servers(measured: Measured) -> Iterator[str]:
    yield "\n## The choice of server\n"
    beside = [result for result in measured.steps if result.movements == measured.others[0].movements]
    yield from _table(
        "server|database|steps/s, 1 client|steps/s, 8 clients|p95/p50|CPU ms|largest process MiB",
        [
            f"{result.server}|{result.store}|{median(result.single[1].rate):,.0f}|"
            f"{median(result.single[8].rate):,.0f}|{result.single[8].spread:.1f}|"
            f"{median(result.single[8].cpu):.2f}|{result.memory:.0f}"
            for result in sorted([*beside, *measured.others], key=lambda result: result.store)
        ],
    )


def _ratio(one: Sequence[float], other: Sequence[float]) -> str:
    return f"{median(one) / median(other):.1f}×" if median(other) else "–"


def _table(head: str, rows: Sequence[str]) -> Iterator[str]:
    columns = head.count("|") + 1
    yield f"| {head.replace('|', ' | ')} |"
    yield "|" + " --- |" * columns
    for row in rows:
        yield f"| {row.replace('|', ' | ')} |"
