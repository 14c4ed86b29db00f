"""`python -m bench [--quick]`: measure everything and write docs/benchmark.md."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from bench import table
from bench.steps import Plan, Result, measure
from bench.stores import PostgresStore, SqliteStore, postgres_server
from bench.world import World

QUICK = Plan(rounds=3, by_hand=500, steps=300, bulks=3)
FULL = Plan(rounds=5, by_hand=1500, steps=1000, bulks=10)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no ledger of ten million")
    parser.add_argument(
        "--folder", type=Path, help="where the databases stand; the disk is measured with them"
    )
    told = parser.parse_args()
    plan = QUICK if told.quick else FULL
    folder = Path(tempfile.mkdtemp(prefix="supply-bench-", dir=told.folder))
    tempfile.tempdir = str(folder)
    folder.chmod(0o755)
    results: list[Result] = []
    try:
        with postgres_server() as server:
            for movements in (10_000, 1_000_000):
                for store in (SqliteStore(folder), PostgresStore(server)):
                    world = World(store, movements, plan.needed)
                    results.append(measure(world, store, folder, plan))
                    print(table.line(results[-1]), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
