"""`python -m bench [--quick]`: measure everything and write docs/benchmark.md."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import looks, plan, table
from bench.reorder import __main__ as reorder
from bench.sections import PLAN, REORDER, write_page, write_section
from bench.steps import AnyStore, Plan, measure
from bench.stores import new_postgres, new_sqlite, postgres_server
from bench.world import World
from tests.postgres import Server

QUICK = Plan(rounds=3, by_hand=500, steps=300, bulks=3)
FULL = Plan(rounds=5, by_hand=1500, steps=1000, bulks=10)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no ledger of ten million")
    parser.add_argument("--folder", type=Path, help="where the databases stand; its disk is what is measured")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="supply-bench-", dir=told.folder))
    # PostgreSQL runs as a user of its own where we are root, and looks for its folder in here.
    folder.chmod(0o755)
    tempfile.tempdir = str(folder)
    try:
        with postgres_server() as server:
            for measured in _measure(server, folder, quick=told.quick):
                write_page(table.page(measured, quick=told.quick))
        write_section(PLAN, plan.run())
        write_section(REORDER, reorder.run(reorder.QUICK_SEEDS if told.quick else reorder.SEEDS))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(server: Server, folder: Path, *, quick: bool) -> Iterator[table.Measured]:
    """What is known so far, after every part: a run that is stopped leaves a page."""
    plan, measured = (QUICK if quick else FULL), table.Measured()
    for movements in (10_000, 1_000_000, 10_000_000)[: 2 if quick else 3]:
        stores: list[AnyStore] = [new_postgres(server)]
        if movements <= 1_000_000:
            stores.append(new_sqlite(folder))
        for store in stores:
            compared = movements == 10_000
            world = World(store, movements, (1 + compared) * plan.needed, visits_today=looks.READY)
            measured.looks.append(looks.look(world, store))
            measured.steps.append(measure(world, store, folder, plan))
            print(table.line(measured.steps[-1]), flush=True)
            if compared:
                measured.others.append(measure(world, store, folder, plan, "gunicorn"))
                print(table.line(measured.others[-1]), flush=True)
            yield measured
    for store in (new_postgres(server), new_sqlite(folder)):
        measured.pages[store.name] = looks.look_at_demo(store)
    yield measured


if __name__ == "__main__":
    main()
